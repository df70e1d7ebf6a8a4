//! The levels of the house (docs/ARCHITECTURE.md): a crate depends on the levels below its own.

use crate::{Finding, source::Tree};

/// The levels from the ground up, with the crates that live there.
const LEVELS: [(&str, &[&str]); 5] = [
    ("words", &["primitives"]),
    (
        "protocol",
        &["evm", "derive", "settlement", "program", "riscv", "verify", "channel", "plasma"],
    ),
    ("outside", &["storage", "l1", "da", "prover", "bft", "cluster", "lightning"]),
    ("running", &["node", "rpc", "devnet"]),
    ("commands", &["cli", "sim", "bench"]),
];

/// Dependencies inside one level, each with its direction.
const SIDEWAYS: [(&str, &str); 10] = [
    ("evm", "verify"),
    ("derive", "evm"),
    ("program", "evm"),
    ("program", "derive"),
    ("channel", "evm"),
    ("riscv", "derive"),
    ("da", "l1"),
    ("node", "rpc"),
    ("devnet", "rpc"),
    ("cli", "sim"),
];

/// Crates about the house and not in it: nothing depends on them.
const TOOLS: [&str; 2] = ["bench", "xtask"];

/// Foreign crates that bring I/O, time, threads or randomness.
const FOREIGN: [&str; 12] = [
    "alloy",
    "axum",
    "fjall",
    "futures",
    "getrandom",
    "hyper",
    "parking_lot",
    "rand",
    "reqwest",
    "tempfile",
    "tokio",
    "tracing-subscriber",
];

/// Checks the dependencies of every crate.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for krate in tree.crates().filter(|krate| !is_tool(krate)) {
        let path = format!("crates/{krate}/Cargo.toml");
        let Some(level) = level(krate) else {
            findings.push(Finding::new(
                path,
                1,
                format!("`{krate}` has no level: give it one in xtask's layers.rs"),
            ));
            continue;
        };
        for (line, name) in dependencies(&tree.files[&path]) {
            if let Some(fault) = fault(krate, level, name) {
                findings.push(Finding::new(&path, line, fault));
            }
        }
    }
    findings
}

/// Whether a crate is of the protocol: pure, and part of what is proven.
pub(crate) fn is_protocol(krate: &str) -> bool {
    level(krate).is_some_and(|level| level <= 1)
}

/// Whether a crate is a tool of ours, and no part of the product.
pub(crate) fn is_tool(krate: &str) -> bool {
    TOOLS.contains(&krate)
}

fn level(krate: &str) -> Option<usize> {
    LEVELS.iter().position(|(_, crates)| crates.contains(&krate))
}

fn fault(krate: &str, krate_level: usize, dependency: &str) -> Option<String> {
    let Some(ours) = dependency.strip_prefix("mezz-") else {
        let foreign = krate_level <= 1 && FOREIGN.contains(&dependency);
        return foreign.then(|| {
            format!("`{dependency}` brings I/O, time, threads or randomness into the protocol")
        });
    };
    let Some(level) = level(ours) else {
        return Some(format!("`mezz-{ours}` is not a crate that others may depend on"));
    };
    let allowed = level < krate_level || SIDEWAYS.contains(&(krate, ours));
    let (from, to) = (LEVELS[krate_level].0, LEVELS[level].0);
    (!allowed).then(|| {
        format!("`{krate}` ({from}) may not depend on `{ours}` ({to}): dependencies point downward")
    })
}

/// The dependencies that a manifest names, with their lines; those of tests are free.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let (mut found, mut inside) = (Vec::new(), false);
    for (index, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = section.rsplit_once("dependencies.").map(|(_, name)| name);
            found.extend(
                name.filter(|_| !section.contains("dev-dependencies"))
                    .map(|name| (index + 1, name)),
            );
            inside = section.ends_with("dependencies") && !section.ends_with("dev-dependencies");
        } else if inside && !line.starts_with('#') && line.contains('=') {
            let end = line.find(['.', '=', ' ']).unwrap_or(line.len());
            found.push((index + 1, line[..end].trim_matches('"')));
        }
    }
    found
}
