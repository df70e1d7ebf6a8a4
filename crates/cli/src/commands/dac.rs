//! `mezz dac`: a member of a data committee, its keys, and what others show of it.

mod equivocation;
mod private;

use super::{keys, run};
use crate::{
    args::{DacCommand, MemberArgs, ProposeArgs, RestoreArgs},
    output::{Failure, Output},
};
use alloy::{
    hex,
    primitives::{Address, B256, U256},
    sol_types::SolCall,
};
use mezz_da::{
    Member, MemberConfig, PayloadStore,
    committee::{
        Backup, BlsCommittee, BlsKey, BlsRegistration, Clock, SealedStore, Signatures,
        verify_audit_log,
    },
};
use mezz_l1::contracts::CommitteeRegistry;
use serde_json::json;
use std::{fs, path::Path};

pub(crate) async fn run(command: DacCommand, output: Output) -> Result<(), Failure> {
    match command {
        DacCommand::Member(args) => member(&args, output).await,
        DacCommand::Backup { member, to } => backup(&member, &to, output),
        DacCommand::Verify(args) => verify(&args, output),
        DacCommand::Restore(args) => restore(&args, output),
        DacCommand::Key { file } => new_key(&file, output),
        DacCommand::AccessKey { file } => private::new_key(&file, output),
        DacCommand::Records(args) => private::records(args, output).await,
        DacCommand::Open(args) => private::open(args, output).await,
        DacCommand::Register(args) => register(&args, output),
        DacCommand::Propose(args) => propose(&args, output),
        DacCommand::ShowEquivocation(args) => equivocation::run(&args, output).await,
    }
}

/// Makes a BLS key.
fn new_key(file: &Path, output: Output) -> Result<(), Failure> {
    let key = BlsKey::random();
    keys::write_new(file, &key.to_bytes())?;
    let public = hex::encode_prefixed(key.public().encode());
    let shown = file.display();
    output.answer(
        format!("{public}\nBLS key in {shown} (only you can read it); set bls-key-file to it, then `mezz dac register`"),
        &json!({ "key": public, "file": file }),
    )
}

/// The call that makes a member's key count.
fn register(args: &MemberArgs, output: Output) -> Result<(), Failure> {
    let registration = config(&args.config)?.registration()?.ok_or_else(|| {
        Failure::usage("this member has no BLS key: make one with `mezz dac key FILE` and set bls-key-file to it")
    })?;
    let BlsRegistration { member, key, proof } = registration;
    let call =
        CommitteeRegistry::registerKeyCall { member, key: key.clone(), proof: proof.clone() };
    let call = hex::encode_prefixed(call.abi_encode());
    output.answer(
        format!("send this to the committee's registry on L1, from any account, to register the key of {member}:\n{call}"),
        &json!({ "member": member, "key": key, "proof": proof, "call": call }),
    )
}

/// The call that proposes a committee, whose proofs are checked before L1 does.
fn propose(args: &ProposeArgs, output: Output) -> Result<(), Failure> {
    let read = |path: &std::path::PathBuf| {
        let shown = path.display();
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
        let registration: BlsRegistration = serde_json::from_str(&text).map_err(|error| {
            Failure::usage(format!(
                "{shown}: {error}; it is to be what `mezz dac register --json` says"
            ))
        })?;
        match registration.is_sound() {
            true => Ok(registration),
            false => Err(Failure::failed(format!(
                "{shown}: the proof is not one of {} for this key; ask the member for another file",
                registration.member
            ))),
        }
    };
    let mut members = args.members.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    members.sort_by_key(|registration| registration.member);
    let addresses: Vec<_> = members.iter().map(|registration| registration.member).collect();
    let keys: Vec<u8> = members.iter().flat_map(|registration| registration.key.to_vec()).collect();
    let bit = |member: &Address| {
        let index = addresses.binary_search(member).map_err(|_| {
            Failure::usage(format!(
                "{member} must sign, and is not among the members: give its file too"
            ))
        })?;
        Ok::<_, Failure>(U256::from(1) << index)
    };
    let mandatory = args
        .mandatory
        .iter()
        .map(bit)
        .try_fold(U256::ZERO, |bits, bit| Ok::<_, Failure>(bits | bit?))?;
    let committee = BlsCommittee::new(&addresses, &keys, args.threshold, mandatory);
    let fault = committee.map(|committee| committee.fault());
    if let Some(fault) = fault.unwrap_or(Some("has a BLS key for each member")) {
        return Err(Failure::usage(format!("a committee {fault}")));
    }
    let count = addresses.len();
    let call = CommitteeRegistry::proposeBlsCall {
        members: addresses.clone(),
        keys: keys.into(),
        threshold: args.threshold,
        mandatory,
    };
    let call = hex::encode_prefixed(call.abi_encode());
    output.answer(
        format!(
            "{} of {count} members must sign. Once all keys are registered, schedule this with the timelock, to the committee's registry:\n{call}",
            args.threshold
        ),
        &json!({ "members": addresses, "threshold": args.threshold, "mandatory": mandatory, "call": call }),
    )
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
    let config = config(&args.config)?;
    let data = &config.data;
    let sealed = config.private_key_file.is_some().then(|| data.join("sealed"));
    let done = copy((&data.join("payloads"), to), sealed.as_deref().map(|from| (from, to)))?;
    copied(&done, to, "start the member: it gets them from its peers", output)
}

