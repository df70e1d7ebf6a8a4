//! Who may ask what on a private chain: each method for each role, over HTTP and WebSocket.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;

use alloy::{
    primitives::{Address, B256, Bytes, TxKind, U256, keccak256},
    providers::{Provider, ProviderBuilder, WsConnect},
    rpc::types::Filter,
    transports::http::reqwest,
};
use chain::{COUNTER, TestBackend, TestChain, signer};
use futures::StreamExt;
use mezz_evm::Layer;
use mezz_primitives::predeploys::{ERC20_FACTORY, MESSAGE_PASSER};
use mezz_rpc::{Limits, Server, access::AccessList};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::net::TcpListener;

/// Accounts by number: the tenant's, and another's.
const OWN: u8 = 1;
const OTHER: u8 = 2;
/// Where nobody has code, and who belongs to nobody.
const NOBODY: Address = Address::repeat_byte(0x99);

struct World {
    chain: Arc<TestChain>,
    address: SocketAddr,
    server: Server,
    list: AccessList,
    file: PathBuf,
    /// A transaction of the tenant's, of another's, and of another's to the tenant.
    own: B256,
    others: B256,
    received: B256,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

fn account(number: u8) -> Address {
    signer(number).address()
}

fn file() -> String {
    let hash = |token: &str| sha256(token);
    format!(
        r#"
[[reader]]
name = "operator"
role = "operator"
tokens = ["{}"]
[[reader]]
name = "auditor"
role = "auditor"
tokens = ["{}"]
[[tenant]]
name = "acme"
accounts = ["{}"]
tokens = ["{}"]
[[contract]]
address = "{COUNTER}"
functions = [{{ signature = "of(address)", own = [0] }}, {{ signature = "all()" }}]
"#,
        hash("operator"),
        hash("auditor"),
        account(OWN),
        hash("tenant")
    )
}

fn sha256(text: &str) -> String {
    use std::io::Write;
    let mut child = std::process::Command::new("sha256sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()[..64].to_owned()
}

async fn world() -> World {
    world_with(Limits::default(), 0).await
}

/// The same with other limits, and more transactions of the other one's in the block.
async fn world_with(limits: Limits, more: u64) -> World {
    let chain = TestChain::new(Layer::Two);
    let send = |index: u8, nonce: u64, to: Address, input: &'static [u8]| {
        let bytes = chain.sign(index, nonce, TxKind::Call(to), 1, Bytes::from_static(input));
        let hash = keccak256(&bytes);
        chain.execute(mezz_evm::SignedTransaction::decode(bytes).unwrap()).unwrap();
        hash
    };
    let own = send(OWN, 0, COUNTER, &[1]);
    let others = send(OTHER, 0, COUNTER, &[1]);
    let received = send(OTHER, 1, account(OWN), &[]);
    for nonce in 0..more {
        send(OTHER, 2 + nonce, COUNTER, &[1]);
    }
    chain.seal();
    let file = std::env::temp_dir().join(format!(
        "mezz-access-{}-{}.toml",
        std::process::id(),
        rand_suffix()
    ));
    std::fs::write(&file, self::file()).unwrap();
    let list = AccessList::read(&file).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let backend = TestBackend::new(chain.clone());
    let server = Server::with_access(backend, limits, Some(list.clone()));
    let serving = server.clone();
    tokio::spawn(async move {
        serving.serve(listener, axum::Router::new(), std::future::pending()).await
    });
    World { chain, address, server, list, file, own, others, received }
}

fn rand_suffix() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl World {
    async fn post(&self, token: &str, body: Value) -> Value {
        let mut request = reqwest::Client::new()
            .post(format!("http://{}", self.address))
            .header("content-type", "application/json")
            .body(body.to_string());
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
    }

    async fn answer(&self, token: &str, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.post(token, body).await
    }

    /// The result; an error fails the test.
    async fn ask(&self, token: &str, method: &str, params: Value) -> Value {
        let mut answer = self.answer(token, method, params).await;
        assert!(answer.get("error").is_none(), "{token} {method}: {answer}");
        answer["result"].take()
    }

    /// Whether the policy refuses; any other error is not its business.
    async fn refuses(&self, token: &str, method: &str, params: Value) -> bool {
        self.answer(token, method, params).await["error"]["code"] == -32001
    }
}

/// Who may call: nobody without a token, a tenant about its own, a tenant about others', an auditor, an operator.
type Expected = [bool; 5];
const ALL: Expected = [true, true, true, true, true];
const OWN_ONLY: Expected = [false, true, false, true, true];
const TENANTS: Expected = [false, true, true, true, true];
const AUDITORS: Expected = [false, false, false, true, true];
const OPERATORS: Expected = [false, false, false, false, true];

#[tokio::test(flavor = "multi_thread")]
async fn each_method_is_for_whom_the_table_says() {
    let world = world().await;
    let (own, other) = (account(OWN), account(OTHER));
    let of = |account: Address| json!([account, "latest"]);
    let raw = |index: u8, nonce: u64| {
        json!([world.chain.sign(index, nonce, TxKind::Call(NOBODY), 1, Bytes::new())])
    };
    let call = |from: Address, to: Address, input: String| json!([{ "from": from, "to": to, "input": input }, "latest"]);
    let balance_of = |account: Address| {
        format!(
            "0x{}{}",
            &alloy::hex::encode(&keccak256("of(address)")[..4]),
            alloy::hex::encode(account.into_word())
        )
    };
    let all = format!("0x{}", alloy::hex::encode(&keccak256("all()")[..4]));
    // Where an account lies in the mapping in slot 0 of a contract.
    let proof = |of: Address, account: Address| {
        let slot = keccak256([account.into_word(), B256::ZERO].concat());
        json!([of, [slot], "latest"])
    };
    let cases: Vec<(&str, Value, Value, Expected)> = vec![
        ("eth_chainId", json!([]), json!([]), ALL),
        ("eth_blockNumber", json!([]), json!([]), ALL),
        ("eth_gasPrice", json!([]), json!([]), ALL),
        ("eth_syncing", json!([]), json!([]), ALL),
        ("eth_getBlockByNumber", json!(["0x1", true]), json!(["0x1", false]), ALL),
        ("eth_getHeaderByNumber", json!(["0x1"]), json!(["0x1"]), ALL),
        ("rpc.discover", json!([]), json!([]), ALL),
        ("eth_feeHistory", json!(["0x1", "latest", []]), json!(["0x1", "latest", []]), TENANTS),
        ("eth_getLogs", json!([{}]), json!([{}]), TENANTS),
        ("eth_getBlockReceipts", json!(["0x1"]), json!(["0x1"]), TENANTS),
        ("eth_getTransactionByHash", json!([world.own]), json!([world.others]), TENANTS),
        ("eth_newFilter", json!([{}]), json!([{}]), TENANTS),
        ("eth_getBalance", of(own), of(other), OWN_ONLY),
        ("eth_getTransactionCount", of(own), of(other), OWN_ONLY),
        ("eth_getAccountInfo", of(own), of(other), OWN_ONLY),
        ("eth_getAccount", of(own), of(other), OWN_ONLY),
        ("eth_getProof", json!([own, [], "latest"]), json!([other, [], "latest"]), OWN_ONLY),
        ("eth_getProof", proof(MESSAGE_PASSER, NOBODY), proof(NOBODY, own), OWN_ONLY),
        ("eth_getProof", proof(COUNTER, own), proof(COUNTER, other), OWN_ONLY),
        ("eth_getProof", proof(ERC20_FACTORY, COUNTER), proof(ERC20_FACTORY, NOBODY), OWN_ONLY),
        ("eth_getCode", of(COUNTER), of(NOBODY), OWN_ONLY),
        (
            "eth_call",
            call(own, COUNTER, balance_of(own)),
            call(own, COUNTER, balance_of(other)),
            OWN_ONLY,
        ),
        ("eth_call", call(own, COUNTER, all.clone()), call(other, COUNTER, all.clone()), OWN_ONLY),
        ("eth_call", call(own, NOBODY, "0x".into()), call(own, COUNTER, "0x".into()), OWN_ONLY),
        (
            "eth_call",
            call(own, COUNTER, all.clone()),
            call(own, COUNTER, "0x01020304".into()),
            OWN_ONLY,
        ),
        (
            "eth_call",
            call(own, COUNTER, balance_of(own)),
            call(own, COUNTER, balance_of(own)[..40].into()),
            OWN_ONLY,
        ),
        (
            "eth_call",
            call(own, COUNTER, balance_of(own)),
            json!([{ "to": COUNTER, "input": all }]),
            OWN_ONLY,
        ),
        (
            "eth_call",
            call(own, COUNTER, balance_of(own)),
            json!([{ "from": own, "input": "0x00" }]),
            OWN_ONLY,
        ),
        (
            "eth_call",
            json!([{ "from": own, "to": COUNTER, "input": all }, "latest", null]),
            json!([{ "from": own, "to": COUNTER, "input": all }, "latest", { COUNTER.to_string(): { "code": "0x00" } }]),
            OWN_ONLY,
        ),
        (
            "eth_estimateGas",
            call(own, NOBODY, "0x".into()),
            call(other, NOBODY, "0x".into()),
            OWN_ONLY,
        ),
        (
            "eth_getStorageAt",
            json!([own, "0x0", "latest"]),
            json!([COUNTER, "0x0", "latest"]),
            AUDITORS,
        ),
        (
            "eth_createAccessList",
            call(own, COUNTER, all.clone()),
            call(own, COUNTER, all.clone()),
            AUDITORS,
        ),
        (
            "eth_simulateV1",
            json!([{ "blockStateCalls": [] }]),
            json!([{ "blockStateCalls": [] }]),
            AUDITORS,
        ),
        ("eth_getBlockTransactionCountByNumber", json!(["0x1"]), json!(["0x1"]), AUDITORS),
        (
            "eth_getRawTransactionByBlockNumberAndIndex",
            json!(["0x1", "0x0"]),
            json!(["0x1", "0x1"]),
            AUDITORS,
        ),
        ("debug_traceTransaction", json!([world.own]), json!([world.others]), AUDITORS),
        ("debug_getRawBlock", json!(["0x1"]), json!(["0x1"]), AUDITORS),
        ("trace_transaction", json!([world.own]), json!([world.others]), AUDITORS),
        ("ots_getBlockTransactions", json!([1, 0, 9]), json!([1, 0, 9]), AUDITORS),
        ("txpool_content", json!([]), json!([]), AUDITORS),
        ("txpool_status", json!([]), json!([]), AUDITORS),
        ("eth_sign", json!([own, "0x01"]), json!([own, "0x01"]), OPERATORS),
        ("eth_sendTransaction", json!([{ "from": own }]), json!([{ "from": other }]), OPERATORS),
        ("personal_sign", json!(["0x01", own]), json!(["0x01", own]), OPERATORS),
        ("testing_buildBlockV1", json!([{}]), json!([{}]), OPERATORS),
        ("mezz_takeProof", json!([]), json!([]), OPERATORS),
        ("admin_stopSequencer", json!([]), json!([]), OPERATORS),
        // An auditor writes nothing.
        ("eth_sendRawTransaction", raw(OWN, 1), raw(OTHER, 2), [false, true, false, false, true]),
        (
            "eth_sendRawTransactionSync",
            raw(OWN, 2),
            raw(OTHER, 3),
            [false, true, false, false, true],
        ),
    ];
    for (method, about_own, about_others, expected) in cases {
        let asked = [
            ("", &about_own),
            ("tenant", &about_own),
            ("tenant", &about_others),
            ("auditor", &about_others),
            ("operator", &about_others),
        ];
        for ((token, params), allowed) in asked.into_iter().zip(expected) {
            let refused = world.refuses(token, method, params.clone()).await;
            assert_eq!(refused, !allowed, "{method} {params} of {token:?}");
        }
        assert!(world.refuses("stranger", method, about_own).await, "{method} of a wrong token");
    }
}

/// A tenant can prove its withdrawal; how much ether all others have withdrawn is not in that.
#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_a_withdrawal_says_nothing_of_the_ether_of_others() {
    let world = world().await;
    let about = json!([MESSAGE_PASSER, [B256::ZERO], "latest"]);
    let whole = world.answer("auditor", "eth_getProof", about.clone()).await["result"].clone();
    let cut = world.answer("tenant", "eth_getProof", about).await["result"].clone();
    assert_eq!((&cut["balance"], &cut["accountProof"]), (&json!("0x0"), &json!([])));
    assert!(!whole["accountProof"].as_array().unwrap().is_empty());
    assert_eq!(
        (&cut["storageHash"], &cut["storageProof"]),
        (&whole["storageHash"], &whole["storageProof"])
    );
    // Nor the proof of a listed contract's slot; without a slot there is nothing of the tenant's in it.
    let slot = keccak256([account(OWN).into_word(), B256::ZERO].concat());
    let about = json!([COUNTER, [slot], "latest"]);
    let cut = world.answer("tenant", "eth_getProof", about).await["result"].clone();
    assert_eq!((&cut["balance"], &cut["accountProof"]), (&json!("0x0"), &json!([])));
    assert!(world.refuses("tenant", "eth_getProof", json!([COUNTER, [], "latest"])).await);
    let own = json!([account(OWN), [], "latest"]);
    let own = world.answer("tenant", "eth_getProof", own).await["result"].clone();
    assert_ne!((&own["balance"], &own["accountProof"]), (&json!("0x0"), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_no_table_is_refused_to_all_but_the_host() {
    let world = world().await;
    for token in ["", "tenant", "auditor", "operator"] {
        assert!(world.refuses(token, "evm_snapshot", json!([])).await, "{token}");
    }
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x9999999999999999999999999999999999999999"]}"#;
    assert!(world.server.answer(body).await.contains("result"), "the host asks what it likes");
    let refusal = world.answer("tenant", "debug_traceTransaction", json!([world.own])).await;
    let message = refusal["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("auditors and operators"), "{message}");
    let mut metrics = String::new();
    world.server.metrics().render("x", &mut metrics);
    let refused =
        "x_rpc_server_refusals_total{role=\"tenant\",method=\"debug_traceTransaction\"} 1";
    assert!(metrics.contains(refused), "{metrics}");
    assert!(
        metrics.contains("refusals_total{role=\"operator\",method=\"unknown\"} 1"),
        "{metrics}"
    );
    world.ask("auditor", "eth_getBalance", json!([account(OWN), "latest"])).await;
    metrics.clear();
    world.server.metrics().render("x", &mut metrics);
    assert!(
        metrics.contains("x_rpc_server_auditor_reads_total{method=\"eth_getBalance\"} 1"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_sees_its_own_transactions_and_no_others() {
    let world = world().await;
    let hashes = |block: &Value| {
        let transactions = block["transactions"].as_array().unwrap().iter();
        let hash = |entry: &Value| match entry {
            Value::String(hash) => hash.clone(),
            entry => entry["hash"].as_str().unwrap().to_owned(),
        };
        transactions.map(hash).collect::<Vec<_>>()
    };
    let (own, received) = (world.own.to_string(), world.received.to_string());
    for full in [true, false] {
        let of = async |token| {
            hashes(&world.ask(token, "eth_getBlockByNumber", json!(["0x1", full])).await)
        };
        assert_eq!(of("tenant").await, [own.clone(), received.clone()]);
        assert_eq!(of("").await, [""; 0]);
        assert_eq!(of("auditor").await.len(), 3);
    }
    // What tells of others' transactions to who guesses them is blank.
    let header =
        async |token| world.ask(token, "eth_getBlockByNumber", json!(["0x1", false])).await;
    let (seen, public, whole) =
        (header("tenant").await, header("").await, header("operator").await);
    for field in ["logsBloom", "gasUsed", "size", "receiptsRoot", "transactionsRoot"] {
        assert_ne!(seen[field], whole[field], "{field}");
        assert_eq!(seen[field], public[field], "{field}");
    }
    assert_eq!(seen["stateRoot"], whole["stateRoot"], "proofs are checked against it");
    for field in ["stateRoot", "withdrawalsRoot"] {
        assert_eq!(public[field], json!(B256::ZERO), "{field}");
        assert_eq!(seen[field], whole[field], "{field}");
    }
    assert_eq!((&seen["hash"], &public["number"]), (&whole["hash"], &whole["number"]));

    for method in
        ["eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getRawTransactionByHash"]
    {
        assert!(!world.ask("tenant", method, json!([world.own])).await.is_null(), "{method}");
        assert!(!world.ask("tenant", method, json!([world.received])).await.is_null(), "{method}");
        assert!(world.ask("tenant", method, json!([world.others])).await.is_null(), "{method}");
        assert!(world.ask("tenant", method, json!([B256::ZERO])).await.is_null(), "{method}");
    }
    let receipts = world.ask("tenant", "eth_getBlockReceipts", json!(["0x1"])).await;
    assert_eq!(receipts.as_array().unwrap().len(), 2);
    let at = async |index: &str| {
        world.ask("tenant", "eth_getTransactionByBlockNumberAndIndex", json!(["0x1", index])).await
    };
    assert!(!at("0x0").await.is_null() && at("0x1").await.is_null() && !at("0x2").await.is_null());
    // The counter logs for whoever calls it.
    let logs = async |token| {
        let found = world.ask(token, "eth_getLogs", json!([{ "fromBlock": "0x1" }])).await;
        found
            .as_array()
            .unwrap()
            .iter()
            .map(|log| log["transactionHash"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(logs("tenant").await, [json!(world.own)]);
    assert_eq!(logs("operator").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_of_a_batch_is_judged_alone() {
    let world = world().await;
    let call = |id: u8, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let batch = json!([
        call(1, "eth_getBalance", json!([account(OWN), "latest"])),
        call(2, "eth_getBalance", json!([account(OTHER), "latest"])),
        call(3, "eth_chainId", json!([])),
        call(4, "debug_getRawBlock", json!(["0x1"])),
    ]);
    let answers = world.post("tenant", batch).await;
    let codes: Vec<_> =
        answers.as_array().unwrap().iter().map(|answer| answer["error"]["code"].clone()).collect();
    assert_eq!(codes, [Value::Null, json!(-32001), Value::Null, json!(-32001)]);
}

/// What is cut away was made and read all the same: it counts, and whoever sees no transaction has none made.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_pays_for_what_is_cut_from_its_answers() {
    let limits = Limits { answer_bytes_max: 300_000, ..Limits::default() };
    let world = world_with(limits, 60).await;
    let call = |id: u64| json!({ "jsonrpc": "2.0", "id": id, "method": "eth_getBlockByNumber", "params": ["0x1", true] });
    let batch: Value = (0..80).map(call).collect();
    let refused = async |token| {
        let answers = world.post(token, batch.clone()).await;
        let answers = answers.as_array().unwrap().clone();
        answers.iter().filter(|answer| answer["error"]["code"] == -32003).count()
    };
    assert_eq!(refused("").await, 0, "headers alone are far from the limit");
    // Its own two of 63 transactions are 3 kB, and the block that they are cut from 50.
    assert!(refused("tenant").await > 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_block_is_judged_where_it_is_executed() {
    let world = world().await;
    let init: &[u8] = &[0x5f, 0x5f, 0x53, 0x60, 0x01, 0x5f, 0xf3];
    let contract = account(OTHER).create(2);
    let transfer = json!([{ "from": account(OWN), "to": contract }]);
    for method in ["eth_estimateGas", "eth_call"] {
        assert!(!world.refuses("tenant", method, transfer.clone()).await, "{method}");
    }
    // It is there in the pending block only.
    let bytes = world.chain.sign(OTHER, 2, TxKind::Create, 0, Bytes::from_static(init));
    world.chain.execute(mezz_evm::SignedTransaction::decode(bytes).unwrap()).unwrap();
    for method in ["eth_estimateGas", "eth_call"] {
        assert!(world.refuses("tenant", method, transfer.clone()).await, "{method}");
    }
    // And in a block of before it was not.
    world.chain.seal();
    let before = json!([{ "from": account(OWN), "to": contract }, "0x1"]);
    assert!(world.refuses("tenant", "eth_estimateGas", before).await);
}

/// How full blocks were is the gas that headers hide; rewards are what others paid.
#[tokio::test(flavor = "multi_thread")]
async fn prices_of_the_past_say_nothing_of_others() {
    let world = world().await;
    let history =
        async |token| world.ask(token, "eth_feeHistory", json!(["0x1", "0x1", [10, 90]])).await;
    let (seen, whole) = (history("tenant").await, history("operator").await);
    assert_eq!((&seen["gasUsedRatio"], &seen["reward"]), (&json!([0.0]), &json!([["0x0", "0x0"]])));
    assert_ne!(whole["gasUsedRatio"], seen["gasUsedRatio"]);
    assert_ne!(whole["reward"], seen["reward"]);
    assert_eq!(whole["baseFeePerGas"], seen["baseFeePerGas"]);
}

/// Neither filters nor the count of logs are one pool for all.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_anothers_share() {
    let limits = Limits { filters_max: 2, filters_each_max: 2, logs_max: 3, ..Limits::default() };
    let world = world_with(limits, 9).await;
    let add = async |token| {
        let answer = world.answer(token, "eth_newFilter", json!([{}])).await;
        answer["result"].is_string()
    };
    let more = [add("tenant").await, add("tenant").await, add("tenant").await];
    assert_eq!(more, [true, true, false]);
    assert!(add("auditor").await && add("operator").await);
    // Others' logs are not counted.
    let logs = world.ask("tenant", "eth_getLogs", json!([{ "fromBlock": "0x1" }])).await;
    assert_eq!(logs.as_array().unwrap().len(), 1);
    let whole = world.answer("operator", "eth_getLogs", json!([{ "fromBlock": "0x1" }])).await;
    assert_eq!(whole["error"]["code"], -32005, "{whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_subscriptions_find_a_tenants_own() {
    let world = world().await;
    let filter = world.ask("tenant", "eth_newFilter", json!([{}])).await;
    let arrivals = world.ask("tenant", "eth_newPendingTransactionFilter", json!([])).await;
    let blocks = world.ask("tenant", "eth_newBlockFilter", json!([])).await;
    let connect = |token: &'static str| {
        let url = format!("ws://{}", world.address);
        ProviderBuilder::new().connect_ws(
            WsConnect::new(url).with_auth(alloy::transports::Authorization::bearer(token)),
        )
    };
    let tenant = connect("tenant").await.unwrap();
    let mut logs = tenant.subscribe_logs(&Filter::new()).await.unwrap().into_stream();
    let mut heads = tenant.subscribe_blocks().await.unwrap().into_stream();
    let mut pending = tenant.subscribe_pending_transactions().await.unwrap().into_stream();
    let send = |index: u8, nonce: u64, to: Address, input: &'static [u8]| {
        let bytes = world.chain.sign(index, nonce, TxKind::Call(to), 0, Bytes::from_static(input));
        let hash = keccak256(&bytes);
        world.chain.execute(mezz_evm::SignedTransaction::decode(bytes).unwrap()).unwrap();
        hash
    };
    send(OTHER, 2, COUNTER, &[1]);
    let own = send(OWN, 1, COUNTER, &[1]);
    world.chain.seal();
    let wait = Duration::from_secs(5);
    let log = tokio::time::timeout(wait, logs.next()).await.unwrap().unwrap();
    assert_eq!(log.transaction_hash, Some(own));
    let head = tokio::time::timeout(wait, heads.next()).await.unwrap().unwrap();
    assert_eq!((head.number, head.gas_used, head.logs_bloom), (2, 0, Default::default()));
    let arrived = tokio::time::timeout(wait, pending.next()).await.unwrap().unwrap();
    assert_eq!(arrived, own);
    assert!(tokio::time::timeout(Duration::from_millis(200), logs.next()).await.is_err());

    let found =
        async |filter: &Value| world.ask("tenant", "eth_getFilterChanges", json!([filter])).await;
    let logs = found(&filter).await;
    assert_eq!(logs.as_array().unwrap().len(), 1);
    assert_eq!(logs[0]["transactionHash"], json!(own));
    assert_eq!(found(&arrivals).await, json!([own]));
    assert_eq!(found(&blocks).await.as_array().unwrap().len(), 1);
    // Whoever else polls it sees only its own.
    assert!(world.refuses("", "eth_getFilterChanges", json!([filter])).await);

    let public = connect("").await;
    assert!(public.is_ok());
    let plain = ProviderBuilder::new()
        .connect_ws(WsConnect::new(format!("ws://{}", world.address)))
        .await
        .unwrap();
    assert!(plain.subscribe_logs(&Filter::new()).await.is_err());
    let mut metrics = String::new();
    world.server.metrics().render("x", &mut metrics);
    let refused = "x_rpc_server_refusals_total{role=\"public\",method=\"eth_subscribe\"} 1";
    assert!(metrics.contains(refused), "{metrics}");
    assert!(plain.subscribe_blocks().await.is_ok());
}

/// A token that is taken off the list is worth nothing, on open connections too.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_file_says_counts_from_its_reload_on() {
    let world = world().await;
    let url = format!("ws://{}", world.address);
    let tenant = ProviderBuilder::new()
        .connect_ws(
            WsConnect::new(url).with_auth(alloy::transports::Authorization::bearer("tenant")),
        )
        .await
        .unwrap();
    assert!(tenant.get_balance(account(OWN)).await.unwrap() > U256::ZERO);
    let mut logs = tenant.subscribe_logs(&Filter::new()).await.unwrap().into_stream();
    std::fs::write(&world.file, file().replace(&sha256("tenant"), &sha256("another"))).unwrap();
    assert!(world.list.reload().unwrap());
    assert!(tenant.get_balance(account(OWN)).await.is_err());
    assert!(world.refuses("tenant", "eth_chainId", json!([])).await);
    assert!(!world.refuses("another", "eth_getBalance", json!([account(OWN), "latest"])).await);
    let bytes = world.chain.sign(OWN, 1, TxKind::Call(COUNTER), 0, Bytes::from_static(&[1]));
    world.chain.execute(mezz_evm::SignedTransaction::decode(bytes).unwrap()).unwrap();
    world.chain.seal();
    assert!(tokio::time::timeout(Duration::from_millis(300), logs.next()).await.is_err());
}
