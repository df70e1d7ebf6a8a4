//! The machine against the contract: `RiscVStep` as it is deployed, in a whole transaction on L1 as it is, for each step that there can be.

use std::sync::LazyLock;

use alloy_eips::eip4844::kzg_to_versioned_hash;
use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_sol_types::{SolCall, sol};
use mezz_evm::{Chain, EvmContext, Kind, Layer, transact};
use mezz_primitives::CALLDATA_MAX;
use mezz_riscv::{Opening, Snapshot, State, StepWitness, element_point};
use proptest::prelude::*;
use revm::{
    MainBuilder,
    context::TxEnv,
    database::InMemoryDB,
    primitives::TxKind,
    state::{AccountInfo, Bytecode},
};

use crate::{
    assembler::*,
    common::{CODE, DATA, World, cases, start, step, tree, with_machine},
    programs::workload,
    random::{state, value, word},
};

const ARTIFACT: &str = include_str!("../../../../contracts/artifacts/RiscVStep.json");
const CONTRACT: Address = Address::repeat_byte(0x57);
const L1: Chain = Chain { id: 1, layer: Layer::One };
/// What a transaction may spend, with room for the game that calls the contract.
const TRANSACTION_GAS_MAX: u64 = 16_000_000;
const COMMON_STEP_GAS_MAX: u64 = 120_000;

sol! {
    function step(bytes state, bytes32[] proof, bytes aux) external view returns (bytes32 stateHash);
}

static CODE_ON_L1: LazyLock<Bytecode> = LazyLock::new(|| {
    let artifact: serde_json::Value = serde_json::from_str(ARTIFACT).unwrap();
    let code = artifact["deployedBytecode"].as_str().unwrap();
    Bytecode::new_raw(hex::decode(code).unwrap().into())
});

/// What the contract answers, and the gas of the whole transaction; `None` if it reverts.
fn ask(witness: &StepWitness) -> Option<(B256, u64)> {
    let mut db = InMemoryDB::default();
    let (sender, mut account) = (Address::repeat_byte(1), AccountInfo::from_balance(U256::MAX));
    db.insert_account_info(sender, account.clone());
    account.code_hash = CODE_ON_L1.hash_slow();
    account.code = Some(CODE_ON_L1.clone());
    db.insert_account_info(CONTRACT, account);
    let mut evm = EvmContext::new(db, Chain::SPEC).with_cfg(L1.cfg_env()).build_mainnet();
    let call = stepCall {
        state: witness.state.to_vec().into(),
        proof: witness.proof.clone(),
        aux: witness.aux.clone(),
    };
    let tx = TxEnv {
        caller: sender,
        kind: TxKind::Call(CONTRACT),
        data: call.abi_encode().into(),
        gas_limit: TRANSACTION_GAS_MAX,
        chain_id: Some(L1.id),
        ..TxEnv::default()
    };
    let result = transact(&mut evm, tx, Kind::Ethereum).unwrap().result;
    let answer = result.is_success().then(|| result.output().cloned().unwrap_or_default())?;
    Some((stepCall::abi_decode_returns(&answer).unwrap(), result.tx_gas_used()))
}

/// The contract makes the same step as the machine; the gas.
fn assert_agrees(moment: &Snapshot, world: &World) -> u64 {
    let witness = with_machine(moment, |machine| machine.witness(world, world)).unwrap();
    let (hash, gas) = ask(&witness).unwrap_or_else(|| panic!("reverts: {:?}", moment.state()));
    let after = step(moment, world);
    assert_eq!(hash, after.state().hash(), "{:?} -> {:?}", moment.state(), after.state());
    gas
}

/// A moment before a call, with 32 bytes at [`DATA`].
fn before_call(state: State, data: B256) -> Snapshot {
    let words = data.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word));
    let words: Vec<u32> = words.collect();
    Snapshot::new(State { pc: CODE, ..state }, tree(&[(CODE, &[ECALL]), (DATA, &words)]))
}

