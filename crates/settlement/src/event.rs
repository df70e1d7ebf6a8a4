//! What a settlement observes.

use crate::{Proving, game::Path};
use alloy_primitives::{Address, B256, Bytes};
use mezz_primitives::{
    Accumulator, BatchHeader, ContentId, DepositHint, Output, PayloadId, ProgramId, QueueMessage,
};
use serde::{Deserialize, Serialize};

/// A block of L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct L1Ref {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its timestamp, seconds.
    pub time: u64,
}

/// A block of L1 with what our contracts said in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct L1Block {
    /// Which.
    pub block: L1Ref,
    /// In order.
    pub facts: Vec<Fact>,
}

/// Something that our contracts said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// The inbox took a queue message.
    MessageEnqueued {
        /// The message.
        message: QueueMessage,
        /// Where its deposit event stands; deposits only.
        hint: Option<DepositHint>,
    },
    /// The inbox took a batch.
    BatchPosted {
        /// Its header.
        header: BatchHeader,
        /// The chain after it.
        acc: Accumulator,
        /// What the data commitment needs to find the data.
        aux: Bytes,
        /// The L1 transaction.
        transaction: B256,
    },
    /// Somebody claims.
    ClaimAsserted {
        /// What.
        content: ContentId,
        /// From where.
        parent: ContentId,
        /// Position among all contents.
        index: u64,
        /// Who.
        owner: Address,
        /// Batches covered, up to and without this one.
        n1: u64,
        /// The same of the children.
        child_n1: u64,
        /// The last output.
        end: Output,
        /// All of them.
        vector: Vec<B256>,
    },
    /// Somebody joins a claim.
    ClaimBacked {
        /// Which.
        content: ContentId,
        /// Who.
        owner: Address,
    },
    /// A claim is final.
    ClaimConfirmed {
        /// Which.
        content: ContentId,
    },
    /// A claim can never become final.
    ClaimRejected {
        /// Which.
        content: ContentId,
    },
    /// Somebody's instance of a claim is refuted.
    InstanceRefuted {
        /// Of which claim.
        content: ContentId,
        /// Whose.
        owner: Address,
    },
    /// The end of somebody's instance is booked.
    InstanceSettled {
        /// Of which claim.
        content: ContentId,
        /// Whose.
        owner: Address,
    },
    /// Somebody staked.
    StakeDeposited {
        /// Who.
        owner: Address,
    },
    /// Somebody took the stake back.
    StakeWithdrawn {
        /// Who.
        owner: Address,
    },
    /// Somebody was paid what was credited.
    CreditWithdrawn {
        /// Who.
        owner: Address,
        /// How much, wei.
        amount: u128,
    },
    /// Somebody doubts an entry of a vector.
    Queried {
        /// The doubt.
        node: B256,
        /// About which claim.
        content: ContentId,
        /// Whose instance of it.
        owner: Address,
        /// The doubt whose answer is doubted; zero for the claim's own vector.
        parent: B256,
        /// Which entry.
        index: u8,
        /// Who asks.
        querier: Address,
    },
    /// The owner answered a doubt.
    Answered {
        /// Which.
        node: B256,
        /// What the answer starts from.
        start: B256,
        /// The answer.
        vector: Vec<B256>,
    },
    /// A doubt was unfounded.
    Proven {
        /// Which.
        node: B256,
    },
    /// A doubt was founded, or not answered in time.
    Refuted {
        /// Which.
        node: B256,
    },
    /// The bond of a doubt was credited.
    Reclaimed {
        /// Which.
        node: B256,
    },
    /// Somebody demands the payload of a batch.
    PayloadDemanded {
        /// Of which.
        index: u64,
        /// Who.
        challenger: Address,
        /// What.
        payload: PayloadId,
        /// Until when it can be shown, seconds.
        deadline: u64,
    },
    /// A chunk of a payload that is demanded was shown.
    ChunkShown {
        /// Of which batch.
        index: u64,
        /// Which.
        chunk: u8,
        /// Who showed it.
        by: Address,
        /// The chunk.
        data: Bytes,
    },
    /// The bond of a demand that was not met was credited.
    DemandReclaimed {
        /// For which batch.
        index: u64,
    },
    /// Somebody was paid what demands had brought.
    DemandPaid {
        /// Who.
        owner: Address,
        /// How much, wei.
        amount: u128,
    },
    /// Batches are decided.
    BatchesSealed {
        /// How many, from the first on.
        count: u64,
        /// The chain after them that claims are about.
        acc: Accumulator,
    },
    /// The chain has ended.
    Frozen {
        /// With which claim.
        claim: u64,
    },
    /// Something about validity proofs or the program.
    Proof(ProofFact),
}

