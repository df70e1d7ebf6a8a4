//! Rust files that no crate compiles.

use std::collections::BTreeSet;

use crate::{
    Finding,
    source::{Tree, code},
};

/// Finds the files under `crates/` that no `mod` leads to.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut reached = BTreeSet::new();
    let mut queue: Vec<String> =
        tree.rust().filter(|(_, path, _)| is_root(path)).map(|(_, path, _)| path.into()).collect();
    while let Some(path) = queue.pop() {
        let Some(text) = tree.files.get(&path) else { continue };
        if reached.insert(path.clone()) {
            queue.extend(children(&path, text));
        }
    }
    let dead = tree.rust().filter(|(_, path, _)| !reached.contains(*path));
    dead.map(|(_, path, _)| {
        Finding::new(path, 1, "nothing compiles this file: add its `mod` or delete it")
    })
    .collect()
}

/// Whether cargo compiles the file by itself.
fn is_root(path: &str) -> bool {
    let parts: Vec<_> = path.split('/').skip(2).collect();
    match parts.as_slice() {
        ["build.rs"]
        | ["src", "lib.rs" | "main.rs"]
        | ["src", "bin", _]
        | ["src", "bin", _, "main.rs"] => true,
        [folder, rest @ ..] => {
            matches!(*folder, "tests" | "benches" | "examples" | "fuzz")
                && matches!(rest, [_] | [_, "main.rs"])
        }
        _ => false,
    }
}

/// The files that a file may mean by its `mod`, `#[path]` and `include!`.
fn children(path: &str, text: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.trim_end_matches(".rs");
    let inner =
        if is_root(path) || stem == "mod" { folder.to_owned() } else { format!("{folder}/{stem}") };
    let code = code(text);
    let mut found = Vec::new();
    for line in code.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let name = words.iter().position(|word| *word == "mod").and_then(|at| words.get(at + 1));
        if let Some(name) = name.and_then(|name| name.strip_suffix(';')) {
            found.extend([format!("{inner}/{name}.rs"), format!("{inner}/{name}/mod.rs")]);
        }
    }
    for opening in ["#[path = \"", "include!(\""] {
        for rest in text.split(opening).skip(1) {
            found.extend(rest.split('"').next().map(|relative| join(folder, relative)));
        }
    }
    found
}

fn join(folder: &str, relative: &str) -> String {
    let mut parts: Vec<_> = folder.split('/').collect();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
