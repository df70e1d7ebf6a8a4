//! The numbered invariants: docs/invariants.md names the tests of each, and these exist and bear its number.

use crate::{
    Finding,
    source::{Tree, is_word},
};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = "docs/invariants.md";

/// The tests that a row names: a file, and a test in it; `name_*` stands for all that begin so.
type Row<'a> = Vec<(&'a str, &'a str)>;

/// Checks that each test in the table exists and bears the number, and that no numbered test is missing in the table.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(table) = tree.files.get(TABLE) else { return Vec::new() };
    let mut findings = Vec::new();
    let mut rows: BTreeMap<u32, Row<'_>> = BTreeMap::new();
    for (index, line) in table.lines().enumerate() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let Some(number) = cells.get(1).and_then(|cell| cell.parse().ok()) else { continue };
        let mut say = |message| findings.push(Finding::new(TABLE, index + 1, message));
        if rows.last_key_value().is_some_and(|(last, _)| *last >= number) {
            say(format!("invariant {number} is out of order"));
        }
        let named = cells.get(3).map_or_else(Row::new, |cell| named(cell));
        if named.is_empty() && !cells.get(3).is_some_and(|cell| cell.starts_with("none")) {
            say(format!("invariant {number} names no test: say `none` and why"));
        }
        for (file, test) in &named {
            if let Some(fault) = fault(tree, number, file, test) {
                say(fault);
            }
        }
        rows.insert(number, named);
    }
    findings.extend(missing(tree, &rows));
    findings
}

/// The tests in a cell: names of files and tests between backticks, each test in the file before it.
fn named(cell: &str) -> Row<'_> {
    let (mut file, mut found) = ("", Vec::new());
    for word in cell.split('`').skip(1).step_by(2) {
        if [".sol", ".rs", ".mjs"].iter().any(|ending| word.ends_with(ending)) {
            file = word;
        } else {
            found.push((file, word));
        }
    }
    found
}

/// What is wrong with a test that the table names.
fn fault(tree: &Tree, number: u32, file: &str, test: &str) -> Option<String> {
    let mut paths = tree.files.iter().filter(|(path, _)| is_file(path, file));
    let (Some((_, text)), None) = (paths.next(), paths.next()) else {
        return Some(format!("`{file}` is no file, or several: name its folder"));
    };
    if file.ends_with(".mjs") {
        return (!text.contains(&format!("test(\"{test}\"")))
            .then(|| format!("{file} has no test \"{test}\""));
    }
    let lines: Vec<_> = text.lines().collect();
    let tests: Vec<_> = functions(&lines).filter(|(_, name)| matches(test, name)).collect();
    if tests.is_empty() {
        return Some(format!("{file} has no test `{test}`"));
    }
    let header: String = lines.iter().take_while(|line| line.starts_with("//!")).copied().collect();
    let bears = |(at, name): &(usize, &str)| {
        in_name(name).contains(&number)
            || in_words(&header).contains(&number)
            || in_words(&comment(&lines, *at)).contains(&number)
    };
    (!tests.iter().all(bears)).then(|| {
        format!("`{test}` in {file} does not say that it is about invariant {number}: add it to its name or comment")
    })
}

/// The tests whose names have a number, and that the number's row does not name.
fn missing(tree: &Tree, rows: &BTreeMap<u32, Row<'_>>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in &tree.files {
        let sol = path.starts_with("contracts/test/") && path.ends_with(".sol");
        let rust = path.starts_with("crates/") && path.ends_with(".rs");
        // Whose tests have tests as text.
        if path.starts_with("crates/xtask/") || !(sol || rust) {
            continue;
        }
        let lines: Vec<_> = text.lines().collect();
        for (at, name) in functions(&lines).filter(|(_, name)| is_numbered(name)) {
            for number in in_name(name) {
                let row = rows.get(&number);
                let listed = row.is_some_and(|row| {
                    row.iter().any(|(file, test)| is_file(path, file) && matches(test, name))
                });
                if !listed {
                    let message = format!("{TABLE} does not name `{name}` at invariant {number}");
                    findings.push(Finding::new(path, at + 1, message));
                }
            }
        }
    }
    findings
}

fn is_file(path: &str, file: &str) -> bool {
    path.strip_suffix(file).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// The functions of a file, with the index of the line.
fn functions<'a>(lines: &'a [&'a str]) -> impl Iterator<Item = (usize, &'a str)> {
    lines.iter().enumerate().filter_map(|(at, line)| {
        let line = line.trim_start();
        let rest = ["function ", "fn ", "async fn "].iter().find_map(|it| line.strip_prefix(it))?;
        let end = rest.bytes().position(|byte| !is_word(byte))?;
        Some((at, &rest[..end]))
    })
}

/// Whether the numbers in a test's name are those of invariants.
fn is_numbered(name: &str) -> bool {
    let rest = ["test_", "invariant_", "check_"].iter().find_map(|it| name.strip_prefix(it));
    let Some(rest) = rest else { return false };
    let rest = ["fuzz_", "gas_"].iter().find_map(|it| rest.strip_prefix(it)).unwrap_or(rest);
    rest.split('_').next().is_some_and(|part| part.len() == 2 && part.parse::<u32>().is_ok())
}

/// The numbers in a name: `test_12_13_whatever`.
fn in_name(name: &str) -> BTreeSet<u32> {
    name.split('_').filter(|part| part.len() == 2).filter_map(|part| part.parse().ok()).collect()
}

/// The comment above a function, and above its attributes.
fn comment(lines: &[&str], at: usize) -> String {
    let above = lines[..at].iter().rev().map(|line| line.trim_start());
    let above = above.take_while(|line| line.starts_with("///") || line.starts_with("#["));
    let comment: Vec<_> = above.filter_map(|line| line.strip_prefix("///")).collect();
    comment.into_iter().rev().collect()
}

/// The numbers in words: `invariant 41`, `Invariants 10 to 18, 21 and 22`.
fn in_words(text: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for rest in text.split("nvariant").skip(1) {
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        let mut range = None;
        for word in rest.split_whitespace() {
            match word.trim_end_matches([',', ':', '.', ';', ')']).parse::<u32>() {
                Ok(number) => {
                    found.extend(range.take().unwrap_or(number)..=number);
                    found.insert(number);
                    if word.ends_with([':', '.', ';']) {
                        break;
                    }
                }
                Err(_) if word == "to" => range = found.last().copied(),
                Err(_) if word == "and" => {}
                Err(_) => break,
            }
        }
    }
    found
}
