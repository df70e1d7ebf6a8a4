//! Executing again: traces, state differences and witnesses agree with what was executed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;

use alloy::primitives::{Address, B256, Bytes, TxKind, U256};
use chain::{
    COUNTER,
    ask::{Asked, number},
    signer,
};
use mezz_evm::{Layer, PartialState, SignedTransaction, Witness, execute};
use mezz_primitives::BlockInput;
use serde_json::{Value, json};

/// Creates a contract with the counter's code.
const CREATION: &str =
    "6021600c60003960216000f336600c575f545f5260205ff35b5f54600101805f555f52600760205fa160205ff3";

fn send(asked: &Asked, nonce: u64, to: TxKind, value: u64, input: Bytes) -> B256 {
    let signed = SignedTransaction::decode(asked.chain.sign(1, nonce, to, value, input))
        .expect("just signed");
    let hash = signed.hash;
    asked.chain.execute(signed).expect("valid");
    hash
}

/// Two blocks with transfers, counts, a creation and, on an L2, a deposit.
fn busy(layer: Layer) -> (Asked, Vec<B256>) {
    let asked = Asked::new(layer);
    let mut hashes = Vec::new();
    if layer == Layer::Two {
        hashes.push(
            asked
                .chain
                .deposit(
                    Address::repeat_byte(0xd0),
                    TxKind::Call(COUNTER),
                    9,
                    Bytes::from_static(&[1]),
                )
                .transaction
                .hash,
        );
    }
    hashes.push(send(&asked, 0, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1])));
    asked.chain.seal();
    hashes.push(send(&asked, 1, TxKind::Call(Address::repeat_byte(0x42)), 5, Bytes::new()));
    hashes.push(send(
        &asked,
        2,
        TxKind::Create,
        0,
        alloy::hex::decode(CREATION).expect("hex").into(),
    ));
    hashes.push(send(&asked, 3, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1, 2])));
    asked.chain.seal();
    (asked, hashes)
}

#[tokio::test]
async fn every_transaction_is_executed_again_as_it_was() {
    for layer in [Layer::One, Layer::Two] {
        let (asked, hashes) = busy(layer);
        for hash in &hashes {
            let receipt = asked.ask("eth_getTransactionReceipt", json!([hash])).await;
            let call = asked
                .ask("debug_traceTransaction", json!([hash, { "tracer": "callTracer" }]))
                .await;
            assert_eq!(call["gasUsed"], receipt["gasUsed"], "{layer:?} {receipt}");
            assert_eq!(call.get("error").is_none(), receipt["status"] == "0x1");
            let steps = asked.ask("debug_traceTransaction", json!([hash])).await;
            assert_eq!(
                u128::from(steps["gas"].as_u64().expect("a number")),
                number(&receipt["gasUsed"])
            );
            let parity = asked.ask("trace_transaction", json!([hash])).await;
            assert_eq!(parity[0]["transactionHash"], json!(hash));
            assert_eq!(parity[0]["action"]["from"], receipt["from"]);
        }
        let block =
            asked.ask("debug_traceBlockByNumber", json!(["0x2", { "tracer": "callTracer" }])).await;
        assert_eq!(block.as_array().map(Vec::len), Some(3));
        assert_eq!(
            asked.ask("trace_block", json!(["0x2"])).await.as_array().map(Vec::len),
            Some(3)
        );
        assert_eq!(
            asked.refused("debug_traceBlockByNumber", json!(["0x0"])).await["message"],
            "genesis is not traceable"
        );
    }
}

