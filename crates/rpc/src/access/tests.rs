//! The table has every method; the file says what it says, or why not.

use super::{AccessError, AccessFile, Rule, Who, file::Role, table::TABLE, token_hash};
use alloy::primitives::{Address, B256, address};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    sync::Arc,
};

#[test]
fn every_method_of_the_server_is_in_the_table_once() {
    let listed: BTreeMap<_, _> = TABLE.iter().copied().collect();
    assert_eq!(listed.len(), TABLE.len(), "a method is listed twice");
    let missing: Vec<_> =
        crate::methods::names().filter(|name| !listed.contains_key(name)).collect();
    assert!(missing.is_empty(), "decide who may call {missing:?}, in access/table.rs");
    // What is beside the server's own belongs to the node.
    let own: BTreeSet<_> = crate::methods::names().collect();
    let others: Vec<_> = listed.keys().filter(|name| !own.contains(*name)).collect();
    let of_node = ["mezz_", "optimism_", "admin_"];
    assert!(
        others.iter().all(|name| of_node.iter().any(|space| name.starts_with(space))),
        "{others:?}"
    );
}

/// Of anything else no part could be shown.
#[test]
fn what_is_cut_is_cut_by_a_worker() {
    for (name, _) in TABLE.iter().filter(|(_, rule)| rule.filter().is_some()) {
        let of_node = crate::methods::names().all(|own| own != *name);
        assert!(of_node || crate::methods::is_plain(name), "{name}");
    }
}

/// What shows state, traces, the pool or others' payloads is for nobody but auditors and operators, whatever is added to the table.
#[test]
fn no_namespace_of_inspection_is_for_tenants() {
    for (name, rule) in TABLE {
        let inspects = ["debug_", "trace_", "ots_", "txpool_"].iter().any(|s| name.starts_with(s));
        let changes = ["admin_", "personal_", "testing_"].iter().any(|s| name.starts_with(s));
        assert!(!inspects || *rule == Rule::Read, "{name}");
        assert!(!changes || *rule == Rule::Operator, "{name}");
    }
}

const FILE: &str = r#"
[[reader]]
name = "operator"
role = "operator"
key = "0x0101010101010101010101010101010101010101010101010101010101010101"
tokens = ["TOKEN-O"]

[[reader]]
name = "supervisor"
role = "auditor"
tokens = ["TOKEN-A"]

[[reader]]
name = "member 1"
role = "member"
key = "0x0202020202020202020202020202020202020202020202020202020202020202"

[[tenant]]
name = "acme"
key = "0x0303030303030303030303030303030303030303030303030303030303030303"
accounts = ["0x1111111111111111111111111111111111111111"]
tokens = ["TOKEN-T"]

[[contract]]
address = "0xc0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0"
functions = [{ signature = "balanceOf(address)", own = [0] }, { signature = "totalSupply()" }]
"#;

/// The file with tokens instead of their names.
fn text() -> String {
    ["O", "A", "T"].into_iter().fold(FILE.to_owned(), |text, name| {
        let hash = token_hash(&format!("secret {name}"));
        text.replace(&format!("TOKEN-{name}"), &hash.to_string())
    })
}

