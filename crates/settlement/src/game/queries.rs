//! Moves about doubts: asked, answered, decided.

use super::{Answer, Error, Game, Machine, Node, NodeState, Path, Status};
use alloy_primitives::{Address, B256};

impl Game {
    /// Doubts the entry that `path` names, and pays the bond.
    pub fn query(
        &mut self,
        now: u64,
        who: Address,
        content: u64,
        owner: Address,
        path: Path,
    ) -> Result<(), Error> {
        let index = path.last().filter(|index| *index < self.rules.entries);
        let (above, index) = path.parent().zip(index).ok_or(Error::BadPath)?;
        if path.length() > self.rules.depth {
            return Err(Error::BadPath);
        }
        let instance = self.instance(content, owner).ok_or(Error::NotLive)?;
        self.require(self.is_live(content, owner), Error::NotLive)?;
        self.require(!instance.nodes.contains_key(&path), Error::NodeExists)?;
        let opened = instance.created_at + self.rules.window;
        let (owner_used, querier_used) = if above == Path::CLAIM {
            let until = unless!(self, WindowShort => opened - 1, opened);
            self.require(now <= until, Error::WindowOver)?;
            (0, 0)
        } else {
            let node = instance.nodes.get(&above).ok_or(Error::NotAnswered)?;
            let answer = node.answer().ok_or(Error::NotAnswered)?;
            let until =
                unless!(self, ChildCloseShort => answer.child_close - 1, answer.child_close);
            self.require(now <= until, Error::ChildrenClosed)?;
            // Nobody who comes within the window is late, whatever was asked and answered before.
            let from = unless!(self, ClockRunsInWindow => answer.at, answer.at.max(opened));
            (node.owner_used, node.querier_used + now.saturating_sub(from))
        };
        let (start, end) = self.span_of(content, owner, above, index).ok_or(Error::BadPath)?;
        let owner_used = unless!(self, OwnerClockAnew => 0, owner_used);
        let counted = unless!(self, ClocksCrossed => owner_used + querier_used, owner_used);
        let from = unless!(self, DeadlineFromClaim => opened - self.rules.window, now);
        let node = Node {
            querier: who,
            asked_at: now,
            deadline: from + self.time_left(counted),
            owner_used,
            querier_used: unless!(self, QuerierClockAnew => 0, querier_used),
            start,
            end,
            state: NodeState::Open,
            bonded: true,
        };
        self.purse.take(who, self.rules.bond);
        if let Some(instance) = self.instance_mut(content, owner) {
            instance.open_nodes += 1;
            instance.nodes.insert(path, node);
        }
        Ok(())
    }

    /// Shows the detail between the two entries of a doubt.
    #[expect(clippy::too_many_arguments, reason = "the contract's call, its sender and the time")]
    pub fn answer(
        &mut self,
        now: u64,
        who: Address,
        content: u64,
        owner: Address,
        path: Path,
        vector: Vec<B256>,
        machine: &impl Machine,
    ) -> Result<(), Error> {
        let node = self.live_node(content, owner, path)?;
        self.require(who == owner, Error::NotOwner)?;
        self.require(node.is_open(), Error::NotOpen)?;
        self.require(path.length() < self.rules.depth, Error::NotAnswerable)?;
        self.require(now <= node.deadline, Error::DeadlinePassed)?;
        self.require(vector.len() == self.rules.entries, Error::VectorLength)?;
        let last = *vector.last().ok_or(Error::VectorLength)?;
        let start = if path.length() == 1 {
            self.require(machine.output(last) == Some(node.end), Error::NoFinalState)?;
            let n1 = self.content(content).ok_or(Error::UnknownContent)?.n1;
            machine.initial(n1, node.start)
        } else {
            self.require(last == node.end, Error::WrongEnd)?;
            node.start
        };
        let opened =
            self.instance(content, owner).ok_or(Error::NotLive)?.created_at + self.rules.window;
        let owner_used = node.owner_used + now.saturating_sub(node.asked_at);
        let counted =
            unless!(self, ClocksCrossedBack => owner_used + node.querier_used, node.querier_used);
        let own = now + self.time_left(counted);
        let child_close = unless!(self, ClockRunsInWindow => own, own.max(opened));
        let answer = Answer { at: now, child_close, start, vector };
        self.close_node(content, owner, path, NodeState::Answered(answer));
        let keeps = unless!(self, AnswerKeepsClose => true, false);
        if let Some(instance) = self.instance_mut(content, owner) {
            if !keeps {
                instance.answers_close = instance.answers_close.max(child_close);
            }
            if let Some(node) = instance.nodes.get_mut(&path) {
                node.owner_used = owner_used;
            }
        }
        Ok(())
    }

