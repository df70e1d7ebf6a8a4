//! The controls that people know from anvil and Hardhat, over real HTTP.

use crate::common::{ALICE, BOB, NOBODY, World, config, ether, quantity};
use alloy::{
    network::TransactionBuilder,
    primitives::{Address, B256, U256, address, hex},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
};
use mezz_devnet::{DevnetConfig, Mining};
use serde_json::{Value, json};
use std::time::Duration;

fn hash(value: &Value) -> B256 {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn reorg_changes_blocks_and_gives_transactions_back() {
    let world = World::manual().await;
    let kept = world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    world.call("evm_mine", json!([])).await;
    let replaced = world.send(&world.transfer(1, 0, NOBODY, 20).await).await;
    world.call("evm_mine", json!([])).await;
    let old: Vec<_> =
        [world.block("0x0").await, world.block("0x1").await, world.block("0x2").await].into();

    let other = world.transfer(1, 0, ALICE, 20).await;
    world.call("anvil_reorg", json!([2, [[hex::encode_prefixed(&other), 1]]])).await;

    assert_eq!(world.number().await, 2);
    let new = [world.block("0x0").await, world.block("0x1").await, world.block("0x2").await];
    assert_eq!(new[0]["hash"], old[0]["hash"]);
    assert_ne!(new[1]["hash"], old[1]["hash"]);
    assert_eq!(new[1]["timestamp"], old[1]["timestamp"]);
    assert_eq!(new[2]["parentHash"], new[1]["hash"]);
    assert_eq!(new[2]["transactions"], json!([alloy::primitives::keccak256(&other)]));
    assert!(world.receipt(replaced).await.is_none());
    assert!(world.provider.get_transaction_by_hash(replaced).await.unwrap().is_none());
    // What nothing replaced waits in the pool for the next block.
    assert!(world.receipt(kept).await.is_none());
    assert_eq!(
        world.provider.get_transaction_by_hash(kept).await.unwrap().unwrap().block_number,
        None
    );
    world.call("evm_mine", json!([])).await;
    assert_eq!(world.receipt(kept).await.unwrap().block_number, Some(3));
    assert_eq!(world.balance(NOBODY).await, ether(1));
    world.stop().await;
}

#[tokio::test]
async fn reorg_of_empty_blocks_changes_them_and_tells_listeners() {
    let world = World::manual().await;
    world.call("anvil_mine", json!([5])).await;
    let socket = ProviderBuilder::new().connect(&world.url.replace("http", "ws")).await.unwrap();
    let mut heads = socket.subscribe_blocks().await.unwrap();
    let old = world.block("0x4").await;
    world.call("anvil_reorg", json!([2])).await;
    assert_ne!(world.block("0x4").await["hash"], old["hash"]);
    assert_eq!(world.block("0x4").await["parentHash"], old["parentHash"]);
    for number in [4, 5] {
        let head =
            tokio::time::timeout(Duration::from_secs(5), heads.recv()).await.unwrap().unwrap();
        assert_eq!(
            (head.number, json!(head.hash)),
            (number, world.block(format!("0x{number:x}")).await["hash"].clone())
        );
    }
    for (parameters, part) in
        [(json!([6]), "depth"), (json!([0]), "depth"), (json!([1, [["0x00", 1]]]), "")]
    {
        let error = world.try_call("anvil_reorg", parameters).await.unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    drop((heads, socket));
    world.stop().await;
}

#[tokio::test]
async fn reorg_makes_edits_again() {
    let world = World::manual().await;
    world.call("anvil_mine", json!([1])).await;
    world.call("anvil_setBalance", json!([NOBODY, "0x1234"])).await;
    world.call("anvil_mine", json!([1])).await;
    let root = world.block("latest").await["stateRoot"].clone();
    world.call("anvil_reorg", json!([3])).await;
    assert_eq!(world.balance(NOBODY).await, U256::from(0x1234));
    assert_eq!(world.number().await, 3);
    assert_ne!(world.block("latest").await["stateRoot"], root);
    // A transaction in its place moves the edit to a block of its own.
    let other = world.transfer(1, 0, ALICE, 20).await;
    world
        .call(
            "anvil_reorg",
            json!([
                2,
                [
                    [hex::encode_prefixed(&other), 0],
                    [hex::encode_prefixed(world.transfer(1, 1, ALICE, 20).await), 1]
                ]
            ]),
        )
        .await;
    assert_eq!(world.number().await, 4);
    assert_eq!(world.balance(NOBODY).await, U256::from(0x1234));
    world.stop().await;
}

#[tokio::test]
async fn blob_transactions_survive_a_reorg() {
    let world = World::manual().await;
    let blob = world.send(&world.blobs(0, &[3]).await).await;
    world.call("evm_mine", json!([])).await;
    assert!(world.receipt(blob).await.is_some());
    world.call("anvil_reorg", json!([1])).await;
    assert!(world.receipt(blob).await.is_none());
    world.call("evm_mine", json!([])).await;
    assert_eq!(world.receipt(blob).await.unwrap().block_number, Some(2));
    assert_eq!(
        world.beacon("/eth/v1/beacon/blobs/head").await.1["data"].as_array().unwrap().len(),
        1
    );
    world.stop().await;
}

#[tokio::test]
async fn rollback_forgets() {
    let world = World::automatic().await;
    let gone = world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    world.call("anvil_mine", json!([2])).await;
    world.call("anvil_rollback", json!([3])).await;
    assert_eq!(world.number().await, 0);
    assert!(world.provider.get_transaction_by_hash(gone).await.unwrap().is_none());
    assert_eq!(world.balance(NOBODY).await, U256::ZERO);
    world.stop().await;
}

#[tokio::test]
async fn snapshot_and_revert() {
    let world = World::manual().await;
    world.call("anvil_mine", json!([2])).await;
    let waiting = world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    let first = world.call("evm_snapshot", json!([])).await;
    let head = world.block("latest").await;
    world.call("evm_increaseTime", json!([1_000])).await;
    world.call("anvil_mine", json!([2])).await;
    let second = world.call("evm_snapshot", json!([])).await;
    assert_ne!(first, second);
    assert_eq!(world.balance(NOBODY).await, ether(1));

    assert_eq!(world.call("evm_revert", json!([first])).await, true);
    assert_eq!(world.block("latest").await["hash"], head["hash"]);
    assert_eq!(world.balance(NOBODY).await, U256::ZERO);
    assert!(world.receipt(waiting).await.is_none());
    // Both are used up.
    assert_eq!(world.call("evm_revert", json!([second])).await, false);
    assert_eq!(world.call("evm_revert", json!([first])).await, false);
    // What waited then waits again, and the clock is where it was.
    world.call("evm_mine", json!([])).await;
    assert_eq!(world.receipt(waiting).await.unwrap().block_number, Some(3));
    assert!(
        quantity(&world.block("latest").await["timestamp"]) < quantity(&head["timestamp"]) + 1_000
    );
    world.stop().await;
}

#[tokio::test]
async fn time_travel() {
    let world = World::manual().await;
    let time = async || quantity(&world.block("latest").await["timestamp"]);
    let start = time().await;
    world.call("evm_increaseTime", json!([604_800])).await;
    world.call("evm_mine", json!([])).await;
    let later = time().await;
    assert!((start + 604_800..start + 604_900).contains(&later), "{later}");

    world.call("evm_setNextBlockTimestamp", json!([later + 5_000])).await;
    // An edit takes a block of its own and leaves the time to the next.
    world.call("anvil_setBalance", json!([NOBODY, "0x1"])).await;
    assert!(time().await < later + 5_000);
    world.call("evm_mine", json!([])).await;
    assert_eq!(time().await, later + 5_000);
    world.call("evm_mine", json!([])).await;
    assert!((later + 5_001..later + 5_100).contains(&time().await));
    assert!(
        world
            .try_call("evm_setNextBlockTimestamp", json!([later]))
            .await
            .unwrap_err()
            .contains("not after")
    );

    world.call("evm_mine", json!([later + 10_000])).await;
    assert_eq!(time().await, later + 10_000);
    world.call("anvil_setBlockTimestampInterval", json!([12])).await;
    world.call("anvil_mine", json!([2])).await;
    assert_eq!(time().await, later + 10_024);
    assert_eq!(world.call("anvil_removeBlockTimestampInterval", json!([])).await, true);
    world.call("anvil_mine", json!([3, 100])).await;
    assert!(time().await >= later + 10_024 + 200);
    world.call("evm_setTime", json!([later + 20_000])).await;
    world.call("evm_mine", json!([])).await;
    assert!((later + 20_000..later + 20_100).contains(&time().await));
    world.stop().await;
}

#[tokio::test]
async fn state_edits_are_part_of_the_chain() {
    let world = World::automatic().await;
    let before = world.block("latest").await;
    world.call("anvil_setBalance", json!([NOBODY, "0x3635c9adc5dea00000"])).await;
    assert_eq!(world.balance(NOBODY).await, ether(1_000));
    let after = world.block("latest").await;
    assert_eq!(after["parentHash"], before["hash"]);
    assert_ne!(after["stateRoot"], before["stateRoot"]);
    // The state root proves the balance.
    let proof = world.provider.get_proof(NOBODY, Vec::new()).await.unwrap();
    assert_eq!(proof.balance, ether(1_000));

    world.call("hardhat_setNonce", json!([NOBODY, "0x10"])).await;
    assert_eq!(world.provider.get_transaction_count(NOBODY).await.unwrap(), 16);
    // PUSH0 SLOAD PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
    world.call("anvil_setCode", json!([NOBODY, "0x5f545f5260205ff3"])).await;
    world.call("anvil_setStorageAt", json!([NOBODY, "0x0", B256::with_last_byte(9)])).await;
    let output = world.provider.call(TransactionRequest::default().with_to(NOBODY)).await.unwrap();
    assert_eq!(B256::from_slice(&output), B256::with_last_byte(9));
    world.call("anvil_addBalance", json!([NOBODY, 1])).await;
    assert_eq!(world.balance(NOBODY).await, ether(1_000) + U256::from(1));
    let nothing = address!("0000000000000000000000000000000000000f00");
    assert!(
        world
            .try_call("anvil_setStorageAt", json!([nothing, "0x0", "0x1"]))
            .await
            .unwrap_err()
            .contains("empty account")
    );
    // Old states stay what they were.
    assert_eq!(world.provider.get_balance(NOBODY).block_id(0.into()).await.unwrap(), U256::ZERO);
    world.stop().await;
}

#[tokio::test]
async fn impersonation_speaks_for_anybody_even_contracts() {
    let world = World::automatic().await;
    let request = json!([{ "from": NOBODY, "to": BOB, "value": "0x1" }]);
    world.call("anvil_setBalance", json!([NOBODY, "0xde0b6b3a7640000"])).await;
    assert!(world.try_call("eth_sendTransaction", request.clone()).await.is_err());
    world.call("anvil_impersonateAccount", json!([NOBODY])).await;
    let first = hash(&world.call("eth_sendTransaction", request.clone()).await);
    let receipt = world.receipt(first).await.unwrap();
    assert_eq!((receipt.from, receipt.status()), (NOBODY, true));

    world.call("anvil_setCode", json!([NOBODY, "0x00"])).await;
    let second = hash(&world.call("eth_sendTransaction", request.clone()).await);
    assert!(world.receipt(second).await.unwrap().status());
    world.call("hardhat_stopImpersonatingAccount", json!([NOBODY])).await;
    assert!(world.try_call("eth_sendTransaction", request.clone()).await.is_err());
    world.call("anvil_autoImpersonateAccount", json!([true])).await;
    world.call("eth_sendTransaction", request).await;
    assert_eq!(world.provider.get_transaction_count(NOBODY).await.unwrap(), 3);
    world.stop().await;
}

#[tokio::test]
async fn mining_modes_change() {
    let world = World::automatic().await;
    assert_eq!(world.call("anvil_getAutomine", json!([])).await, true);
    world.call("evm_setAutomine", json!([false])).await;
    let waiting = world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    assert!(world.receipt(waiting).await.is_none());
    assert_eq!(world.number().await, 0);
    world.call("evm_setAutomine", json!([true])).await;
    assert!(world.receipt(waiting).await.is_some());
    world.call("evm_setIntervalMining", json!([1])).await;
    tokio::time::timeout(Duration::from_secs(10), async {
        while world.number().await < 3 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(world.call("anvil_getIntervalMining", json!([])).await, 1);
    world.call("evm_setIntervalMining", json!([0])).await;
    let number = world.number().await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(world.number().await, number);
    world.stop().await;
}

#[tokio::test]
async fn pool_is_emptied_on_demand() {
    let world = World::manual().await;
    let first = world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    let second = world.send(&world.transfer(1, 0, NOBODY, 20).await).await;
    assert_eq!(hash(&world.call("anvil_dropTransaction", json!([first])).await), first);
    assert_eq!(world.call("anvil_dropTransaction", json!([first])).await, Value::Null);
    world.call("evm_mine", json!([])).await;
    assert!(world.receipt(first).await.is_none());
    assert!(world.receipt(second).await.is_some());
    world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    world.send(&world.transfer(1, 1, NOBODY, 20).await).await;
    world.call("anvil_removePoolTransactions", json!([ALICE])).await;
    assert_eq!(world.call("txpool_status", json!([])).await["pending"], "0x1");
    world.call("anvil_dropAllTransactions", json!([])).await;
    assert_eq!(world.call("txpool_status", json!([])).await["pending"], "0x0");
    world.stop().await;
}

#[tokio::test]
async fn settings_of_the_blocks_to_come() {
    let folder = tempfile::tempdir().unwrap();
    let config = DevnetConfig { datadir: Some(folder.path().to_owned()), ..config(Mining::Manual) };
    let world = World::start(config.clone()).await;
    world.call("anvil_setCoinbase", json!([NOBODY])).await;
    world.call("hardhat_setPrevRandao", json!([B256::with_last_byte(7)])).await;
    world.call("anvil_setMinGasPrice", json!(["0x4a817c800"])).await;
    assert!(world.refused(&world.transfer(0, 0, BOB, 19).await).await.contains("underpriced"));
    world.send(&world.transfer(0, 0, BOB, 20).await).await;
    world.call("evm_mine", json!([])).await;
    let block = world.block("latest").await;
    assert_eq!(block["miner"].as_str().unwrap().parse::<Address>().unwrap(), NOBODY);
    assert_eq!(hash(&block["mixHash"]), B256::with_last_byte(7));
    assert_eq!(world.balance(NOBODY).await, U256::from(21_000) * U256::from(1_000_000_000));
    assert!(world.try_call("anvil_setChainId", json!([5])).await.unwrap_err().contains("genesis"));
    let info = world.call("anvil_nodeInfo", json!([])).await;
    assert_eq!((&info["currentBlockNumber"], &info["hardFork"]), (&json!("0x1"), &json!("Osaka")));
    assert_eq!(world.call("hardhat_metadata", json!([])).await["chainId"], 900);
    world.stop().await;

    let world = World::start(config).await;
    world.call("evm_mine", json!([])).await;
    assert_eq!(
        world.block("latest").await["miner"].as_str().unwrap().parse::<Address>().unwrap(),
        NOBODY
    );
    assert_ne!(hash(&world.block("latest").await["mixHash"]), B256::with_last_byte(7));
    world.call("hardhat_reset", json!([])).await;
    assert_eq!(world.number().await, 0);
    assert!(world.try_call("anvil_reset", json!([{ "forking": {} }])).await.is_err());
    assert!(world.try_call("anvil_noSuchThing", json!([])).await.unwrap_err().contains("-32601"));
    world.stop().await;
}

#[tokio::test]
async fn a_dumped_state_is_loaded_into_another_chain() {
    let world = World::automatic().await;
    // Stores its first word of calldata in the slot of the caller.
    let code = "0x5f35335500";
    world.call("anvil_setCode", json!([NOBODY, code])).await;
    let request = TransactionRequest::default().with_to(NOBODY).with_input([7_u8; 32].to_vec());
    world.provider.send_transaction(request).await.unwrap().get_receipt().await.unwrap();
    world.call("anvil_setStorageAt", json!([NOBODY, "0x5", "0x6"])).await;
    // A contract that sends is executed again, too.
    world.call("anvil_setBalance", json!([NOBODY, "0xde0b6b3a7640000"])).await;
    world.call("anvil_impersonateAccount", json!([NOBODY])).await;
    let sent = json!([{ "from": NOBODY, "to": address!("0000000000000000000000000000000000abcdef"), "value": "0x9" }]);
    world.call("eth_sendTransaction", sent).await;
    let dump = world.call("anvil_dumpState", json!([])).await;
    let slot = B256::left_padding_from(ALICE.as_slice());
    let seen = async |world: &World| {
        let mut seen = Vec::new();
        for address in [ALICE, BOB, NOBODY, address!("0000000000000000000000000000000000abcdef")] {
            for method in ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"] {
                seen.push(world.call(method, json!([address, "latest"])).await);
            }
        }
        for slot in [slot, B256::with_last_byte(5)] {
            seen.push(world.call("eth_getStorageAt", json!([NOBODY, slot, "latest"])).await);
        }
        seen
    };
    let expected = seen(&world).await;
    assert_eq!(expected[13], json!(B256::with_last_byte(6)));
    // What changed in between is put back.
    world.call("anvil_setBalance", json!([NOBODY, "0x1"])).await;
    assert_eq!(world.call("anvil_loadState", json!([dump])).await, json!(true));
    assert_eq!(seen(&world).await, expected);
    world.stop().await;

    let other = World::automatic().await;
    assert_eq!(other.call("anvil_loadState", json!([dump])).await, json!(true));
    assert_eq!(seen(&other).await, expected);
    assert_eq!(other.number().await, 1);
    // Of accounts that were loaded it is known how they are named.
    let again = other.call("anvil_dumpState", json!([])).await;
    other.call("anvil_loadState", json!([again])).await;
    assert_eq!(seen(&other).await, expected);
    let accounts = json!({ "accounts": { NOBODY.to_string(): { "nonce": 3, "balance": "0x5", "code": "0x", "storage": {} } }, "block": null });
    let plain = hex::encode_prefixed(accounts.to_string());
    assert_eq!(other.call("anvil_loadState", json!([plain])).await, json!(true));
    assert_eq!(other.balance(NOBODY).await, U256::from(5));
    for damaged in ["0x", "0x1f8b", "0x7b7d", &dump.as_str().unwrap()[..200]] {
        let error = other.try_call("anvil_loadState", json!([damaged])).await.unwrap_err();
        assert!(error.to_string().contains("not a dump"), "{error}");
    }
    other.stop().await;
}

#[tokio::test]
async fn a_transaction_is_signed_and_not_sent() {
    let world = World::automatic().await;
    let request = json!({ "from": ALICE, "to": NOBODY, "value": "0x5" });
    let raw = world.call("eth_signTransaction", json!([request])).await;
    assert_eq!(world.number().await, 0);
    world.call("eth_sendRawTransaction", json!([raw])).await;
    assert_eq!(world.balance(NOBODY).await, U256::from(5));
    world.call("anvil_impersonateAccount", json!([NOBODY])).await;
    let request = json!({ "from": NOBODY, "to": ALICE, "gas": "0x5208" });
    let error = world.try_call("eth_signTransaction", json!([request])).await.unwrap_err();
    assert!(error.to_string().contains("impersonated"), "{error}");
    world.stop().await;
}
