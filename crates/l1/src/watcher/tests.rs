use super::{decode, history::*, *};
use crate::contracts::Portal;
use alloy::{
    primitives::{LogData, U256},
    sol_types::SolEvent,
};
use mezz_primitives::MessageKind;
use proptest::prelude::*;

fn head() -> Head {
    Head {
        number: 9,
        hash: B256::repeat_byte(9),
        parent: B256::repeat_byte(8),
        time: 108,
        base_fee: 1,
        blob_base_fee: 1,
        gas_limit: 1,
        logs_bloom: Default::default(),
        parent_beacon_root: None,
    }
}

fn contracts() -> Contracts {
    let at = Address::repeat_byte;
    Contracts {
        signatures: None,
        portal: at(1),
        dispute_game_factory: at(2),
        l1_standard_bridge: at(3),
        l1_cross_domain_messenger: at(4),
        l1_erc721_bridge: at(5),
        inbox: at(6),
        claim_manager: at(7),
        query_game: at(14),
        program_registry: at(15),
        system_config: at(8),
        pause_controller: at(9),
        timelock: at(10),
        committee: None,
        proofs: None,
    }
}

fn log(address: Address, transaction: u8, index: u64, data: LogData) -> Log {
    Log {
        inner: alloy::primitives::Log { address, data },
        block_hash: Some(head().hash),
        block_number: Some(9),
        transaction_hash: Some(B256::repeat_byte(transaction)),
        log_index: Some(index),
        ..Log::default()
    }
}

fn announced(transaction: u8, index: u64, data: &[u8]) -> Log {
    let event = Portal::TransactionDeposited {
        from: Address::repeat_byte(20),
        to: Address::repeat_byte(21),
        version: U256::ZERO,
        opaqueData: data.to_vec().into(),
    };
    log(contracts().portal, transaction, index, event.encode_log_data())
}

fn enqueued(transaction: u8, index: u64, message: u64, kind: u8, data: &[u8]) -> Log {
    let event = Inbox::MessageEnqueued {
        index: message,
        kind,
        from: Address::repeat_byte(20),
        to: Address::repeat_byte(21),
        value: U256::ONE,
        gas: 21_000,
        l1Block: 9,
        l1Time: 108,
        data: data.to_vec().into(),
    };
    log(contracts().inbox, transaction, index, event.encode_log_data())
}

fn hints(logs: Vec<Log>) -> Vec<Option<u64>> {
    let events = decode::events(&head(), &contracts(), logs).unwrap();
    let hint = |event: ContractEvent| match event {
        ContractEvent::MessageEnqueued { hint, .. } => hint.map(|hint| hint.log_index),
        other => panic!("{other:?}"),
    };
    events.into_iter().map(hint).collect()
}

#[test]
fn deposits_are_paired_with_their_announcement() {
    // Two alike in one transaction, one alike in another, in whatever order the endpoint gives them.
    let logs = vec![
        enqueued(1, 3, 1, 0, b"same"),
        announced(1, 0, b"same"),
        enqueued(1, 1, 0, 0, b"same"),
        announced(1, 2, b"same"),
        announced(2, 4, b"same"),
        enqueued(2, 5, 2, 0, b"same"),
    ];
    assert_eq!(hints(logs), [Some(0), Some(2), Some(4)]);
    // Another kind has none, nor has a deposit whose announcement says something else or is of another transaction.
    let logs = vec![
        announced(1, 0, b"one"),
        enqueued(1, 1, 0, 1, b"one"),
        enqueued(1, 2, 1, 0, b"two"),
        enqueued(2, 3, 2, 0, b"one"),
    ];
    assert_eq!(hints(logs), [None, None, None]);
}

#[test]
fn messages_are_decoded_in_order() {
    let events =
        decode::events(&head(), &contracts(), vec![enqueued(1, 7, 5, 2, b"info")]).unwrap();
    let [ContractEvent::MessageEnqueued { message, hint: None }] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(
        (message.index, message.kind, &message.data[..]),
        (5, MessageKind::L1Info, b"info".as_slice())
    );
}

#[test]
fn foreign_logs_are_an_error_and_other_events_are_nothing() {
    let mut broken = enqueued(1, 0, 0, 0, b"x");
    broken.inner.data.data = Bytes::from_static(b"short");
    let error = decode::events(&head(), &contracts(), vec![broken]).unwrap_err();
    assert_eq!(error.remedy(), crate::Remedy::Stop, "{error}");
    let unknown = log(
        contracts().inbox,
        1,
        0,
        LogData::new_unchecked(vec![B256::repeat_byte(1)], Bytes::new()),
    );
    assert_eq!(decode::events(&head(), &contracts(), vec![unknown]).unwrap(), []);
}

