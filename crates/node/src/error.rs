//! Why a node cannot go on.

use alloy_primitives::{Address, B256};
use revm::context::result::EVMError;

/// What stops a part of a node.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two roles have one key.
    #[error(
        "{account} is to send for two roles, whose transactions would replace each other; give each role a key of its own"
    )]
    SharedKey {
        /// The key's account.
        account: Address,
    },
    /// The chain's program is another in all its versions.
    #[error(
        "this version of mezz has the program {ours}, and that is none of the chain's versions (one is {deployed}): it would execute the chain otherwise than L1 decides, and its claims and answers would be refuted; run a version of mezz that has one of them"
    )]
    OtherProgram {
        /// Root of the memory that L1 starts with.
        deployed: B256,
        /// This program's.
        ours: B256,
    },
    /// A later version of the program, which this node cannot execute.
    #[error(
        "from batch {activation} on the chain's program is version {number}, release {release}, which this version of mezz does not have: from there on it executes, sequences and posts nothing. Then stop it, copy its data directory, start the version of mezz that has the release on it, and this one on the copy with --roles proposer,challenger, the keys that it has now, and --provers if it has that: it plays on for the claims about the batches before, and ends when they are final"
    )]
    OtherVersion {
        /// Its number.
        number: u64,
        /// Its first batch.
        activation: u64,
        /// What both its builds are known by.
        release: B256,
    },
    /// A batch of an earlier version of the program, which this node cannot execute.
    #[error(
        "batch {index} is of version {number} of the chain's program, release {release}, which this version of mezz cannot execute, and what it comes to is not in the data directory: run the version of mezz that has the release on this data directory until it says that it does not have the next one, then start this one on it"
    )]
    OlderVersion {
        /// The batch.
        index: u64,
        /// Number of its version.
        number: u64,
        /// What both builds of that are known by.
        release: B256,
    },
    /// A later version of the program has taken over, and nothing is left to do for the batches before.
    #[error(
        "the claims about all batches before {activation}, where this version of mezz ends, are final: it has done its part, and needs not be started again; the version that has the release {release} carries the chain on"
    )]
    Finished {
        /// The first batch of the next version.
        activation: u64,
        /// What both builds of that are known by.
        release: B256,
    },
    /// The store failed. Stop: the disk or the database needs a person.
    #[error("storage: {0}")]
    Storage(#[from] mezz_storage::Error),
    /// L1 could not be asked or did not take a transaction.
    #[error("L1: {0}")]
    L1(#[from] mezz_l1::Error),
    /// The data of a batch could not be had.
    #[error("batch data: {0}")]
    Data(#[from] mezz_da::Error),
    /// A block that was derived from a batch without signatures, which are needed now.
    #[error(
        "block {number} holds transactions whose signatures are not known here: they came from a batch without; it can be posted with signatures, and proven, only by the node that sequenced it"
    )]
    Unsigned {
        /// The block.
        number: u64,
    },
    /// Batches in a row of which no proof can be made here.
    #[error(
        "the batches from {from} to before {to} hold transactions whose signatures are not known here: only a node that has them can have them proven"
    )]
    UnknownSignatures {
        /// The first of them.
        from: u64,
        /// The first after them that is another.
        to: u64,
    },
    /// Nobody gives the payload of a batch that a committee has certified.
    #[error("the payload of batch {index} is withheld: {error}")]
    Withheld {
        /// The batch.
        index: u64,
        /// Hash of its header.
        header: B256,
        /// What the members say.
        error: mezz_da::Error,
    },
    /// A private chain's batcher that knows no readers.
    #[error(
        "the payloads of this chain are sealed, and the batcher does not know for whom: give it --access FILE (docs/spec/private-data.md)"
    )]
    NoAccessFile,
    /// An access key on a chain that is not private on L1.
    #[error(
        "this node has an access key, and on L1 everybody may demand the payloads of this chain, and so read them for a bond: deploy it with \
         `demanders` in [committee] of the intent, or leave --access-key out"
    )]
    NotPrivate,
    /// A private chain that would publish what its committee does not certify.
    #[error(
        "this chain is to be private, and its fallback would post to L1 what the committee does not certify: deploy it with fallback = \"stop\""
    )]
    PublicFallback,
    /// No members may sign.
    #[error("no epoch of the data committee signs now; look at `epochAt` of its registry on L1")]
    NoEpoch,
    /// L1 has no BLS keys for the members of an epoch, which it takes with proofs only.
    #[error(
        "epoch {epoch} of the data committee has other BLS keys than members; check that the L1 node answers for the right contract"
    )]
    BlsKeys {
        /// The epoch.
        epoch: u64,
    },
    /// One block is more than a batch holds.
    #[error("block {number} takes {bytes} bytes, more than one batch holds; lower the gas limit")]
    TooLarge {
        /// Its number.
        number: u64,
        /// Its size in a batch.
        bytes: usize,
    },
    /// L1 contradicts itself.
    #[error("{0}")]
    Settlement(#[from] mezz_settlement::Error),
    /// Blocks cannot be packed.
    #[error("batch: {0}")]
    Encode(#[from] mezz_derive::EncodeError),
    /// A thread could not be started.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The engine met an impossible header.
    #[error("engine: {0}")]
    Engine(String),
    /// A block that must be there is not.
    #[error("block {number} is missing from the store; run `mezz resync` to rebuild it from L1")]
    MissingBlock {
        /// Its number.
        number: u64,
    },
    /// The journal and the chain disagree.
    #[error(
        "the journal says something else than block {number} of the store; run `mezz resync` to rebuild from L1"
    )]
    Diverged {
        /// Where.
        number: u64,
    },
    /// The sealed blocks hold messages that L1 no longer shows.
    #[error("block {number} holds queue messages that L1 does not show any more")]
    Stale {
        /// The first such block.
        number: u64,
    },
    /// The journal cannot be written.
    #[error(
        "the journal cannot be written: the disk is full or failing; free space and start again"
    )]
    Journal,
    /// What a move was about is gone from L1: look again.
    #[error("L1 was reorganised under this move; looking again")]
    Reorged,
    /// The program asks for what this node does not have.
    #[error("the program cannot run over a span: {0}; run `mezz resync` if it stays so")]
    Preimage(#[from] mezz_riscv::MissingPreimage),
    /// The program, run natively, asks for what this node does not have.
    #[error("what a proof is made of is not complete: {0}; L1 may just be reorganised: try again")]
    Input(#[from] mezz_program::Missing),
    /// The program and the node differ about what is right: one of them is broken.
    #[error(
        "the program comes to {found} where this node holds {right} for right: nothing is proved of it; please report it"
    )]
    Disagreement {
        /// What the program comes to.
        found: B256,
        /// What is in the node's store.
        right: B256,
    },
    /// The sequencer's thread is gone.
    #[error("the sequencer stopped; the log says why")]
    Stopped,
    /// A role without its key.
    #[error("the {role} needs a key: give --{role}-key, or leave the role out of --roles")]
    NoKey {
        /// Which role.
        role: &'static str,
    },
}

impl Error {
    /// Whether it is for want of members that sign.
    pub(crate) const fn is_of_members(&self) -> bool {
        matches!(self, Self::NoEpoch | Self::Data(mezz_da::Error::Uncertified { .. }))
    }
}

impl From<EVMError<mezz_storage::Error>> for Error {
    fn from(error: EVMError<mezz_storage::Error>) -> Self {
        match error {
            EVMError::Database(error) => Self::Storage(error),
            other => Self::Engine(other.to_string()),
        }
    }
}
