use super::{PartialState, Witness, WitnessError};
use crate::{
    AccountChange, Chain, L2Config, Layer, Outcome, StateDiff, StateRoots, Transaction, execute,
    trie::StateTrie,
};
use alloc::{collections::BTreeMap, vec::Vec};
use alloy_consensus::{Header, Sealable};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, hex, keccak256, map::B256Map};
use mezz_primitives::{
    BlockInput, FeeConfig,
    predeploys::{L1_BLOCK, MESSAGE_PASSER},
};
use op_alloy_consensus::TxDeposit;
use proptest::prelude::*;
use revm::{
    DatabaseRef, bytecode::Bytecode, context::result::EVMError, primitives::KECCAK_EMPTY,
    state::AccountInfo,
};

const CHAIN: Chain = Chain { id: 901, layer: Layer::Two };
/// `sstore(calldata[0], calldata[32]); sstore(0x99, blockhash(number() - calldata[64]))`
const WRITER: [u8; 16] = hex!("60203560003555604035430340609955");

/// Address of a contract that runs [`WRITER`]; the low addresses are precompiles.
fn writer(contract: u8) -> Address {
    Address::repeat_byte(0x40 + contract)
}

/// A whole state.
#[derive(Debug, Clone, Default)]
struct Whole {
    trie: StateTrie,
    codes: B256Map<Bytecode>,
    hashes: BTreeMap<u64, B256>,
}

impl Whole {
    fn apply(&mut self, diff: &StateDiff) {
        self.trie.apply(diff).unwrap();
        self.codes.extend(diff.codes.clone());
    }
}

