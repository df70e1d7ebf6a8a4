//! The money that the game holds.

use super::Error;
use alloy_primitives::Address;
use std::collections::BTreeMap;

/// What was paid in and is still here, and to whom it is due.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Purse {
    escrow: u128,
    credits: BTreeMap<Address, u128>,
    forfeited: u128,
    net: BTreeMap<Address, i128>,
}

impl Purse {
    /// Everything that is held.
    pub const fn escrow(&self) -> u128 {
        self.escrow
    }

    /// What somebody may withdraw.
    pub fn credit(&self, who: Address) -> u128 {
        self.credits.get(&who).copied().unwrap_or_default()
    }

    /// What the treasury may collect.
    pub const fn forfeited(&self) -> u128 {
        self.forfeited
    }

    /// What was credited and not withdrawn.
    pub const fn credits(&self) -> &BTreeMap<Address, u128> {
        &self.credits
    }

    /// What somebody has received less what they have paid.
    pub fn net(&self, who: Address) -> i128 {
        self.net.get(&who).copied().unwrap_or_default()
    }

    pub(super) fn take(&mut self, from: Address, amount: u128) {
        self.escrow += amount;
        *self.net.entry(from).or_default() -= amount as i128;
    }

    pub(super) fn pay(&mut self, to: Address, amount: u128) {
        // Never less than what is due (invariant 14); the sum of all `net` shows it if it were.
        self.escrow = self.escrow.saturating_sub(amount);
        *self.net.entry(to).or_default() += amount as i128;
    }

    pub(super) fn give(&mut self, to: Address, amount: u128) {
        *self.credits.entry(to).or_default() += amount;
    }

    /// Credits what somebody else has put up.
    pub(super) fn donate(&mut self, to: Address, amount: u128) {
        self.escrow += amount;
        self.give(to, amount);
    }

    pub(super) const fn forfeit(&mut self, amount: u128) {
        self.forfeited += amount;
    }

    pub(super) fn withdraw(&mut self, who: Address) -> Result<u128, Error> {
        let amount = self.credits.remove(&who).filter(|amount| *amount != 0);
        let amount = amount.ok_or(Error::NothingDue)?;
        self.pay(who, amount);
        Ok(amount)
    }

    pub(super) fn paid(&mut self, who: Address, amount: u128) {
        let left = self.credit(who).saturating_sub(amount);
        self.credits.insert(who, left);
        self.pay(who, amount);
    }

    pub(super) fn collect(&mut self, treasury: Address) -> Result<u128, Error> {
        let amount = std::mem::take(&mut self.forfeited);
        if amount == 0 {
            return Err(Error::NothingDue);
        }
        self.pay(treasury, amount);
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_paid_in_part_is_still_due_in_part() {
        let (mut purse, who) = (Purse::default(), Address::repeat_byte(1));
        purse.take(who, 10);
        purse.give(who, 7);
        purse.paid(who, 5);
        assert_eq!((purse.credit(who), purse.escrow(), purse.net(who)), (2, 5, -5));
        purse.paid(who, 9);
        assert_eq!(purse.credit(who), 0);
    }
}
