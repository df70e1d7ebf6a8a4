//! A private chain: members see what they sign and keep it sealed, readers' nodes derive, tenants see their own.

use crate::{
    committee::{Club, batch_of},
    user::User,
    world::{CHALLENGER, L2, Settings, wait},
};
use alloy::{
    primitives::{Address, B256, Bytes, keccak256},
    transports::http::reqwest,
};
use mezz_da::{
    CommitteeClient, Endpoint, MemberConfig,
    private::{AccessKey, OwnTransaction},
};
use mezz_l1::{
    contracts::DaChallenge,
    deploy::{DemandersIntent, Intent, dev_key},
};
use mezz_node::{CommitteeAccess, Role};
use mezz_primitives::Fallback;
use mezz_rpc::{Limits, Server, access::AccessList};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

const TARGET: Address = Address::repeat_byte(0x77);
const OPERATOR: u8 = 40;
const SECOND: u8 = 41;
const AUDITOR: u8 = 42;
const TENANT: u8 = 43;
const STRANGER: u8 = 44;
/// Dev account of the tenant, and one of nobody's.
const ACME: u32 = 5;
const OTHER: u32 = 6;
/// `printf %s tenant | sha256sum`
const TENANT_TOKEN: &str = "e9da86d351cf9a7642d8c50195c3f466220911a15c177809bd1161a51e8c5f24";

fn access(number: u8) -> AccessKey {
    AccessKey::from_bytes(&B256::repeat_byte(number))
}

/// A member of a private chain, with the access key of its number.
fn sealed(config: &mut MemberConfig, member: u32) {
    let file = config.data.with_extension("access");
    fs::write(&file, access(member as u8 + 1).to_bytes().to_string()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    config.private_key_file = Some(file);
    config.chains[0].private = true;
    config.chains[0].must_read = [access(AUDITOR).public()].into();
}

async fn club() -> Club {
    Club::with(demanded_by_few, sealed).await
}

/// Only the dev account of the challenger may demand payloads.
fn demanded_by_few(intent: &mut Intent) {
    let committee = intent.committee.as_mut().unwrap();
    committee.rules.fallback = Fallback::Stop;
    // Long enough for a second look after the first, in a test.
    (committee.rules.challenge_window, committee.rules.freeze_delay) = (90, 600);
    let delay = 2 * committee.rules.challenge_window;
    let first = vec![dev_key(CHALLENGER).address()];
    committee.demanders = Some(DemandersIntent { first, delay });
}

/// The access file of the chain.
fn list(club: &Club) -> AccessList {
    let reader = |name: &str, role: &str, number: u8| {
        format!(
            "[[reader]]\nname = \"{name}\"\nrole = \"{role}\"\nkey = \"{}\"\n",
            access(number).public()
        )
    };
    let mut text: String =
        (1..=3).map(|number| reader(&format!("member {number}"), "member", number)).collect();
    text += &reader("operator", "operator", OPERATOR);
    text += &reader("second", "operator", SECOND);
    text += &reader("auditor", "auditor", AUDITOR);
    text += &format!(
        "[[tenant]]\nname = \"acme\"\nkey = \"{}\"\naccounts = [\"{}\"]\ntokens = [\"{TENANT_TOKEN}\"]\n",
        access(TENANT).public(),
        User::new(ACME).address()
    );
    let path = club.place(0).with_file_name("access.toml");
    fs::write(&path, text).unwrap();
    AccessList::read(path).unwrap()
}

fn with_key(club: &Club, number: u8) -> CommitteeAccess {
    let (key, list) = (Some(access(number)), Some(list(club)));
    CommitteeAccess { access_key: key, access_list: list, ..club.access() }
}

fn operator(club: &Club) -> Settings {
    Settings { committee: with_key(club, OPERATOR), ..Settings::operator() }
}

fn reader(club: &Club, number: u8) -> Settings {
    Settings { committee: with_key(club, number), ..Settings::watcher() }
}

/// Whether a text is anywhere below a folder.
fn contains(folder: &Path, text: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path: PathBuf = entry.unwrap().path();
        match path.is_dir() {
            true => contains(&path, text),
            false => fs::read(&path).unwrap().windows(text.len()).any(|window| window == text),
        }
    })
}

