//! A user with a key, who counts nonces.

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::Encodable2718,
    network::TxSignerSync,
    primitives::{Address, Bytes, TxKind, U256},
    signers::local::PrivateKeySigner,
};
use mezz_l1::deploy::dev_key;

/// Chain id of the L2 in these tests.
pub(crate) const L2_CHAIN: u64 = 901;
/// A gas limit that every transfer has room in.
pub(crate) const TRANSFER_GAS: u64 = 21_000;

/// A development account on L2.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) nonce: u64,
    key: PrivateKeySigner,
}

impl User {
    pub(crate) fn new(index: u32) -> Self {
        Self { nonce: 0, key: dev_key(index) }
    }

    pub(crate) fn address(&self) -> Address {
        self.key.address()
    }

    /// The next transfer, signed.
    pub(crate) fn transfer(&mut self, to: Address, wei: u64) -> Bytes {
        self.sign(to, U256::from(wei), Bytes::new(), TRANSFER_GAS)
    }

    /// The next transaction, signed.
    pub(crate) fn sign(
        &mut self,
        to: impl Into<TxKind>,
        value: U256,
        input: Bytes,
        gas: u64,
    ) -> Bytes {
        let bytes = self.sign_at(self.nonce, to, value, input, gas, 1_000_000_000);
        self.nonce += 1;
        bytes
    }

    /// A transaction with this nonce and this fee.
    pub(crate) fn sign_at(
        &self,
        nonce: u64,
        to: impl Into<TxKind>,
        value: U256,
        input: Bytes,
        gas_limit: u64,
        max_fee_per_gas: u128,
    ) -> Bytes {
        let mut transaction = TxEip1559 {
            chain_id: L2_CHAIN,
            nonce,
            gas_limit,
            max_fee_per_gas,
            max_priority_fee_per_gas: max_fee_per_gas / 1_000,
            to: to.into(),
            value,
            input,
            ..TxEip1559::default()
        };
        let signature = self.key.sign_transaction_sync(&mut transaction).unwrap();
        transaction.into_signed(signature).encoded_2718().into()
    }
}
