//! `mezz exit`: out of a chain with a data committee that has ended (docs/spec/committee.md, "The end").
//!
//! prepare (while the chain lives): the account's branch of the last confirmed state, into a file
//! run (after `freezeDelay` without a confirmed claim): freeze → exit → the portal pays
//!
//! `run` asks nobody but L1. Where it stands is read from there each time, so an interrupted exit goes on where it is.

mod branch;

use super::{keys, send};
use crate::{
    args::{ExitCommand, ExitPrepareArgs, ExitRunArgs},
    files::{self, DataDir},
    output::{Failure, Output, ether},
};
use alloy::{
    consensus::Transaction as _,
    eips::BlockNumberOrTag,
    network::TransactionResponse,
    primitives::{Address, B256, U256, keccak256},
    rpc::types::{Log, Transaction},
    sol_types::{SolCall, SolEvent},
};
use branch::{Branch, TokenBranch};
use mezz_l1::{
    Call, Client, Sender, SenderConfig,
    contracts::{
        ClaimManager, Content, EscapeHatch, Exit, Inbox, Portal, QueueMessage, TokenProof,
    },
    deploy::Deployment,
};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Pause between two looks at L1.
const LOOK: Duration = Duration::from_millis(500);

pub(crate) async fn run(command: ExitCommand, output: Output) -> Result<(), Failure> {
    match command {
        ExitCommand::Prepare(args) => prepare(&args, output).await,
        ExitCommand::Run(args) => leave(&args, output).await,
    }
}

/// The contracts of a chain that has an escape hatch.
fn hatch(deployment: &Deployment) -> Result<Address, Failure> {
    let committee = deployment.contracts.committee.ok_or_else(|| {
        Failure::refused(
            "all data of this chain are on L1: nobody can keep you in it; use `mezz withdraw`",
        )
    })?;
    Ok(committee.escape_hatch)
}

/// The last confirmed claim, from one that was confirmed on.
async fn last_confirmed(
    client: &Client,
    manager: Address,
    from: u64,
) -> Result<(u64, Content), Failure> {
    let mut index = from;
    loop {
        let call = ClaimManager::contentAtCall { index: U256::from(index) };
        let content = client.call(manager, &call, BlockNumberOrTag::Latest).await?;
        if content.confirmedChild == 0 {
            return Ok((index, content));
        }
        index = content.confirmedChild;
    }
}

async fn prepare(args: &ExitPrepareArgs, output: Output) -> Result<(), Failure> {
    let here = DataDir(args.ask.here.datadir.clone());
    let running = files::asked(&args.ask)?;
    let account = match args.account {
        Some(account) => account,
        None => keys::read(&args.key.key)?.address(),
    };
    let client = Client::connect(&running.l1.rpc, None).await?;
    let l2 = send::provider(&args.ask, &running)?;
    let rollup = branch::rollup(&l2).await?;
    if rollup.contracts.committee.is_none() {
        return Err(Failure::refused(
            "all data of this chain are on L1, where they stay: a branch can always be computed; use `mezz withdraw`",
        ));
    }
    let path = args.file.clone().unwrap_or_else(|| here.join(&format!("exit-{account}.json")));
    let mut known = None;
    loop {
        let from = known.unwrap_or_default();
        let (index, content) =
            last_confirmed(&client, rollup.contracts.claim_manager, from).await?;
        if known != Some(index) {
            let branch = Branch::fetch(&l2, &rollup, account, &args.tokens, (index, &content));
            let branch = branch.await?;
            files::write_atomically(&path, &serde_json::to_vec_pretty(&branch)?)?;
            let text = branch.describe(&path);
            if !args.watch {
                return output.answer(text, &json!({ "file": path, "branch": branch }));
            }
            output.note(text);
            known = Some(index);
        }
        tokio::select! {
            ended = super::run::interrupted() => return ended,
            () = tokio::time::sleep(2 * LOOK) => {}
        }
    }
}