/// Something that the contracts of programs and validity proofs said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProofFact {
    /// A version of the program was announced.
    Scheduled {
        /// Its number.
        version: u64,
        /// The first batch that is of it.
        activation: u64,
        /// Its build for the fault proof.
        program: ProgramId,
        /// What proofs of it are verified against; zero without validity proofs.
        key: B256,
        /// What verifies them; zero without.
        verifier: Address,
    },
    /// A claim is proven.
    Proven {
        /// Which.
        content: ContentId,
    },
    /// The signatures of the batches `start..end` are proven.
    Signed {
        /// The first batch.
        start: u64,
        /// One past the last batch.
        end: u64,
    },
    /// A proof shows that an entry of somebody's instance is another.
    Disproven {
        /// Of which claim.
        content: ContentId,
        /// Whose.
        owner: Address,
        /// Who showed it.
        by: Address,
        /// Which entry.
        entry: u8,
    },
    /// A doubt that a proof had settled is open again.
    Reopened {
        /// Which.
        node: B256,
    },
    /// Proofs of a version contradict each other.
    Conflict {
        /// Which.
        version: u64,
        /// Who showed it.
        reporter: Address,
        /// What that is worth to it, wei.
        bounty: u128,
    },
}

/// A block that this node sealed or derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedBlock {
    /// Its number.
    pub number: u64,
    /// Its timestamp, seconds.
    pub timestamp: u64,
    /// The next queue message after it.
    pub queue_index: u64,
    /// Estimated bytes of it in a batch.
    pub bytes: u64,
    /// How many of these a batch without signatures saves.
    pub signatures: u64,
}

/// Something that a settlement learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// L1 grew by a block; its parent was observed before.
    L1(L1Block),
    /// L1 was reorganised: the blocks above this one are gone.
    Rewound {
        /// The last block that stays.
        to: u64,
    },
    /// How far L1 itself is final.
    L1Finalized(u64),
    /// The chain has a new head.
    Sealed(SealedBlock),
    /// The chain was cut back to this block.
    Cut(u64),
    /// The next batch was derived and the chain agrees with it.
    Derived {
        /// Position of the batch.
        index: u64,
        /// Hash of the header that it was derived by: what is void by now was derived in vain.
        header: B256,
    },
    /// The payload of a batch that is not derived yet was looked for.
    Looked {
        /// Position of the batch.
        index: u64,
        /// Its hash on L1: another batch may be there after a reorg.
        header: B256,
        /// Whether it was found.
        found: bool,
    },
    /// The outputs of a claim were computed: what this node would claim on `parent`.
    Computed {
        /// On which parent.
        parent: ContentId,
        /// Batches that it covers.
        n1: u64,
        /// The batch chain after them.
        acc: Accumulator,
        /// The content that is right.
        content: ContentId,
        /// Its outputs.
        vector: Vec<B256>,
    },
    /// A validity proof was made here.
    Proved(Proving),
    /// A validity proof is not here, or not any more.
    Unproved(Proving),
    /// Whether there are workers who make proofs for this node.
    Workers(bool),
    /// Blocks that were to be published do not fit one batch.
    Limited {
        /// Position of the batch.
        index: u64,
        /// The last block that does.
        last: u64,
    },
    /// A run of the program was divided.
    Traced {
        /// On which parent.
        parent: ContentId,
        /// Which part of the run.
        path: Path,
        /// The states.
        vector: Vec<B256>,
    },
}
