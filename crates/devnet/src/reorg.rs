//! Unmaking blocks and making others in their place.

use crate::{
    Error,
    chain::Core,
    clock::wall_clock,
    edits::{Edit, EditsOf},
    pool::Entry,
    shared::Tip,
};
use mezz_evm::TransactionError;
use mezz_rpc::Event;
use mezz_storage::Block;
use std::{collections::BTreeMap, sync::Arc};

/// The transactions of the new blocks, by the block's place in the new branch.
pub(crate) type Branch = BTreeMap<u64, Vec<Entry>>;

impl Core {
    /// Makes the block `number` the head again and tells the world which blocks are gone.
    pub(crate) fn rewind(&mut self, number: u64) -> Result<Vec<Arc<Block>>, Error> {
        let removed = self.shared.store.rewind(number)?;
        self.tip = Tip::of(&self.shared.store)?;
        self.shared.store.flush()?;
        *self.shared.tip.write() = self.tip.clone();
        if !removed.is_empty() {
            self.shared.tell(Event::Reorged { removed: removed.clone() });
        }
        self.settle_everybody()?;
        Ok(removed)
    }

    /// Undoes the last `depth` blocks. Their transactions are gone, unless somebody sends them again.
    pub(crate) fn rollback(&mut self, depth: u64) -> Result<(), Error> {
        let number = self.below(depth)?;
        self.rewind(number).map(drop)
    }

    /// Replaces the last `depth` blocks with others that have the transactions of `branch`. What the old blocks had goes back
    /// to the pool unless the new ones used its nonce; edits of the state are made again.
    pub(crate) fn reorg(&mut self, depth: u64, mut branch: Branch) -> Result<(), Error> {
        let number = self.below(depth)?;
        if let Some(offset) = branch.keys().find(|offset| **offset >= depth) {
            return Err(Error::Refused(format!(
                "block offset {offset} is not in a branch of {depth} blocks: offsets begin with 0"
            )));
        }
        let removed = self.rewind(number)?;
        self.shared.settings.write().fork += 1;
        let (mut blocks, mut refused, mut edits) = (Vec::new(), Vec::new(), Vec::new());
        for (offset, old) in (0..).zip(&removed) {
            edits.extend(self.edits_of(old)?);
            let block = match branch.remove(&offset) {
                None if !edits.is_empty() => {
                    self.seal_edits(std::mem::take(&mut edits), Some(old.header.timestamp))?
                }
                entries => self.seal_branch(
                    old.header.timestamp,
                    entries.unwrap_or_default(),
                    &mut refused,
                )?,
            };
            blocks.push(block);
        }
        if !edits.is_empty() {
            // Transactions took the place of the block that they were in.
            blocks.push(self.seal_edits(edits, None)?);
        }
        self.publish(blocks)?;
        self.restore(&removed)?;
        self.mine_if_automatic()?;
        match refused.is_empty() {
            true => Ok(()),
            false => Err(Error::Refused(format!(
                "the reorg was made, but without {}",
                refused.join("; ")
            ))),
        }
    }

    /// The number of the block `depth` blocks below the head.
    fn below(&self, depth: u64) -> Result<u64, Error> {
        let head = self.tip.block.header.number;
        match head.checked_sub(depth) {
            Some(number) if depth > 0 => Ok(number),
            _ => Err(Error::Refused(format!(
                "the depth must be from 1 to {head}, the number of blocks after genesis; it is {depth}"
            ))),
        }
    }

    pub(crate) fn edits_of(&self, block: &Block) -> Result<Vec<Edit>, Error> {
        let Some(bytes) = self.shared.store.meta(&EditsOf::key(block.header.number))? else {
            return Ok(Vec::new());
        };
        let kept: Option<EditsOf> = serde_json::from_slice(&bytes).ok();
        Ok(kept.filter(|kept| kept.block == block.hash).map(|kept| kept.edits).unwrap_or_default())
    }

    /// A block of the new branch, with the timestamp of the one that it replaces.
    fn seal_branch(
        &mut self,
        timestamp: u64,
        entries: Vec<Entry>,
        refused: &mut Vec<String>,
    ) -> Result<Arc<Block>, Error> {
        let parent = Arc::clone(&self.tip.block);
        let mut environment = self.shared.settings.read().environment_between(
            &parent.header,
            parent.hash,
            self.shared.genesis_time(),
            wall_clock(),
        );
        environment.timestamp = timestamp;
        let settings = self.shared.settings.read().clone();
        let shared = Arc::clone(&self.shared);
        let block = self.seal(environment, |executor| {
            for entry in entries {
                if let Some(sidecar) = &entry.sidecar {
                    shared.blobs.put(sidecar)?;
                }
                executor.allow_contract_senders(entry.impersonated);
                let hash = entry.transaction.hash;
                let outcome: Result<_, TransactionError> = executor.transact(entry.transaction)?;
                refused.extend(outcome.err().map(|error| format!("{hash}: {error}")));
            }
            Ok(())
        })?;
        *self.shared.settings.write() = settings;
        Ok(block)
    }

    /// Puts the transactions of removed blocks back into the pool.
    fn restore(&mut self, removed: &[Arc<Block>]) -> Result<(), Error> {
        self.settle_everybody()?;
        for transaction in removed.iter().flat_map(|block| &block.transactions) {
            let impersonated = transaction.transaction.signer().ok() != Some(transaction.sender);
            let entry = Entry { transaction: transaction.clone(), sidecar: None, impersonated };
            if let Err(error) = self.admit(entry) {
                tracing::debug!(hash = %transaction.hash, %error, "transaction of a removed L1 block not taken back");
            }
        }
        Ok(())
    }
}
