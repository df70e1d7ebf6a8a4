//! What wallets and indexers ask, on both layers.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;

use alloy::primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use chain::{
    COUNTER, GENESIS_TIME, TestBackend, TestChain,
    ask::{Asked, number},
    signer,
};
use mezz_evm::{Layer, SignedTransaction};
use mezz_rpc::{Limits, Server};
use serde_json::{Value, json};
use std::sync::Arc;

/// Adds one to the counter and seals; the block's number is the counter's new value.
fn count(asked: &Asked, nonce: u64) -> B256 {
    let bytes = asked.chain.sign(1, nonce, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1]));
    let signed = SignedTransaction::decode(bytes).expect("just signed");
    let hash = signed.hash;
    asked.chain.execute(signed).expect("valid");
    asked.chain.seal();
    hash
}

fn counter_call() -> Value {
    json!({ "to": COUNTER })
}

#[tokio::test]
async fn a_transaction_goes_from_preconfirmed_to_sealed() {
    for layer in [Layer::One, Layer::Two] {
        let asked = Asked::new(layer);
        let (sender, value) = (signer(0).address(), 12_345u64);
        let to = Address::repeat_byte(0x42);
        let raw = asked.chain.sign(0, 0, TxKind::Call(to), value, Bytes::new());
        let receipt = asked.ask("eth_sendRawTransactionSync", json!([raw])).await;
        assert_eq!(number(&receipt["blockNumber"]), 1);
        assert_eq!(receipt["blockHash"], json!(B256::ZERO), "the block is not sealed");
        assert_eq!(receipt["status"], "0x1");
        let hash = receipt["transactionHash"].clone();
        assert_eq!(asked.ask("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
        assert_eq!(
            asked.ask("eth_getTransactionByHash", json!([hash])).await["blockNumber"],
            Value::Null
        );
        assert_eq!(number(&asked.ask("eth_getBalance", json!([to, "latest"])).await), 0);
        assert_eq!(
            number(&asked.ask("eth_getBalance", json!([to, "pending"])).await),
            value.into()
        );
        assert_eq!(
            number(&asked.ask("eth_getTransactionCount", json!([sender, "pending"])).await),
            1
        );
        let pending = asked.ask("eth_getBlockByNumber", json!(["pending", false])).await;
        assert_eq!(pending["transactions"], json!([hash]));
        assert_eq!(asked.ask("eth_getBlockReceipts", json!(["pending"])).await, json!([receipt]));

        let block = asked.chain.seal();
        let sealed = asked.ask("eth_getTransactionReceipt", json!([hash])).await;
        assert_eq!(sealed["blockHash"], json!(block.hash));
        let mut expected = receipt.clone();
        expected["blockHash"] = json!(block.hash);
        assert_eq!(sealed, expected, "sealing changes the hash of the block and nothing else");
        assert_eq!(number(&asked.ask("eth_blockNumber", json!([])).await), 1);
        assert_eq!(number(&asked.ask("eth_getBalance", json!([to, "latest"])).await), value.into());
        let by_number = asked.ask("eth_getBlockByNumber", json!(["0x1", true])).await;
        assert_eq!(
            by_number["transactions"][0],
            asked.ask("eth_getTransactionByHash", json!([hash])).await
        );
        assert_eq!(asked.ask("eth_getBlockByHash", json!([block.hash, true])).await, by_number);
    }
}

#[tokio::test]
async fn without_preconfirmations_the_receipt_comes_with_the_block_or_not_in_time() {
    let chain = TestChain::new(Layer::One);
    let backend = Arc::new(TestBackend { chain: chain.clone(), preconfirms: false });
    let asked = Asked { server: Server::new(backend, Limits::default()), chain };
    let raw = asked.chain.sign(0, 0, TxKind::Call(COUNTER), 0, Bytes::new());
    let late = asked.refused("eth_sendRawTransactionSync", json!([raw, 50])).await;
    assert_eq!((late["code"].clone(), late["data"].clone()), (json!(4), json!(keccak256(&raw))));
    asked.chain.seal();
    let raw = asked.chain.sign(0, 1, TxKind::Call(COUNTER), 0, Bytes::new());
    let sealer = asked.chain.clone();
    let sealed = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(100));
        sealer.seal().hash
    });
    let receipt = asked.ask("eth_sendRawTransactionSync", json!([raw, "0x2710"])).await;
    assert_eq!(receipt["blockHash"], json!(sealed.join().expect("sealed")));
}

