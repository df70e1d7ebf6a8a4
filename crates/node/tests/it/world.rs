//! A devnet with a rollup on it, and nodes of that rollup, all in this process.

use crate::{anvil::Anvil, user::L2_CHAIN};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U256, utils::parse_ether},
    rpc::types::TransactionReceipt,
    sol_types::SolCall,
};
use mezz_devnet::{Devnet, DevnetConfig, Mining};
use mezz_l1::{
    Call, Client, Sender, SenderConfig,
    contracts::{Portal, TimelockController},
    deploy::{Deployment, Intent, Plan, Seed, apply, dev_key},
};
use mezz_node::{Build, CommitteeAccess, DisputeLimits, Node, NodeConfig, PoolLimits, Role};
use mezz_primitives::Family;
use mezz_rpc::{Limits, Server};
use mezz_storage::{Genesis, Store};
use serde_json::{Value, json};
use std::{
    any::Any,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot};
use tracing_subscriber::EnvFilter;

pub(crate) const OWNER: u32 = 100;
pub(crate) const BATCHER: u32 = 101;
pub(crate) const PROPOSER: u32 = 102;
pub(crate) const CHALLENGER: u32 = 103;
/// Dev account that deposits for others: a deposit uses a nonce of its sender on L2.
pub(crate) const FUNDER: u32 = 3;
/// Time between two L1 blocks; the chain's clock counts each as a second.
const L1_BLOCK_TIME: Duration = Duration::from_millis(250);
/// Where a contract stands that accepts every proof. Nodes take it for a verifier of STARKs, and verify them themselves before they keep them.
pub(crate) const GULLIBLE: Address = Address::repeat_byte(0xb0);
/// Another, which takes a statement for the proof of itself, and nothing else. It names a contract behind it (zero), so nodes ask it before they keep a proof.
pub(crate) const ECHO: Address = Address::repeat_byte(0xb1);
/// If there is calldata beyond a selector its second word must be that of the proof: CALLDATASIZE PUSH1 4 EQ PUSH1 20 JUMPI PUSH1 36 CALLDATALOAD PUSH1 132
/// CALLDATALOAD EQ PUSH1 20 JUMPI PUSH0 PUSH0 REVERT JUMPDEST PUSH1 32 PUSH0 RETURN.
const ECHO_CODE: &str = "0x36600414601457602435608435146014575f5ffd5b60205ff3";
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A development L1 with the contracts of a rollup.
pub(crate) struct World {
    pub(crate) l1: Client,
    pub(crate) deployment: Deployment,
    url: String,
    /// What L1 lives as long as.
    _running: Box<dyn Any + Send + Sync>,
    folder: TempDir,
    nodes: AtomicUsize,
}

/// What distinguishes one node from another.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) roles: Vec<Role>,
    /// Seconds of L1 time between two batches.
    pub(crate) batch_interval: u64,
    /// Dev account that claims.
    pub(crate) proposer: u32,
    /// Dev account that challenges.
    pub(crate) challenger: u32,
    /// Whether it can read blobs; otherwise it posts calldata.
    pub(crate) beacon: bool,
    /// How it reaches the data committee.
    pub(crate) committee: CommitteeAccess,
    /// Whether it gives work to provers.
    pub(crate) provers: bool,
    /// How much disputes and proofs may take.
    pub(crate) disputes: DisputeLimits,
    /// The program that it executes, or says so.
    pub(crate) build: Build,
}

impl Settings {
    /// Everything that an operator does.
    pub(crate) fn operator() -> Self {
        Self {
            roles: Role::ALL.to_vec(),
            batch_interval: 2,
            proposer: PROPOSER,
            challenger: CHALLENGER,
            beacon: true,
            committee: CommitteeAccess::default(),
            provers: false,
            disputes: DisputeLimits::default(),
            build: Build::own(),
        }
    }

    /// Only follows L1.
    pub(crate) fn watcher() -> Self {
        Self { roles: vec![Role::Watcher], ..Self::operator() }
    }
}

/// A node with its store, asked as over RPC.
pub(crate) struct L2 {
    pub(crate) node: Node,
    pub(crate) store: Store,
    server: Server,
}

