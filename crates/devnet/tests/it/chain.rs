//! Blocks, fees, accounts and persistence over real HTTP.

use crate::common::{ALICE, BOB, NOBODY, World, config, ether, quantity};
use alloy::{
    eips::{
        BlockNumberOrTag,
        eip7685::{EMPTY_REQUESTS_HASH, Requests},
    },
    network::{NetworkTransactionBuilder, TransactionBuilder},
    primitives::{Address, B256, Bytes, U256, address, bytes},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
};
use mezz_devnet::{DevnetConfig, Mining};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn transfer_is_mined_at_once_in_automatic_mode() {
    let world = World::automatic().await;
    let receipt = world
        .provider
        .send_transaction(TransactionRequest::default().with_to(NOBODY).with_value(ether(3)))
        .await
        .unwrap();
    let receipt = receipt.get_receipt().await.unwrap();
    assert!(receipt.status());
    assert_eq!(receipt.block_number, Some(1));
    assert_eq!(receipt.gas_used, 21_000);
    assert_eq!(world.balance(NOBODY).await, ether(3));
    assert_eq!(world.number().await, 1);
    world.stop().await;
}

#[tokio::test]
async fn genesis_has_accounts_and_contracts() {
    let world = World::manual().await;
    let accounts: Vec<Address> =
        serde_json::from_value(world.call("eth_accounts", json!([])).await).unwrap();
    assert_eq!((accounts.len(), accounts[0], accounts[1]), (10, ALICE, BOB));
    for index in [0, 9, 100, 101, 102] {
        assert_eq!(world.balance(crate::common::signer(index).address()).await, ether(10_000));
    }
    assert_eq!(world.balance(crate::common::signer(10).address()).await, U256::ZERO);
    for contract in [
        address!("000F3df6D732807Ef1319fB7B8bB8522d0Beac02"),
        address!("0000F90827F1C53a10cb7A02335B175320002935"),
        address!("00000961Ef480Eb55e80D19ad83579A64c007002"),
        address!("0000BBdDc7CE488642fb579F8B00f3a590007251"),
        address!("4e59b44847b379578588920cA78FbF26c0B4956C"),
        address!("cA11bde05977b3631167028862bE2a173976CA11"),
        address!("000000000022D473030F116dDEE9F6B43aC78BA3"),
    ] {
        assert!(!world.provider.get_code_at(contract).await.unwrap().is_empty(), "{contract}");
    }
    world.stop().await;
}

#[tokio::test]
async fn interval_mining_makes_empty_blocks_with_increasing_times() {
    let world = World::start(config(Mining::Interval(Duration::from_millis(100)))).await;
    let hash = world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    while world.number().await < 4 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(world.receipt(hash).await.unwrap().status());
    for number in 1..4 {
        let (parent, block) = (
            world.block(format!("0x{:x}", number - 1)).await,
            world.block(format!("0x{number:x}")).await,
        );
        assert_eq!(block["parentHash"], parent["hash"]);
        assert!(quantity(&block["timestamp"]) > quantity(&parent["timestamp"]));
        assert_ne!(block["mixHash"], parent["mixHash"]);
    }
    world.stop().await;
}

#[tokio::test]
async fn contract_is_deployed_and_called() {
    let world = World::automatic().await;
    // Returns 42: constructor copies a runtime of `PUSH1 42 PUSH0 MSTORE PUSH1 32 PUSH0 RETURN`.
    let code = bytes!("67602a5f5260205ff35f5260086018f3");
    let receipt = world
        .provider
        .send_transaction(TransactionRequest::default().with_deploy_code(code))
        .await
        .unwrap();
    let contract = receipt.get_receipt().await.unwrap().contract_address.unwrap();
    let output =
        world.provider.call(TransactionRequest::default().with_to(contract)).await.unwrap();
    assert_eq!(U256::from_be_slice(&output), U256::from(42));
    world.stop().await;
}

