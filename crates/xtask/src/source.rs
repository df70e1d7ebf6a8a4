//! The files of the repository, and Rust source with what is not code blanked out.

use std::{collections::BTreeMap, fs, io, path::Path};

/// Folders that hold what is built or fetched, never what is written.
const SKIPPED: [&str; 7] = [".git", "target", "node_modules", "out", "cache", "data", "shared"];
/// What is read: text that people write. Binary and generated formats are left alone.
const ENDINGS: [&str; 12] =
    ["rs", "sol", "mjs", "js", "ts", "svelte", "toml", "md", "sh", "yml", "json", "txt"];
const NAMES: [&str; 3] = ["Makefile", "Cargo.lock", "run"];

/// The text files of the repository by their path from its root.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads the tree under `root`.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.read_folder(root, "")?;
        Ok(tree)
    }

    fn read_folder(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
                self.read_folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() && is_text(&name) {
                // Somebody may be saving, moving or deleting it at this moment: what cannot be read is not checked.
                if let Ok(text) = fs::read_to_string(entry.path()) {
                    self.files.insert(path, text);
                }
            }
        }
        Ok(())
    }

    /// The Rust files, each with the crate that it belongs to (the folder under `crates/`).
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.files.iter().filter_map(|(path, text)| {
            let krate = path.strip_prefix("crates/")?.split('/').next()?;
            path.ends_with(".rs").then_some((krate, path.as_str(), text.as_str()))
        })
    }

    /// The names of the crates.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &str> {
        self.files
            .keys()
            .filter_map(|path| path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml"))
    }
}

fn is_text(name: &str) -> bool {
    NAMES.contains(&name)
        || name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
}

/// Whether a Rust file is test, benchmark or example: not part of the product.
pub(crate) fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    ["/tests/", "/benches/", "/examples/"].iter().any(|folder| path.contains(folder))
        || name == "tests.rs"
        || name.ends_with("_tests.rs")
}

/// The line of a byte position, counted from one.
pub(crate) fn line_of(text: &str, position: usize) -> usize {
    text.as_bytes()[..position].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// Rust source with comments and the contents of literals replaced by spaces; lines and positions stay.
pub(crate) fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut kept = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = literal_end(bytes, at);
        for byte in &mut kept[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    // Whole literals and comments were blanked, each from its first to its last byte, so characters stay whole.
    String::from_utf8(kept).unwrap_or_default()
}

/// The end of the comment or literal that begins at `at`; `at` itself if none does.
fn literal_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let after_word = at > 0 && is_word(bytes[at - 1]);
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => at + block_comment_length(rest),
        [b'"', ..] => at + quoted_length(rest, b'"'),
        [b'r', b'"' | b'#', ..] if !after_word => at + raw_length(rest),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !after_word => {
            at + 1 + raw_length(&rest[1..]).max(1)
        }
        [b'\'', b'\\', ..] => at + quoted_length(rest, b'\''),
        // A character, as opposed to a lifetime, ends with a quote after one (possibly long) character.
        [b'\'', first, ..] => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            if rest.get(1 + width) == Some(&b'\'') { at + width + 2 } else { at }
        }
        _ => at,
    }
}

fn block_comment_length(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

fn quoted_length(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The length of a raw string that begins with `r`; 0 if it is a raw identifier.
fn raw_length(bytes: &[u8]) -> usize {
    let hashes = bytes[1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let close = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
    let body = &bytes[2 + hashes..];
    let end = body.windows(close.len()).position(|window| window == close);
    end.map_or(bytes.len(), |end| 2 + hashes + end + close.len())
}

/// The code of the product: `code` without what stands behind `#[cfg(test)]`.
pub(crate) fn product_code(text: &str) -> String {
    let mut kept = code(text).into_bytes();
    let mut from = 0;
    while let Some(found) = find(&kept[from..], b"#[cfg(test)]") {
        let start = from + found;
        let end = item_end(&kept, start + b"#[cfg(test)]".len());
        for byte in &mut kept[start..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        from = end;
    }
    String::from_utf8(kept).unwrap_or_default()
}

/// The end of the item whose header begins at `from`: its `;` or the brace that closes it.
pub(crate) fn item_end(code: &[u8], from: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in code.iter().enumerate().skip(from) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return at;
        }
        if depth == 0 && matches!(byte, b'}' | b';') {
            return at + 1;
        }
    }
    code.len()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Whether a byte can be part of an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