impl DatabaseRef for Whole {
    type Error = WitnessError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, WitnessError> {
        Ok(self.trie.info(address)?)
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, WitnessError> {
        if hash == KECCAK_EMPTY {
            Ok(Bytecode::default())
        } else {
            self.codes.get(&hash).cloned().ok_or(WitnessError::Code(hash))
        }
    }

    fn storage_ref(&self, address: Address, slot: U256) -> Result<U256, WitnessError> {
        Ok(self.trie.storage(address, slot)?)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, WitnessError> {
        Ok(self.hashes.get(&number).copied().unwrap_or_default())
    }
}

impl StateRoots for Whole {
    fn roots(&self, diff: &StateDiff) -> Result<(B256, B256), WitnessError> {
        let mut trie = self.trie.clone();
        trie.apply(diff)?;
        Ok((trie.root(), trie.storage_root(MESSAGE_PASSER)?))
    }
}

fn genesis() -> (Whole, Header) {
    let code = Bytecode::new_raw(Bytes::from_static(&WRITER));
    let info = |code_hash| AccountInfo {
        nonce: 1,
        balance: U256::from(1_000_000),
        code_hash,
        account_id: None,
        code: None,
    };
    let mut diff = StateDiff::default();
    let fees = FeeConfig {
        gas_limit: 100_000_000,
        base_fee_scalar: 1,
        blob_base_fee_scalar: 1,
        operator_fee_scalar: 0,
        operator_fee_constant: 0,
        eip1559_denominator: 50,
        eip1559_elasticity: 6,
        min_base_fee: 1,
    };
    let config = AccountChange {
        info: Some(info(KECCAK_EMPTY)),
        wiped: false,
        storage: L2Config::genesis_slots(&fees).into_iter().collect(),
    };
    diff.accounts.insert(L1_BLOCK, config);
    for account in 1..=12_u8 {
        let storage = (1..u64::from(account) * 3)
            .map(|slot| (U256::from(slot), U256::from(slot + 7)))
            .collect();
        diff.accounts.insert(
            writer(account),
            AccountChange { info: Some(info(code.hash_slow())), wiped: false, storage },
        );
    }
    diff.codes.insert(code.hash_slow(), code);
    let mut whole = Whole::default();
    whole.apply(&diff);
    let header = Header {
        state_root: whole.trie.root(),
        base_fee_per_gas: Some(1),
        gas_limit: 100_000_000,
        ..Header::default()
    };
    whole.hashes.insert(0, header.hash_slow());
    (whole, header)
}

/// A call of the writer, or a deployment when `contract` is 0.
#[derive(Debug, Clone)]
struct Call {
    contract: u8,
    slot: u64,
    value: u64,
    back: u64,
}

fn call() -> impl Strategy<Value = Call> {
    (0..14_u8, 0..40_u64, prop_oneof![Just(0), 1..9_u64], 0..6_u64)
        .prop_map(|(contract, slot, value, back)| Call { contract, slot, value, back })
}

fn input(number: u64, calls: &[Call]) -> BlockInput {
    let transactions = calls.iter().enumerate().map(|(index, call)| {
        let (to, input) = match call.contract {
            // Deploys one byte of code: STOP.
            0 => (TxKind::Create, Bytes::from_static(&hex!("6001600c60003960016000f300"))),
            contract => (
                TxKind::Call(writer(contract)),
                [call.slot, call.value, call.back]
                    .map(|word| U256::from(word).to_be_bytes::<32>())
                    .concat()
                    .into(),
            ),
        };
        let source_hash = keccak256([number.to_be_bytes(), (index as u64).to_be_bytes()].concat());
        let deposit = TxDeposit {
            source_hash,
            from: Address::with_last_byte(200 + call.contract),
            to,
            gas_limit: 300_000,
            mint: 5,
            input,
            ..TxDeposit::default()
        };
        Transaction::Deposit(deposit.seal_slow()).encoded_2718().into()
    });
    BlockInput {
        timestamp: number * 2,
        transactions: transactions.collect(),
        ..BlockInput::default()
    }
}

type Replayed = Result<(Outcome, StateDiff), EVMError<WitnessError>>;

fn replay(parent: &Header, input: &BlockInput, witness: &Witness) -> Replayed {
    let state = PartialState::from_witness(parent.state_root, witness)
        .with_ancestors(parent.hash_slow(), &witness.headers)
        .map_err(EVMError::Database)?;
    execute(CHAIN, parent, parent.hash_slow(), input, state)
}

fn same(left: &(Outcome, StateDiff), right: &(Outcome, StateDiff)) {
    assert_eq!(left.0.header, right.0.header);
    assert_eq!(left.0.receipts, right.0.receipts);
    assert_eq!(left.1, right.1);
}

/// How often a property is tried: so often, or as `PROPTEST_CASES` says.
fn cases(usual: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    // 256 is proptest's own number: nobody has said another.
    let cases = if default.cases == 256 { usual } else { default.cases };
    ProptestConfig { cases, ..default }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn a_witness_is_what_an_execution_needs(blocks in prop::collection::vec(prop::collection::vec(call(), 0..6), 1..7), spoilt in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>()) {
        let (mut whole, mut parent) = genesis();
        let mut headers = alloc::vec![parent.clone()];
        for calls in &blocks {
            let input = input(parent.number + 1, calls);
            let live = execute(CHAIN, &parent, parent.hash_slow(), &input, &whole).unwrap();
            prop_assert!(live.0.receipts.iter().all(|receipt| receipt.success));
            let recording = PartialState::recording(whole.trie.clone(), whole.clone());
            same(&execute(CHAIN, &parent, parent.hash_slow(), &input, &recording).unwrap(), &live);
            let witness = recording.into_witness(parent.number, |number| Ok::<_, WitnessError>(headers[number as usize].clone())).unwrap();
            same(&replay(&parent, &input, &witness).unwrap(), &live);
            spoil(&parent, &input, &witness, &live, spoilt, flip);

            let (outcome, diff) = live;
            whole.apply(&diff);
            prop_assert_eq!(whole.trie.root(), outcome.header.state_root);
            whole.hashes.insert(outcome.header.number, outcome.hash);
            headers.push(outcome.header.clone());
            parent = outcome.header;
        }
    }

    #[test]
    fn one_witness_serves_several_blocks(blocks in prop::collection::vec(prop::collection::vec(call(), 0..6), 1..7)) {
        let (whole, parent) = genesis();
        let run = |mut state: Box<dyn Steps>| {
            let mut outcomes = Vec::new();
            let mut parent = parent.clone();
            for calls in &blocks {
                let outcome = state.step(&parent, &input(parent.number + 1, calls));
                parent = outcome.header.clone();
                outcomes.push(outcome.hash);
            }
            (outcomes, state)
        };
        let (recorded, state) = run(Box::new(PartialState::recording(whole.trie.clone(), whole)));
        let witness = state.witness(&parent);
        let replayed = PartialState::from_witness(parent.state_root, &witness).with_ancestors(parent.hash_slow(), &witness.headers).unwrap();
        prop_assert_eq!(run(Box::new(replayed)).0, recorded);
    }
}

/// Without any one part, or with it altered, the replay says what is missing. `BLOCKHASH` alone may not need every header.
fn spoil(
    parent: &Header,
    input: &BlockInput,
    witness: &Witness,
    live: &(Outcome, StateDiff),
    index: prop::sample::Index,
    flip: prop::sample::Index,
) {
    type Part = fn(&mut Witness) -> &mut Vec<Bytes>;
    let parts: [Part; 3] = [
        |witness| &mut witness.state,
        |witness| &mut witness.codes,
        |witness| &mut witness.headers,
    ];
    for part in parts {
        let mut less = witness.clone();
        let items = part(&mut less);
        if items.is_empty() {
            continue;
        }
        let at = index.index(items.len());
        let mut altered = items.remove(at).to_vec();
        let result = replay(parent, input, &less);
        let only_header = witness.headers.len() == 1 && less.headers.is_empty();
        match result {
            Err(EVMError::Database(_)) => {}
            Ok(result) if only_header => same(&result, live),
            other => {
                panic!("replayed without a part: {:?}", other.map(|(outcome, _)| outcome.header))
            }
        }
        let byte = flip.index(altered.len());
        altered[byte] ^= 1;
        part(&mut less).insert(at, altered.into());
        assert!(
            matches!(replay(parent, input, &less), Err(EVMError::Database(_))),
            "an altered part was taken"
        );
    }
}

/// Runs blocks one after the other.
trait Steps {
    fn step(&mut self, parent: &Header, input: &BlockInput) -> Outcome;
    fn witness(self: Box<Self>, parent: &Header) -> Witness;
}

impl Steps for PartialState<super::Recorder<Whole>> {
    fn step(&mut self, parent: &Header, input: &BlockInput) -> Outcome {
        let (outcome, diff) = execute(CHAIN, parent, parent.hash_slow(), input, &*self).unwrap();
        self.advance(&outcome, &diff).unwrap();
        assert_eq!(self.root(), outcome.header.state_root);
        outcome
    }

    fn witness(self: Box<Self>, parent: &Header) -> Witness {
        self.into_witness(parent.number, |number| {
            if number == parent.number {
                Ok(parent.clone())
            } else {
                Err(WitnessError::BlockHash(number))
            }
        })
        .unwrap()
    }
}

impl Steps for PartialState {
    fn step(&mut self, parent: &Header, input: &BlockInput) -> Outcome {
        let (outcome, diff) = execute(CHAIN, parent, parent.hash_slow(), input, &*self).unwrap();
        self.advance(&outcome, &diff).unwrap();
        outcome
    }

    fn witness(self: Box<Self>, _: &Header) -> Witness {
        Witness::default()
    }
}

#[test]
fn headers_must_be_a_chain_up_to_the_parent() {
    let first = Header { number: 4, parent_hash: B256::repeat_byte(3), ..Header::default() };
    let second = Header { number: 5, parent_hash: first.hash_slow(), ..Header::default() };
    let headers = [&first, &second].map(|header| Bytes::from(alloy_rlp::encode(header)));
    let state = PartialState::from_witness(B256::ZERO, &Witness::default());
    let known = state.clone().with_ancestors(second.hash_slow(), &headers).unwrap();
    assert_eq!(
        [3, 4, 5].map(|number| known.block_hash_ref(number)),
        [Ok(B256::repeat_byte(3)), Ok(first.hash_slow()), Ok(second.hash_slow())]
    );
    assert_eq!(known.block_hash_ref(2), Err(WitnessError::BlockHash(2)));
    assert_eq!(
        state.clone().with_ancestors(first.hash_slow(), &headers).err(),
        Some(WitnessError::Header(first.hash_slow()))
    );
    assert_eq!(
        state.with_ancestors(second.hash_slow(), &[headers[1].clone(), headers[1].clone()]).err(),
        Some(WitnessError::Header(first.hash_slow()))
    );
}
