//! `mezz keys`, and how every command reads a key.

use crate::{
    args::KeysCommand,
    output::{Failure, Output},
};
use alloy::{primitives::B256, signers::local::PrivateKeySigner};
use mezz_l1::deploy::dev_key;
use serde_json::json;
use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// A key as it is given: 0x and 64 hex digits, @FILE, or dev:N.
pub(crate) fn read(text: &str) -> Result<PrivateKeySigner, Failure> {
    if let Some(index) = text.strip_prefix("dev:") {
        let index: Option<u32> = index.parse().ok();
        // Greater numbers are hardened derivations, which are other keys.
        let index = index.filter(|index| *index < 1 << 31);
        return index
            .map(dev_key)
            .ok_or_else(|| Failure::usage("give dev: and a number, such as dev:0"));
    }
    let hex = match text.strip_prefix('@') {
        Some(file) => fs::read_to_string(file).map_err(|error| {
            Failure::usage(format!(
                "the key file {file} cannot be read: {error}; make one with `mezz keys new {file}`"
            ))
        })?,
        None => text.to_owned(),
    };
    hex.trim().parse().map_err(|_| {
        Failure::usage(
            "a key is 0x and 64 hex digits, @FILE with such a line, or dev:N for a dev account",
        )
    })
}

/// Writes a new key to a file that only its owner can read, and never over something else.
pub(crate) fn write_new(file: &Path, key: &B256) -> Result<(), Failure> {
    write_secret(file, "a key", format!("{key}\n").as_bytes())
}

/// The same of any secret.
pub(crate) fn write_secret(file: &Path, what: &str, secret: &[u8]) -> Result<(), Failure> {
    let created = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut created = created.map_err(|error| {
        let advice = match error.kind() {
            ErrorKind::AlreadyExists => {
                format!("{what} is never written over something else: name another file")
            }
            _ => "name a file in a directory that exists and can be written".to_owned(),
        };
        Failure::failed(format!("{} cannot be created: {error}; {advice}", file.display()))
    })?;
    created.write_all(secret)?;
    created.sync_all()?;
    Ok(())
}

pub(crate) fn run(command: &KeysCommand, output: Output) -> Result<(), Failure> {
    match command {
        KeysCommand::New { file } => {
            let key = PrivateKeySigner::random();
            write_new(file, &key.to_bytes())?;
            let address = key.address();
            output.answer(
                format!(
                    "{address}\nkey in {} (only you can read it); use it as @{0}",
                    file.display()
                ),
                &json!({ "address": address, "file": file }),
            )
        }
        KeysCommand::Address(args) => {
            let address = read(&args.key)?.address();
            output.answer(address.to_string(), &json!({ "address": address }))
        }
        KeysCommand::Dev => {
            let accounts: Vec<_> = (0..10).map(|index| (index, dev_key(index))).collect();
            let mut text =
                "The test mnemonic is public: anybody can take what these accounts own.\n"
                    .to_owned();
            for (index, key) in &accounts {
                text += &format!("dev:{index}  {}\n       {}\n", key.address(), key.to_bytes());
            }
            let value: Vec<_> = accounts.iter().map(|(index, key)| json!({ "key": format!("dev:{index}"), "address": key.address(), "privateKey": key.to_bytes() })).collect();
            output.answer(text.trim_end(), &value)
        }
    }
}
