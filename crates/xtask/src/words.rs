//! Words that a layer must not say, because what they name belongs elsewhere.

use crate::{
    Finding, layers,
    source::{Tree, is_test, is_word, line_of, product_code},
};

/// A set of paths, who must not use them, and why.
struct Rule {
    /// `std::time` stands for itself and everything below; a single word is found anywhere in a path; `name!` is a macro.
    paths: &'static [&'static str],
    forbidden: fn(krate: &str) -> bool,
    reason: &'static str,
}

const RULES: [Rule; 5] = [
    Rule {
        paths: &[
            "tokio",
            "std::time",
            "std::fs",
            "std::net",
            "std::io",
            "std::thread",
            "std::sync",
            "rand",
            "getrandom",
            "std::collections::HashMap",
            "std::collections::HashSet",
            "RandomState",
        ],
        forbidden: layers::is_protocol,
        reason: "the protocol has no I/O, time, threads or randomness: the same input gives the same output everywhere",
    },
    Rule {
        paths: &["std::env", "std::process", "tokio::signal"],
        forbidden: |krate| krate != "cli" && krate != "bench",
        reason: "only `cli` reads the environment, runs programs, minds signals or exits: take a value from your caller",
    },
    Rule {
        paths: &["println!", "print!", "eprintln!", "eprint!"],
        forbidden: |krate| krate != "cli" && krate != "bench",
        reason: "only `cli` prints: log with `tracing`, or return what is to be shown",
    },
    Rule {
        paths: &["ProviderBuilder", "RootProvider", "ClientBuilder", "WsConnect"],
        // A command asks the L2 as any client would.
        forbidden: |krate| krate != "l1" && krate != "cli" && krate != "bench",
        reason: "only `l1` speaks to an Ethereum endpoint",
    },
    Rule {
        paths: &["dbg!", "todo!", "unimplemented!"],
        forbidden: |_| true,
        reason: "this is for the hours of writing: finish it or remove it",
    },
];

/// Checks the product code of every crate.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let product = tree.rust().filter(|(krate, path, _)| !layers::is_tool(krate) && !is_test(path));
    product.flat_map(|(krate, path, text)| check_file(krate, path, text)).collect()
}

fn check_file(krate: &str, path: &str, text: &str) -> Vec<Finding> {
    let rules: Vec<_> = RULES.iter().filter(|rule| (rule.forbidden)(krate)).collect();
    let mut findings = Vec::new();
    for (line, used) in paths(&product_code(text)) {
        for rule in &rules {
            if rule.paths.iter().any(|forbidden| matches(&used, forbidden)) {
                findings.push(Finding::new(path, line, format!("`{used}`: {}", rule.reason)));
            }
        }
    }
    findings.dedup();
    findings
}

fn matches(used: &str, forbidden: &str) -> bool {
    let below = |used: &str| {
        used.strip_prefix(forbidden).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    match forbidden {
        name if name.ends_with('!') => used.rsplit("::").next() == Some(name),
        // A crate is named by the first segment; a type, which begins with a capital, by any.
        name if name.starts_with(char::is_uppercase) => {
            used.split("::").any(|segment| segment == name)
        }
        _ => below(used),
    }
}

/// The paths that code mentions, with `use a::{b, c}` written out as `a::b` and `a::c`.
pub(crate) fn paths(code: &str) -> Vec<(usize, String)> {
    let (bytes, mut found, mut at) = (code.as_bytes(), Vec::new(), 0);
    while at < bytes.len() {
        if !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let end = path_end(bytes, at);
        if &code[at..end] == "use" {
            let close = code[end..].find(';').map_or(code.len(), |length| end + length);
            let mut names = Vec::new();
            expand("", code[end..close].trim(), &mut names);
            found.extend(names.into_iter().map(|name| (line_of(code, at), name)));
            at = close;
        } else {
            found.push((line_of(code, at), code[at..end].to_owned()));
            at = end;
        }
    }
    found
}

/// The end of `a::b::c` or `a!` that begins at `at`.
fn path_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at += bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
        match &bytes[at..] {
            [b':', b':', next, ..] if is_word(*next) => at += 2,
            [b'!', next, ..] if *next != b'=' => return at + 1,
            _ => return at,
        }
    }
}

fn expand(prefix: &str, tree: &str, names: &mut Vec<String>) {
    let tree = tree.trim().trim_start_matches("::");
    let Some(open) = tree.find('{') else {
        let tree = tree.split(" as ").next().unwrap_or(tree);
        let name =
            if tree == "self" { prefix.trim_end_matches("::") } else { &format!("{prefix}{tree}") };
        if !tree.is_empty() {
            names.push(name.to_owned());
        }
        return;
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let (mut depth, mut from) = (0, open + 1);
    for (at, character) in tree.char_indices().skip_while(|(at, _)| *at <= open) {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                expand(&prefix, &tree[from..at], names);
                from = at + 1;
            }
            _ => {}
        }
    }
}