#[tokio::test]
async fn l2_receipts_account_for_every_wei() {
    let asked = Asked::new(Layer::Two);
    let sender = signer(0).address();
    let before = asked.ask("eth_getBalance", json!([sender])).await;
    let raw = asked.chain.sign(0, 0, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1; 64]));
    let hash = asked.ask("eth_sendRawTransaction", json!([raw])).await;
    asked.chain.seal();
    let receipt = asked.ask("eth_getTransactionReceipt", json!([hash])).await;
    let gas_used = number(&receipt["gasUsed"]);
    let operator = gas_used * number(&receipt["operatorFeeScalar"]) / 1_000_000
        + number(&receipt["operatorFeeConstant"]);
    let paid =
        gas_used * number(&receipt["effectiveGasPrice"]) + number(&receipt["l1Fee"]) + operator;
    let after = asked.ask("eth_getBalance", json!([sender])).await;
    assert_eq!(number(&before) - number(&after), paid);
    assert!(number(&receipt["l1Fee"]) > 0 && operator > 0);
    assert_eq!(number(&receipt["l1GasPrice"]), 5_000_000_000);
    assert_eq!(number(&receipt["l1BaseFeeScalar"]), 1368);
    assert_eq!(number(&receipt["l1BlobBaseFeeScalar"]), 810_949);
    assert_eq!(number(&receipt["l1BlobBaseFee"]), 3);
    assert_eq!(
        number(&receipt["l1GasUsed"]),
        1600,
        "the least size is 100 bytes, at 16 gas a byte"
    );
}

#[tokio::test]
async fn deposits_look_as_the_op_stack_has_them() {
    let asked = Asked::new(Layer::Two);
    let (from, to) = (Address::repeat_byte(0xd0), Address::repeat_byte(0xd1));
    let hash = asked.chain.deposit(from, TxKind::Call(to), 77, Bytes::new()).transaction.hash;
    asked.chain.deposit(from, TxKind::Call(to), 78, Bytes::new());
    asked.chain.seal();
    let transaction = asked.ask("eth_getTransactionByHash", json!([hash])).await;
    for (field, value) in [
        ("type", json!("0x7e")),
        ("mint", json!("0x4d")),
        ("value", json!("0x4d")),
        ("sourceHash", json!(keccak256(77u128.to_be_bytes()))),
        ("isSystemTx", json!(false)),
        ("depositReceiptVersion", json!("0x1")),
        ("gasPrice", json!("0x0")),
        ("nonce", json!("0x0")),
        ("from", json!(from)),
        ("v", json!("0x0")),
    ] {
        assert_eq!(transaction[field], value, "{field}");
    }
    let receipts = asked.ask("eth_getBlockReceipts", json!(["latest"])).await;
    assert_eq!(receipts[1]["depositNonce"], "0x1");
    assert_eq!(receipts[1]["depositReceiptVersion"], "0x1");
    assert_eq!(receipts[1]["effectiveGasPrice"], "0x0");
    assert!(receipts[1].get("l1Fee").is_none());
    assert_eq!(number(&asked.ask("eth_getBalance", json!([to])).await), 155);
}

#[tokio::test]
async fn every_block_since_genesis_can_be_asked() {
    let asked = Asked::new(Layer::One);
    for nonce in 0..4 {
        count(&asked, nonce);
    }
    for number in 0u64..=4 {
        let tag = format!("0x{number:x}");
        let word = json!(B256::from(U256::from(number)));
        assert_eq!(asked.ask("eth_call", json!([counter_call(), tag])).await, word);
        assert_eq!(asked.ask("eth_getStorageAt", json!([COUNTER, "0x0", tag])).await, word);
        let block = asked.ask("eth_getBlockByNumber", json!([tag, false])).await;
        assert_eq!(
            asked.ask("eth_call", json!([counter_call(), { "blockHash": block["hash"] }])).await,
            word
        );
        let proof = asked.ask("eth_getProof", json!([COUNTER, ["0x0"], tag])).await;
        let first: Bytes = serde_json::from_value(proof["accountProof"][0].clone()).expect("bytes");
        assert_eq!(json!(keccak256(first)), block["stateRoot"]);
        assert_eq!(proof["storageProof"][0]["value"], json!(U256::from(number)));
    }
    for (tag, number) in [("earliest", 0), ("latest", 4), ("safe", 3), ("finalized", 2)] {
        let block = asked.ask("eth_getBlockByNumber", json!([tag, false])).await;
        assert_eq!(block["number"], json!(format!("0x{number:x}")), "{tag}");
    }
    assert_eq!(asked.ask("eth_getBlockByNumber", json!(["0x5", false])).await, Value::Null);
    assert_eq!(asked.refused("eth_getBalance", json!([COUNTER, "0x5"])).await["code"], -32000);
    assert_eq!(number(&asked.ask("eth_getBlockTransactionCountByNumber", json!(["0x1"])).await), 1);
    let history = asked.ask("eth_feeHistory", json!(["0x3", "latest", [50]])).await;
    assert_eq!(history["oldestBlock"], "0x2");
    assert_eq!(history["baseFeePerGas"].as_array().map(Vec::len), Some(4));
    assert_eq!(history["reward"], json!([["0x3b9aca00"], ["0x3b9aca00"], ["0x3b9aca00"]]));
}