#[test]
fn a_batch_whose_accumulator_is_not_its_headers_is_an_error() {
    let header = crate::contracts::BatchHeader {
        version: 1,
        daType: 1,
        index: 0,
        prevAcc: B256::ZERO,
        daHash: B256::ZERO,
        qStart: 0,
        qEnd: 0,
        queueAcc: B256::ZERO,
        firstBlock: 1,
        blockCount: 1,
        l1Block: 9,
        l1Time: 108,
    };
    let acc = BatchHeader::from(header.clone()).acc().0;
    let check = |acc| {
        let event = Inbox::BatchPosted { index: 0, acc, header: header.clone(), aux: Bytes::new() };
        decode::events(
            &head(),
            &contracts(),
            vec![log(contracts().inbox, 1, 0, event.encode_log_data())],
        )
    };
    assert!(matches!(check(acc).unwrap().as_slice(), [ContractEvent::BatchPosted { .. }]));
    assert!(check(B256::ZERO).is_err());
}

#[test]
fn a_gap_in_the_numbering_is_a_contradiction() {
    let message =
        |index| decode::events(&head(), &contracts(), vec![enqueued(1, 0, index, 2, b"")]).unwrap();
    let mut counters = Counters::default();
    counters.check(&message(4)).unwrap();
    counters.check(&message(5)).unwrap();
    assert!(matches!(counters.check(&message(7)), Err(Error::Inconsistent(_))));
}

#[test]
fn history_rewinds_prunes_and_knows_its_blocks() {
    let block = |number: u64, branch: u8| BlockRef {
        number,
        hash: B256::with_last_byte(branch ^ number as u8),
    };
    let mut history: History = (10..20).map(|number| block(number, 0)).collect();
    assert!(
        history.contains(block(12, 0))
            && !history.contains(block(12, 128))
            && !history.contains(block(20, 0))
    );
    history.rewind(block(14, 0));
    assert_eq!(history.tip(), Some(block(14, 0)));
    history.push(block(15, 128), Counters::default());
    history.prune(13, 2);
    assert_eq!((history.get(0), history.len()), (Some(block(13, 0)), 3));
    history.prune(100, 2);
    assert_eq!(history.len(), 2, "the newest stay");
}

/// A log of one of our contracts, of an event that it has, with any bytes.
fn any_log() -> impl Strategy<Value = Log> {
    let topics = [
        Portal::TransactionDeposited::SIGNATURE_HASH,
        crate::contracts::Inbox::MessageEnqueued::SIGNATURE_HASH,
        crate::contracts::Inbox::BatchPosted::SIGNATURE_HASH,
        crate::contracts::ClaimManager::ClaimAsserted::SIGNATURE_HASH,
        crate::contracts::ClaimManager::ClaimConfirmed::SIGNATURE_HASH,
        crate::contracts::ClaimManager::InstanceSettled::SIGNATURE_HASH,
        crate::contracts::QueryGame::Queried::SIGNATURE_HASH,
        crate::contracts::QueryGame::Answered::SIGNATURE_HASH,
        crate::contracts::QueryGame::Proven::SIGNATURE_HASH,
    ];
    // Words of small numbers look like offsets and lengths.
    let word = prop_oneof![
        any::<[u8; 32]>(),
        (0_u64..1_000).prop_map(|number| U256::from(number).to_be_bytes())
    ];
    (
        prop::sample::select(vec![1_u8, 6, 7, 14]),
        prop::sample::select(topics.to_vec()),
        prop::collection::vec(word.clone(), 0..3),
        prop::collection::vec(word, 0..30),
        0_usize..32,
    )
        .prop_map(|(address, topic, topics, data, cut)| {
            let topics = std::iter::once(topic).chain(topics.into_iter().map(B256::from));
            let mut data = data.concat();
            data.truncate(data.len().saturating_sub(cut));
            let data = LogData::new_unchecked(topics.collect(), data.into());
            log(Address::repeat_byte(address), 1, 0, data)
        })
}

proptest! {
    /// An endpoint may answer anything: it is an event or an error.
    #[test]
    fn any_logs_are_events_or_an_error(logs in prop::collection::vec(any_log(), 0..4)) {
        let _ = decode::events(&head(), &contracts(), logs);
    }
}