#[tokio::test]
async fn beacon_root_is_seen_by_contracts() {
    let world = World::automatic().await;
    world.call("anvil_mine", json!([3])).await;
    for number in 1..=3_u64 {
        let block = world.provider.get_block_by_number(number.into()).await.unwrap().unwrap();
        let time = U256::from(block.header.timestamp).to_be_bytes::<32>();
        let request = TransactionRequest::default()
            .with_to(address!("000F3df6D732807Ef1319fB7B8bB8522d0Beac02"))
            .with_input(time.to_vec());
        let root = B256::from_slice(&world.provider.call(request).await.unwrap());
        assert_eq!(Some(root), block.header.parent_beacon_block_root);
        assert!(number == 0 || !root.is_zero());
        // EIP-2935: the hash of the block before.
        let request = TransactionRequest::default()
            .with_to(address!("0000F90827F1C53a10cb7A02335B175320002935"))
            .with_input(U256::from(number - 1).to_be_bytes::<32>().to_vec());
        assert_eq!(
            B256::from_slice(&world.provider.call(request).await.unwrap()),
            block.header.parent_hash
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn base_fee_follows_the_market() {
    let world = World::manual().await;
    world.call("anvil_mine", json!([1])).await;
    let first = quantity(&world.block("latest").await["baseFeePerGas"]);
    assert_eq!(first, 875_000_000);
    world.call("evm_setBlockGasLimit", json!(["0xa410"])).await;
    // Two transfers fill a block of 42,000 gas: the base fee then rises by an eighth.
    for nonce in 0..4 {
        world.send(&world.transfer(0, nonce, NOBODY, 20).await).await;
    }
    world.call("anvil_mine", json!([2])).await;
    let (second, third) = (world.block("0x2").await, world.block("0x3").await);
    assert_eq!(second["transactions"].as_array().unwrap().len(), 2);
    assert_eq!(quantity(&second["baseFeePerGas"]), first - first / 8);
    let rise = quantity(&second["baseFeePerGas"]);
    assert_eq!(quantity(&third["baseFeePerGas"]), rise + rise / 8);
    world.call("anvil_setNextBlockBaseFeePerGas", json!(["0x3b9aca00"])).await;
    world.call("evm_mine", json!([])).await;
    assert_eq!(quantity(&world.block("latest").await["baseFeePerGas"]), 1_000_000_000);
    world.stop().await;
}

#[tokio::test]
async fn what_pays_too_little_waits_for_its_price() {
    let world = World::manual().await;
    world.call("anvil_setNextBlockBaseFeePerGas", json!(["0x4a817c800"])).await;
    let cheap = world.send(&world.transfer(0, 0, NOBODY, 2).await).await;
    let dear = world.send(&world.transfer(1, 0, NOBODY, 30).await).await;
    world.call("evm_mine", json!([])).await;
    assert!(world.receipt(dear).await.is_some());
    assert!(world.receipt(cheap).await.is_none());
    world.call("anvil_setNextBlockBaseFeePerGas", json!([1_000_000_000])).await;
    world.call("evm_mine", json!([])).await;
    assert!(world.receipt(cheap).await.is_some());
    world.stop().await;
}

#[tokio::test]
async fn nonces_queue_and_replace() {
    let world = World::manual().await;
    let late = world.send(&world.transfer(0, 1, NOBODY, 20).await).await;
    assert_eq!(world.provider.get_transaction_count(ALICE).pending().await.unwrap(), 0);
    let first = world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    assert_eq!(world.provider.get_transaction_count(ALICE).pending().await.unwrap(), 2);
    assert!(
        world
            .refused(&world.transfer(0, 0, BOB, 20).await)
            .await
            .contains("replacement transaction underpriced")
    );
    assert!(world.refused(&world.transfer(0, 0, NOBODY, 20).await).await.contains("already known"));
    world.call("evm_mine", json!([])).await;
    for hash in [first, late] {
        assert_eq!(world.receipt(hash).await.unwrap().block_number, Some(1));
    }
    assert!(world.refused(&world.transfer(0, 0, BOB, 90).await).await.contains("nonce too low"));
    world.stop().await;
}

#[tokio::test]
async fn unpayable_and_wrong_transactions_are_refused_with_the_reason() {
    let world = World::manual().await;
    let poor = world.transfer(11, 0, BOB, 20).await;
    assert!(world.refused(&poor).await.contains("insufficient funds"));
    let wallet = alloy::network::EthereumWallet::from(crate::common::signer(0));
    let request = TransactionRequest::default()
        .with_to(BOB)
        .with_nonce(0)
        .with_chain_id(901)
        .with_gas_limit(21_000)
        .with_max_fee_per_gas(20_000_000_000)
        .with_max_priority_fee_per_gas(1);
    let raw = |request: TransactionRequest| {
        let wallet = wallet.clone();
        async move { alloy::eips::Encodable2718::encoded_2718(&request.build(&wallet).await.unwrap()) }
    };
    assert!(world.refused(&raw(request.clone()).await).await.contains("chain"));
    let request = request.with_chain_id(900);
    assert!(
        world
            .refused(&raw(request.clone().with_gas_limit(20_999)).await)
            .await
            .contains("intrinsic gas")
    );
    let message = world.refused(&raw(request.clone().with_gas_limit(16_777_217)).await).await;
    assert!(message.contains("16777216") || message.contains("cap"), "{message}");
    assert!(
        world
            .refused(&raw(request.with_max_priority_fee_per_gas(30_000_000_000)).await)
            .await
            .contains("priority fee")
    );
    world.stop().await;
}

#[tokio::test]
async fn chain_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        DevnetConfig { datadir: Some(folder.path().to_owned()), ..config(Mining::Automatic) };
    let world = World::start(config.clone()).await;
    let hash = world.send(&world.transfer(0, 0, NOBODY, 20).await).await;
    let blobs = world.send(&world.blobs(1, &[7]).await).await;
    world.call("anvil_setBalance", json!([BOB, "0x7"])).await;
    world.call("anvil_impersonateAccount", json!([NOBODY])).await;
    let impersonated = world
        .call("eth_sendTransaction", json!([{ "from": NOBODY, "to": ALICE, "value": "0x1" }]))
        .await;
    world.call("evm_increaseTime", json!([1_000_000])).await;
    let snapshot = world.call("evm_snapshot", json!([])).await;
    let head = world.block("latest").await;
    world.stop().await;

    let world = World::start(config.clone()).await;
    assert_eq!(world.block("latest").await["hash"], head["hash"]);
    assert_eq!(world.receipt(hash).await.unwrap().block_number, Some(1));
    assert_eq!(world.balance(BOB).await, U256::from(7));
    let kept = world.call("eth_getTransactionByHash", json!([impersonated])).await;
    assert_eq!(kept["from"].as_str().unwrap().parse::<Address>().unwrap(), NOBODY);
    assert_eq!(
        world
            .call("anvil_getBlobsByTransactionHash", json!([blobs]))
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    world.call("evm_mine", json!([])).await;
    assert!(
        quantity(&world.block("latest").await["timestamp"])
            >= quantity(&head["timestamp"]) + 1_000_000
    );
    assert_eq!(world.call("evm_revert", json!([snapshot])).await, true);
    assert_eq!(world.block("latest").await["hash"], head["hash"]);
    world.stop().await;

    let error = mezz_devnet::Devnet::start(DevnetConfig { chain_id: 901, ..config }).unwrap_err();
    assert!(error.to_string().contains("chain id"), "{error}");
}

#[tokio::test]
async fn safe_and_finalized_follow_behind() {
    let world = World::manual().await;
    world.call("anvil_mine", json!([10])).await;
    for (tag, number) in [
        (BlockNumberOrTag::Latest, 10),
        (BlockNumberOrTag::Safe, 8),
        (BlockNumberOrTag::Finalized, 6),
    ] {
        assert_eq!(
            world.provider.get_block_by_number(tag).await.unwrap().unwrap().header.number,
            number
        );
    }
    world.stop().await;
}

#[tokio::test]
async fn accounts_sign_for_their_owners() {
    let world = World::automatic().await;
    let signature = world.call("personal_sign", json!(["0x68656c6c6f", ALICE])).await;
    let signature: alloy::primitives::Signature = signature.as_str().unwrap().parse().unwrap();
    assert_eq!(signature.recover_address_from_msg("hello").unwrap(), ALICE);
    let data = json!({
        "types": { "EIP712Domain": [{ "name": "name", "type": "string" }], "Mail": [{ "name": "text", "type": "string" }] },
        "primaryType": "Mail", "domain": { "name": "test" }, "message": { "text": "hello" },
    });
    let hash = serde_json::from_value::<alloy::dyn_abi::TypedData>(data.clone())
        .unwrap()
        .eip712_signing_hash()
        .unwrap();
    for data in [data.clone(), data.to_string().into()] {
        let signature = world.call("eth_signTypedData_v4", json!([ALICE, data])).await;
        let signature: alloy::primitives::Signature = signature.as_str().unwrap().parse().unwrap();
        assert_eq!(signature.recover_address_from_prehash(&hash).unwrap(), ALICE);
    }
    assert!(
        world
            .try_call("eth_sign", json!([NOBODY, "0x00"]))
            .await
            .unwrap_err()
            .contains("eth_accounts")
    );
    let hash = world
        .call("eth_sendTransaction", json!([{ "from": BOB, "to": NOBODY, "value": "0x5" }]))
        .await;
    assert!(world.receipt(hash.as_str().unwrap().parse().unwrap()).await.unwrap().status());
    world.stop().await;
}

#[tokio::test]
async fn heads_are_pushed_over_websocket() {
    let world = World::manual().await;
    let socket = ProviderBuilder::new().connect(&world.url.replace("http", "ws")).await.unwrap();
    let mut heads = socket.subscribe_blocks().await.unwrap();
    world.call("evm_mine", json!([])).await;
    let head = tokio::time::timeout(Duration::from_secs(5), heads.recv()).await.unwrap().unwrap();
    assert_eq!(head.number, 1);
    drop((heads, socket));
    world.stop().await;
}

#[tokio::test]
async fn requests_to_the_consensus_layer_stand_in_the_header() {
    let world = World::automatic().await;
    let withdrawals = address!("00000961Ef480Eb55e80D19ad83579A64c007002");
    // A validator's key and an amount of 5 gwei, for one wei.
    let request = [[7_u8; 48].as_slice(), &5_u64.to_be_bytes()].concat();
    let pending = world
        .provider
        .send_transaction(
            TransactionRequest::default()
                .with_to(withdrawals)
                .with_value(U256::from(1))
                .with_input(request.clone()),
        )
        .await
        .unwrap();
    assert!(pending.get_receipt().await.unwrap().status());
    // EIP-7002: source, key, amount with its least byte first.
    let data = [ALICE.as_slice(), &request[..48], &5_u64.to_le_bytes()].concat();
    let expected = Requests::new(vec![[&[1], &data[..]].concat().into()]).requests_hash();
    assert_eq!(world.block("0x1").await["requestsHash"], json!(expected));
    // It was taken from the queue: the next block asks for nothing.
    world.call("anvil_mine", json!([1])).await;
    let next = &world.block("0x2").await["requestsHash"];
    assert_eq!(*next, json!(EMPTY_REQUESTS_HASH));
    // A simulated block has them too.
    let call =
        json!({ "from": ALICE, "to": withdrawals, "value": "0x1", "input": Bytes::from(request) });
    let simulated =
        world.call("eth_simulateV1", json!([{ "blockStateCalls": [{ "calls": [call] }] }])).await;
    assert_eq!(simulated[0]["requestsHash"], json!(expected));
    world.stop().await;
}
