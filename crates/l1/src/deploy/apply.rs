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
    // All at once takes a block or two; where that is not taken, one by one still gets there.
    let mut together = true;
    loop {
        let done = standing(plan, sender).await?;
        let calls = left(plan, done);
        let Some((next, _)) = calls.first() else { break };
        progress(Progress { done, of, next: name(plan, done) });
        let sent = if together {
            let landed = |index| {
                let done = done + index + 1;
                progress(Progress { done, of, next: name(plan, done) });
            };
            sender.send_together(&calls, landed).await
        } else {
            sender.send(next.clone()).await.map(drop)
        };
        match sent {
            Ok(()) => {}
            // A transaction that an earlier run left in the pool was faster, or a reorg took some back.
            Err(Error::Replaced { .. } | Error::Unmade { .. }) => {}
            Err(Error::Reverted(revert)) if is_wrong_step(&revert) => {}
            Err(error) if together => {
                tracing::debug!(%error, "deploying one by one");
                together = false;
            }
            Err(error) => return Err(error),
        }
    }
    let start_block = verify(plan, sender).await?;
    progress(Progress { done: of, of, next: None });
    Ok(plan.deployment(start_block))
}

/// The transactions that are left when `done` contracts stand, with their gas.
fn left(plan: &Plan, done: usize) -> Vec<(Call, u64)> {
    let create = Call { data: plan.factory.init_code.clone(), ..Call::default() };
    let factory = (done == 0).then(|| (create, plan.factory.gas_limit()));
    let steps = plan.steps.iter().enumerate().skip(done.saturating_sub(1)).map(|(index, step)| {
        let call = Deployer::deployCall {
            step: U256::from(index),
            initCode: step.init_code.clone(),
            value: U256::ZERO,
        };
        (Call::to(plan.factory.address, &call), step.gas_limit())
    });
    factory.into_iter().chain(steps).collect()
}

/// The contract that comes when `done` of them stand.
fn name(plan: &Plan, done: usize) -> Option<&'static str> {
    match done.checked_sub(1) {
        None => Some(plan.factory.contract),
        Some(step) => plan.steps.get(step).map(|step| step.contract),
    }
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

/// How many contracts stand, the factory first.
async fn standing(plan: &Plan, sender: &Sender) -> Result<usize, Error> {
    let client = sender.client();
    let code = || client.code(plan.factory.address, BlockNumberOrTag::Latest);
    let mut found = code().await?;
    if found.is_empty() {
        let actual = client.nonce(sender.address(), BlockNumberOrTag::Latest).await?;
        if actual == plan.seed.nonce {
            return Ok(0);
        }
        // Between the two questions the factory may have appeared.
        found = code().await?;
        if found.is_empty() {
            return Err(DeployError::NonceUsed {
                account: sender.address(),
                planned: plan.seed.nonce,
                actual,
            }
            .into());
        }
    }
    plan.factory.check(&found)?;
    let steps = client
        .call(plan.factory.address, &Deployer::deploymentsCall {}, BlockNumberOrTag::Latest)
        .await?;
    Ok(usize::try_from(steps).unwrap_or(usize::MAX).saturating_add(1))
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