fn call_state(number: u32, a0: u32, a1: u32) -> State {
    let mut state = State { boot: B256::repeat_byte(0xb0), ..State::default() };
    for (register, value) in [(A7, number), (A0, a0), (A1, a1)] {
        state.set_register(register as usize, value);
    }
    state
}

/// A blob with its commitment, whose elements are known by its versioned hash.
fn blob(indices: &[u32], world: &mut World) -> B256 {
    let settings = c_kzg::ethereum_kzg_settings(0);
    let mut bytes = vec![0; 131_072];
    for (index, element) in bytes.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        *element = keccak256(index.to_be_bytes()).0;
        element[0] = 0; // below the modulus
    }
    let blob = c_kzg::Blob::from_bytes(&bytes).unwrap();
    let commitment = settings.blob_to_kzg_commitment(&blob).unwrap().to_bytes();
    let hash = kzg_to_versioned_hash(commitment.as_slice());
    for &index in indices {
        let point = c_kzg::Bytes32::new(element_point(index).0);
        let (proof, element) = settings.compute_kzg_proof(&blob, &point).unwrap();
        assert_eq!(element.as_slice(), &bytes[32 * index as usize..][..32]);
        let opening =
            Opening { commitment: commitment.into_inner(), proof: proof.to_bytes().into_inner() };
        world.elements.insert((hash, index), *element);
        world.openings.insert((hash, index), opening);
    }
    hash
}

/// A state in which everything that the program can choose has as many bytes as can be that are not zero: the dearest calldata.
fn dear_state() -> State {
    let ones = B256::repeat_byte(0xff);
    let registers = [u32::MAX; 31];
    State {
        boot: ones,
        output: ones,
        key: ones,
        kind: 1,
        code: 0xff,
        registers,
        ..State::default()
    }
}

#[test]
fn every_encoding_is_executed_alike() {
    let world = World::default();
    let state =
        start(&[(CODE, &[0])], &[(1, DATA), (2, DATA + 5), (A0, DATA), (A1, 2)]).state().clone();
    for (opcode, funct3) in (0..128).flat_map(|opcode| (0..8).map(move |funct3| (opcode, funct3))) {
        for funct7 in [0, 1, 2, 0x20, 0x21, 0x7f] {
            for rs1 in if opcode == 0x03 || opcode == 0x23 { 1..3 } else { 1..2 } {
                let word = r_type(funct7, 2, rs1, funct3, 3) & !0x7f | opcode;
                let tree = tree(&[(CODE, &[word]), (DATA, &[0x8182_8384, 0xf1f2_f3f4])]);
                let gas = assert_agrees(&Snapshot::new(state.clone(), tree), &world);
                assert!(gas <= COMMON_STEP_GAS_MAX, "{word:x} costs {gas}");
            }
        }
    }
    for word in [ECALL, EBREAK, 0xf3, 0x0000_8073, 0x0020_0073, 0x3020_0073] {
        assert_agrees(&Snapshot::new(state.clone(), tree(&[(CODE, &[word])])), &world);
    }
}

#[test]
fn every_call_is_executed_alike() {
    let mut world = World::default();
    let key = world.know(b"a preimage that is known");
    for (number, kind) in (0..7).chain([u32::MAX]).flat_map(|n| [0, 1, 2, 3, 257].map(|k| (n, k))) {
        for offset in [0, 1, 16, 31, 32] {
            for selected in [0, 1, 2, 3, 255] {
                let state = State {
                    kind: selected,
                    key,
                    offset: 131_072,
                    ..call_state(number, DATA + offset, kind)
                };
                let data = if offset == 32 { keccak256([]) } else { key };
                world.know(&[]);
                let words: Vec<u32> =
                    data.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
                let tree = tree(&[(CODE, &[ECALL]), (DATA + offset / 32 * 32, &words)]);
                assert_agrees(&Snapshot::new(State { pc: CODE, ..state }, tree), &world);
            }
        }
    }
}

