//! The accounts of the load, and what they send.

use alloy::{
    consensus::{SignableTransaction, TxEip1559, TxEnvelope},
    eips::Encodable2718,
    primitives::{Address, Bytes, TxKind, U256, address, keccak256, utils::Unit},
    signers::{SignerSync, local::PrivateKeySigner},
    sol,
    sol_types::SolCall,
};
use eyre::Result;

/// The accounts that send.
pub(crate) const SENDERS: usize = 200;
/// The accounts that receive: enough that batches are not all alike.
const RECIPIENTS: u64 = 2_000;
/// What each sender is given, ether.
const ENDOWMENT: u64 = 2;
/// Wrapped ether, which every Mezzanine chain has from genesis: a real ERC-20.
const TOKEN: Address = address!("4200000000000000000000000000000000000006");
/// The first account of the test mnemonic, which both programs fund.
const RICH: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

sol! {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// What a load is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Ether.
    Ether,
    /// An ERC-20 token.
    Token,
}

/// Signs for one chain.
pub(crate) struct Wallet {
    chain: u64,
    rich: PrivateKeySigner,
    senders: Vec<PrivateKeySigner>,
}

impl Wallet {
    /// The accounts, always the same.
    pub(crate) fn new(chain: u64) -> Result<Self> {
        let senders = (0..SENDERS as u64)
            .map(|index| {
                PrivateKeySigner::from_bytes(&keccak256(
                    [b"sender", &index.to_be_bytes()[..]].concat(),
                ))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { chain, rich: RICH.parse()?, senders })
    }

    /// Who pays for it all.
    pub(crate) const fn rich(&self) -> Address {
        self.rich.address()
    }

    /// Who sends.
    pub(crate) fn senders(&self) -> impl Iterator<Item = Address> {
        self.senders.iter().map(PrivateKeySigner::address)
    }

    /// Ether for every sender; `nonce` is the next of the one who pays.
    pub(crate) fn endowments(&self, nonce: u64) -> Result<Vec<Bytes>> {
        let value = Unit::ETHER.wei() * U256::from(ENDOWMENT);
        (nonce..)
            .zip(self.senders())
            .map(|(nonce, to)| self.sign(&self.rich, nonce, to, value, Bytes::new()))
            .collect()
    }

    /// Half of each sender's ether as tokens.
    pub(crate) fn wraps(&self, nonce: u64) -> Result<Vec<Bytes>> {
        self.senders
            .iter()
            .map(|sender| self.sign(sender, nonce, TOKEN, Unit::ETHER.wei(), Bytes::new()))
            .collect()
    }

    /// `count` transfers in the order in which they are to be sent: every sender's first, every sender's second, and so on.
    ///
    /// Recipients are drawn from 2,000, amounts have three digits: what people send is seldom random to the last wei.
    pub(crate) fn transfers(&self, load: Load, nonce: u64, count: usize) -> Result<Vec<Bytes>> {
        (0..count)
            .map(|position| {
                let sender = &self.senders[position % SENDERS];
                let nonce = nonce + (position / SENDERS) as u64;
                let dice = keccak256((position as u64).to_be_bytes());
                let dice = |at: usize| {
                    u64::from_be_bytes(dice[at..at + 8].try_into().expect("eight of 32 bytes; qed"))
                };
                let to = recipient(dice(0) % RECIPIENTS);
                let amount = U256::from(1 + dice(8) % 999) * U256::from(1_000_000_000_000_u64);
                match load {
                    Load::Ether => self.sign(sender, nonce, to, amount, Bytes::new()),
                    Load::Token => self.sign(
                        sender,
                        nonce,
                        TOKEN,
                        U256::ZERO,
                        transferCall { to, amount }.abi_encode().into(),
                    ),
                }
            })
            .collect()
    }

    fn sign(
        &self,
        signer: &PrivateKeySigner,
        nonce: u64,
        to: Address,
        value: U256,
        input: Bytes,
    ) -> Result<Bytes> {
        let transaction = TxEip1559 {
            chain_id: self.chain,
            nonce,
            gas_limit: if to == TOKEN { 70_000 } else { 21_000 },
            // Far above what a run of full blocks makes of the base fee.
            max_fee_per_gas: 1_000_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            to: TxKind::Call(to),
            value,
            input,
            ..TxEip1559::default()
        };
        let signature = signer.sign_hash_sync(&transaction.signature_hash())?;
        Ok(TxEnvelope::from(transaction.into_signed(signature)).encoded_2718().into())
    }
}

fn recipient(index: u64) -> Address {
    Address::from_slice(&keccak256([b"recipient", &index.to_be_bytes()[..]].concat())[12..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use mezz_evm::SignedTransaction;

    #[test]
    fn transfers_are_signed_in_the_order_of_their_nonces() {
        let wallet = Wallet::new(901).unwrap();
        let transfers = wallet.transfers(Load::Ether, 3, SENDERS + 1).unwrap();
        let decode =
            |position: usize| SignedTransaction::decode(transfers[position].clone()).unwrap();
        let (first, again) = (decode(0), decode(SENDERS));
        assert_eq!(first.sender, again.sender);
        assert_eq!(Some(first.sender), wallet.senders().next());
        assert_eq!(first.environment().nonce, 3);
        assert_eq!(again.environment().nonce, 4);
        assert_ne!(decode(1).sender, first.sender);
    }
}
