//! The vector of the specification, which other implementations check too.

use crate::{CONTENT_KEY, context, key, payload, recipients, sealed};
use alloy::{hex, primitives::keccak256};
use serde_json::{Value, json};

const VECTOR: &str = include_str!("../../../../docs/spec/vectors/private-data.json");

fn vector() -> Value {
    let payload = payload();
    let record = sealed().record(key(11).public()).unwrap().encode();
    let keys = |numbers: [u8; 2]| {
        numbers.map(
            |number| json!({ "secret": key(number).to_bytes(), "public": key(number).public() }),
        )
    };
    let records = [11, 12].map(|number| recipients().tenants[&key(number).public()].clone());
    json!({
        "contentKey": hex::encode_prefixed(CONTENT_KEY),
        "l1ChainId": context(&payload).inbox.l1_chain_id,
        "inbox": context(&payload).inbox.inbox,
        "batchIndex": context(&payload).batch_index,
        "payload": hex::encode_prefixed(&payload),
        "payloadHash": context(&payload).payload.payload_hash,
        "readers": keys([1, 2]),
        "tenants": keys([11, 12]),
        "records": records,
        "sealedLength": sealed().encode().len(),
        "sealedHash": keccak256(sealed().encode()),
        "sealed": hex::encode_prefixed(sealed().encode()),
        "recordHash": keccak256(&record),
    })
}

#[test]
fn the_vector_is_what_is_sealed() {
    let expected: Value = serde_json::from_str(VECTOR).unwrap();
    let vector = vector();
    if std::env::var_os("MEZZ_PRINT_VECTOR").is_some() {
        println!("{vector:#}");
    }
    assert_eq!(vector["sealedHash"], expected["sealedHash"]);
    assert_eq!(vector, expected);
}
