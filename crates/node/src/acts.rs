//! The moves, made: what the driver does when something is due.

use crate::{
    Error, batches,
    disputes::{Disputes, plays},
    metrics::Metrics,
    proofs::Desk,
    sequencer::Sequencer,
    versions,
};
use alloy::rpc::types::TransactionReceipt;
use alloy_primitives::B256;
use mezz_da::{CommitteeClient, DataSource};
use mezz_l1::{
    Call, Client, Sender,
    contracts::{ClaimManager, Inbox as InboxContract},
};
use mezz_primitives::{
    Accumulator, ChainConfig, ContentId, Contracts, ProgramId, content_id, vector_root,
};
use mezz_rpc::access::AccessList;
use mezz_settlement::{Event, Move, Role, Settlement};
use mezz_storage::Store;
use parking_lot::RwLock;
use std::{num::NonZeroUsize, sync::Arc};

/// The key of the note that says which batches were derived.
const PROGRESS: &str = "derived";

/// What making moves takes.
#[derive(Debug)]
pub(crate) struct Acts {
    pub(crate) store: Store,
    pub(crate) sequencer: Arc<Sequencer>,
    pub(crate) client: Client,
    pub(crate) data: DataSource,
    /// The members of the data committee, as far as this node knows where they are.
    pub(crate) members: Option<Arc<CommitteeClient>>,
    /// Whether payloads are sealed.
    pub(crate) private: bool,
    /// For whom they are.
    pub(crate) access_list: Option<AccessList>,
    pub(crate) config: ChainConfig,
    pub(crate) contracts: Contracts,
    /// The program that it executes.
    pub(crate) program: ProgramId,
    pub(crate) batcher: Option<Sender>,
    pub(crate) proposer: Option<Sender>,
    pub(crate) challenger: Option<Sender>,
    pub(crate) disputes: Disputes,
    pub(crate) proofs: Desk,
    /// Openings of blobs in the transaction of a proof.
    pub(crate) openings_max: NonZeroUsize,
    pub(crate) metrics: Arc<Metrics>,
}

/// What a move brought.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// What was learnt.
    pub(crate) events: Vec<Event>,
    /// The L1 block with its effect: until the view has it, the move would still look due.
    pub(crate) on_l1: u64,
    /// Moves of a row that did not do.
    pub(crate) failed: Vec<(Move, Error)>,
}

impl Done {
    pub(crate) fn learnt(event: Event) -> Self {
        Self { events: vec![event], ..Self::default() }
    }

    pub(crate) fn sent(receipt: &TransactionReceipt) -> Self {
        Self { on_l1: receipt.block_number.unwrap_or_default(), ..Self::default() }
    }
}

/// Makes moves of one role that may go together, or one that stands alone; gives what was learnt.
pub(crate) async fn act(
    acts: &Acts,
    settlement: &RwLock<Settlement>,
    row: &[Move],
) -> Result<Done, Error> {
    let [due] = row else { return plays::play(acts, settlement, row).await };
    match *due {
        Move::Derive { index } => acts.derive(settlement, index).await,
        Move::Compute { parent, n0, n1 } => acts.compute(settlement, parent, n0, n1).await,
        Move::Look { index } => acts.look(settlement, index).await,
        Move::Publish { first, last, unsigned, .. } => {
            acts.publish(settlement, (first, last), unsigned).await
        }
        Move::ForceInclude { .. } => acts.force_include().await,
        Move::Propose { parent, n0, n1 } => acts.propose(settlement, parent, n0, n1).await,
        Move::Trace { parent, n0, n1, path } => {
            let vector = acts.disputes.answer(acts, settlement, (n0, n1), path).await?;
            Ok(Done::learnt(Event::Traced { parent, path, vector }))
        }
        _ => plays::play(acts, settlement, row).await,
    }
}

impl Acts {
    /// Checks the chain against the next batch, or makes it follow.
    async fn derive(&self, settlement: &RwLock<Settlement>, index: u64) -> Result<Done, Error> {
        let (posted, messages, foreign) = {
            let settlement = settlement.read();
            let Some(posted) = settlement.inbox().batches().get(index as usize).cloned() else {
                return Ok(Done::default());
            };
            let messages: Vec<_> = settlement
                .inbox()
                .messages(posted.header.q_start, posted.header.q_end)
                .map(|entry| entry.message.clone())
                .collect();
            (posted, messages, settlement.foreign_version(index))
        };
        let (header, first) = (posted.effective(), posted.header.first_block);
        let payload = self.payload(settlement, &posted).await?;
        let older = || foreign.map(|version| versions::older(index, &version));
        // What another program makes of a batch stands in the store or nowhere.
        let Some(parent) = self.store.header(first - 1)? else {
            return Err(older().unwrap_or(Error::MissingBlock { number: first - 1 }));
        };
        let (timestamp, chain) = (parent.timestamp, self.config.l2_chain_id);
        let inputs = blocking(move || {
            mezz_derive::blocks(&header, timestamp, &messages, payload.as_deref(), chain)
        })
        .await;
        let (store, own) = (self.store.clone(), self.own_blocks()?);
        if let Some(error) = older() {
            let executed = move || batches::executed_by_another(&store, first, &inputs, own);
            return match blocking(executed).await? {
                true => Ok(Done::learnt(Event::Derived { index, header: header.hash() })),
                false => Err(error),
            };
        }
        let (agreed, inputs) = blocking(move || {
            batches::agreeing(&store, first, &inputs, own).map(|agreed| (agreed, inputs))
        })
        .await?;
        if agreed < inputs.len() {
            let followed = inputs.len() - agreed;
            tracing::info!(batch = index, first, blocks = inputs.len(), followed, "following L1");
            let parent = first + agreed as u64 - 1;
            self.sequencer.adopt(parent, inputs[agreed..].to_vec()).await?;
            self.note_own_blocks(parent + 1)?;
        }
        Ok(Done::learnt(Event::Derived { index, header: header.hash() }))
    }