#[tokio::test]
async fn state_differences_are_those_of_the_chain() {
    let (asked, hashes) = busy(Layer::Two);
    let recipient = Address::repeat_byte(0x42);
    let diff = asked.ask("debug_traceTransaction", json!([hashes[2], { "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } }])).await;
    let key = recipient.to_string().to_lowercase();
    assert_eq!(diff["post"][&key]["balance"], "0x5");
    let sender = signer(1).address().to_string().to_lowercase();
    assert_eq!(diff["post"][&sender]["nonce"], 2);
    let replay =
        asked.ask("trace_replayTransaction", json!([hashes[1], ["trace", "stateDiff"]])).await;
    let slot =
        &replay["stateDiff"][COUNTER.to_string().to_lowercase()]["storage"][B256::ZERO.to_string()];
    assert_eq!(
        slot["*"],
        json!({ "from": B256::from(U256::from(1)), "to": B256::from(U256::from(2)) }),
        "{replay}"
    );
    let range = asked.ask("debug_storageRangeAt", json!(["0x2", 3, COUNTER, "0x", 10])).await;
    let values: Vec<&Value> = range["storage"]
        .as_object()
        .expect("slots")
        .values()
        .map(|entry| &entry["value"])
        .collect();
    assert_eq!(values, [&json!(B256::from(U256::from(3)))]);
}

#[tokio::test]
async fn calls_are_traced_and_filtered() {
    let (asked, hashes) = busy(Layer::One);
    let call = json!({ "from": signer(0).address(), "to": COUNTER, "input": "0x01" });
    let traced =
        asked.ask("debug_traceCall", json!([call, "latest", { "tracer": "callTracer" }])).await;
    assert_eq!(traced["output"], json!(B256::from(U256::from(3))));
    let traced = asked.ask("trace_call", json!([call, ["trace"], "0x1"])).await;
    assert_eq!(traced["output"], json!(B256::from(U256::from(2))));
    let many = asked
        .ask("trace_callMany", json!([[[call, ["trace"]], [call, ["trace"]]], "latest"]))
        .await;
    assert_eq!(
        many[1]["output"],
        json!(B256::from(U256::from(4))),
        "the second sees what the first did"
    );
    let found = asked
        .ask(
            "trace_filter",
            json!([{ "fromBlock": "0x1", "toBlock": "0x2", "toAddress": [COUNTER] }]),
        )
        .await;
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    let second = asked.ask("trace_filter", json!([{ "fromBlock": "0x1", "toBlock": "0x2", "toAddress": [COUNTER], "after": 1, "count": 1 }])).await;
    assert_eq!(second[0]["transactionHash"], json!(hashes[3]));
    assert_eq!(
        asked.ask("trace_get", json!([hashes[3], []])).await["transactionHash"],
        json!(hashes[3])
    );
    let raw = asked.chain.sign(1, 4, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1]));
    assert_eq!(
        asked.ask("trace_rawTransaction", json!([raw, ["trace"]])).await["output"],
        json!(B256::from(U256::from(3)))
    );
    let unknown = asked.refused("debug_traceTransaction", json!([B256::ZERO])).await;
    assert_eq!(unknown["code"], -32000);
    assert_eq!(
        asked.refused("debug_traceTransaction", json!([hashes[0], { "tracer": "{}" }])).await["code"],
        -32602
    );
}

#[tokio::test]
async fn a_trace_that_is_too_large_says_so() {
    let asked = Asked::new(Layer::One);
    let endless = json!({ "stateOverrides": { COUNTER.to_string(): { "code": "0x5b5f56" } } });
    let refused =
        asked.refused("debug_traceCall", json!([{ "to": COUNTER }, "latest", endless])).await;
    assert_eq!(refused["code"], -32005);
    assert!(
        refused["message"].as_str().is_some_and(
            |text| text.starts_with("trace too large") || text.starts_with("execution aborted")
        ),
        "{refused}"
    );
}

#[tokio::test]
async fn otterscan_finds_its_way() {
    let (asked, hashes) = busy(Layer::One);
    let sender = signer(1).address();
    assert_eq!(asked.ask("ots_getApiLevel", json!([])).await, 8);
    assert_eq!(asked.ask("ots_hasCode", json!([COUNTER, "latest"])).await, true);
    assert_eq!(
        asked.ask("ots_getTransactionBySenderAndNonce", json!([sender, 2])).await,
        json!(hashes[2])
    );
    let created = sender.create(2);
    assert_eq!(
        asked.ask("ots_getContractCreator", json!([created])).await,
        json!({ "hash": hashes[2], "creator": sender })
    );
    assert_eq!(
        asked.ask("ots_getContractCreator", json!([COUNTER])).await,
        Value::Null,
        "it is there since genesis"
    );
    let details = asked.ask("ots_getBlockDetails", json!([2])).await;
    assert_eq!(details["block"]["transactionCount"], 3);
    assert!(number(&details["totalFees"]) > 0);
    let page = asked.ask("ots_getBlockTransactions", json!([2, 0, 2])).await;
    assert_eq!(page["fullblock"]["transactions"][0]["hash"], json!(hashes[2]));
    assert_eq!(page["receipts"].as_array().map(Vec::len), Some(2));
    let search = asked.ask("ots_searchTransactionsBefore", json!([COUNTER, 0, 10])).await;
    let found: Vec<&Value> =
        search["txs"].as_array().expect("a list").iter().map(|tx| &tx["hash"]).collect();
    assert_eq!(found, [&json!(hashes[3]), &json!(hashes[0])]);
    assert_eq!(
        (search["firstPage"].clone(), search["lastPage"].clone()),
        (json!(true), json!(true))
    );
    let forward = asked.ask("ots_searchTransactionsAfter", json!([COUNTER, 0, 1])).await;
    assert_eq!(forward["txs"][0]["hash"], json!(hashes[0]));
    assert_eq!(
        (forward["firstPage"].clone(), forward["lastPage"].clone()),
        (json!(false), json!(true))
    );
}

#[tokio::test]
async fn a_witness_is_enough_to_execute_the_block_again() {
    let (asked, _) = busy(Layer::Two);
    for tag in ["0x1", "0x2"] {
        let witness: Witness =
            serde_json::from_value(asked.ask("debug_executionWitness", json!([tag])).await)
                .expect("a witness");
        let bytes = |value: Value| serde_json::from_value::<Bytes>(value).expect("bytes");
        let parent_tag = if tag == "0x1" { "0x0" } else { "0x1" };
        let header = |raw: Bytes| {
            <alloy::consensus::Header as alloy::rlp::Decodable>::decode(&mut raw.as_ref())
                .expect("a header")
        };
        let parent = header(bytes(asked.ask("debug_getRawHeader", json!([parent_tag])).await));
        let wanted = header(bytes(asked.ask("debug_getRawHeader", json!([tag])).await));
        let block = asked.ask("eth_getBlockByNumber", json!([tag, false])).await;
        let mut transactions = Vec::new();
        for hash in block["transactions"].as_array().expect("hashes") {
            transactions.push(bytes(asked.ask("eth_getRawTransactionByHash", json!([hash])).await));
        }
        let input =
            BlockInput { timestamp: wanted.timestamp, transactions, ..BlockInput::default() };
        let state = PartialState::from_witness(parent.state_root, &witness);
        let chain = mezz_evm::Chain { id: 901, layer: Layer::Two };
        let (outcome, _) = execute(chain, &parent, parent.hash_slow(), &input, &state)
            .expect("the witness holds everything");
        assert_eq!(outcome.header, wanted);
    }
}
