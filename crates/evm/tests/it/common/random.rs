//! Random transactions of every kind that a block may hold.

use super::*;
use alloy_consensus::{TxEip2930, TxEip7702, TxLegacy};
use alloy_eips::eip7702::Authorization;
use proptest::prelude::*;

/// Wallets that the transactions come from.
pub(crate) const WALLETS: u8 = 4;

/// One random transaction. `wild` is whatever randomness its kind needs.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    kind: u8,
    from: u8,
    to: u8,
    value: u128,
    gas: u64,
    wild: u64,
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let value = prop_oneof![Just(0), 1..1000_u128, Just(2 * ETHER), Just(5000 * ETHER)];
    let gas = prop_oneof![1 => 0..60_000_u64, 3 => 60_000..400_000_u64];
    (0..12_u8, 0..WALLETS, any::<u8>(), value, gas, any::<u64>())
        .prop_map(|(kind, from, to, value, gas, wild)| Op { kind, from, to, value, gas, wild })
}

/// Blocks of random transactions.
pub(crate) fn blocks() -> impl Strategy<Value = Vec<Vec<Op>>> {
    prop::collection::vec(prop::collection::vec(op(), 0..10), 1..5)
}

/// The transactions, with the nonces that make them valid as long as all before them are.
pub(crate) fn transactions(rollup: &Rollup, ops: &[Op]) -> Vec<Bytes> {
    let mut nonces: Vec<u64> =
        (0..WALLETS).map(|number| rollup.nonce(wallet(number).address())).collect();
    ops.iter().map(|op| op.transaction(&mut nonces[usize::from(op.from)])).collect()
}

/// Wei that the deposits among the ops mint.
pub(crate) fn minted(ops: &[Op]) -> U256 {
    ops.iter().filter_map(Op::deposit).map(|deposit| U256::from(deposit.mint)).sum()
}

impl Op {
    /// Somebody to pay or call: a wallet, a contract, or an account that does not exist yet.
    fn target(&self) -> Address {
        match self.to % 16 {
            number @ 0..WALLETS => wallet(number).address(),
            number @ 4..12 => Code::ALL[usize::from(number) % Code::ALL.len()].address(),
            _ => Address::repeat_byte(self.to),
        }
    }

    fn calldata(&self) -> Bytes {
        let other = word(wallet((self.wild % u64::from(WALLETS)) as u8).address());
        words([other, U256::from(self.wild % 3), U256::from(self.wild % 5)])
    }

    fn init_code(&self) -> Bytes {
        match self.wild % 4 {
            // One byte of code: STOP.
            0 => hex!("6001600c60003960016000f300").into(),
            // A slot, and no code.
            1 => hex!("6007600155").into(),
            // Self-destructs at once, for whoever called.
            2 => hex!("33ff").into(),
            // Code that EIP-3541 forbids.
            _ => hex!("60ef5f5360015ff3").into(),
        }
    }

    fn to(&self) -> (TxKind, Bytes) {
        match self.kind % 4 {
            0 => (TxKind::Create, self.init_code()),
            _ => (TxKind::Call(self.target()), self.calldata()),
        }
    }

    fn deposit(&self) -> Option<TxDeposit> {
        let (to, input) = self.to();
        let from = match self.wild % 3 {
            0 => wallet(self.from).address(),
            1 => mezz_primitives::alias(Code::Token.address()),
            _ => Code::Splitter.address(),
        };
        (self.kind >= 8).then(|| TxDeposit {
            from,
            to,
            mint: u128::from(self.wild % 7) * ETHER,
            value: U256::from(self.value),
            gas_limit: self.gas,
            input,
            ..TxDeposit::default()
        })
    }

    fn transaction(&self, nonce: &mut u64) -> Bytes {
        if let Some(deposit) = self.deposit() {
            *nonce += u64::from(deposit.from == wallet(self.from).address());
            return encode(deposit);
        }
        let (to, input) = self.to();
        let (nonce, value, gas_limit) = (bump(nonce), U256::from(self.value), self.gas);
        let gas_price = 1_000 + u128::from(self.wild % 5_000);
        let chain_id = CHAIN.id;
        match self.wild % 5 {
            0 => {
                let chain_id = Some(chain_id).filter(|_| self.value > 0);
                sign(
                    self.from,
                    TxLegacy { chain_id, nonce, gas_price, gas_limit, to, value, input },
                )
            }
            1 => {
                let access_list = Default::default();
                let transaction = TxEip2930 {
                    chain_id,
                    nonce,
                    gas_price,
                    gas_limit,
                    to,
                    value,
                    access_list,
                    input,
                };
                sign(self.from, transaction)
            }
            2 => self.delegation(nonce, gas_price),
            // Garbage and gaps in the nonces are skipped.
            3 if self.to == 7 => Bytes::from(self.wild.to_be_bytes()),
            _ => {
                let nonce = nonce + u64::from(self.to == 8);
                let fee = TxEip1559 { gas_limit, to, input, ..transfer(nonce, Address::ZERO, 0) };
                sign(self.from, TxEip1559 { value, ..fee })
            }
        }
    }

    /// The next wallet runs the splitter's code from now on.
    fn delegation(&self, nonce: u64, max_fee_per_gas: u128) -> Bytes {
        let number = (self.from + 1) % WALLETS;
        let authorization = Authorization {
            chain_id: U256::from(CHAIN.id),
            address: Code::Splitter.address(),
            nonce: self.wild % 4,
        };
        let signature = wallet(number).sign_hash_sync(&authorization.signature_hash()).unwrap();
        let transaction = TxEip7702 {
            chain_id: CHAIN.id,
            nonce,
            gas_limit: self.gas,
            max_fee_per_gas,
            to: self.target(),
            value: U256::from(self.value),
            authorization_list: vec![authorization.into_signed(signature)],
            input: self.calldata(),
            ..TxEip7702::default()
        };
        sign(self.from, transaction)
    }
}

/// The nonce, used up.
fn bump(nonce: &mut u64) -> u64 {
    *nonce += 1;
    *nonce - 1
}