impl World {
    /// Deploys on an L1 whose last `finalized_lag` blocks may be reorganised.
    pub(crate) async fn start(finalized_lag: u64) -> Self {
        // Many tests wait for a confirmed claim, and few for a dispute.
        Self::with_windows(finalized_lag, 12, (12, 6)).await
    }

    /// The same with a claim window, and a clock and its grace for disputes, in seconds of L1 time.
    pub(crate) async fn with_windows(
        finalized_lag: u64,
        claim_window: u64,
        (clock, grace): (u64, u64),
    ) -> Self {
        let family = Family::Optimistic;
        Self::with_intent(finalized_lag, family, None, |intent| {
            short(intent, claim_window, (clock, grace));
        })
        .await
    }

    /// A chain of a family, whose windows are short, with what `change` makes of it.
    pub(crate) async fn of(family: Family, change: impl FnOnce(&mut Intent)) -> Self {
        Self::with_intent(4, family, None, |intent| {
            short(intent, 12, (12, 6));
            change(intent);
        })
        .await
    }

    /// The same of an optimistic chain whose first version of the program is that of another build.
    pub(crate) async fn of_build(build: Build, change: impl FnOnce(&mut Intent)) -> Self {
        Self::with_intent(4, Family::Optimistic, Some(build), |intent| {
            short(intent, 12, (12, 6));
            change(intent);
        })
        .await
    }

    async fn with_intent(
        finalized_lag: u64,
        family: Family,
        build: Option<Build>,
        change: impl FnOnce(&mut Intent),
    ) -> Self {
        // The log of a test that fails: RUST_LOG=mezz=debug for more.
        let filter = EnvFilter::try_from_default_env()
            .unwrap_or_else(|_| EnvFilter::new("info,fjall=warn,lsm_tree=warn"));
        let _ = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer().try_init();
        let devnet = Devnet::start(DevnetConfig {
            mining: Mining::Automatic,
            safe_lag: finalized_lag / 2,
            finalized_lag,
            ..DevnetConfig::default()
        })
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (serving, ended) = oneshot::channel::<()>();
        let served = mezz_rpc::serve(
            devnet.backend(),
            listener,
            Limits::default(),
            devnet.beacon_router(),
            async {
                let _ = ended.await;
            },
        );
        tokio::spawn(async { served.await.unwrap() });
        let l1 = Client::connect(&url, Some(&url)).await.unwrap();
        // Verifiers of no proof system, for whoever names them. The first is `STOP`.
        for (address, code) in [(GULLIBLE, "0x00"), (ECHO, ECHO_CODE)] {
            let set: Value = l1.request("anvil_setCode", json!([address, code])).await.unwrap();
            assert!(set.is_null());
        }
        let deployment = deploy(&l1, family, build, change).await;
        devnet.set_mining(Mining::Interval(L1_BLOCK_TIME)).await.unwrap();
        Self::new(l1, url, deployment, Box::new((devnet, serving)))
    }

    /// The same on anvil, with a block each second; `None` where it is not installed.
    pub(crate) async fn on_anvil(claim_window: u64, (clock, grace): (u64, u64)) -> Option<Self> {
        let anvil = Anvil::start(&["--slots-in-an-epoch", "2"]).await?;
        for account in [OWNER, BATCHER, PROPOSER, CHALLENGER] {
            anvil.fund(dev_key(account).address()).await;
        }
        let change = |intent: &mut Intent| short(intent, claim_window, (clock, grace));
        let deployment = deploy(&anvil.client, Family::Optimistic, None, change).await;
        anvil.rpc("evm_setAutomine", json!([false])).await;
        anvil.rpc("evm_setIntervalMining", json!([1])).await;
        let (l1, url) = (anvil.client.clone(), anvil.url.clone());
        Some(Self::new(l1, url, deployment, Box::new(anvil)))
    }

    fn new(
        l1: Client,
        url: String,
        deployment: Deployment,
        running: Box<dyn Any + Send + Sync>,
    ) -> Self {
        Self {
            l1,
            deployment,
            url,
            _running: running,
            folder: tempfile::tempdir().unwrap(),
            nodes: AtomicUsize::new(0),
        }
    }

    /// A place for a node.
    pub(crate) fn place(&self) -> PathBuf {
        self.folder.path().join(format!("node{}", self.nodes.fetch_add(1, Ordering::Relaxed)))
    }