/// Copies a backup back. The log of signatures is none of it, and stays as it is.
fn restore(args: &RestoreArgs, output: Output) -> Result<(), Failure> {
    let config = config(&args.member.config)?;
    let (data, from) = (&config.data, args.from.as_path());
    if !from.is_dir() {
        let shown = from.display();
        return Err(Failure::usage(format!("{shown} is no folder: name that of a backup")));
    }
    let log = data.join("signatures.jsonl");
    // A member that runs has it locked. It is not made here: a member that finds none knows that it was lost.
    let _stopped = log.exists().then(|| Signatures::lock(&log)).transpose()?;
    let sealed = config.private_key_file.is_some().then(|| data.join("sealed"));
    let done = copy((from, &data.join("payloads")), sealed.as_deref().map(|to| (from, to)))?;
    copied(
        &done,
        data,
        "take them from another backup, or let the member get them from its peers",
        output,
    )
}

/// Copies payloads, and sealed ones as they are: who copies them needs no key, and learns nothing.
fn copy(plain: (&Path, &Path), sealed: Option<(&Path, &Path)>) -> Result<Backup, Failure> {
    let mut done = PayloadStore::open_to_read(plain.0)?.backup(plain.1)?;
    if let Some((from, to)) = sealed {
        let Backup { copied, present, damaged } = SealedStore::open_to_read(from)?.backup(to)?;
        done.copied.extend(copied);
        done.damaged.extend(damaged);
        done.present += present;
    }
    Ok(done)
}

fn copied(done: &Backup, to: &Path, otherwise: &str, output: Output) -> Result<(), Failure> {
    let text = format!(
        "{} payloads copied to {}, {} were there; {} are damaged and were not copied",
        done.copied.len(),
        to.display(),
        done.present,
        done.damaged.len()
    );
    let value = json!({ "copied": done.copied, "present": done.present, "damaged": done.damaged });
    match done.damaged.is_empty() {
        true => output.answer(text, &value),
        false => Err(Failure::failed(format!("{text}; {otherwise}"))),
    }
}

/// Checks what is kept, whether it is all that was promised, and the chain of the log of reads.
fn verify(args: &MemberArgs, output: Output) -> Result<(), Failure> {
    let config = config(&args.config)?;
    let store = PayloadStore::open_to_read(config.data.join("payloads"))?;
    let sealed = config.private_key_file.is_some().then(|| config.data.join("sealed"));
    let sealed = sealed.map(SealedStore::open_to_read).transpose()?;
    let mut kept = store.list().len();
    let mut damaged = store.damaged();
    if let Some(sealed) = &sealed {
        kept += sealed.list().len();
        damaged.extend(sealed.damaged());
    }
    let is_missing = |hash: &B256| {
        !store.is_there(*hash) && !sealed.as_ref().is_some_and(|sealed| sealed.is_there(*hash))
    };
    let signatures = config.data.join("signatures.jsonl");
    let promises = match signatures.exists() {
        true => Signatures::promises_in(&signatures, Clock::default().now())?,
        false => Vec::new(),
    };
    let promised = promises.into_iter().map(|promise| promise.payload.payload_hash);
    let missing: Vec<_> = promised.filter(is_missing).collect();
    let log = config.data.join("access.jsonl");
    let head = verify_audit_log(&log)?;
    if !(damaged.is_empty() && missing.is_empty()) {
        let list = |name: &str, hashes: &[B256]| {
            hashes.iter().map(|hash| format!("\n{name} {hash}")).collect::<String>()
        };
        return Err(Failure::failed(format!(
            "{} payloads are damaged, and {} that were promised are missing; start the member: it gets them from its peers{}{}",
            damaged.len(),
            missing.len(),
            list("damaged", &damaged),
            list("missing", &missing),
        )));
    }
    let text = format!(
        "{kept} payloads are whole; {} reads in {}, none changed, the last with the hash\n{}",
        head.lines,
        log.display(),
        head.hash
    );
    output.answer(text, &json!({ "payloads": kept, "reads": head.lines, "hash": head.hash }))
}