#[test]
fn every_preimage_is_read_alike() {
    for length in [0, 1, 31, 32, 33, 135, 136, 137, 4_096, CALLDATA_MAX] {
        let bytes: Vec<u8> = (0..length).map(|index| (index * 7 % 256) as u8).collect();
        let mut world = World::default();
        let key = world.know(&bytes);
        assert_agrees(&before_call(call_state(2, DATA, 1), key), &world);
        let end = length as u32;
        for offset in [
            0,
            32,
            (end / 2) & !31,
            end & !31,
            end.next_multiple_of(32),
            end.saturating_sub(1),
            7,
            0xffff_ffe0,
            u32::MAX,
        ] {
            let state = State { kind: 1, key, offset, ..call_state(3, DATA, 0) };
            assert_agrees(&before_call(state, B256::repeat_byte(9)), &world);
        }
    }
}

#[test]
fn every_element_is_read_alike() {
    let indices = [0, 1, 2, 3, 1_024, 2_047, 2_048, 4_094, 4_095];
    let mut world = World::default();
    let key = blob(&indices, &mut world);
    assert_agrees(&before_call(call_state(2, DATA, 2), key), &world);
    for offset in indices.map(|index| 32 * index).into_iter().chain([5, 131_071, 131_072, u32::MAX])
    {
        let state = State { kind: 2, key, offset, ..call_state(3, DATA, 0) };
        assert_agrees(&before_call(state, B256::repeat_byte(9)), &world);
    }
}

/// One step of a program that may be anything.
fn moment() -> impl Strategy<Value = Snapshot> {
    let pc = prop_oneof![12 => Just(CODE), 1 => (0u32..4).prop_map(|odd| CODE + odd), 1 => Just(0xffff_fffc)];
    let exited = prop_oneof![12 => Just(0u8), 1 => any::<u8>()];
    let around = (prop::collection::vec(value(), 40), any::<u8>(), any::<[u8; 32]>());
    (word(), state(), pc, exited, around).prop_map(
        |(word, state, pc, exited, (data, code, output))| {
            let tree = tree(&[(pc & !3, &[word]), (DATA - 64, &data)]);
            Snapshot::new(State { pc, exited, code, output: output.into(), ..state }, tree)
        },
    )
}

proptest! {
    #![proptest_config(cases(20_000))]

    #[test]
    fn random_steps_are_executed_alike(moment in moment()) {
        let world = World::default();
        match with_machine(&moment, |machine| machine.witness(&world, &world)) {
            Ok(_) => prop_assert!(assert_agrees(&moment, &world) <= COMMON_STEP_GAS_MAX),
            Err(missing) => {
                let outcome = with_machine(&moment, |machine| machine.run(1, &world));
                prop_assert_eq!(outcome, Err(missing));
            }
        }
    }
}

/// Invariant 25, its last part: what the machine does, the contract of the last step does.
#[test]
fn a_real_program_is_executed_alike() {
    let (mut machine, world, _) = workload(1);
    let mut steps = 0;
    while machine.exit_code().is_none() {
        assert_agrees(&machine.snapshot(), &world);
        // Its calls are at the beginning and at the end.
        steps += if steps < 1_200 { 1 } else { 97 };
        let ahead = steps - machine.steps();
        machine.run(ahead, &world).unwrap();
    }
    assert_agrees(&machine.snapshot(), &world);
}

