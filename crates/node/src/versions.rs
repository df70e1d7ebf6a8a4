//! An upgrade of the program as a node goes through it (`docs/spec/validity-proof.md`, section 5): what it says of it, and what it makes of the blocks that
//! another version of this software has executed.

use crate::{
    Error,
    acts::{Acts, blocking},
    batches,
};
use alloy::eips::BlockNumberOrTag;
use alloy_primitives::{B256, U256};
use mezz_l1::{
    Client,
    contracts::{Inbox, ProgramRegistry},
};
use mezz_primitives::{Contracts, ProgramId, release};
use mezz_settlement::{Settlement, Standing, Version};
use mezz_storage::Store;
use parking_lot::RwLock;
use serde_json::{Value, json};

/// The key of the note that says which program executed the blocks last, and from which block on.
const EXECUTED: &str = "executed";

/// What L1 knows the program by that a node executes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// Its build for the fault proof.
    pub program: ProgramId,
    /// What proofs of it are verified against.
    pub key: B256,
}

impl Build {
    /// The one that is part of this version of Mezzanine.
    pub fn own() -> Self {
        Self { program: mezz_l1::deploy::program(), key: mezz_l1::deploy::program_key() }
    }
}

/// The versions that L1 knows: first batch and program of each.
async fn versions(
    client: &Client,
    contracts: &Contracts,
) -> Result<Vec<(u64, ProgramId)>, mezz_l1::Error> {
    let (registry, at) = (contracts.program_registry, BlockNumberOrTag::Latest);
    let count = client.call(registry, &ProgramRegistry::versionCountCall {}, at).await?;
    let (mut version, mut all) = (U256::ZERO, Vec::new());
    // There is a first one, whatever the count says.
    while version.is_zero() || version < count {
        let found = client.call(registry, &ProgramRegistry::programOfCall { version }, at).await?;
        all.push((found.activation, ProgramId { memory: found.memoryRoot, pc: found.pc }));
        version += U256::ONE;
    }
    Ok(all)
}

/// Checks that a program is one of those by which L1 decides. Which of them a batch is of, and a claim about it, the settlement asks each time.
pub(crate) async fn check(
    client: &Client,
    contracts: &Contracts,
    ours: ProgramId,
) -> Result<(), Error> {
    let all = versions(client, contracts).await?;
    let deployed = all.last().map_or(B256::ZERO, |(_, program)| program.memory);
    match all.iter().any(|(_, program)| *program == ours) {
        true => Ok(()),
        false => Err(Error::OtherProgram { deployed, ours: ours.memory }),
    }
}

/// The first batch on L1 that a build cannot execute, if there is one.
pub async fn foreign_batch(
    client: &Client,
    contracts: &Contracts,
    build: Build,
) -> Result<Option<u64>, Error> {
    let count = Inbox::batchCountCall {};
    let posted = client.call(contracts.inbox, &count, BlockNumberOrTag::Latest).await?;
    let all = versions(client, contracts).await?;
    let mut foreign = all.iter().filter(|(_, program)| *program != build.program);
    Ok(foreign.find(|(first, _)| *first < posted).map(|(first, _)| *first))
}

/// What both builds of a version are known by.
fn release_of(version: &Version) -> B256 {
    release(version.program, version.key)
}

/// The version of a batch is one that is not here, nor are its blocks.
pub(crate) fn older(index: u64, version: &Version) -> Error {
    Error::OlderVersion { index, number: version.number, release: release_of(version) }
}

/// Why a node can do nothing (more) for the next batch.
pub(crate) fn reason(settlement: &Settlement) -> Option<Error> {
    let next = settlement.derived();
    Some(match settlement.standing() {
        Standing::Current => return None,
        Standing::Superseded { by, done: true } => {
            Error::Finished { activation: by.activation, release: release_of(&by) }
        }
        Standing::Superseded { by, done: false } => other(&by),
        Standing::Early { of, own: Some(_) } => older(next, &of),
        Standing::Early { of, own: None } => {
            let ours = settlement.program();
            Error::OtherProgram { deployed: of.program.memory, ours: ours.memory }
        }
    })
}

fn other(version: &Version) -> Error {
    let (number, activation) = (version.number, version.activation);
    Error::OtherVersion { number, activation, release: release_of(version) }
}

/// What whoever runs the node has to know of the versions, if there is anything.
pub(crate) fn notice(settlement: &Settlement) -> Option<String> {
    if let Standing::Early { of, own: Some(own) } = settlement.standing() {
        let (number, release) = (of.number, release_of(&of));
        return Some(format!(
            "batches before {own} are of version {number} of the program, release {release}, or of another that this version of mezz cannot execute: it goes by what an earlier version of mezz has left in the data directory"
        ));
    }
    if let Some(error) = reason(settlement) {
        return Some(error.to_string());
    }
    if let Some(older) = settlement.older() {
        let (number, to, release) = (older.version.number, older.to, release_of(&older.version));
        return Some(format!(
            "claims about batches before {to} are not final yet: they are of version {number} of the program, release {release}, which this version of mezz cannot run, so it neither makes, answers nor doubts them; keep the version of mezz that has it running as proposer and challenger until they are final"
        ));
    }
    settlement.foreign().map(|version| other(&version).to_string())
}

/// The same for programs.
pub(crate) fn describe(settlement: &Settlement) -> Value {
    let standing = match settlement.standing() {
        Standing::Current => "current",
        Standing::Superseded { .. } => "superseded",
        Standing::Early { .. } => "early",
    };
    let version = |version: &Version| json!({ "number": version.number, "activation": version.activation, "release": release_of(version) });
    let older = settlement.older();
    json!({
        "standing": standing,
        "next": settlement.foreign().as_ref().map(version),
        "older": older.map(|older| json!({ "version": version(&older.version), "batches": { "from": older.from, "to": older.to } })),
        "notice": notice(settlement),
    })
}

impl Acts {
    /// The first block that this node's program has executed, if it was the last that executed any.
    pub(crate) fn own_blocks(&self) -> Result<Option<u64>, Error> {
        noted(&self.store, self.program)
    }

    /// Remembers that this node's program has executed the blocks from `first` on, unless it is known.
    pub(crate) fn note_own_blocks(&self, first: u64) -> Result<(), Error> {
        if self.own_blocks()?.is_none() {
            let note = [self.program.memory.as_slice(), &first.to_be_bytes()].concat();
            self.store.put_meta(EXECUTED, &note)?;
        }
        Ok(())
    }

    /// Executes what another program has sealed and nobody has posted: it counts by the version of the batch that it comes to stand in. Gives the first block
    /// that must be built anew.
    pub(crate) async fn take_over(
        &self,
        settlement: &RwLock<Settlement>,
    ) -> Result<Option<u64>, Error> {
        if self.own_blocks()?.is_some() {
            return Ok(None);
        }
        let (inbox, safe) = {
            let settlement = settlement.read();
            (settlement.inbox().clone(), settlement.heads().safe)
        };
        let store = self.store.clone();
        blocking(move || batches::first_different(&store, &inbox, safe)).await
    }
}

fn noted(store: &Store, program: ProgramId) -> Result<Option<u64>, Error> {
    let note = store.meta(EXECUTED)?.and_then(|note| <[u8; 40]>::try_from(note).ok());
    let (memory, first) = note.as_ref().map_or((&[][..], &[][..]), |note| note.split_at(32));
    let first = first.try_into().map(u64::from_be_bytes).ok();
    Ok(first.filter(|_| memory == program.memory.as_slice()))
}