    /// Starts a node in a new place.
    pub(crate) async fn node(&self, settings: Settings) -> L2 {
        self.node_in(self.place(), settings).await
    }

    /// Starts a node over what is in `directory`.
    pub(crate) async fn node_in(&self, directory: PathBuf, settings: Settings) -> L2 {
        self.try_node_in(directory, settings).await.unwrap()
    }

    /// The same, if it starts.
    pub(crate) async fn try_node_in(
        &self,
        directory: PathBuf,
        settings: Settings,
    ) -> Result<L2, mezz_node::Error> {
        let store = self.store_in(&directory);
        let beacon = settings.beacon.then_some(self.url.as_str());
        let client = Client::connect(&self.url, beacon).await.unwrap();
        let sequences = settings.roles.contains(&Role::Sequencer);
        let config = NodeConfig {
            chain: self.deployment.config.clone(),
            contracts: self.deployment.contracts,
            start_block: self.deployment.start_block,
            roles: settings.roles.into_iter().collect(),
            directory,
            block_time: Duration::from_millis(200),
            pool: PoolLimits::default(),
            l1_poll: Duration::from_millis(50),
            confirmations: 0,
            batch_interval: settings.batch_interval,
            batch_bytes: 500_000,
            claim_interval: 2,
            finalized_lag: 4,
            admin: sequences,
            provers: settings.provers,
            batcher: Some(Arc::new(dev_key(BATCHER))),
            proposer: Some(Arc::new(dev_key(settings.proposer))),
            challenger: Some(Arc::new(dev_key(settings.challenger))),
            committee: settings.committee,
            dry_run: false,
            disputes: settings.disputes,
            build: settings.build,
        };
        let node = Node::start(config, store.clone(), client).await?;
        let server = Server::new(node.backend(), Limits::default());
        let l2 = L2 { node, store, server };
        if sequences {
            let open = async || l2.node.progress().sequencing;
            wait("the sequencer to have read L1", open).await;
        }
        Ok(l2)
    }

    /// The blocks of a node that does not run.
    pub(crate) fn store_in(&self, directory: &Path) -> Store {
        let genesis = self.deployment.l2_genesis();
        let genesis =
            Genesis { chain: genesis.chain, header: genesis.header, alloc: genesis.alloc };
        Store::open(Some(&directory.join("chain")), genesis).unwrap()
    }

    /// Asks the devnet to do something.
    pub(crate) async fn control(&self, method: &'static str, params: Value) -> Value {
        self.l1.request(method, params).await.unwrap()
    }

    /// Lets L1 time pass.
    pub(crate) async fn pass(&self, seconds: u64) {
        let until = self.l1.latest().await.unwrap().time + seconds;
        self.control("evm_increaseTime", json!([seconds])).await;
        wait("L1 time to pass", async || self.l1.latest().await.unwrap().time > until).await;
    }

    /// Reads a contract.
    pub(crate) async fn read<C: SolCall>(&self, contract: Address, call: &C) -> C::Return {
        self.l1.call(contract, call, BlockNumberOrTag::Latest).await.unwrap()
    }

    /// A dev account calls a contract on L1.
    pub(crate) async fn call<C: SolCall>(
        &self,
        account: u32,
        contract: Address,
        call: &C,
        value: U256,
    ) -> TransactionReceipt {
        let call = Call::to(contract, call).with_value(value);
        sender(&self.l1, account).send(call).await.unwrap()
    }

    /// The timelock calls a contract.
    pub(crate) async fn govern<C: SolCall>(&self, target: Address, call: &C) {
        let timelock = self.deployment.contracts.timelock;
        let delay = self.deployment.governance.timelock_delay;
        let data: Bytes = call.abi_encode().into();
        let (value, zero) = (U256::ZERO, B256::ZERO);
        let schedule = TimelockController::scheduleCall {
            target,
            value,
            data: data.clone(),
            predecessor: zero,
            salt: zero,
            delay: U256::from(delay),
        };
        self.call(OWNER, timelock, &schedule, value).await;
        self.pass(delay).await;
        let execute = TimelockController::executeCall {
            target,
            value,
            payload: data,
            predecessor: zero,
            salt: zero,
        };
        self.call(OWNER, timelock, &execute, value).await;
    }