/// Invariant 19: every true step can be shown on L1, in one transaction of at most 16 million gas.
#[test]
fn invariant_19_every_step_fits_a_transaction() {
    let mut world = World::default();
    let known = world.know(&[0xff; CALLDATA_MAX]);
    let key = blob(&[4_095], &mut world);
    let ones = [u32::MAX; 16];
    let dear = |name: &str, word: u32, change: &dyn Fn(&mut State)| {
        let mut state = State { pc: CODE, ..dear_state() };
        change(&mut state);
        let key: Vec<u32> =
            state.key.as_chunks().0.iter().map(|w| u32::from_le_bytes(*w)).collect();
        let data = if word == ECALL { &key } else { &ones[..] };
        let mut code = [u32::MAX; 8];
        code[0] = word;
        let gas =
            assert_agrees(&Snapshot::new(state, tree(&[(CODE, &code), (DATA, data)])), &world);
        println!("{name}: {gas} gas");
        gas
    };
    for (name, word) in
        [("alu", r_type(0, 2, 1, 0, 3)), ("muldiv", r_type(1, 2, 1, 4, 3)), ("jump", jal(1, 8))]
    {
        assert!(dear(name, word, &|_| {}) <= COMMON_STEP_GAS_MAX);
    }
    for (name, word) in [("load", load(2, 3, 1, 0)), ("store", store(2, 0, 1, 2))] {
        assert!(dear(name, word, &|state| state.set_register(1, DATA)) <= COMMON_STEP_GAS_MAX);
    }
    let call = |number, kind, selected: (u8, B256, u32)| {
        move |state: &mut State| {
            for (register, value) in [(A7, number), (A0, DATA), (A1, kind)] {
                state.set_register(register as usize, value);
            }
            (state.kind, state.key, state.offset) = selected;
        }
    };
    let last = 32 * 4_095;
    for (name, number, kind, selected) in [
        ("halt", 0, 0, (1, known, 0)),
        ("boot", 1, 0, (1, known, 0)),
        ("select a preimage", 2, 1, (1, known, 0)),
        ("select a blob", 2, 2, (2, key, 0)),
        ("read a preimage", 3, 0, (1, known, 98_272)),
        ("read an element", 3, 0, (2, key, last)),
        ("output", 4, 0, (1, known, 0)),
    ] {
        assert!(dear(name, ECALL, &call(number, kind, selected)) <= TRANSACTION_GAS_MAX);
    }
}

/// Invariant 20: the step of a state whose run is over is that state, here and on L1.
#[test]
fn invariant_20_a_halted_state_steps_to_itself() {
    let world = World::default();
    for (exited, word) in [1, 7, 128, 255]
        .iter()
        .flat_map(|exited| [ECALL, NOP, 0, store(2, 0, 1, 2)].map(|word| (*exited, word)))
    {
        for (pc, kind, code) in [(CODE, 0, 0), (CODE + 1, 1, 255), (u32::MAX, 9, 3)] {
            let state = State { exited, pc, kind, code, ..dear_state() };
            let moment = Snapshot::new(state, tree(&[(CODE, &[word])]));
            assert_agrees(&moment, &world);
            assert_eq!(step(&moment, &world).state(), moment.state());
            assert_eq!(with_machine(&moment, |machine| machine.run(5_000, &world)), Ok(0));
            let witness = with_machine(&moment, |machine| machine.witness(&world, &world)).unwrap();
            assert_eq!(ask(&witness).unwrap().0, moment.state().hash());
        }
    }
}

#[test]
fn a_witness_of_something_else_is_refused() {
    let mut world = World::default();
    let key = world.know(b"what was asked for");
    let moment = before_call(call_state(2, DATA, 1), key);
    let right = with_machine(&moment, |machine| machine.witness(&world, &world)).unwrap();
    assert!(ask(&right).is_some());
    for word in 0..right.proof.len() {
        let mut wrong = right.clone();
        wrong.proof[word].0[31] ^= 1;
        assert_eq!(ask(&wrong), None, "word {word}");
        wrong.proof.truncate(word);
        assert_eq!(ask(&wrong), None, "only {word} words");
    }
    assert_eq!(ask(&StepWitness { aux: Bytes::new(), ..right.clone() }), None);
    assert_eq!(ask(&StepWitness { aux: b"something else".into(), ..right }), None);
}
