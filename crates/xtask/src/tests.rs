use crate::{
    Finding, layers, locks, numbers, reach, shape,
    source::{Tree, code, product_code},
    text, tidy, words,
};

fn tree<const N: usize>(files: [(&str, &str); N]) -> Tree {
    Tree { files: files.map(|(path, text)| (path.to_owned(), text.to_owned())).into() }
}

/// The places that a check names, as `path:line`.
fn places(findings: Vec<Finding>) -> Vec<String> {
    findings.into_iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
}

#[test]
fn comments_and_literals_are_not_code() {
    let blank = |text: &str, expected: &str| {
        let found = code(text);
        assert_eq!(found.len(), text.len(), "positions must stay: {text}");
        assert_eq!(found.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{text}");
    };
    blank("a // b\nc", "a c");
    blank("a /* b /* c */ d */ e", "a e");
    blank(r#"f("x \" y", 'a', '\'', '"') g"#, "f( , , , ) g");
    blank("r\"a\\\" b", "b");
    blank("r#\"a \" b\"# c", "c");
    blank("br#\"a\"# c", "c");
    blank("fn a<'b>(c: &'b str) {}", "fn a<'b>(c: &'b str) {}");
    blank("'€' \"€\" x", "x");
    blank("for r in var { }", "for r in var { }");
}

#[test]
fn test_code_is_not_product() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() { { } }\n}\n#[cfg(test)]\nuse c::{d, e};\nfn f() {}\n";
    let product = product_code(text);
    assert!(product.contains("fn a()") && product.contains("fn f()"));
    assert!(!product.contains("fn b()") && !product.contains("use c"));
    assert_eq!(product.lines().count(), text.lines().count());
}

#[test]
fn uses_are_written_out() {
    let found = words::paths(
        "use std::{fs, io::{self, Read as R}, collections::HashMap};\nlet x = tokio::spawn(y); p!(q)",
    );
    let found: Vec<_> = found.iter().map(|(line, path)| format!("{line} {path}")).collect();
    let expected = [
        "1 std::fs",
        "1 std::io",
        "1 std::io::Read",
        "1 std::collections::HashMap",
        "2 let",
        "2 x",
        "2 tokio::spawn",
        "2 y",
        "2 p!",
        "2 q",
    ];
    assert_eq!(found, expected);
}

#[test]
fn protocol_says_nothing_of_the_world() {
    let check = |krate: &str, text: &str, expected: usize| {
        let path = format!("crates/{krate}/src/lib.rs");
        assert_eq!(words::check(&tree([(path.as_str(), text)])).len(), expected, "{krate}: {text}");
    };
    check("evm", "use std::collections::{BTreeMap, HashMap};", 1);
    check("derive", "fn f() { std::time::Instant::now(); }", 1);
    check("settlement", "use tokio::sync::mpsc;", 1);
    check("primitives", "use core::time::Duration; use alloc::collections::BTreeMap;", 0);
    check("primitives", "// tokio and std::fs are for others\nconst A: &str = \"std::fs\";", 0);
    check("primitives", "#[cfg(test)]\nmod tests { use std::fs; }", 0);
    check("evm", "fn f(operand: u8, tokio_free: u8) {}", 0);
    check("node", "use std::{fs, time::Instant}; use tokio::spawn;", 0);
}

#[test]
fn only_cli_faces_the_person_and_only_l1_the_chain() {
    let check = |krate: &str, text: &str, expected: usize| {
        let path = format!("crates/{krate}/src/lib.rs");
        assert_eq!(words::check(&tree([(path.as_str(), text)])).len(), expected, "{krate}: {text}");
    };
    check("node", "fn f() { println!(); std::process::exit(1) }", 2);
    check("node", "use std::env;", 1);
    check("cli", "use std::env; fn f() { println!(); std::process::exit(1) }", 0);
    check("node", "let p = alloy::providers::ProviderBuilder::new();", 1);
    check("l1", "let p = ProviderBuilder::new();", 0);
    check("cli", "fn f() { todo!() }", 1);
    check("cli", "fn f() { if !x && a != b {} }", 0);
}

