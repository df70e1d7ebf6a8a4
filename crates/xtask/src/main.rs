//! Checks of the repository itself.
//!
//! - `cargo xtask tidy` holds the house rules that no compiler knows: the layers, the words that a layer must not say,
//!   the size of functions and files, what must not be left lying about, the tests of each numbered invariant.
//! - `cargo xtask loc` counts lines of code for each crate.
//!
//! No dependencies: it compiles in seconds and runs in milliseconds, so that it is run often.

mod layers;
mod lines;
mod locks;
mod numbers;
mod reach;
mod shape;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::{env, fmt, path::PathBuf, process::ExitCode};

use source::Tree;

/// Something that breaks a rule, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

fn main() -> ExitCode {
    // Asked when it runs: another clone that shares the build folder is not this one.
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from("crates/xtask"), PathBuf::from);
    let root = here.join("../..");
    let tree = match Tree::read(&root) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("cannot read the repository: {error}");
            return ExitCode::from(2);
        }
    };
    match env::args().nth(1).as_deref() {
        Some("tidy") => report(tidy(&tree)),
        Some("loc") => {
            print!("{}", lines::report(&tree));
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: cargo xtask tidy | loc");
            ExitCode::from(2)
        }
    }
}

/// All checks over a tree.
fn tidy(tree: &Tree) -> Vec<Finding> {
    let mut findings = [
        layers::check(tree),
        locks::check(tree),
        words::check(tree),
        shape::check(tree),
        reach::check(tree),
        numbers::check(tree),
        text::check(tree),
    ]
    .concat();
    findings.sort();
    findings
}

fn report(findings: Vec<Finding>) -> ExitCode {
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy");
        return ExitCode::SUCCESS;
    }
    println!("{} findings", findings.len());
    ExitCode::FAILURE
}