/// One thing to leave with: ether, or a token.
#[derive(Debug, Clone, Copy)]
enum Asset<'a> {
    Ether(U256),
    Token(&'a TokenBranch),
}

impl Asset<'_> {
    /// The token on L2; zero is ether.
    const fn key(self) -> Address {
        match self {
            Self::Ether(_) => Address::ZERO,
            Self::Token(token) => token.l2_token,
        }
    }

    fn describe(self) -> String {
        match self {
            Self::Ether(balance) => format!("{} ether", ether(balance)),
            Self::Token(token) => format!("{} of the token {}", token.balance, token.l1_token),
        }
    }
}

/// Somebody on the way out.
struct Leaving<'a> {
    client: Client,
    sender: Sender,
    hatch: Address,
    portal: Address,
    manager: Address,
    inbox: Address,
    branch: &'a Branch,
    recipient: Address,
    start_block: u64,
}

async fn leave(args: &ExitRunArgs, output: Output) -> Result<(), Failure> {
    let here = DataDir(args.here.datadir.clone());
    let signer = keys::read(&args.key.key)?;
    let account = signer.address();
    let rollup = args.rollup.clone().unwrap_or_else(|| here.join("rollup.json"));
    let deployment = files::rollup(&rollup, "give --rollup with the chain's rollup.json")?;
    let path = args.file.clone().unwrap_or_else(|| here.join(&format!("exit-{account}.json")));
    let branch = Branch::load(&path)?;
    if branch.account != account {
        return Err(Failure::usage(format!(
            "{} is the branch of {}, and the key is that of {account}: only the account itself can leave",
            path.display(),
            branch.account
        )));
    }
    let client = Client::connect_to(&args.l1, None, deployment.config.l1_chain_id).await?;
    let settings = SenderConfig { poll: LOOK, ..SenderConfig::default() };
    let leaving = Leaving {
        sender: Sender::new(client.clone(), Arc::new(signer), settings),
        client,
        hatch: hatch(&deployment)?,
        portal: deployment.contracts.portal,
        manager: deployment.contracts.claim_manager,
        inbox: deployment.contracts.inbox,
        branch: &branch,
        recipient: args.to.unwrap_or(account),
        start_block: deployment.start_block,
    };
    let delay = deployment.config.committee.map_or(0, |rules| rules.freeze_delay);
    leaving.freeze(delay, output).await?;
    let mut left = Vec::new();
    for asset in branch.assets() {
        let exit = leaving.exit(asset, output).await?;
        left.push((asset, exit));
    }
    let refunds = leaving.refunds(output).await?;
    let mut lines = Vec::new();
    for (asset, exit) in &left {
        leaving.pay(exit, output).await?;
        lines.push(format!("{} paid to {}", asset.describe(), leaving.recipient));
    }
    for (index, exit) in &refunds {
        leaving.pay(exit, output).await?;
        lines.push(format!("deposit {index} given back to {}", leaving.recipient));
    }
    if lines.is_empty() {
        lines.push(format!("{account} had nothing in the last confirmed state"));
    }
    let to = leaving.recipient;
    let exits = left
        .iter()
        .map(|(asset, exit)| json!({ "token": asset.key(), "withdrawal": hash(exit), "to": to }));
    let refunds = refunds
        .iter()
        .map(|(index, exit)| json!({ "deposit": index, "withdrawal": hash(exit), "to": to }));
    output.answer(lines.join("\n"), &exits.chain(refunds).collect::<Vec<_>>())
}

fn hash(exit: &Exit) -> B256 {
    mezz_primitives::Withdrawal {
        nonce: exit.nonce,
        sender: exit.sender,
        target: exit.target,
        value: exit.value,
        gas_limit: exit.gasLimit,
        data: exit.data.clone(),
    }
    .hash()
}

