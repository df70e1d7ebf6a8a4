//! Addresses that the protocol knows, and address aliasing.

use alloy_primitives::{Address, address};

/// L2 contracts that exist from genesis, at the OP Stack's addresses.
pub mod predeploys {
    use alloy_primitives::{Address, address};

    /// Sends the system transactions.
    pub const DEPOSITOR: Address = address!("DeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001");
    /// Wrapped ether.
    pub const WETH: Address = address!("4200000000000000000000000000000000000006");
    /// Messenger.
    pub const MESSENGER: Address = address!("4200000000000000000000000000000000000007");
    /// Gas prices.
    pub const GAS_PRICE_ORACLE: Address = address!("420000000000000000000000000000000000000F");
    /// ERC-20 and ether bridge.
    pub const STANDARD_BRIDGE: Address = address!("4200000000000000000000000000000000000010");
    /// Priority fees.
    pub const SEQUENCER_FEE_VAULT: Address = address!("4200000000000000000000000000000000000011");
    /// Makes bridged ERC-20 tokens.
    pub const ERC20_FACTORY: Address = address!("4200000000000000000000000000000000000012");
    /// ERC-721 bridge.
    pub const ERC721_BRIDGE: Address = address!("4200000000000000000000000000000000000014");
    /// What L2 knows of L1, and the chain's parameters.
    pub const L1_BLOCK: Address = address!("4200000000000000000000000000000000000015");
    /// Messages to L1.
    pub const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
    /// Makes bridged ERC-721 tokens.
    pub const ERC721_FACTORY: Address = address!("4200000000000000000000000000000000000017");
    /// Base fees.
    pub const BASE_FEE_VAULT: Address = address!("4200000000000000000000000000000000000019");
    /// L1 data fees.
    pub const L1_FEE_VAULT: Address = address!("420000000000000000000000000000000000001A");
    /// Operator fees.
    pub const OPERATOR_FEE_VAULT: Address = address!("420000000000000000000000000000000000001b");
}

/// Added to the address of an L1 contract that sends a deposit.
const ALIAS_OFFSET: Address = address!("1111000000000000000000000000000000001111");

/// The L2 address of an L1 contract.
pub fn alias(l1: Address) -> Address {
    offset(l1, |a, b, carry| {
        let sum = u16::from(a) + u16::from(b) + carry;
        (sum.to_be_bytes()[1], sum >> 8)
    })
}

/// The L1 contract behind an aliased L2 address.
pub fn unalias(l2: Address) -> Address {
    offset(l2, |a, b, borrow| {
        let difference = 256 + u16::from(a) - u16::from(b) - borrow;
        (difference.to_be_bytes()[1], u16::from(difference < 256))
    })
}

/// Folds the alias offset into an address byte by byte, from the last to the first.
fn offset(mut address: Address, combine: impl Fn(u8, u8, u16) -> (u8, u16)) -> Address {
    let mut carry = 0;
    for index in (0..20).rev() {
        (address.0[index], carry) = combine(address.0[index], ALIAS_OFFSET.0[index], carry);
    }
    address
}
