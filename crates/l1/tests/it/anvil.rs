//! Starts `anvil` and talks to it.

use alloy::{
    network::TxSigner,
    primitives::{Address, B256, Signature, U256},
    signers::local::{MnemonicBuilder, PrivateKeySigner, coins_bip39::English},
};
use mezz_l1::{BlockRef, Client, Sender, SenderConfig};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

pub(crate) const MNEMONIC: &str = "test test test test test test test test test test test junk";

/// A running `anvil`, killed when dropped.
pub(crate) struct Anvil {
    child: Child,
    pub(crate) url: String,
    pub(crate) client: Client,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Anvil {
    /// Starts it with further arguments; `None`, with a line that says so, where it is not installed.
    pub(crate) async fn start(arguments: &[&str]) -> Option<Self> {
        let program = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap())
            .join("../../contracts/node_modules/.bin/anvil");
        if !program.exists() {
            println!("skipped: anvil is not installed (make test installs it)");
            return None;
        }
        let mut child = Command::new(program)
            .args([
                "--port",
                "0",
                "--hardfork",
                "osaka",
                "--chain-id",
                "900",
                "--mnemonic",
                MNEMONIC,
            ])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| line.unwrap().strip_prefix("Listening on ").map(str::to_owned))
            .unwrap();
        // The rest of its output must go somewhere, or it blocks.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://{address}");
        let client = Client::connect(&url, Some(&url)).await.unwrap();
        Some(Self { child, url, client })
    }

    pub(crate) async fn rpc(&self, method: &'static str, params: Value) -> Value {
        self.client.request(method, params).await.unwrap()
    }

    pub(crate) async fn mine(&self, blocks: u64) {
        self.rpc("anvil_mine", json!([format!("{blocks:#x}")])).await;
    }

    pub(crate) async fn reorg(&self, depth: u64) {
        self.rpc("anvil_reorg", json!([depth, []])).await;
    }

    pub(crate) async fn id(&self, number: u64) -> BlockRef {
        self.client.header(number).await.unwrap().unwrap().id()
    }

    pub(crate) fn sender(&self, index: u32) -> Sender {
        let config = SenderConfig {
            poll: Duration::from_millis(50),
            timeout: Duration::from_secs(60),
            ..SenderConfig::default()
        };
        Sender::new(self.client.clone(), signer(index), config)
    }

    pub(crate) async fn fund(&self, account: Address) {
        self.rpc(
            "anvil_setBalance",
            json!([account, U256::from(1000) * U256::from(10).pow(U256::from(18))]),
        )
        .await;
    }

    /// Mines one block at this base fee.
    pub(crate) async fn mine_at(&self, base_fee: u128) {
        self.rpc("anvil_setNextBlockBaseFeePerGas", json!([U256::from(base_fee)])).await;
        self.mine(1).await;
    }

    /// Transactions waiting in the pool.
    pub(crate) async fn pending(&self) -> u64 {
        let status = self.rpc("txpool_status", json!([])).await;
        let pending = status["pending"].as_str().unwrap().trim_start_matches("0x");
        u64::from_str_radix(pending, 16).unwrap()
    }

    pub(crate) async fn transaction(&self, hash: B256) -> Value {
        self.rpc("eth_getTransactionByHash", json!([hash])).await
    }
}

pub(crate) fn key(index: u32) -> PrivateKeySigner {
    MnemonicBuilder::<English>::default().phrase(MNEMONIC).index(index).unwrap().build().unwrap()
}

pub(crate) fn signer(index: u32) -> Arc<dyn TxSigner<Signature> + Send + Sync> {
    Arc::new(key(index))
}
