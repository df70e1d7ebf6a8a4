//! Carries a plan out, from wherever it stopped.

use super::{DeployError, Deployment, Plan, Seed, file};
use crate::{
    Call, Error, Revert, Sender,
    contracts::{Deployer, SystemConfig},
    revert::Errors,
};
use alloy::{eips::BlockNumberOrTag, primitives::U256};
use std::path::Path;

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Contracts that stand.
    pub done: usize,
    /// Contracts in all.
    pub of: usize,
    /// What comes next; `None` at the end.
    pub next: Option<&'static str>,
}

/// Creates what is not there yet and verifies all of it. May be called again after any interruption, with the same plan or with
/// the one that follows from the state file, which is returned by [`Plan::resume`].
pub async fn apply(
    plan: &Plan,
    sender: &Sender,
    state: Option<&Path>,
    mut progress: impl FnMut(Progress),
) -> Result<Deployment, Error> {
    let client = sender.client();
    if sender.address() != plan.seed.account {
        return Err(DeployError::OtherAccount {
            planned: plan.seed.account,
            actual: sender.address(),
        }
        .into());
    }
    if client.chain_id() != plan.config.l1_chain_id {
        return Err(Error::WrongChain {
            expected: plan.config.l1_chain_id,
            actual: client.chain_id(),
        });
    }
    if let Some(path) = state {
        remember(plan, path)?;
    }
    let of = plan.steps.len() + 1;
    progress(Progress { done: 0, of, next: Some(plan.factory.contract) });
    create_factory(plan, sender).await?;
    loop {
        let done = deployments(plan, sender).await?;
        let Some(step) = plan.steps.get(done) else { break };
        progress(Progress { done: done + 1, of, next: Some(step.contract) });
        let call = Deployer::deployCall {
            step: U256::from(done),
            initCode: step.init_code.clone(),
            value: U256::ZERO,
        };
        match sender.send(Call::to(plan.factory.address, &call)).await {
            Ok(_) => {}
            // A transaction that an earlier run left in the pool was faster.
            Err(Error::Replaced { .. }) => continue,
            Err(Error::Reverted(revert)) if is_wrong_step(&revert) => continue,
            Err(error) => return Err(error),
        }
    }
    let start_block = verify(plan, sender).await?;
    progress(Progress { done: of, of, next: None });
    Ok(plan.deployment(start_block))
}

impl Plan {
    /// The plan that a state file holds.
    pub fn resume(state: &Path) -> Result<Self, Error> {
        Ok(Self::new(file::load::<Seed>(state)?))
    }

    fn deployment(&self, start_block: u64) -> Deployment {
        Deployment {
            profile: self.profile(),
            config: self.config.clone(),
            contracts: self.contracts,
            l1_mintable_erc20_factory: self.l1_mintable_erc20_factory,
            roles: *self.roles(),
            governance: *self.governance(),
            deployer: self.factory.address,
            start_block,
            genesis: self.genesis,
        }
    }
}

/// Writes the state file before the first transaction; an existing one must be of the same plan.
fn remember(plan: &Plan, path: &Path) -> Result<(), DeployError> {
    if !path.exists() {
        return file::save(path, &plan.seed);
    }
    let seed: Seed = file::load(path)?;
    plan.same_as(&seed)
        .map_err(|difference| DeployError::OtherState { path: path.to_owned(), difference })
}

async fn create_factory(plan: &Plan, sender: &Sender) -> Result<(), Error> {
    let client = sender.client();
    if client.code(plan.factory.address, BlockNumberOrTag::Latest).await?.is_empty() {
        let actual = client.nonce(sender.address(), BlockNumberOrTag::Latest).await?;
        if actual != plan.seed.nonce {
            // Between the two questions the factory may have appeared.
            if !client.code(plan.factory.address, BlockNumberOrTag::Latest).await?.is_empty() {
                return Ok(());
            }
            return Err(DeployError::NonceUsed {
                account: sender.address(),
                planned: plan.seed.nonce,
                actual,
            }
            .into());
        }
        match sender.send(Call { data: plan.factory.init_code.clone(), ..Call::default() }).await {
            // An earlier run's transaction: the code tells.
            Ok(_) | Err(Error::Replaced { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let code = client.code(plan.factory.address, BlockNumberOrTag::Latest).await?;
    plan.factory.check(&code)?;
    Ok(())
}

async fn deployments(plan: &Plan, sender: &Sender) -> Result<usize, Error> {
    let count = sender
        .client()
        .call(plan.factory.address, &Deployer::deploymentsCall {}, BlockNumberOrTag::Latest)
        .await?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

fn is_wrong_step(revert: &Revert) -> bool {
    revert.is::<Errors::Deployer_WrongStep>()
}

/// Looks at the code of every contract; returns the block that the deployment began in.
async fn verify(plan: &Plan, sender: &Sender) -> Result<u64, Error> {
    let client = sender.client();
    let at = client.latest().await?.hash;
    for step in [&plan.factory].into_iter().chain(&plan.steps) {
        step.check(&client.code(step.address, at).await?)?;
    }
    let start =
        client.call(plan.contracts.system_config, &SystemConfig::startBlockCall {}, at).await?;
    Ok(start.saturating_to())
}
