//! Derivation, rule by rule (`docs/spec/derivation.md`).

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use alloy::{
    consensus::Sealable,
    eips::Decodable2718,
    primitives::{B256, Bytes, TxKind, U256, keccak256},
};
use mezz_derive::{
    Batch, BlockBody, Compressor, Layout, blocks, encode, message_transaction, next_output,
};
use mezz_primitives::{
    BatchHeader, BlockInput, DaType, DepositHint, Output, QueueMessage, predeploys,
};
use op_alloy_consensus::{L1InfoDepositSource, TxDeposit, UserDepositSource};
use support::{CHAIN_ID, header, messages, transfers};

const PARENT_TIME: u64 = 1_800_000_000 - 100;

fn derive(
    header: &BatchHeader,
    parent_time: u64,
    messages: &[QueueMessage],
    batch: &Batch,
) -> Vec<BlockInput> {
    let payload = encode(batch, CHAIN_ID, Compressor::Deflate).unwrap();
    blocks(header, parent_time, messages, Some(&payload), CHAIN_ID)
}

fn bodies(declared: impl IntoIterator<Item = (u64, u32)>) -> Batch {
    let body = |(step, messages)| BlockBody { step, messages, transactions: vec![] };
    Batch {
        layout: Layout::Signed,
        blocks: declared.into_iter().map(body).collect(),
        hints: vec![],
    }
}

fn deposit(transaction: &[u8]) -> TxDeposit {
    TxDeposit::decode_2718_exact(transaction).expect("it is a deposit transaction")
}

#[test]
fn messages_are_assigned_as_declared_within_bounds() {
    let check = |message_count: usize, declared: &[u32], expected: &[u64]| {
        let messages = messages(&vec![2; message_count]);
        let header = header(declared.len() as u32, message_count as u64);
        let derived = derive(
            &header,
            PARENT_TIME,
            &messages,
            &bodies(declared.iter().map(|count| (1, *count))),
        );
        let ends: Vec<u64> =
            derived.iter().map(|block| block.queue_index - header.q_start).collect();
        assert_eq!(ends, expected, "{message_count} messages declared as {declared:?}");
        let counts: Vec<usize> = derived.iter().map(|block| block.transactions.len()).collect();
        assert_eq!(counts.iter().sum::<usize>(), message_count);
    };
    check(0, &[0, 5], &[0, 0]);
    check(5, &[2, 3, 0], &[2, 5, 5]);
    check(5, &[0, 0, 0], &[0, 0, 5]);
    check(5, &[9, 9, 9], &[5, 5, 5]);
    check(30, &[30, 0], &[24, 30]);
    check(30, &[0, 0], &[6, 30]);
    check(48, &[0, 0], &[24, 48]);
    check(50, &[0, 10, 0], &[2, 26, 50]);
    check(24, &[u32::MAX], &[24]);
    // More than the contract lets through: nothing is lost all the same.
    check(60, &[0, 0], &[36, 60]);
}

#[test]
fn timestamps_stay_near_l1_and_never_go_back() {
    let l1_time = 1_800_000_000;
    let check = |parent_time: u64, steps: &[u64], expected: &[u64]| {
        let batch = bodies(steps.iter().map(|step| (*step, 0)));
        let derived = derive(&header(steps.len() as u32, 0), parent_time, &[], &batch);
        assert_eq!(derived.iter().map(|block| block.timestamp).collect::<Vec<_>>(), expected);
    };
    check(l1_time - 10, &[0, 1, 9], &[l1_time - 10, l1_time - 9, l1_time]);
    check(l1_time, &[3_601, 1], &[l1_time + 3_600, l1_time + 3_600]);
    check(l1_time, &[u64::MAX, u64::MAX], &[l1_time + 3_600, l1_time + 3_600]);
    check(l1_time - 100_000, &[0, 5], &[l1_time - 86_400, l1_time - 86_395]);
    check(l1_time + 9_000, &[0, 5], &[l1_time + 9_000, l1_time + 9_000]);
    check(u64::MAX, &[1], &[u64::MAX]);
}

