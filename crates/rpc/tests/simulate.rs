//! `eth_simulateV1` and `testing_buildBlockV1`: blocks that might be.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;

use alloy::primitives::{Address, B256, Bytes, TxKind, U256, address};
use chain::{
    COUNTER,
    ask::{Asked, number},
    signer,
};
use mezz_evm::Layer;
use serde_json::{Value, json};

const ETHER: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");

async fn simulate(asked: &Asked, payload: Value) -> Value {
    asked.ask("eth_simulateV1", json!([payload, "latest"])).await
}

#[tokio::test]
async fn blocks_follow_each_other_over_gaps() {
    for layer in [Layer::One, Layer::Two] {
        let asked = Asked::new(layer);
        let add = json!({ "from": signer(0).address(), "to": COUNTER, "input": "0x01" });
        let blocks = simulate(&asked, json!({ "blockStateCalls": [{ "calls": [add, add] }, { "blockOverrides": { "number": "0x4" }, "calls": [add] }] })).await;
        let blocks = blocks.as_array().expect("blocks");
        let numbers: Vec<u128> = blocks.iter().map(|block| number(&block["number"])).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        for pair in blocks.windows(2) {
            assert_eq!(pair[1]["parentHash"], pair[0]["hash"]);
            assert_eq!(number(&pair[1]["timestamp"]), number(&pair[0]["timestamp"]) + 12);
        }
        assert_eq!(blocks[0]["calls"][1]["returnData"], json!(B256::from(U256::from(2))));
        assert_eq!(blocks[3]["calls"][0]["returnData"], json!(B256::from(U256::from(3))));
        assert_eq!(blocks[3]["calls"][0]["logs"][0]["blockHash"], blocks[3]["hash"]);
        assert_eq!(blocks[0]["transactions"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            asked.ask("eth_call", json!([{ "to": COUNTER }])).await,
            json!(B256::ZERO),
            "the chain is as it was"
        );
    }
}

#[tokio::test]
async fn a_simulated_block_is_the_block_that_is_built() {
    let asked = Asked::new(Layer::One);
    let head = asked.ask("eth_getBlockByNumber", json!(["latest", false])).await;
    let time = format!("0x{:x}", number(&head["timestamp"]) + 12);
    let simulated = simulate(
        &asked,
        json!({ "blockStateCalls": [{ "blockOverrides": { "time": time } }], "validation": true }),
    )
    .await;
    let attributes = json!({ "timestamp": time, "prevRandao": B256::ZERO, "suggestedFeeRecipient": Address::ZERO, "withdrawals": [], "parentBeaconBlockRoot": B256::ZERO });
    let built = asked.ask("testing_buildBlockV1", json!([head["hash"], attributes, []])).await;
    assert_eq!(built["executionPayload"]["blockHash"], simulated[0]["hash"]);

    let raw = asked.chain.sign(0, 0, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1]));
    let built = asked.ask("testing_buildBlockV1", json!([head["hash"], attributes, [raw]])).await;
    assert_eq!(built["executionPayload"]["transactions"], json!([raw]));
    let early = asked.chain.sign(0, 7, TxKind::Call(COUNTER), 0, Bytes::new());
    let refused =
        asked.refused("testing_buildBlockV1", json!([head["hash"], attributes, [early]])).await;
    assert!(
        refused["message"].as_str().is_some_and(|text| text.starts_with("nonce too high")),
        "{refused}"
    );
}

#[tokio::test]
async fn transfers_are_logged_unless_they_are_reverted() {
    let asked = Asked::new(Layer::One);
    let (from, to) = (signer(0).address(), Address::repeat_byte(0x42));
    let transfer = json!({ "from": from, "to": to, "value": "0x5" });
    let fails = json!({ "from": from, "to": COUNTER, "value": "0x6" });
    let reverts = json!({ COUNTER.to_string(): { "code": "0x5f5ffd" } });
    let payload = json!({ "blockStateCalls": [{ "stateOverrides": reverts, "calls": [transfer, fails] }], "traceTransfers": true });
    let calls = simulate(&asked, payload).await[0]["calls"].take();
    let log = &calls[0]["logs"][0];
    assert_eq!(
        log["address"].as_str().map(str::to_lowercase),
        Some(ETHER.to_string().to_lowercase())
    );
    assert_eq!(log["topics"][2], json!(to.into_word()));
    assert_eq!(log["data"], json!(B256::from(U256::from(5))));
    assert_eq!(
        (calls[1]["status"].clone(), calls[1]["logs"].clone(), calls[1]["error"]["code"].clone()),
        (json!("0x0"), json!([]), json!(3))
    );
}

#[tokio::test]
async fn precompiles_move_and_give_way_to_code() {
    let asked = Asked::new(Layer::One);
    let (identity, elsewhere) = (Address::with_last_byte(4), Address::repeat_byte(0x77));
    let call = |to: Address| json!({ "to": to, "input": "0xabcdef" });
    // Returns 32 bytes of ones.
    let ones = json!({ identity.to_string(): { "movePrecompileToAddress": elsewhere, "code": "0x5f195f5260205ff3" } });
    let payload = json!({ "blockStateCalls": [{ "calls": [call(identity)] }, { "stateOverrides": ones, "calls": [call(elsewhere), call(identity)] }] });
    let blocks = simulate(&asked, payload).await;
    assert_eq!(blocks[0]["calls"][0]["returnData"], "0xabcdef");
    assert_eq!(blocks[1]["calls"][0]["returnData"], "0xabcdef", "it moved");
    assert_eq!(
        blocks[1]["calls"][1]["returnData"],
        json!(B256::repeat_byte(0xff)),
        "code took its place"
    );
    assert_eq!(
        asked.ask("eth_call", json!([call(identity), "latest", ones])).await,
        json!(B256::repeat_byte(0xff))
    );
}

#[tokio::test]
async fn what_cannot_be_in_a_block_ends_the_simulation() {
    let asked = Asked::new(Layer::One);
    let poor = Address::repeat_byte(0x99);
    let call = |fields: Value| json!([{ "calls": [fields] }]);
    for (blocks, validation, code) in [
        (call(json!({ "from": poor, "to": COUNTER, "value": "0x1" })), false, -38014),
        (
            call(
                json!({ "from": signer(0).address(), "to": COUNTER, "nonce": "0x5", "maxFeePerGas": "0x174876e800" }),
            ),
            true,
            -38011,
        ),
        (call(json!({ "from": signer(0).address(), "to": COUNTER })), true, -38012),
        (call(json!({ "from": poor, "to": COUNTER, "gas": "0x0" })), false, -38013),
        (
            json!([{ "blockOverrides": { "gasLimit": "0x5300" }, "calls": [{ "to": COUNTER, "gas": "0x5301" }] }]),
            false,
            -38015,
        ),
        (
            json!([{ "blockOverrides": { "number": "0x5" } }, { "blockOverrides": { "number": "0x5" } }]),
            false,
            -38020,
        ),
        (json!([{ "blockOverrides": { "time": "0x5" } }]), false, -38021),
        (json!([{ "blockOverrides": { "number": "0x200" } }]), false, -38026),
        (json!([]), false, -32602),
    ] {
        let refused = asked
            .refused(
                "eth_simulateV1",
                json!([{ "blockStateCalls": blocks, "validation": validation }, "latest"]),
            )
            .await;
        assert_eq!(refused["code"], code, "{blocks}: {refused}");
    }
}