/// Two users' transactions on the chain, safe: the tenant's, another's, another's to the tenant.
async fn traffic(club: &Club, operator: &L2) -> [(B256, Bytes); 3] {
    let (mut acme, mut other) = (User::new(ACME), User::new(OTHER));
    for user in [&acme, &other] {
        club.world.deposit(crate::world::FUNDER, user.address(), "5").await;
        operator.wait_for_ether(user.address()).await;
    }
    let to_acme = acme.address();
    let raw = [acme.transfer(TARGET, 7), other.transfer(TARGET, 8), other.transfer(to_acme, 9)];
    for bytes in &raw {
        operator.send(bytes).await;
    }
    let sent = raw.map(|bytes| (keccak256(&bytes), bytes));
    operator.wait_safe(&sent.each_ref().map(|(hash, _)| *hash)).await;
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_derive_members_keep_nothing_in_the_clear_and_tenants_get_their_own() {
    let club = club().await;
    let operator = club.world.node(operator(&club)).await;
    let sent = traffic(&club, &operator).await;
    let batch = batch_of(&operator, sent[0].0).await;
    assert_eq!(batch["daType"], "committee");

    // Signatures stand in a payload as they are: no member has one, the operator has.
    for (_, raw) in &sent {
        let signature = &raw[raw.len() - 24..];
        assert!((0..3).all(|member| !contains(&club.place(member), signature)));
    }

    // A second node of the operator, from L1 and members alone.
    let second = club.world.node(reader(&club, SECOND)).await;
    second.wait_safe(&sent.each_ref().map(|(hash, _)| *hash)).await;
    assert!(operator.assert_same(&second) > 0);

    // What L1 knows of a payload nobody confirms by guessing: it has random padding.
    let payload = payload_of(&club, &operator, sent[0].0).await;
    assert!(payload.len().is_multiple_of(4_096) && payload[1] & 0x80 != 0);
    assert!(payload[4..36].iter().any(|byte| *byte != 0));

    // Whoever is no reader derives nothing.
    let stranger = club.world.node(reader(&club, STRANGER)).await;
    wait("the stranger to have read L1", async || stranger.node.progress().posted > 0).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stranger.node.progress().derived, 0);
    // Who has no key does not start, whatever its roles: it would take what it is not shown for withheld, and demand it.
    for mut settings in [club.watcher(), challenger(club.access())] {
        settings.committee.access_list = Some(list(&club));
        let error = club.world.try_node_in(club.world.place(), settings).await.err().unwrap();
        assert!(error.to_string().contains("--access-key FILE"), "{error}");
    }

    // The tenant's records, and nobody else's.
    let endpoints = club.access().members;
    let client = CommitteeClient::new(0, Address::ZERO, endpoints, None, None).unwrap();
    let lists = client.records(&access(TENANT), 0).await.into_iter();
    let places: BTreeSet<_> = lists.flat_map(|(_, list)| list.unwrap_or_default()).collect();
    let mut own: Vec<OwnTransaction> = Vec::new();
    for place in &places {
        let shown = client.record(place.payload_hash, &access(TENANT)).await;
        let record = shown.into_iter().find_map(|(_, record)| record.ok()).unwrap();
        own.extend(record.open(&access(TENANT)).unwrap().transactions);
    }
    let signed: Vec<&Bytes> = own.iter().map(|own| &own.signed).collect();
    assert_eq!(signed, [&sent[0].1, &sent[2].1]);
    for (own, (hash, _)) in own.iter().zip([&sent[0], &sent[2]]) {
        let (block, position) = operator.store.transaction(*hash).unwrap().unwrap();
        assert_eq!((own.block_number, own.position), (block.header.number, position as u32));
    }
    over_rpc(&club, &operator, &sent).await;
}

/// The payload of the batch with a transaction, as an auditor gets it from members.
async fn payload_of(club: &Club, operator: &L2, transaction: B256) -> Vec<u8> {
    let index = batch_of(operator, transaction).await["index"].as_u64().unwrap();
    let chain = &club.world.deployment.config;
    let inbox = club.world.deployment.contracts.inbox;
    let members = club.access().members;
    let client = CommitteeClient::new(chain.l1_chain_id, inbox, members, None, None).unwrap();
    let (_, lists) = client.records(&access(TENANT), index).await.swap_remove(0);
    let hash = lists.unwrap().first().unwrap().payload_hash;
    let sealed = client.sealed_by_hash(hash, &access(AUDITOR)).await.unwrap();
    sealed.open(&access(AUDITOR)).unwrap().payload
}

/// A node that demands what is withheld.
fn challenger(committee: CommitteeAccess) -> Settings {
    let roles = vec![Role::Watcher, Role::Challenger];
    Settings { roles, committee, ..Settings::watcher() }
}