#[test]
fn payload_transactions_follow_those_of_messages() {
    let transfers = transfers::eth(3, 2, 1);
    let body = |messages, transactions: &[Bytes]| BlockBody {
        step: 1,
        messages,
        transactions: transactions.to_vec(),
    };
    let hint = DepositHint { l1_block_hash: B256::repeat_byte(7), log_index: 12 };
    let batch = Batch {
        layout: Layout::Signed,
        blocks: vec![body(2, &transfers[..1]), body(1, &transfers[1..])],
        hints: vec![hint],
    };
    let messages = messages(&[9, 2, 0]);
    let derived = derive(&header(2, 3), PARENT_TIME, &messages, &batch);
    let message = |index: usize, hint| message_transaction(&messages[index], hint);
    assert_eq!(message(0, None), None);
    assert_eq!(derived[0].transactions, [message(1, None).unwrap(), transfers[0].clone()]);
    assert_eq!(
        derived[1].transactions,
        [message(2, Some(hint)).unwrap(), transfers[1].clone(), transfers[2].clone()]
    );
}

#[test]
fn a_batch_without_data_ignores_the_payload() {
    let payload = encode(&bodies([(5, 0), (5, 2)]), CHAIN_ID, Compressor::None).unwrap();
    let messages = messages(&[2, 2]);
    let derive = |da_type, payload: Option<&[u8]>| {
        blocks(&BatchHeader { da_type, ..header(2, 2) }, PARENT_TIME, &messages, payload, CHAIN_ID)
    };
    let empty = derive(DaType::Calldata, None);
    assert_eq!(empty.iter().map(|block| block.timestamp).collect::<Vec<_>>(), [PARENT_TIME; 2]);
    assert_eq!(derive(DaType::None, Some(&payload)), empty);
    assert_eq!(derive(DaType::Unknown(4), Some(&payload)), empty);
    assert_ne!(derive(DaType::Blobs, Some(&payload)), empty);
    assert_eq!(derive(DaType::Blobs, Some(&payload)), derive(DaType::Calldata, Some(&payload)));
    assert_eq!(derive(DaType::Committee, Some(&payload)), derive(DaType::Calldata, Some(&payload)));
}

#[test]
fn a_deposit_becomes_the_transaction_that_op_tools_expect() {
    let message = &messages(&[0])[0];
    let hint = DepositHint { l1_block_hash: B256::repeat_byte(7), log_index: 12 };
    let transaction = deposit(&message_transaction(message, Some(hint)).unwrap());
    let expected = TxDeposit {
        source_hash: UserDepositSource::new(hint.l1_block_hash, hint.log_index).source_hash(),
        from: message.from,
        to: TxKind::Call(message.to),
        mint: 5,
        value: U256::from(3),
        gas_limit: 100_000,
        is_system_transaction: false,
        input: b"hello".into(),
    };
    assert_eq!(transaction, expected);
    assert_eq!(
        transaction.hash_slow(),
        keccak256(message_transaction(message, Some(hint)).unwrap())
    );

    let without = deposit(&message_transaction(message, None).unwrap());
    let index_hash = keccak256(U256::from(message.index).to_be_bytes::<32>());
    let source_hash = keccak256([U256::from(3).to_be_bytes::<32>(), index_hash.0].concat());
    assert_eq!(without, TxDeposit { source_hash, ..expected });
}

