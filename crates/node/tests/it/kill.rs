//! kill -9 of the real program under load: whatever was answered is there after the restart, where the answer said it would be.

use crate::user::User;
use alloy::{
    primitives::{Address, B256, Bytes, U64, U256},
    providers::{DynProvider, Provider, ProviderBuilder},
    sol_types::SolCall,
    transports::TransportError,
};
use mezz_l1::contracts::Portal;
use serde_json::{Value, json};
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const KILLS: u64 = 20;
/// Kills while L1 is reorganised.
const REORGS: u64 = 8;
/// Blocks that such a reorg of L1 replaces.
const DEPTH: u64 = 4;
const SENDERS: u32 = 4;
/// How long the program may take to be ready.
const READY: Duration = Duration::from_secs(60);

/// The program, built by `make test` before the tests.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let beside = test.parent().unwrap().parent().unwrap().join("mezz");
    let program = env::var_os("MEZZ").map_or(beside, PathBuf::from);
    assert!(
        program.exists(),
        "no program at {}: build it with `cargo build --release --bin mezz`, or name it in MEZZ",
        program.display()
    );
    program
}

/// A running `mezz up`; killed when it is dropped.
struct Mezz {
    child: Child,
    l1: DynProvider,
    l2: DynProvider,
    portal: Value,
}