impl Leaving<'_> {
    /// Ends the chain, if that has not been done and can be.
    async fn freeze(&self, delay: u64, output: Output) -> Result<(), Failure> {
        let (latest, frozen) = (BlockNumberOrTag::Latest, EscapeHatch::frozenCall {});
        let (index, last) = last_confirmed(&self.client, self.manager, self.branch.claim).await?;
        if last.outputRoot != self.branch.output.root() {
            return Err(Failure::refused(format!(
                "the branch is of claim {}, and claim {index} was confirmed since: run `mezz exit prepare` again, with any node that has the state of L2 block {}",
                self.branch.claim, last.number
            )));
        }
        if self.client.call(self.hatch, &frozen, latest).await? {
            return Ok(());
        }
        let (now, at) = (self.client.latest().await?.time, last.confirmedAt.saturating_add(delay));
        if now <= at {
            return Err(Failure::refused(format!(
                "the chain lives: claim {index} was confirmed {} s ago, and only {delay} s without another end it; use `mezz withdraw`, or come back at L1 time {at}",
                now.saturating_sub(last.confirmedAt)
            )));
        }
        let call = EscapeHatch::freezeCall { claimIndex: U256::from(index) };
        self.sender.send(Call::to(self.hatch, &call)).await?;
        output.note(format!("the chain has ended with claim {index}"));
        Ok(())
    }

    /// Leaves with one thing, or finds that this was done.
    async fn exit(&self, asset: Asset<'_>, output: Output) -> Result<Exit, Failure> {
        if let Some(exit) = self.exited(asset).await? {
            return Ok(exit);
        }
        let (recipient, last) = (self.recipient, self.branch.output.clone().into());
        let call = match asset {
            Asset::Ether(_) => {
                let proof = self.branch.account_proof.clone();
                Call::to(
                    self.hatch,
                    &EscapeHatch::exitEtherCall { recipient, output: last, accountProof: proof },
                )
            }
            Asset::Token(token) => Call::to(
                self.hatch,
                &EscapeHatch::exitTokenCall {
                    l1Token: token.l1_token,
                    l2Token: token.l2_token,
                    recipient,
                    output: last,
                    proof: TokenProof {
                        factory: self.branch.factory_proof.clone(),
                        deployment: token.deployment_proof.clone(),
                        token: token.token_proof.clone(),
                        balance: token.balance_proof.clone(),
                    },
                },
            ),
        };
        self.sender.send(call).await?;
        output.note(format!("leaves with {}", asset.describe()));
        let exit = self.exited(asset).await?;
        exit.ok_or_else(|| Failure::failed("the exit is on L1 and its event is not; try again"))
    }

    /// The withdrawal of an earlier exit with this.
    async fn exited(&self, asset: Asset<'_>) -> Result<Option<Exit>, Failure> {
        let call = EscapeHatch::exitedCall { account: self.branch.account, l2Token: asset.key() };
        if !self.client.call(self.hatch, &call, BlockNumberOrTag::Latest).await? {
            return Ok(None);
        }
        let exits = self.events::<EscapeHatch::Exited>(self.hatch).await?;
        let mine = |exit: &Exit| branch::is_of(exit, self.branch.account, asset);
        Ok(exits.into_iter().map(|event| event.withdrawal).find(mine))
    }

    /// All events of a kind that a contract has said.
    async fn events<E: SolEvent>(&self, contract: Address) -> Result<Vec<E>, Failure> {
        let logs = self.logs(contract).await?;
        Ok(logs.iter().filter_map(|log| Some(E::decode_log(&log.inner).ok()?.data)).collect())
    }

    /// All that a contract has said.
    async fn logs(&self, contract: Address) -> Result<Vec<Log>, Failure> {
        let last = self.client.latest().await?.number;
        let (mut from, mut all) = (self.start_block, Vec::new());
        let range = self.client.capabilities().logs_range.max(1);
        while from <= last {
            let to = last.min(from.saturating_add(range - 1));
            all.extend(self.client.logs(from, to, &[contract]).await?);
            from = to + 1;
        }
        Ok(all)
    }

    /// Takes back what the account has deposited and L2 has never taken up.
    async fn refunds(&self, output: Output) -> Result<Vec<(u64, Exit)>, Failure> {
        let latest = BlockNumberOrTag::Latest;
        let end = self.client.call(self.hatch, &EscapeHatch::endCall {}, latest).await?;
        let messages = self.events::<Inbox::MessageEnqueued>(self.inbox).await?;
        let (mut refunds, mut earlier) = (Vec::new(), None);
        for sent in messages.into_iter().filter(|sent| sent.kind == 0 && sent.index >= end.consumed)
        {
            let index = sent.index;
            let refunded = EscapeHatch::refundedCall { index };
            if self.client.call(self.hatch, &refunded, latest).await? {
                if earlier.is_none() {
                    earlier = Some(self.taken_back().await?);
                }
                refunds.extend(earlier.as_mut().and_then(|earlier| earlier.remove_entry(&index)));
                continue;
            }
            let call = EscapeHatch::refundCall {
                message: QueueMessage {
                    kind: sent.kind,
                    from: sent.from,
                    to: sent.to,
                    value: sent.value,
                    gas: sent.gas,
                    dataHash: keccak256(&sent.data),
                    l1Block: sent.l1Block,
                    l1Time: sent.l1Time,
                    index,
                },
                data: sent.data,
                recipient: self.recipient,
            };
            let call = Call::to(self.hatch, &call);
            // L1 knows whose deposit it is, whether over the messenger, the bridge or neither.
            match self.sender.estimate(&call).await {
                Err(mezz_l1::Error::Reverted(_)) => continue,
                estimate => estimate?,
            };
            let receipt = self.sender.send(call).await?;
            output.note(format!("takes back deposit {index}"));
            let exits = receipt.logs().iter().filter(|log| log.address() == self.hatch);
            let exit = exits.filter_map(|log| EscapeHatch::Exited::decode_log(&log.inner).ok());
            refunds.extend(exit.map(|event| (index, event.data.withdrawal)));
        }
        Ok(refunds)
    }

    /// The withdrawals of what an earlier run of this account has taken back, by deposit.
    async fn taken_back(&self) -> Result<BTreeMap<u64, Exit>, Failure> {
        let mut taken = BTreeMap::new();
        for log in self.logs(self.hatch).await? {
            let Ok(event) = EscapeHatch::Exited::decode_log(&log.inner) else { continue };
            let Some(hash) = log.transaction_hash else { continue };
            let sent: Option<Transaction> =
                self.client.request("eth_getTransactionByHash", (hash,)).await?;
            let Some(sent) = sent.filter(|sent| sent.from() == self.branch.account) else {
                continue;
            };
            if let Ok(call) = EscapeHatch::refundCall::abi_decode(sent.input()) {
                taken.insert(call.message.index, event.data.withdrawal);
            }
        }
        Ok(taken)
    }

    /// Waits until the portal pays, and has it pay.
    async fn pay(&self, exit: &Exit, output: Output) -> Result<(), Failure> {
        let (withdrawal, latest) = (hash(exit), BlockNumberOrTag::Latest);
        let paid = Portal::finalizedWithdrawalsCall { withdrawalHash: withdrawal };
        let check =
            Portal::checkWithdrawalCall { withdrawalHash: withdrawal, proofSubmitter: self.hatch };
        let bar = super::deploy::bar(output, 1);
        while !self.client.call(self.portal, &paid, latest).await? {
            if self.client.call(self.portal, &check, latest).await.is_err() {
                bar.set_message("waiting for the proof to mature");
                tokio::time::sleep(LOOK).await;
                continue;
            }
            let call = Portal::finalizeWithdrawalTransactionExternalProofCall {
                withdrawal: mezz_l1::contracts::WithdrawalTransaction {
                    nonce: exit.nonce,
                    sender: exit.sender,
                    target: exit.target,
                    value: exit.value,
                    gasLimit: exit.gasLimit,
                    data: exit.data.clone(),
                },
                proofSubmitter: self.hatch,
            };
            self.sender.send(Call::to(self.portal, &call)).await?;
        }
        bar.finish_and_clear();
        Ok(())
    }
}
