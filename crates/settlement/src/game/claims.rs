//! Moves about claims: who stakes on what, and what becomes of it.

use super::{Error, Game, Instance, Mark, Path, Status};
use alloy_primitives::{Address, B256};
use std::collections::BTreeMap;

impl Game {
    /// Stakes for `who`; one stake covers all of its instances.
    pub fn deposit(&mut self, who: Address) -> Result<(), Error> {
        let owner = self.owner(who);
        self.require(owner.slashed.is_none(), Error::Slashed)?;
        self.require(!owner.staked, Error::StakedAlready)?;
        self.purse.take(who, self.rules.stake);
        self.owners.entry(who).or_default().staked = true;
        Ok(())
    }

    /// Pays the stake back, once every instance of the owner is settled.
    pub fn withdraw_stake(&mut self, who: Address) -> Result<(), Error> {
        let owner = self.staked(who)?;
        self.require(owner.open_instances == 0, Error::InstancesOpen)?;
        self.owners.entry(who).or_default().staked = false;
        self.purse.pay(who, self.rules.stake);
        Ok(())
    }

    /// Claims that the batches after `parent` lead to the outputs of `vector`, or backs who has claimed the same; gives the content's index.
    pub fn assert(
        &mut self,
        now: u64,
        who: Address,
        parent: u64,
        vector: Vec<B256>,
    ) -> Result<u64, Error> {
        self.staked(who)?;
        let n1 = self.claimable(parent, &vector)?;
        self.require(self.extends(who, parent), Error::OffPath)?;
        let known = self.children(parent).find(|(_, child)| child.vector == vector);
        let known = unless!(self, ContentTwice => None, known.map(|(index, _)| index));
        if let Some(index) = known {
            // Somebody was quicker, maybe with a copy of this claim.
            self.add_instance(now, index, who);
            return Ok(index);
        }
        let index = self.add_content(now, parent, n1, vector);
        self.add_instance(now, index, who);
        Ok(index)
    }

    /// Adds the caller's own instance of a content that somebody asserted.
    pub fn back(&mut self, now: u64, who: Address, content: u64) -> Result<(), Error> {
        self.staked(who)?;
        let parent = self.content(content).ok_or(Error::UnknownContent)?.parent;
        let live = self.resolution(content).0 == Status::Live;
        self.require(live, Error::ContentResolved)?;
        // Its newest instance is not this one's parent, if the owner has one of this content already.
        self.require(self.extends(who, parent), Error::OffPath)?;
        self.add_instance(now, content, who);
        Ok(())
    }

    /// Makes a content final, by an instance that nobody has refuted; by its proof where `owner` is zero.
    pub fn confirm(&mut self, now: u64, content: u64, owner: Address) -> Result<(), Error> {
        let parent = self.content(content).ok_or(Error::UnknownContent)?.parent;
        // So no sibling is confirmed either (invariant 15).
        let live = match owner.is_zero() {
            true => self.resolution(content).0 == Status::Live,
            false => self.is_live(content, owner),
        };
        self.require(live, Error::NotLive)?;
        self.require(self.is_confirmed(parent), Error::ParentNotConfirmed)?;
        match self.close(content, owner) {
            None => self.require(self.is_ripe_by_proof(now, content), Error::NotRipe)?,
            Some(close) => {
                self.require(self.open_nodes(content, owner) == 0, Error::OpenNodes)?;
                let close = unless!(self, RipeAtClose => close - 1, close);
                self.require(now > close && now > self.patience(content), Error::NotRipe)?;
            }
        }
        let sequence = self.next_sequence();
        self.contents[content as usize].mark = Some(Mark::Confirmed { sequence });
        self.contents[parent as usize].confirmed_child = Some(content);
        Ok(())
    }

    /// Marks a content that can never be confirmed, so that its children can be rejected in turn.
    pub fn reject(&mut self, content: u64) -> Result<(), Error> {
        let unmarked = self.content(content).ok_or(Error::UnknownContent)?.mark.is_none();
        let rejected = self.resolution(content).0 == Status::Rejected;
        self.require(rejected && unmarked, Error::NotRejected)?;
        let sequence = self.next_sequence();
        self.contents[content as usize].mark = Some(Mark::Rejected { sequence });
        Ok(())
    }

    /// Books the end of an instance; a rejected one costs its owner the stake, because another content is right.
    pub fn settle(&mut self, content: u64, owner: Address) -> Result<(), Error> {
        let status = self.status(content, owner).ok_or(Error::NotSettleable)?;
        let settled = self.instance(content, owner).is_some_and(|instance| instance.settled);
        let ended = matches!(status, Status::Confirmed | Status::Rejected);
        self.require(ended, Error::NotSettleable)?;
        self.require(!settled, Error::SettledAlready)?;
        if let Some(instance) = self.instance_mut(content, owner) {
            instance.settled = true;
        }
        let record = self.owners.entry(owner).or_default();
        record.open_instances = record.open_instances.saturating_sub(1);
        let first = record.slashed.is_none();
        let costs = unless!(self, RejectedKeepsStake => false, status == Status::Rejected);
        if costs && first {
            self.slash(owner, None);
            self.purse.forfeit(self.rules.stake);
        }
        Ok(())
    }

    /// Pays what was credited.
    pub fn withdraw(&mut self, who: Address) -> Result<u128, Error> {
        self.purse.withdraw(who)
    }

    /// Says that a part of what was credited was paid: claim manager and game each pay theirs.
    pub fn paid(&mut self, who: Address, amount: u128) {
        self.purse.paid(who, amount);
    }

    /// Pays the treasury what was forfeited.
    pub fn collect(&mut self, treasury: Address) -> Result<u128, Error> {
        self.purse.collect(treasury)
    }

    /// Takes the stake and voids all live instances of an owner; what becomes of the stake is the caller's.
    pub(super) fn slash(&mut self, owner: Address, by: Option<(u64, Path)>) {
        let sequence = self.next_sequence();
        let record = self.owners.entry(owner).or_default();
        record.staked = false;
        record.slashed = Some(sequence);
        record.refuted_by = by;
    }

    pub(super) fn instance_mut(&mut self, content: u64, owner: Address) -> Option<&mut Instance> {
        self.contents.get_mut(content as usize)?.instances.get_mut(&owner)
    }

    fn staked(&self, who: Address) -> Result<super::Owner, Error> {
        let owner = self.owner(who);
        self.require(owner.slashed.is_none(), Error::Slashed)?;
        self.require(owner.staked, Error::NotStaked)?;
        Ok(owner)
    }

    fn add_instance(&mut self, now: u64, content: u64, owner: Address) {
        let created_at = unless!(self, WindowFromContent => self.asserted_at(content, now), now);
        let instance = Instance {
            created_at,
            answers_close: 0,
            open_nodes: 0,
            settled: false,
            nodes: BTreeMap::new(),
        };
        self.contents[content as usize].instances.insert(owner, instance);
        let record = self.owners.entry(owner).or_default();
        record.open_instances += 1;
        record.tip = content;
    }

    /// The time of the oldest instance.
    #[cfg(test)]
    fn asserted_at(&self, content: u64, now: u64) -> u64 {
        let instances = self.contents[content as usize].instances.values();
        instances.map(|first| first.created_at).min().unwrap_or(now)
    }
}