    /// Computes what is right to claim.
    async fn compute(
        &self,
        settlement: &RwLock<Settlement>,
        parent: ContentId,
        n0: u64,
        n1: u64,
    ) -> Result<Done, Error> {
        let inbox = settlement.read().inbox().clone();
        let (store, span) = (self.store.clone(), self.config.span);
        let right = blocking(move || batches::statement(&store, &inbox, n0, n1, span)).await?;
        let batches::Statement { acc, vector, end } = right;
        Ok(Done::learnt(Event::Computed {
            parent,
            n1,
            acc,
            content: content_id(parent, n1, acc, vector_root(&vector), end.hash()),
            vector: vector.iter().map(|output| output.0).collect(),
        }))
    }

    async fn force_include(&self) -> Result<Done, Error> {
        let sender = self.sender(Role::Batcher)?;
        let receipt = sender
            .send(Call::to(self.contracts.inbox, &InboxContract::forceIncludeCall {}))
            .await?;
        tracing::info!("overdue messages included");
        Ok(Done::sent(&receipt))
    }

    async fn propose(
        &self,
        settlement: &RwLock<Settlement>,
        parent: ContentId,
        n0: u64,
        n1: u64,
    ) -> Result<Done, Error> {
        let inbox = settlement.read().inbox().clone();
        let (store, span) = (self.store.clone(), self.config.span);
        let right = blocking(move || batches::statement(&store, &inbox, n0, n1, span)).await?;
        let call = ClaimManager::assertClaimCall {
            parentId: parent.0,
            acc: right.acc.0,
            vector: right.vector.map(|output| output.0),
            endOutput: right.end.into(),
        };
        let sender = self.sender(Role::Proposer)?;
        let receipt = sender.send(Call::to(self.contracts.claim_manager, &call)).await?;
        self.metrics.claims.increment();
        tracing::info!(n1, block = right.end.number, "claimed");
        Ok(Done::sent(&receipt))
    }

    /// Whoever signs for a role.
    pub(crate) fn sender(&self, role: Role) -> Result<&Sender, Error> {
        let sender = match role {
            Role::Batcher => &self.batcher,
            Role::Proposer => &self.proposer,
            Role::Challenger => &self.challenger,
            Role::Sequencer | Role::Watcher => &None,
        };
        sender.as_ref().ok_or(Error::NoKey { role: role.as_str() })
    }

    /// Writes down which batches were derived, so that a restart does not fetch their data again.
    pub(crate) fn remember_progress(&self, settlement: &Settlement) -> Result<(), Error> {
        let count = settlement.derived();
        let Some(last) =
            count.checked_sub(1).and_then(|last| settlement.inbox().batches().get(last as usize))
        else {
            return Ok(());
        };
        let number = last.header.last_block();
        // Only what is in the store for good may be skipped after a restart.
        let Some(block) = self.store.block(number)?.filter(|_| self.store.flushed() >= number)
        else {
            return Ok(());
        };
        let (acc, hash) = (last.acc.0, block.hash);
        let note =
            [&count.to_be_bytes()[..], acc.as_slice(), &number.to_be_bytes(), hash.as_slice()]
                .concat();
        if self.store.meta(PROGRESS)?.as_ref() != Some(&note) {
            self.store.put_meta(PROGRESS, &note)?;
        }
        Ok(())
    }
}

/// What an earlier run derived, as far as the store still has it.
pub(crate) fn progress(store: &Store) -> Result<Option<(u64, Accumulator)>, Error> {
    let Some(note) = store.meta(PROGRESS)? else { return Ok(None) };
    let Ok(note) = <[u8; 80]>::try_from(note) else { return Ok(None) };
    let word = |at: usize| B256::from_slice(&note[at..at + 32]);
    let number = |at: usize| {
        u64::from_be_bytes(note[at..at + 8].try_into().expect("eight of eighty bytes; qed"))
    };
    let stored = store.header(number(40))?.map(|header| header.hash_slow());
    Ok((stored == Some(word(48))).then(|| (number(0), Accumulator(word(8)))))
}

/// Runs work that takes CPU or disk where it does not hold up the others.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