#[test]
fn a_file_says_who_reads_what() {
    let file = Arc::new(AccessFile::parse(&text()).unwrap());
    let who = |token: &str| file.clone().who(token_hash(token));
    assert!(matches!(who("secret O"), Who::Operator(name) if &*name == "operator"));
    assert!(matches!(who("secret A"), Who::Auditor(name) if &*name == "supervisor"));
    assert!(matches!(who("secret T"), Who::Tenant(tenant, _) if &*tenant.name == "acme"));
    assert!(matches!(who("secret"), Who::Unknown));
    assert!(matches!(who(""), Who::Unknown));
    assert_eq!(file.readers[2].role, Role::Member);
    assert_eq!(file.tenants[0].key, Some(B256::repeat_byte(3)));
    let token = address!("0xc0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0");
    let selector = |text| alloy::json_abi::Function::parse(text).unwrap().selector();
    assert_eq!(file.function(token, selector("balanceOf(address)")), Some(&[0][..]));
    assert_eq!(file.function(token, selector("totalSupply()")), Some(&[][..]));
    assert_eq!(file.function(token, selector("transfer(address,uint256)")), None);
    assert_eq!(file.function(Address::ZERO, selector("totalSupply()")), None);
    assert!(file.has_contract(token) && !file.has_contract(Address::repeat_byte(0xbf)));
    // `sha256sum` of the token: what the documentation tells to do.
    assert_eq!(
        token_hash("abc").to_string(),
        "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_line() {
    let fault = |from: &str, to: &str| {
        let changed = text().replacen(from, to, 1);
        assert_ne!(changed, text(), "{from}");
        match AccessFile::parse(&changed) {
            Err(AccessError::Content { line, reason, .. }) => (line, reason),
            other => panic!("{other:?}"),
        }
    };
    let check = |from: &str, to: &str, line: usize, says: &str| {
        let (at, reason) = fault(from, to);
        assert!(reason.contains(says), "{reason}");
        assert_eq!(at, line, "{reason}");
    };
    check("role = \"operator\"", "role = \"boss\"", 4, "unknown variant `boss`");
    check("role = \"operator\"", "rule = \"operator\"", 4, "unknown field `rule`");
    check("0x0101", "0x01", 5, "64 hexadecimal digits");
    check(&token_hash("secret A").to_string(), "my-secret-token", 11, "never itself");
    check("name = \"supervisor\"", "name = \"operator\"", 8, "somebody else's");
    check(
        &token_hash("secret A").to_string(),
        &token_hash("secret O").to_string(),
        11,
        "somebody's already",
    );
    check(
        "[\"0x1111111111111111111111111111111111111111\"]",
        "[\"0x11\"]",
        21,
        "40 hexadecimal digits",
    );
    check(
        "[\"0x1111111111111111111111111111111111111111\"]",
        "[\"0x1111111111111111111111111111111111111111\", \"0x1111111111111111111111111111111111111111\"]",
        21,
        "acme's already",
    );
    check(&"02".repeat(32), &"01".repeat(32), 16, "somebody's key already");
    check("own = [0]", "own = [1]", 26, "is not there");
    check("balanceOf(address)", "balanceOf(uint256)", 26, "is no address");
    check("balanceOf(address)", "f((uint256,uint256),address)", 26, "is no address");
    check("totalSupply()", "total supply", 26, "is no function");
    check("totalSupply()", "balanceOf(address)", 26, "listed twice");
    let (_, reason) =
        fault("\"balanceOf(address)\", own = [0]", "\"f(uint256[2],address)\", own = [1]");
    assert!(reason.contains("fixed length"), "{reason}");
    let (_, reason) = fault("role = \"member\"", "role = \"member\"\ntokens = [\"0x01\"]");
    assert!(reason.contains("not RPC"), "{reason}");
    let (_, reason) = fault(&format!("tokens = [\"{}\"]", token_hash("secret A")), "");
    assert!(reason.contains("a key, or tokens"), "{reason}");
    // A token that was written down by mistake is not shown in a log.
    assert!(!fault(&token_hash("secret A").to_string(), "my-secret-token").1.contains("my-secret"));
}

#[test]
fn dynamic_arguments_before_an_own_one_take_a_word_each() {
    let with = |signature: &str| {
        text().replace("\"balanceOf(address)\", own = [0]", &format!("\"{signature}\", own = [2]"))
    };
    AccessFile::parse(&with("f(bytes,uint256[],address)")).unwrap();
    AccessFile::parse(&with("f(string,(uint256,uint256)[],address)")).unwrap();
    for signature in [
        "f(bytes,(uint256,uint256),address)",
        "f(bytes32[3],bytes,address)",
        "f(uint256[][2],bytes,address)",
    ] {
        assert!(AccessFile::parse(&with(signature)).is_err(), "{signature}");
    }
}

#[test]
fn a_bad_new_file_keeps_the_old_one() {
    let directory = std::env::temp_dir().join(format!("mezz-access-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("access.toml");
    fs::write(&path, text()).unwrap();
    let list = super::AccessList::read(&path).unwrap();
    assert!(!list.reload().unwrap());
    fs::write(&path, "[[reader]]\nname = 1\n").unwrap();
    let error = list.reload().unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("access.toml"), "{error}");
    assert_eq!(list.current().readers.len(), 3);
    fs::write(&path, "").unwrap();
    assert!(list.reload().unwrap());
    assert_eq!(list.current().readers.len(), 0);
    fs::remove_dir_all(directory).unwrap();
}