#[test]
fn dependencies_point_downward() {
    let check = |krate: &str, manifest: &str, expected: usize| {
        let path = format!("crates/{krate}/Cargo.toml");
        assert_eq!(
            layers::check(&tree([(path.as_str(), manifest)])).len(),
            expected,
            "{krate}: {manifest}"
        );
    };
    check(
        "evm",
        "[dependencies]\nmezz-primitives.workspace = true\nrevm = { workspace = true }",
        0,
    );
    check("evm", "[dependencies]\nmezz-derive.workspace = true", 1);
    check("derive", "[dependencies]\nmezz-evm = { workspace = true }", 0);
    check("evm", "[dependencies]\ntokio = \"1\"", 1);
    check("evm", "[dependencies.tokio]\nversion = \"1\"", 1);
    check("evm", "[target.'cfg(unix)'.dependencies]\nrand = \"1\"", 1);
    check("evm", "[dev-dependencies]\ntokio = \"1\"\nmezz-node.workspace = true", 0);
    check("storage", "[dependencies]\nmezz-rpc.workspace = true", 1);
    check("l1", "[dependencies]\nmezz-da.workspace = true", 1);
    check("da", "[dependencies]\nmezz-l1.workspace = true", 0);
    check("devnet", "[dependencies]\nmezz-rpc.workspace = true\nmezz-storage.workspace = true", 0);
    check("node", "[dependencies]\nmezz-devnet.workspace = true", 1);
    check("attic", "[dependencies]", 1);
    check("cli", "[dependencies]\nmezz-attic.workspace = true", 1);
}

#[test]
fn functions_are_measured() {
    let text = "fn a() {}\nimpl B {\n    pub fn c(\n        d: [u8; 3],\n    ) -> E {\n        let f = |x| { x };\n    }\n}\ntrait G { fn h(); }\n";
    let found = shape::functions(text);
    assert_eq!(found, [(1, "a".into(), 1), (3, "c".into(), 5), (9, "h".into(), 1)]);
}

#[test]
fn the_list_of_long_functions_only_shrinks() {
    let long = format!("fn a() {{\n{}}}\n", "b();\n".repeat(118));
    let check = |list: &str, expected: &[&str]| {
        let found =
            shape::check(&tree([("crates/cli/src/main.rs", long.as_str()), (shape::LIST, list)]));
        assert_eq!(places(found), expected, "{list}");
    };
    check("", &["crates/cli/src/main.rs:1"]);
    check("# reason\ncrates/cli/src/main.rs a 120\n", &[]);
    check("crates/cli/src/main.rs a 110\n", &["crates/cli/src/main.rs:1"]);
    check("crates/cli/src/main.rs a 130\n", &["crates/xtask/long-functions.txt:1"]);
    check(
        "crates/cli/src/main.rs a 120\ncrates/cli/src/main.rs z 120\n",
        &["crates/xtask/long-functions.txt:1"],
    );
}

#[test]
fn every_file_is_compiled() {
    let found = reach::check(&tree([
        (
            "crates/a/src/lib.rs",
            "mod b;\npub(crate) mod c;\n#[path = \"odd/e.rs\"]\nmod d;\n// mod dead;\n",
        ),
        ("crates/a/src/b.rs", "mod f;"),
        ("crates/a/src/b/f.rs", ""),
        ("crates/a/src/c/mod.rs", "mod g;"),
        ("crates/a/src/c/g.rs", ""),
        ("crates/a/src/odd/e.rs", ""),
        ("crates/a/src/bin/h.rs", ""),
        ("crates/a/tests/i.rs", "mod common;"),
        ("crates/a/tests/common/mod.rs", ""),
        ("crates/a/src/dead.rs", ""),
        ("crates/a/src/c/b.rs", ""),
    ]));
    assert_eq!(places(found), ["crates/a/src/c/b.rs:1", "crates/a/src/dead.rs:1"]);
}

