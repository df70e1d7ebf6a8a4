//! The versions of what is proven: a program runs the packages that the node runs.

use crate::{Finding, source::Tree};
use std::collections::{BTreeMap, BTreeSet};

const NODE: &str = "Cargo.lock";

/// Checks that the programs' lock files name no other version of a package than the node's.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(node) = tree.files.get(NODE) else { return Vec::new() };
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, name, version) in packages(node) {
        known.entry(name).or_default().insert(version);
    }
    let programs = tree
        .files
        .iter()
        .filter(|(path, _)| path.starts_with("programs/") && path.ends_with("/Cargo.lock"));
    let mut findings = Vec::new();
    for (path, text) in programs {
        for (line, name, version) in packages(text) {
            if known.get(name).is_some_and(|versions| !versions.contains(version)) {
                let message = format!(
                    "the node has another version of `{name}`: run `cargo update -p {name} --precise VERSION` here"
                );
                findings.push(Finding::new(path, line, message));
            }
        }
    }
    findings
}

/// The packages of a lock file, with their lines.
fn packages(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    let lines: Vec<_> = text.lines().collect();
    (1..lines.len()).filter_map(move |at| {
        let name = lines[at - 1].strip_prefix("name = \"")?.strip_suffix('"')?;
        let version = lines[at].strip_prefix("version = \"")?.strip_suffix('"')?;
        Some((at, name, version))
    })
}