#[tokio::test]
async fn calls_take_overrides_and_tell_why_they_fail() {
    let asked = Asked::new(Layer::One);
    let state = json!({ COUNTER.to_string(): { "stateDiff": { B256::ZERO.to_string(): B256::from(U256::from(41)) } } });
    assert_eq!(
        asked.ask("eth_call", json!([counter_call(), "latest", state])).await,
        json!(B256::from(U256::from(41)))
    );
    // NUMBER, TIMESTAMP, and RETURN of both words.
    let code =
        json!({ COUNTER.to_string(): { "code": "0x435f5242602052 60405ff3".replace(' ', "") } });
    let environment = json!({ "number": "0x99", "time": "0x77" });
    let output: Bytes = serde_json::from_value(
        asked.ask("eth_call", json!([counter_call(), "latest", code, environment])).await,
    )
    .expect("bytes");
    assert_eq!(
        output,
        Bytes::from(
            [U256::from(0x99).to_be_bytes::<32>(), U256::from(0x77).to_be_bytes()].concat()
        )
    );

    // mstore(0, Error("no")) built by hand: selector, offset, length, text; revert(28, 100).
    let error = "6308c379a05f52602060205260026040526 16e6f60f01b6060526064601cfd".replace(' ', "");
    let reverts = json!({ COUNTER.to_string(): { "code": format!("0x{error}") } });
    let refused = asked.refused("eth_call", json!([counter_call(), "latest", reverts])).await;
    assert_eq!(refused["code"], 3);
    assert_eq!(refused["message"], "execution reverted: no");
    assert!(refused["data"].as_str().is_some_and(|data| data.starts_with("0x08c379a0")));
    let refused =
        asked.refused("eth_estimateGas", json!([counter_call(), "latest", reverts])).await;
    assert_eq!(
        (refused["code"].as_i64(), refused["message"].as_str()),
        (Some(3), Some("execution reverted: no"))
    );

    // An endless loop runs out of gas or time, and says so.
    let endless = json!({ COUNTER.to_string(): { "code": "0x5b5f56" } });
    let refused = asked.refused("eth_call", json!([counter_call(), "latest", endless])).await;
    assert!(
        refused["message"]
            .as_str()
            .is_some_and(|text| text == "out of gas" || text.starts_with("execution aborted")),
        "{refused}"
    );
    let poor = json!({ "from": Address::repeat_byte(0x99), "to": COUNTER, "value": "0x1" });
    assert!(
        asked.refused("eth_call", json!([poor])).await["message"]
            .as_str()
            .is_some_and(|text| text.starts_with("insufficient funds"))
    );
}

#[tokio::test]
async fn estimates_are_enough_and_not_much_more() {
    for layer in [Layer::One, Layer::Two] {
        let asked = Asked::new(layer);
        let transfer =
            json!({ "from": signer(0).address(), "to": Address::repeat_byte(1), "value": "0x1" });
        assert_eq!(number(&asked.ask("eth_estimateGas", json!([transfer])).await), 21_000);
        let add = json!({ "from": signer(0).address(), "to": COUNTER, "input": "0x01", "maxFeePerGas": "0x174876e800" });
        let estimate = number(&asked.ask("eth_estimateGas", json!([add])).await);
        let raw = asked.chain.sign(0, 0, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1]));
        let used = number(&asked.ask("eth_sendRawTransactionSync", json!([raw])).await["gasUsed"]);
        assert!(used <= estimate && estimate < used + used / 10, "{estimate} for {used}");
        let again = number(&asked.ask("eth_estimateGas", json!([add])).await);
        assert!(
            again + 10_000 < estimate,
            "the slot is no longer zero, though the block is not sealed"
        );
        let greedy = json!({ "from": Address::repeat_byte(0x99), "to": COUNTER, "input": "0x01", "maxFeePerGas": "0x174876e800", "value": "0x1" });
        assert!(
            asked.refused("eth_estimateGas", json!([greedy])).await["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("insufficient funds"))
        );
    }
}

#[tokio::test]
async fn access_lists_name_what_is_touched() {
    let asked = Asked::new(Layer::One);
    let list = asked
        .ask(
            "eth_createAccessList",
            json!([{ "from": signer(0).address(), "to": COUNTER, "input": "0x01" }]),
        )
        .await;
    assert_eq!(list["accessList"], json!([{ "address": COUNTER, "storageKeys": [B256::ZERO] }]));
    assert!(number(&list["gasUsed"]) > 21_000);
}

