//! Lines of code for each crate and for the contracts.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::source::{Tree, code, is_test, product_code};

/// A table: lines of product and test code, without blank lines and comments.
pub(crate) fn report(tree: &Tree) -> String {
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (krate, path, text) in tree.rust() {
        let all = count(&code(text));
        let product = if is_test(path) { 0 } else { count(&product_code(text)) };
        let entry = counts.entry(krate.to_owned()).or_default();
        *entry = (entry.0 + product, entry.1 + all - product);
    }
    for (path, text) in tree
        .files
        .iter()
        .filter(|(path, _)| path.starts_with("contracts/") && path.ends_with(".sol"))
    {
        let entry = counts.entry("contracts".into()).or_default();
        let lines = count(&code(text));
        if path.contains("/src/") { entry.0 += lines } else { entry.1 += lines }
    }
    let total =
        counts.values().fold((0, 0), |sum, (product, test)| (sum.0 + product, sum.1 + test));
    counts.insert("~ total".into(), total);
    let mut table = format!("{:<14}{:>9}{:>9}\n", "", "product", "tests");
    for (name, (product, test)) in &counts {
        let _ = writeln!(table, "{:<14}{product:>9}{test:>9}", name.trim_start_matches("~ "));
    }
    table
}

fn count(code: &str) -> usize {
    code.lines().filter(|line| !line.trim().is_empty()).count()
}
