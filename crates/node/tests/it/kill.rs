//! kill -9 of the real program under load: whatever was answered is there after the restart, where the answer said it would be.

use crate::user::User;
use alloy::{
    primitives::{Address, B256, U64},
    providers::{DynProvider, Provider, ProviderBuilder},
    transports::TransportError,
};
use serde_json::{Value, json};
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const KILLS: u64 = 20;
const SENDERS: u32 = 4;
/// How long the program may take to be ready.
const READY: Duration = Duration::from_secs(60);

/// The program, built by `make test` before the tests; `None` without it.
fn program() -> Option<PathBuf> {
    let beside = || {
        let test = env::current_exe().ok()?;
        Some(test.parent()?.parent()?.join("mezz"))
    };
    env::var_os("MEZZ").map(PathBuf::from).or_else(beside).filter(|path| path.exists())
}

/// A running `mezz up`; killed when it is dropped.
struct Mezz {
    child: Child,
    l2: DynProvider,
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
                let url = file["l2"]["rpc"].as_str().unwrap().parse().unwrap();
                return Self { child, l2: ProviderBuilder::new().connect_http(url).erased() };
            }
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < READY, "{}", tail(folder));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn ask(&self, method: &'static str, params: Value) -> Value {
        ask(&self.l2, method, params).await.unwrap()
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

/// Everything that was answered is where it was said to be.
async fn check(mezz: &Mezz, answered: &[Answered], seed: u64) {
    for promised in answered {
        let receipt = mezz.ask("eth_getTransactionReceipt", json!([promised.hash])).await;
        assert!(!receipt.is_null(), "{promised:?} is lost; replay with MEZZ_SEED={seed}");
        assert_eq!(Answered::read(&receipt), *promised, "replay with MEZZ_SEED={seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_kill_9() {
    let Some(program) = program() else {
        println!(
            "skipped: there is no `mezz`; build it with `cargo build --release --bin mezz`, or name it in MEZZ"
        );
        return;
    };
    let seed: u64 = env::var("MEZZ_SEED").map_or(1, |seed| seed.parse().unwrap());
    let mut random = seed;
    let folder = tempfile::tempdir().unwrap();
    let mut users: Vec<_> = (0..SENDERS).map(User::new).collect();
    let mut all: Vec<Answered> = Vec::new();
    let mut last_round: Vec<Answered> = Vec::new();
    for round in 0..=KILLS {
        let mezz = Mezz::up(&program, folder.path()).await;
        check(&mezz, &last_round, seed).await;
        all.append(&mut last_round);
        if round == KILLS {
            finish(mezz, &program, folder.path(), &all, seed).await;
            break;
        }
        let mut loads = Vec::new();
        for user in &mut users {
            let count =
                mezz.ask("eth_getTransactionCount", json!([user.address(), "pending"])).await;
            let nonce = serde_json::from_value::<U64>(count).unwrap().to::<u64>();
            // What was not answered may be there or not, in the order of its nonces.
            assert!(nonce >= user.nonce.saturating_sub(1), "round {round}, MEZZ_SEED={seed}");
            user.nonce = nonce;
            loads.push(tokio::spawn(load(mezz.l2.clone(), user.clone())));
        }
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        tokio::time::sleep(Duration::from_millis(100 + (random >> 33) % 1_400)).await;
        mezz.kill();
        for (load, user) in loads.into_iter().zip(&mut users) {
            let answered = load.await.unwrap();
            user.nonce += answered.len() as u64;
            last_round.extend(answered);
        }
    }
    assert!(all.len() as u64 > 10 * KILLS, "only {} transactions were answered", all.len());
}

/// Waits until all of it is safe, checks all of it once more, and rebuilds the chain from L1.
async fn finish(mezz: Mezz, program: &Path, folder: &Path, all: &[Answered], seed: u64) {
    check(&mezz, all, seed).await;
    let last = all.iter().map(|answered| answered.block).max().unwrap();
    let began = Instant::now();
    loop {
        let safe = mezz.ask("eth_getBlockByNumber", json!(["safe", false])).await;
        if serde_json::from_value::<U64>(safe["number"].clone()).unwrap() >= last {
            break;
        }
        assert!(began.elapsed() < READY, "block {last} does not become safe\n{}", tail(folder));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    mezz.stop();
    let resync =
        Command::new(program).args(["resync", "--json", "--datadir"]).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&resync.stderr);
    assert!(resync.status.success(), "{said}");
    let answer: Value = serde_json::from_slice(&resync.stdout).unwrap();
    assert!(answer["blocks"].as_u64().unwrap() >= last.to::<u64>(), "{answer}");
    assert_eq!(answer["compared"], answer["blocks"]);
}