/// What the tenant and a stranger see over the operator's RPC.
async fn over_rpc(club: &Club, operator: &L2, sent: &[(B256, Bytes); 3]) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::with_access(operator.node.backend(), Limits::default(), Some(list(club)));
    tokio::spawn(async move {
        server.serve(listener, Default::default(), std::future::pending()).await
    });
    let ask = async |token: Option<&str>, method: &str, params: Value| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut request = reqwest::Client::new().post(&url).body(body.to_string());
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()
    };
    let tenant = Some("tenant");
    for (at, visible) in [(0, true), (1, false), (2, true)] {
        let found = ask(tenant, "eth_getTransactionReceipt", json!([sent[at].0])).await;
        assert_eq!(found["result"].is_object(), visible, "{at}: {found}");
        let number = operator.store.transaction(sent[at].0).unwrap().unwrap().0.header.number;
        let block =
            ask(tenant, "eth_getBlockByNumber", json!([format!("{number:#x}"), false])).await;
        let shown = block["result"]["transactions"].as_array().unwrap();
        assert_eq!(shown.contains(&json!(sent[at].0)), visible, "{at}: {block}");
    }
    let balance =
        ask(tenant, "eth_getBalance", json!([User::new(OTHER).address(), "latest"])).await;
    assert_eq!(balance["error"]["code"], -32001);
    let public = ask(None, "mezz_getBatches", json!([])).await;
    assert!(public["result"].is_array(), "{public}");
    let refused = ask(None, "eth_getTransactionReceipt", json!([sent[0].0])).await;
    assert_eq!(refused["error"]["code"], -32001);
}

/// A reader that has nothing of its own answers a demand with what it opens.
#[tokio::test(flavor = "multi_thread")]
async fn a_demand_is_answered_by_opening() {
    let club = club().await;
    let operator = club.world.node(operator(&club)).await;
    let sent = traffic(&club, &operator).await;
    let index = batch_of(&operator, sent[0].0).await["index"].as_u64().unwrap();
    operator.stop().await;
    let challenges = club.world.deployment.contracts.committee.unwrap().challenges;
    let tower = club.world.node(challenger(unreachable(&club, AUDITOR))).await;
    let status = async || club.world.read(challenges, &DaChallenge::statusOfCall { index }).await;
    wait("the demand", async || status().await == 1).await;
    tower.stop().await;
    let roles = vec![Role::Watcher, Role::Batcher];
    let keeper = club.world.node(Settings { roles, ..reader(&club, SECOND) }).await;
    wait("the answer", async || status().await == 2).await;
    assert!(keeper.node.progress().derived > 0);
}

/// A reader to whom members are silent.
fn unreachable(club: &Club, number: u8) -> CommitteeAccess {
    let nowhere = |member: Endpoint| Endpoint { url: "http://127.0.0.1:1".to_owned(), ..member };
    let members = club.access().members.into_iter().map(nowhere).collect();
    CommitteeAccess { members, ..with_key(club, number) }
}

/// Who is told that payloads are sealed for others does not make them public, unless members may sign only what it reads.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_listed_demander_may_not_read_it_demands_only_if_it_must_read() {
    let club = club().await;
    let operator = club.world.node(operator(&club)).await;
    let sent = traffic(&club, &operator).await;
    let index = batch_of(&operator, sent[0].0).await["index"].as_u64().unwrap();
    operator.stop().await;
    let challenges = club.world.deployment.contracts.committee.unwrap().challenges;
    let status = async || club.world.read(challenges, &DaChallenge::statusOfCall { index }).await;
    let stranger = club.world.node(challenger(with_key(&club, STRANGER))).await;
    let rules = club.world.deployment.config.committee.unwrap();
    let until = club.world.l1.latest().await.unwrap().time + rules.challenge_window / 3 + 5;
    wait("the time to demand", async || club.world.l1.latest().await.unwrap().time > until).await;
    assert_eq!(status().await, 0, "nothing is demanded");
    stranger.stop().await;
    let committee = CommitteeAccess { must_read: true, ..with_key(&club, STRANGER) };
    let _sure = club.world.node(challenger(committee)).await;
    wait("the demand", async || status().await == 1).await;
}

/// A key for payloads that anybody may have shown on L1 keeps nothing from anybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_refused_where_everybody_may_demand() {
    let stop = |intent: &mut Intent| {
        intent.committee.as_mut().unwrap().rules.fallback = Fallback::Stop;
    };
    let club = Club::with(stop, sealed).await;
    let error = club.world.try_node_in(club.world.place(), reader(&club, AUDITOR)).await;
    let error = error.err().unwrap().to_string();
    assert!(error.contains("demanders"), "{error}");
}