#[test]
fn creations_and_malformed_deposits() {
    let message = &messages(&[0])[0];
    let with_data = |data: Vec<u8>| {
        deposit(
            &message_transaction(&QueueMessage { data: data.into(), ..message.clone() }, None)
                .unwrap(),
        )
    };

    let mut creation = message.data.to_vec();
    creation[72] = 1;
    assert_eq!(with_data(creation).to, TxKind::Create);
    assert_eq!(with_data(message.data[..73].to_vec()).input, Bytes::new());

    for length in [0, 1, 72] {
        let malformed = with_data(message.data[..length].to_vec());
        assert_eq!((malformed.from, malformed.to), (message.from, TxKind::Call(message.from)));
        assert_eq!(
            (malformed.mint, malformed.value, malformed.gas_limit),
            (5, U256::ZERO, message.gas)
        );
        assert!(malformed.input.is_empty());
    }
    let rich = QueueMessage { value: U256::MAX, ..message.clone() };
    assert_eq!(deposit(&message_transaction(&rich, None).unwrap()).mint, u128::MAX);
}

#[test]
fn system_messages_call_l1_block() {
    let check = |message: &QueueMessage, selector: [u8; 4]| {
        let transaction = deposit(&message_transaction(message, None).unwrap());
        assert_eq!(
            (transaction.from, transaction.to),
            (predeploys::DEPOSITOR, TxKind::Call(predeploys::L1_BLOCK))
        );
        assert_eq!(
            (transaction.mint, transaction.value, transaction.gas_limit),
            (0, U256::ZERO, 1_000_000)
        );
        assert_eq!(transaction.input, [&selector[..], &message.data].concat());
        transaction.source_hash
    };
    let messages = messages(&[2, 3]);
    let info = check(&messages[0], [0xa6, 0x9b, 0x99, 0xd3]);
    let config = check(&messages[1], [0x1e, 0x34, 0xc5, 0x85]);
    assert_ne!(info, config);
    // OP's source of system transactions hashes `(l1 block hash, sequence number)` where we hash the queue index.
    let op = L1InfoDepositSource::new(B256::ZERO, 0).source_hash();
    let of = |domain: u64, hash: B256| {
        keccak256([U256::from(domain).to_be_bytes::<32>(), hash.0].concat())
    };
    assert_eq!(op, of(1, keccak256([0; 64])));
    assert_eq!(info, of(1, keccak256(U256::from(100).to_be_bytes::<32>())));
}

#[test]
fn a_forced_transaction_must_fit_its_gas() {
    let message = &messages(&[1])[0];
    let forced = |message: &QueueMessage| message_transaction(message, None);
    assert_eq!(
        forced(&QueueMessage { gas: 21_000, ..message.clone() }),
        Some(message.data.clone())
    );
    assert_eq!(forced(&QueueMessage { gas: 20_999, ..message.clone() }), None);
    let with_data = |data: &[u8]| QueueMessage { data: data.to_vec().into(), ..message.clone() };
    assert_eq!(forced(&with_data(&[])), None);
    assert_eq!(forced(&with_data(&message.data[1..])), None);
    assert_eq!(forced(&with_data(&[&message.data[..], &[0]].concat())), None);
    let deposit = message_transaction(&messages(&[0])[0], None).unwrap();
    assert_eq!(forced(&with_data(&deposit)), None, "nobody forces a deposit");
}

#[test]
fn outputs_follow_the_position() {
    let header = header(2, 3);
    let genesis = Output {
        version: 1,
        chain_id: CHAIN_ID,
        inbox_index: header.index,
        block_in_batch: 0,
        queue_index: header.q_start,
        number: 999,
        timestamp: PARENT_TIME,
        output_root: B256::ZERO,
    };
    let derived = derive(&header, PARENT_TIME, &messages(&[2, 2, 2]), &bodies([(1, 1), (1, 2)]));
    let root = B256::repeat_byte(1);
    let first = next_output(&genesis, &header, &derived[0], root);
    let position = |output: &Output| {
        (
            output.inbox_index,
            output.block_in_batch,
            output.queue_index,
            output.number,
            output.timestamp,
        )
    };
    assert_eq!(position(&first), (7, 1, 101, 1_000, PARENT_TIME + 1));
    let second = next_output(&first, &header, &derived[1], root);
    assert_eq!(position(&second), (8, 0, 103, 1_001, PARENT_TIME + 2));
    assert_eq!((second.version, second.chain_id, second.output_root), (1, CHAIN_ID, root));
}
