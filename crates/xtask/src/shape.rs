//! The size of functions and files: a ratchet, not a prohibition.

use std::collections::BTreeMap;

use crate::{
    Finding,
    source::{Tree, is_test, is_word, item_end, line_of, product_code},
};

/// Above this a function is in the red zone: it must be in [`LIST`], and may only get shorter.
const FUNCTION_LINES_MAX: usize = 100;
const FILE_LINES_MAX: usize = 800;
/// Sources that a tool made: nobody can split them.
const GENERATED: &str = "contracts/generated/";
/// The functions in the red zone, one `path name lines` each.
pub(crate) const LIST: &str = "crates/xtask/long-functions.txt";

/// Checks functions against the list, the list against the functions, and the length of files.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut listed = tree.files.get(LIST).map(|list| parse(list)).unwrap_or_default();
    for (_, path, text) in tree.rust().filter(|(_, path, _)| !is_test(path)) {
        for (line, name, lines) in functions(&product_code(text)) {
            let allowed = listed.remove(&(path.to_owned(), name.clone()));
            if lines > allowed.unwrap_or(FUNCTION_LINES_MAX) {
                findings.push(Finding::new(
                    path,
                    line,
                    format!("`{name}` has {lines} lines: split it (or see {LIST})"),
                ));
            } else if allowed.is_some_and(|allowed| lines < allowed) {
                findings.push(Finding::new(
                    LIST,
                    1,
                    format!("`{path} {name}` has {lines} lines now: keep that"),
                ));
            }
        }
    }
    findings.extend(
        listed
            .into_keys()
            .map(|(path, name)| Finding::new(LIST, 1, format!("no `{name}` in {path}"))),
    );
    for (path, text) in tree.files.iter().filter(|(path, _)| !path.starts_with(GENERATED)) {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX
            && [".rs", ".sol", ".mjs"].iter().any(|ending| path.ends_with(ending))
        {
            findings.push(Finding::new(
                path,
                1,
                format!("{lines} lines: split the file ({FILE_LINES_MAX} at most)"),
            ));
        }
    }
    findings
}

fn parse(list: &str) -> BTreeMap<(String, String), usize> {
    let entries = list.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut parts = line.split_whitespace();
        Some(((parts.next()?.to_owned(), parts.next()?.to_owned()), parts.next()?.parse().ok()?))
    });
    entries.collect()
}

/// The functions of a file: line, name, number of lines.
pub(crate) fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let (bytes, mut found, mut from) = (code.as_bytes(), Vec::new(), 0);
    while let Some(position) = code[from..].find("fn ") {
        let start = from + position;
        from = start + 3;
        let name: String =
            code[from..].chars().take_while(|c| c.is_ascii() && is_word(*c as u8)).collect();
        if name.is_empty() || (start > 0 && is_word(bytes[start - 1])) {
            continue;
        }
        let line = line_of(code, start);
        found.push((line, name, line_of(code, item_end(bytes, from) - 1) - line + 1));
    }
    found
}
