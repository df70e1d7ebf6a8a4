//! A devnet behind its real server, and a client for it.

use alloy::{
    eips::{eip2718::Encodable2718, eip4844::Blob, eip7594::BlobTransactionSidecarEip7594},
    network::{
        EthereumWallet, NetworkTransactionBuilder, TransactionBuilder, TransactionBuilder4844,
    },
    primitives::{Address, B256, U256, address},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::{TransactionReceipt, TransactionRequest},
    signers::local::PrivateKeySigner,
};
use mezz_devnet::{Devnet, DevnetConfig, Mining, TEST_MNEMONIC, dev_account};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// The first account, which sends in most tests.
pub(crate) const ALICE: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
/// The second account.
pub(crate) const BOB: Address = address!("70997970C51812dc3A010C7d01b50e0d17dc79C8");
/// Somebody without a key here, and without anything at genesis.
pub(crate) const NOBODY: Address = address!("00000000000000000000000000000000000000ff");

/// A running devnet.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) provider: DynProvider,
    devnet: Devnet,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

pub(crate) fn config(mining: Mining) -> DevnetConfig {
    DevnetConfig { mining, ..DevnetConfig::default() }
}

pub(crate) fn signer(index: u32) -> PrivateKeySigner {
    dev_account(TEST_MNEMONIC, index).unwrap()
}

impl World {
    pub(crate) async fn start(config: DevnetConfig) -> Self {
        let devnet = Devnet::start(config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = mezz_rpc::serve(
            devnet.backend(),
            listener,
            mezz_rpc::Limits::default(),
            devnet.beacon_router(),
            async {
                let _ = stopped.await;
            },
        );
        let server = tokio::spawn(async { served.await.unwrap() });
        let wallet = EthereumWallet::from(signer(0));
        let provider =
            ProviderBuilder::new().wallet(wallet).connect_http(url.parse().unwrap()).erased();
        Self { url, provider, devnet, stop, server }
    }

    pub(crate) async fn automatic() -> Self {
        Self::start(config(Mining::Automatic)).await
    }

    pub(crate) async fn manual() -> Self {
        Self::start(config(Mining::Manual)).await
    }

    pub(crate) async fn stop(self) {
        let _ = self.stop.send(());
        self.server.await.unwrap();
        self.devnet.stop().await;
    }

    /// Calls a method and expects a result.
    pub(crate) async fn call(&self, method: &'static str, params: Value) -> Value {
        self.try_call(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Calls a method; the error's message if it fails.
    pub(crate) async fn try_call(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Value, String> {
        let answer: Result<Value, _> = self.provider.raw_request(method.into(), params).await;
        answer.map_err(|error| error.to_string())
    }

    pub(crate) async fn number(&self) -> u64 {
        self.provider.get_block_number().await.unwrap()
    }

    pub(crate) async fn block(&self, id: impl Into<Value>) -> Value {
        self.call("eth_getBlockByNumber", json!([id.into(), false])).await
    }

    pub(crate) async fn balance(&self, address: Address) -> U256 {
        self.provider.get_balance(address).await.unwrap()
    }

    /// A raw transfer of one ether from an account of the mnemonic.
    pub(crate) async fn transfer(&self, from: u32, nonce: u64, to: Address, gwei: u128) -> Vec<u8> {
        transfer(from, nonce, to, gwei).await
    }

    /// A signed transaction with one blob for each byte.
    pub(crate) async fn blobs(&self, nonce: u64, bytes: &[u8]) -> Vec<u8> {
        let blobs = bytes.iter().map(|byte| {
            let mut blob = Blob::repeat_byte(*byte);
            // A constant polynomial would have the same proof everywhere.
            blob[63] ^= 0x40;
            blob
        });
        let sidecar = BlobTransactionSidecarEip7594::try_from_blobs(blobs.collect()).unwrap();
        let request = TransactionRequest::default()
            .with_to(BOB)
            .with_nonce(nonce)
            .with_chain_id(900)
            .with_gas_limit(21_000)
            .with_max_fee_per_gas(20_000_000_000)
            .with_max_priority_fee_per_gas(1_000_000_000)
            .with_max_fee_per_blob_gas(1_000)
            .with_blob_sidecar(sidecar.into());
        request.build(&EthereumWallet::from(signer(0))).await.unwrap().encoded_2718()
    }

    /// Sends raw bytes; the hash.
    pub(crate) async fn send(&self, raw: &[u8]) -> B256 {
        *self.provider.send_raw_transaction(raw).await.unwrap().tx_hash()
    }

    /// Sends raw bytes that must be refused; the message.
    pub(crate) async fn refused(&self, raw: &[u8]) -> String {
        self.provider.send_raw_transaction(raw).await.expect_err("it was to be refused").to_string()
    }

    pub(crate) async fn receipt(&self, hash: B256) -> Option<TransactionReceipt> {
        self.provider.get_transaction_receipt(hash).await.unwrap()
    }

    /// GET of the beacon API: status and JSON.
    pub(crate) async fn beacon(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.beacon_bytes(path, "application/json").await;
        (status, serde_json::from_slice(&body).unwrap())
    }

    pub(crate) async fn beacon_bytes(&self, path: &str, accept: &str) -> (u16, Vec<u8>) {
        let client = alloy::transports::http::reqwest::Client::new();
        let answer = client
            .get(format!("{}{path}", self.url))
            .header("accept", accept)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }
}

pub(crate) fn ether(count: u64) -> U256 {
    U256::from(count) * U256::from(10).pow(U256::from(18))
}

/// A quantity of JSON-RPC.
pub(crate) fn quantity(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().strip_prefix("0x").unwrap(), 16).unwrap()
}

/// A raw transfer of one ether from an account of the mnemonic.
pub(crate) async fn transfer(from: u32, nonce: u64, to: Address, gwei: u128) -> Vec<u8> {
    let request = TransactionRequest::default()
        .with_to(to)
        .with_value(ether(1))
        .with_nonce(nonce)
        .with_chain_id(900)
        .with_gas_limit(21_000)
        .with_max_fee_per_gas(gwei * 1_000_000_000)
        .with_max_priority_fee_per_gas(1_000_000_000);
    request.build(&EthereumWallet::from(signer(from))).await.unwrap().encoded_2718()
}
