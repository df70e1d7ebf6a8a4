//! What must not be left lying about in any file.

use crate::{
    Finding,
    source::{Tree, is_word},
};

/// Reminders to oneself: an issue, or nothing.
const REMINDERS: [&str; 3] = ["FIXME", "TODO", "XXX"];
/// Places that exist on one machine only, and hosts that people replace by their own mirrors.
const PLACES: [&str; 9] = [
    "/root/",
    "/work/",
    "/home/",
    "/Users/",
    "registry.npmjs.org",
    "files.pythonhosted.org",
    "static.crates.io",
    "index.crates.io",
    "deb.debian.org",
];
const CLIPPY: [&str; 6] = ["primitives", "evm", "derive", "settlement", "program", "riscv"];

/// Checks every text file of the repository.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files.iter().filter(|(path, _)| !path.starts_with("crates/xtask/")) {
        for (index, line) in text.lines().enumerate() {
            for word in REMINDERS.iter().filter(|word| says(line, word)) {
                findings.push(Finding::new(
                    path,
                    index + 1,
                    format!("`{word}`: do it, or open an issue"),
                ));
            }
            for place in PLACES.iter().filter(|place| line.contains(*place)) {
                findings.push(Finding::new(
                    path,
                    index + 1,
                    format!("`{place}` is a place of one machine or network"),
                ));
            }
        }
    }
    findings.extend(clippy(tree));
    findings
}

/// A file that clippy finds in a crate hides the one in the root: the protocol crates must all have the strict one.
fn clippy(tree: &Tree) -> Vec<Finding> {
    let file = |krate: &str| format!("crates/{krate}/clippy.toml");
    let Some(first) = tree.files.get(&file(CLIPPY[0])) else { return Vec::new() };
    let there = CLIPPY
        .iter()
        .filter(|krate| tree.files.contains_key(&format!("crates/{krate}/Cargo.toml")));
    let different = there.filter(|krate| tree.files.get(&file(krate)) != Some(first));
    different
        .map(|krate| Finding::new(file(krate), 1, format!("must equal {}", file(CLIPPY[0]))))
        .collect()
}

fn says(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let bytes = line.as_bytes();
        let end = at + word.len();
        (at == 0 || !is_word(bytes[at - 1])) && bytes.get(end).is_none_or(|byte| !is_word(*byte))
    })
}