impl Mezz {
    async fn up(program: &Path, folder: &Path) -> Self {
        let log = File::options().create(true).append(true).open(folder.join("test.log")).unwrap();
        let mut child = Command::new(program)
            .args(["up", "--l1-port", "0", "--l2-port", "0", "--metrics-port", "0"])
            .args(["--block-time", "0.25", "--l1-block-time", "0.5", "--batch-interval", "2"])
            .arg("--datadir")
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        // An earlier file is removed at the start; this one is there when the chain is ready.
        let stale = fs::read(folder.join("deployment.json")).ok();
        let began = Instant::now();
        loop {
            let file = fs::read(folder.join("deployment.json")).ok();
            if let Some(file) = file.filter(|file| Some(file) != stale.as_ref()) {
                let file: Value = serde_json::from_slice(&file).unwrap();
                let layer = |name: &str| {
                    let url = file[name]["rpc"].as_str().unwrap().parse().unwrap();
                    ProviderBuilder::new().connect_http(url).erased()
                };
                let portal = file["contracts"]["portal"].clone();
                return Self { child, l1: layer("l1"), l2: layer("l2"), portal };
            }
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < READY, "{}", tail(folder));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ask(&self, method: &'static str, params: Value) -> Value {
        ask(&self.l2, method, params).await.unwrap()
    }

    /// Has L1 change its mind about a deposit that a block of L2 holds already.
    async fn reorganise(&self, round: u64) {
        // What the accounts under load live on stays.
        ask(&self.l1, "anvil_mine", json!([DEPTH])).await.unwrap();
        let receiver = Address::with_last_byte(round as u8 + 1);
        let from = ask(&self.l1, "eth_accounts", json!([])).await.unwrap()[9].clone();
        let deposit = Portal::depositTransactionCall {
            to: receiver,
            value: U256::from(7),
            gasLimit: 100_000,
            isCreation: false,
            data: Bytes::new(),
        };
        let data = Bytes::from(deposit.abi_encode());
        let transaction =
            json!([{ "from": from, "to": self.portal, "value": "0x7", "input": data }]);
        ask(&self.l1, "eth_sendTransaction", transaction).await.unwrap();
        let began = Instant::now();
        while self.ask("eth_getBalance", json!([receiver, "latest"])).await == json!("0x0") {
            assert!(began.elapsed() < READY, "the deposit does not arrive");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ask(&self.l1, "anvil_reorg", json!([DEPTH, []])).await.unwrap();
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ctrl-C.
    fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Mezz {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn ask(
    l2: &DynProvider,
    method: &'static str,
    params: Value,
) -> Result<Value, TransportError> {
    l2.raw_request(method.into(), params).await
}

/// The end of the program's log.
fn tail(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("test.log")).unwrap_or_default();
    let lines: Vec<_> = log.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// A transaction that was answered, and where it was said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Answered {
    hash: B256,
    block: U64,
    index: U64,
}

impl Answered {
    fn read(receipt: &Value) -> Self {
        let field = |name: &str| receipt[name].clone();
        Self {
            hash: serde_json::from_value(field("transactionHash")).unwrap(),
            block: serde_json::from_value(field("blockNumber")).unwrap(),
            index: serde_json::from_value(field("transactionIndex")).unwrap(),
        }
    }
}

/// Sends one after the other until the program dies.
async fn load(l2: DynProvider, mut user: User) -> Vec<Answered> {
    let mut answered = Vec::new();
    loop {
        let raw = user.transfer(Address::repeat_byte(0xee), 1);
        match ask(&l2, "eth_sendRawTransactionSync", json!([raw])).await {
            Ok(receipt) => answered.push(Answered::read(&receipt)),
            Err(error) if error.is_error_resp() => panic!("{error}"),
            Err(_) => return answered,
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Where it is now; waits until it is there.
async fn place(mezz: &Mezz, hash: B256, seed: u64) -> Answered {
    let began = Instant::now();
    loop {
        let receipt = mezz.ask("eth_getTransactionReceipt", json!([hash])).await;
        if !receipt.is_null() {
            return Answered::read(&receipt);
        }
        assert!(began.elapsed() < READY, "{hash} is lost; replay with MEZZ_SEED={seed}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Everything that was answered is there at once, where it was said to be.
async fn check(mezz: &Mezz, answered: &[Answered], seed: u64) {
    for promised in answered {
        let receipt = mezz.ask("eth_getTransactionReceipt", json!([promised.hash])).await;
        assert!(!receipt.is_null(), "{promised:?} is lost; replay with MEZZ_SEED={seed}");
        assert_eq!(Answered::read(&receipt), *promised, "replay with MEZZ_SEED={seed}");
    }
}

/// Accounts of the devnet under load, and what was answered to them.
struct Clients {
    users: Vec<User>,
    seed: u64,
    random: u64,
}

impl Clients {
    fn new() -> Self {
        let seed = env::var("MEZZ_SEED").map_or(1, |seed| seed.parse().unwrap());
        Self { users: (0..SENDERS).map(User::new).collect(), seed, random: seed }
    }

    /// A time up to `most` milliseconds.
    fn random(&mut self, most: u64) -> Duration {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Duration::from_millis((self.random >> 33) % most)
    }

    /// Sends from all accounts until `end` has happened and the program is killed; gives what was answered.
    async fn load(&mut self, mezz: Mezz, end: impl AsyncFnOnce(&Mezz)) -> Vec<Answered> {
        let mut loads = Vec::new();
        for user in &mut self.users {
            let count =
                mezz.ask("eth_getTransactionCount", json!([user.address(), "pending"])).await;
            let nonce = serde_json::from_value::<U64>(count).unwrap().to::<u64>();
            // What was not answered may be there or not, in the order of its nonces.
            assert!(nonce >= user.nonce.saturating_sub(1), "replay with MEZZ_SEED={}", self.seed);
            user.nonce = nonce;
            loads.push(tokio::spawn(load(mezz.l2.clone(), user.clone())));
        }
        end(&mezz).await;
        mezz.kill();
        let mut all = Vec::new();
        for (load, user) in loads.into_iter().zip(&mut self.users) {
            let answered = load.await.unwrap();
            user.nonce += answered.len() as u64;
            all.extend(answered);
        }
        all
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_kill_9() {
    let (program, folder) = (program(), tempfile::tempdir().unwrap());
    let mut clients = Clients::new();
    let (mut all, mut last_round) = (Vec::new(), Vec::new());
    for _ in 0..KILLS {
        let mezz = Mezz::up(&program, folder.path()).await;
        check(&mezz, &last_round, clients.seed).await;
        all.append(&mut last_round);
        let pause = Duration::from_millis(100) + clients.random(1_400);
        last_round = clients.load(mezz, async |_| tokio::time::sleep(pause).await).await;
    }
    all.append(&mut last_round);
    let mezz = Mezz::up(&program, folder.path()).await;
    check(&mezz, &all, clients.seed).await;
    assert!(all.len() as u64 > 10 * KILLS, "only {} transactions were answered", all.len());
    finish(mezz, &program, folder.path(), &all, clients.seed).await;
}

/// A reorg takes blocks away and gives their transactions other places; a kill in the middle loses none.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_kill_9_while_l1_changes_its_mind() {
    let (program, folder) = (program(), tempfile::tempdir().unwrap());
    let mut clients = Clients::new();
    let mut all: Vec<Answered> = Vec::new();
    for round in 0..REORGS {
        let mezz = Mezz::up(&program, folder.path()).await;
        for promised in &all {
            place(&mezz, promised.hash, clients.seed).await;
        }
        let pause = clients.random(700);
        let end = async |mezz: &Mezz| {
            mezz.reorganise(round).await;
            tokio::time::sleep(pause).await;
        };
        all.extend(clients.load(mezz, end).await);
    }
    assert!(all.len() as u64 > 10 * REORGS, "only {} transactions were answered", all.len());
    let log = fs::read_to_string(folder.path().join("test.log")).unwrap();
    assert!(log.contains("blocks displaced by L1"), "no reorg displaced anything");
    let mezz = Mezz::up(&program, folder.path()).await;
    finish(mezz, &program, folder.path(), &all, clients.seed).await;
}

/// Waits until all of it is safe, and rebuilds the chain from L1.
async fn finish(mezz: Mezz, program: &Path, folder: &Path, all: &[Answered], seed: u64) {
    let began = Instant::now();
    let last = loop {
        let mut last = U64::ZERO;
        for answered in all {
            last = last.max(place(&mezz, answered.hash, seed).await.block);
        }
        let safe = mezz.ask("eth_getBlockByNumber", json!(["safe", false])).await;
        if serde_json::from_value::<U64>(safe["number"].clone()).unwrap() >= last {
            break last;
        }
        assert!(began.elapsed() < READY, "block {last} does not become safe\n{}", tail(folder));
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    mezz.stop();
    let resync =
        Command::new(program).args(["resync", "--json", "--datadir"]).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&resync.stderr);
    assert!(resync.status.success(), "{said}");
    let answer: Value = serde_json::from_slice(&resync.stdout).unwrap();
    assert!(answer["blocks"].as_u64().unwrap() >= last.to::<u64>(), "{answer}");
    assert_eq!(answer["compared"], answer["blocks"]);
}