    /// Executes the one instruction that is left of a doubt: proves it or refutes the instance.
    pub fn step(
        &mut self,
        content: u64,
        owner: Address,
        path: Path,
        machine: &impl Machine,
    ) -> Result<(), Error> {
        let node = self.live_node(content, owner, path)?;
        self.require(node.is_open(), Error::NotOpen)?;
        self.require(path.length() == self.rules.depth, Error::NotLeaf)?;
        let right = machine.step(node.start).ok_or(Error::NoWitness)? == node.end;
        if unless!(self, StepReversed => !right, right) {
            self.close_node(content, owner, path, NodeState::Proven);
        } else {
            self.refute(content, owner, path);
        }
        Ok(())
    }

    /// Refutes an instance whose owner has let its time pass.
    pub fn timeout(
        &mut self,
        now: u64,
        content: u64,
        owner: Address,
        path: Path,
    ) -> Result<(), Error> {
        let node = self.live_node(content, owner, path)?;
        self.require(node.is_open(), Error::NotOpen)?;
        let over = unless!(self, OverdueAtDeadline => now >= node.deadline, now > node.deadline);
        self.require(over, Error::NotOverdue)?;
        self.refute(content, owner, path);
        Ok(())
    }

    /// Credits the bond of a doubt about an instance that is resolved.
    pub fn reclaim(&mut self, content: u64, owner: Address, path: Path) -> Result<(), Error> {
        let node = self.node(content, owner, path).ok_or(Error::UnknownNode)?;
        let status = self.status(content, owner).ok_or(Error::UnknownNode)?;
        self.require(status != Status::Live, Error::BondLocked)?;
        self.require(node.bonded, Error::BondPaid)?;
        let to_owner = match status {
            Status::Confirmed => unless!(self, ConfirmedQuerierGetsBonds => false, true),
            Status::Refuted => unless!(self, RefutedOwnerGetsBonds => true, false),
            Status::Rejected => unless!(self, RejectedOwnerGetsBonds => true, false),
            Status::Live => false,
        };
        self.purse.give(if to_owner { owner } else { node.querier }, self.rules.bond);
        if let Some(node) =
            self.instance_mut(content, owner).and_then(|instance| instance.nodes.get_mut(&path))
        {
            node.bonded = false;
        }
        Ok(())
    }

    /// What one side has left on a path on which it has used so much; always enough for one more move.
    pub(super) fn time_left(&self, used: u64) -> u64 {
        let left = self.rules.clock.saturating_sub(used);
        unless!(self, NoGrace => left, left.max(self.rules.grace))
    }

    /// Start and end of entry `index` of the vector that answers `above`.
    fn span_of(
        &self,
        content: u64,
        owner: Address,
        above: Path,
        index: usize,
    ) -> Option<(B256, B256)> {
        let content_value = self.content(content)?;
        let (first, vector) = if above == Path::CLAIM {
            (self.content(content_value.parent)?.end, &content_value.vector)
        } else {
            let answer = self.node(content, owner, above)?.answer()?;
            (answer.start, &answer.vector)
        };
        let end = *vector.get(index)?;
        let before = unless!(self, StartIsEnd => index, index.wrapping_sub(1));
        Some((if index == 0 { first } else { *vector.get(before)? }, end))
    }

    pub(super) fn live_node(
        &self,
        content: u64,
        owner: Address,
        path: Path,
    ) -> Result<&Node, Error> {
        self.require(self.is_live(content, owner), Error::NotLive)?;
        self.node(content, owner, path).ok_or(Error::UnknownNode)
    }

    pub(super) fn close_node(
        &mut self,
        content: u64,
        owner: Address,
        path: Path,
        state: NodeState,
    ) {
        if let Some(instance) = self.instance_mut(content, owner)
            && let Some(node) = instance.nodes.get_mut(&path)
        {
            node.state = state;
            instance.open_nodes = instance.open_nodes.saturating_sub(1);
        }
    }

    /// The owner loses its stake: half goes to those who asked on the way, in equal shares, the rest is forfeited.
    fn refute(&mut self, content: u64, owner: Address, path: Path) {
        let queriers: Vec<_> = path
            .prefixes()
            .filter_map(|prefix| self.node(content, owner, prefix))
            .map(|node| node.querier)
            .collect();
        self.refute_for(content, owner, &queriers, path);
    }

    /// The same where it is known whom the half is for.
    pub(super) fn refute_for(
        &mut self,
        content: u64,
        owner: Address,
        rewarded: &[Address],
        path: Path,
    ) {
        let reward = unless!(self, RewardWholeStake => self.rules.stake, self.rules.stake / 2);
        let share = reward / rewarded.len() as u128;
        let paid = share * rewarded.len() as u128;
        if unless!(self, RewardToLast => true, false) {
            rewarded.last().into_iter().for_each(|last| self.purse.give(*last, paid));
        } else {
            rewarded.iter().for_each(|who| self.purse.give(*who, share));
        }
        self.purse.forfeit(self.rules.stake - paid);
        if let Some(content) = self.contents.get_mut(content as usize) {
            content.contested = true;
        }
        #[cfg(test)]
        let all = || self.contents[content as usize].instances.keys().copied().collect();
        let slashed: Vec<Address> = unless!(self, SlashAllOwners => all(), vec![owner]);
        slashed.into_iter().for_each(|owner| self.slash(owner, Some((content, path))));
    }
}