#[test]
fn nothing_is_left_lying_about() {
    let found = text::check(&tree([
        ("docs/a.md", "TODO: write\nTODOs are fine as a word\nsee /home/me/x\n"),
        ("crates/xtask/src/text.rs", "FIXME"),
        ("contracts/src/A.sol", "// FIXME later"),
    ]));
    assert_eq!(places(found), ["contracts/src/A.sol:1", "docs/a.md:1", "docs/a.md:3"]);
}

#[test]
fn protocol_crates_share_one_clippy_file() {
    let found = text::check(&tree([
        ("crates/primitives/clippy.toml", "a"),
        ("crates/primitives/Cargo.toml", ""),
        ("crates/evm/clippy.toml", "b"),
        ("crates/evm/Cargo.toml", ""),
        ("crates/derive/Cargo.toml", ""),
    ]));
    assert_eq!(places(found), ["crates/evm/clippy.toml:1", "crates/derive/clippy.toml:1"]);
}

#[test]
fn findings_come_sorted() {
    let found = tidy(&tree([("docs/b.md", "FIXME"), ("docs/a.md", "FIXME")]));
    assert_eq!(places(found), ["docs/a.md:1", "docs/b.md:1"]);
}

#[test]
fn a_program_has_the_versions_of_the_node() {
    let node = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
    let same = "[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n";
    let other = "[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n[[package]]\nname = \"a\"\nversion = \"2.0.1\"\n";
    let tree = tree([
        ("Cargo.lock", node),
        ("programs/same/Cargo.lock", same),
        ("programs/other/Cargo.lock", other),
    ]);
    assert_eq!(places(locks::check(&tree)), ["programs/other/Cargo.lock:5"]);
}

#[test]
fn every_numbered_test_is_named_and_every_named_one_is_there() {
    let table = "| number | says | tests |\n|---|---|---|\n\
        | 7 | a | `A.t.sol`: `test_07_*`, `test_fuzz_07_08_c`; `x/tests/b.rs`: `bears_it`, `gone`, `says_nothing` |\n\
        | 8 | b | `A.t.sol`: `test_fuzz_07_08_c`; `c.test.mjs`: `a user leaves`, `a user stays` |\n\
        | 3 | c | none: there is no such part |\n\
        | 9 | d | some day |\n\
        | 10 | e | `nowhere.rs`: `f` |\n";
    let sol = "contract T {\n    function test_07_a() public {}\n    function test_07_b() public {}\n\
        function test_fuzz_07_08_c(\n) public {}\n    function test_09_new() public {}\n    function test_mint_12() public {}\n}\n";
    let rust = "/// Invariants 5 to 7 and 20, in one.\n#[test]\nfn bears_it() {}\n\n\
        /// Invariant 70.\n#[test]\nasync fn says_nothing() {}\n";
    let found = numbers::check(&tree([
        ("docs/invariants.md", table),
        ("contracts/test/A.t.sol", sol),
        ("contracts/test/other/BA.t.sol", ""),
        ("crates/x/tests/b.rs", rust),
        ("tests/clients/c.test.mjs", "test(\"a user leaves\", async () => {});"),
    ]));
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "docs/invariants.md:3: x/tests/b.rs has no test `gone`",
            "docs/invariants.md:3: `says_nothing` in x/tests/b.rs does not say that it is about invariant 7: add it to its name or comment",
            "docs/invariants.md:4: c.test.mjs has no test \"a user stays\"",
            "docs/invariants.md:5: invariant 3 is out of order",
            "docs/invariants.md:6: invariant 9 names no test: say `none` and why",
            "docs/invariants.md:7: `nowhere.rs` is no file, or several: name its folder",
            "contracts/test/A.t.sol:6: docs/invariants.md does not name `test_09_new` at invariant 9",
        ]
    );
}