    /// A dev account deposits ether for somebody on L2.
    pub(crate) async fn deposit(&self, account: u32, to: Address, ether: &str) {
        let value = parse_ether(ether).unwrap();
        let call = Portal::depositTransactionCall {
            to,
            value,
            gasLimit: 100_000,
            isCreation: false,
            data: Bytes::new(),
        };
        self.call(account, self.deployment.contracts.portal, &call, value).await;
    }
}

/// Makes the windows of a devnet shorter still.
fn short(intent: &mut Intent, claim_window: u64, (clock, grace): (u64, u64)) {
    let windows = &mut intent.windows;
    windows.claim_window = claim_window;
    (windows.dispute_clock, windows.dispute_grace) = (clock, grace);
    windows.proof_maturity = claim_window + 2;
}

/// Deploys a rollup.
async fn deploy(
    l1: &Client,
    family: Family,
    build: Option<Build>,
    change: impl FnOnce(&mut Intent),
) -> Deployment {
    let owner = sender(l1, OWNER);
    let mut intent = Intent::devnet_of(family, l1.chain_id(), L2_CHAIN).unwrap();
    change(&mut intent);
    let mut plan = Plan::prepare(intent, l1, owner.address()).await.unwrap();
    if let Some(Build { program, key }) = build {
        plan = Plan::new(Seed { program, key, ..plan.seed });
    }
    apply(&plan, &owner, None, |_| {}).await.unwrap()
}

impl L2 {
    /// Stops it and lets go of its files.
    pub(crate) async fn stop(self) {
        self.node.stop().await;
    }

    /// Asks and expects a result.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.server.answer(body.to_string().as_bytes()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer.get("error").is_none(), "{method} {params}: {answer}");
        answer["result"].clone()
    }

    /// Asks and expects an error: its message.
    pub(crate) async fn refusal(&self, method: &str, params: Value) -> String {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.server.answer(body.to_string().as_bytes()).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Sends a transaction and waits for its preconfirmation: its hash.
    pub(crate) async fn send(&self, raw: &Bytes) -> B256 {
        let receipt = self.ask("eth_sendRawTransactionSync", json!([raw])).await;
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        serde_json::from_value(receipt["transactionHash"].clone()).unwrap()
    }

    pub(crate) async fn balance(&self, account: Address) -> U256 {
        serde_json::from_value(self.ask("eth_getBalance", json!([account, "latest"])).await)
            .unwrap()
    }

    /// Waits until somebody has ether in a sealed block.
    pub(crate) async fn wait_for_ether(&self, account: Address) {
        wait("the deposit to arrive", async || !self.balance(account).await.is_zero()).await;
    }

    /// The safe block that a transaction is in.
    pub(crate) fn safe_block(&self, transaction: B256) -> Option<u64> {
        let number = self.store.transaction(transaction).unwrap()?.0.header.number;
        (number <= self.node.heads().safe).then_some(number)
    }

    /// Waits until all these transactions are in safe blocks.
    pub(crate) async fn wait_safe(&self, transactions: &[B256]) {
        wait("the transactions to be safe", async || {
            assert_eq!(self.node.failure(), None);
            transactions.iter().all(|hash| self.safe_block(*hash).is_some())
        })
        .await;
    }

    /// Waits until it has derived the L2 up to this block.
    pub(crate) async fn wait_derived(&self, number: u64) {
        wait("the chain to be derived", async || {
            assert_eq!(self.node.failure(), None);
            self.node.heads().safe >= number
        })
        .await;
    }

    pub(crate) fn hash(&self, number: u64) -> B256 {
        self.store.block(number).unwrap().unwrap().hash
    }

    /// Whether both have the same blocks, up to what both hold for safe: how many those are.
    pub(crate) fn assert_same(&self, other: &Self) -> u64 {
        let last = self.node.heads().safe.min(other.node.heads().safe);
        for number in 0..=last {
            assert_eq!(self.hash(number), other.hash(number), "block {number} of {last}");
        }
        last
    }
}

/// An L1 account that looks at the chain often.
pub(crate) fn sender(l1: &Client, account: u32) -> Sender {
    let config = SenderConfig { poll: Duration::from_millis(50), ..SenderConfig::default() };
    Sender::new(l1.clone(), Arc::new(dev_key(account)), config)
}

/// Waits until something is so.
pub(crate) async fn wait(what: &str, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
