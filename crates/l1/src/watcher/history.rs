//! The blocks that a watch has yielded.

use super::ContractEvent;
use crate::{BlockRef, Error};
use std::collections::VecDeque;

/// How many messages and batches there were after a block; `None` until the first was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counters {
    messages: Option<u64>,
    batches: Option<u64>,
}

impl Counters {
    /// Counts the events of the next block; a gap means that the endpoint kept some from us.
    pub(super) fn check(&mut self, events: &[ContractEvent]) -> Result<(), Error> {
        for event in events {
            let (what, index, counter) = match event {
                ContractEvent::MessageEnqueued { message, .. } => {
                    ("message", message.index, &mut self.messages)
                }
                ContractEvent::BatchPosted { header, .. } => {
                    ("batch", header.index, &mut self.batches)
                }
                _ => continue,
            };
            if let Some(expected) = counter.filter(|expected| *expected != index) {
                return Err(Error::Inconsistent(format!(
                    "{what} {index} follows where {what} {expected} should"
                )));
            }
            *counter = Some(index + 1);
        }
        Ok(())
    }
}

/// Blocks in ascending order, each with what was counted up to it. They need not be dense.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<(BlockRef, Counters)>);

impl FromIterator<BlockRef> for History {
    fn from_iter<I: IntoIterator<Item = BlockRef>>(blocks: I) -> Self {
        Self(blocks.into_iter().map(|block| (block, Counters::default())).collect())
    }
}

impl History {
    pub(super) fn tip(&self) -> Option<BlockRef> {
        self.0.back().map(|(block, _)| *block)
    }

    pub(super) fn counters(&self) -> Counters {
        self.0.back().map(|(_, counters)| *counters).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, place: usize) -> Option<BlockRef> {
        self.0.get(place).map(|(block, _)| *block)
    }

    pub(super) fn contains(&self, block: BlockRef) -> bool {
        self.0
            .binary_search_by_key(&block.number, |(known, _)| known.number)
            .is_ok_and(|place| self.0[place].0 == block)
    }

    pub(super) fn push(&mut self, block: BlockRef, counters: Counters) {
        debug_assert!(self.tip().is_none_or(|tip| tip.number < block.number), "blocks ascend");
        self.0.push_back((block, counters));
    }

    /// Puts the parent of the first block beneath it, unless that is the genesis block, which has none.
    pub(super) fn root(&mut self, parent: BlockRef, is_genesis: bool) {
        if !is_genesis {
            self.0.push_front((parent, Counters::default()));
        }
    }

    /// Makes `to` the tip again.
    pub(super) fn rewind(&mut self, to: BlockRef) {
        let kept = self.0.partition_point(|(block, _)| block.number <= to.number);
        self.0.truncate(kept);
    }

    /// Forgets finalized blocks, except the newest `least` blocks.
    pub(super) fn prune(&mut self, finalized: u64, least: usize) {
        while self.0.len() > least.max(1)
            && self.0.front().is_some_and(|(block, _)| block.number < finalized)
        {
            self.0.pop_front();
        }
    }
}
