//! `mezz dac`: a member of a data committee.

use super::run;
use crate::{
    args::{DacCommand, MemberArgs},
    output::{Failure, Output},
};
use mezz_da::{Member, MemberConfig, PayloadStore, committee::verify_audit_log};
use serde_json::json;
use std::{fs, path::Path};

pub(crate) async fn run(command: DacCommand, output: Output) -> Result<(), Failure> {
    match command {
        DacCommand::Member(args) => member(&args, output).await,
        DacCommand::Backup { member, to } => backup(&member, &to, output),
        DacCommand::Verify(args) => verify(&args, output),
    }
}

/// Reads a member's configuration.
fn config(path: &Path) -> Result<MemberConfig, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
    toml::from_str(&text).map_err(|error| Failure::usage(format!("{shown}: {error}")))
}

async fn member(args: &MemberArgs, output: Output) -> Result<(), Failure> {
    let config = config(&args.config)?;
    let data = config.data.clone();
    let member = Member::start(config).await?;
    let url = member.local_addr();
    run::announce(
        output,
        output.answer(
            format!("member of a data committee at {url}, data in {}", data.display()),
            &json!({ "address": url, "data": data }),
        ),
    );
    let ended = run::interrupted().await;
    output.note("stopping: what was promised is on disk");
    member.stop().await;
    ended
}

/// Copies what is kept, each payload checked by its hash.
fn backup(args: &MemberArgs, to: &Path, output: Output) -> Result<(), Failure> {
    let store = PayloadStore::open(config(&args.config)?.data.join("payloads"))?;
    let done = store.backup(to)?;
    let text = format!(
        "{} payloads copied to {}, {} were there; {} are damaged here and were not copied",
        done.copied.len(),
        to.display(),
        done.present,
        done.damaged.len()
    );
    let value = json!({ "copied": done.copied, "present": done.present, "damaged": done.damaged });
    match done.damaged.is_empty() {
        true => output.answer(text, &value),
        false => {
            Err(Failure::failed(format!("{text}; start the member: it gets them from its peers")))
        }
    }
}

/// Checks what is kept and the chain of the log of reads.
fn verify(args: &MemberArgs, output: Output) -> Result<(), Failure> {
    let config = config(&args.config)?;
    let store = PayloadStore::open(config.data.join("payloads"))?;
    let kept = store.list();
    let damaged: Vec<_> =
        kept.iter().filter(|kept| store.get(&kept.id).is_none()).map(|kept| kept.id).collect();
    let log = config.data.join("reads.jsonl");
    let head = verify_audit_log(&log)?;
    if !damaged.is_empty() {
        return Err(Failure::failed(format!(
            "{} of {} payloads are damaged; start the member: it gets them from its peers",
            damaged.len(),
            kept.len()
        )));
    }
    let text = format!(
        "{} payloads are whole; {} reads in {}, none changed, the last with the hash\n{}",
        kept.len(),
        head.lines,
        log.display(),
        head.hash
    );
    output.answer(text, &json!({ "payloads": kept.len(), "reads": head.lines, "hash": head.hash }))
}