#[tokio::test]
async fn logs_are_found_by_block_address_and_topic() {
    let limits = Limits { log_range_blocks_max: 4, logs_max: 3, ..Limits::default() };
    let asked = Asked::with_limits(Layer::One, limits);
    for nonce in 0..6 {
        count(&asked, nonce);
    }
    let topic = B256::from(U256::from(7));
    let logs = asked.ask("eth_getLogs", json!([{ "fromBlock": "0x2", "toBlock": "0x4", "address": COUNTER, "topics": [topic] }])).await;
    let values: Vec<_> = logs
        .as_array()
        .expect("a list")
        .iter()
        .map(|log| (log["blockNumber"].clone(), log["data"].clone()))
        .collect();
    let expected =
        |number: u64| (json!(format!("0x{number:x}")), json!(B256::from(U256::from(number))));
    assert_eq!(values, [expected(2), expected(3), expected(4)]);
    let block = asked.ask("eth_getBlockByNumber", json!(["0x5", false])).await;
    assert_eq!(
        asked.ask("eth_getLogs", json!([{ "blockHash": block["hash"] }])).await[0]["blockNumber"],
        "0x5"
    );
    assert_eq!(
        asked
            .ask(
                "eth_getLogs",
                json!([{ "fromBlock": "0x3", "toBlock": "0x4", "topics": [B256::ZERO] }])
            )
            .await,
        json!([])
    );
    for (filter, code) in [
        (json!({ "fromBlock": "0x4", "toBlock": "0x3" }), -32602),
        (json!({ "fromBlock": "0x4", "toBlock": "0x9" }), -32602),
        (json!({ "fromBlock": "0x0", "toBlock": "0x6" }), -32005),
        (json!({ "fromBlock": "0x3", "toBlock": "0x6" }), -32005),
        (json!({ "blockHash": block["hash"], "fromBlock": "0x1" }), -32602),
    ] {
        assert_eq!(asked.refused("eth_getLogs", json!([filter])).await["code"], code, "{filter}");
    }
}

#[tokio::test]
async fn filters_tell_each_thing_once_and_take_it_back() {
    let asked = Asked::new(Layer::One);
    let blocks = asked.ask("eth_newBlockFilter", json!([])).await;
    let logs = asked.ask("eth_newFilter", json!([{ "address": COUNTER }])).await;
    let arrivals = asked.ask("eth_newPendingTransactionFilter", json!([])).await;
    let hash = count(&asked, 0);
    let head = asked.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    assert_eq!(asked.ask("eth_getFilterChanges", json!([blocks])).await, json!([head["hash"]]));
    assert_eq!(asked.ask("eth_getFilterChanges", json!([arrivals])).await, json!([hash]));
    let first = asked.ask("eth_getFilterChanges", json!([logs])).await;
    assert_eq!(
        (first[0]["removed"].clone(), first[0]["transactionHash"].clone()),
        (json!(false), json!(hash))
    );
    assert_eq!(asked.ask("eth_getFilterChanges", json!([logs])).await, json!([]));
    assert_eq!(asked.ask("eth_getFilterLogs", json!([logs])).await, first);
    asked.chain.rewind(0);
    let taken_back = asked.ask("eth_getFilterChanges", json!([logs])).await;
    assert_eq!(
        (taken_back[0]["removed"].clone(), taken_back[0]["blockHash"].clone()),
        (json!(true), head["hash"].clone())
    );
    assert_eq!(asked.ask("eth_uninstallFilter", json!([logs])).await, json!(true));
    assert_eq!(asked.refused("eth_getFilterChanges", json!([logs])).await["code"], -32000);
}

#[tokio::test]
async fn raw_data_hashes_to_what_the_block_says() {
    let asked = Asked::new(Layer::One);
    let hash = count(&asked, 0);
    let block = asked.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
    assert_eq!(number(&block["timestamp"]), u128::from(GENESIS_TIME) + 1);
    let bytes = |value: Value| serde_json::from_value::<Bytes>(value).expect("bytes");
    assert_eq!(
        json!(keccak256(bytes(asked.ask("debug_getRawHeader", json!(["0x1"])).await))),
        block["hash"]
    );
    let raw = bytes(asked.ask("debug_getRawBlock", json!(["0x1"])).await);
    assert_eq!(number(&block["size"]), raw.len() as u128);
    let decoded =
        <alloy::consensus::Block<alloy::consensus::TxEnvelope> as alloy::rlp::Decodable>::decode(
            &mut raw.as_ref(),
        )
        .expect("a block");
    assert_eq!(decoded.body.transactions[0].tx_hash(), &hash);
    assert_eq!(json!(decoded.header.hash_slow()), block["hash"]);
    let transaction = bytes(asked.ask("debug_getRawTransaction", json!([hash])).await);
    assert_eq!(keccak256(&transaction), hash);
    assert_eq!(
        asked.ask("debug_getRawReceipts", json!(["0x1"])).await.as_array().map(Vec::len),
        Some(1)
    );
}
