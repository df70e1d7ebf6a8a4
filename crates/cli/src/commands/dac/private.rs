//! Private chains: access keys, a tenant's records, an auditor's payloads.

use crate::{
    args::{HereArgs, MemberTlsArgs, OpenArgs, RecordsArgs},
    commands::{keys, node},
    files::DataDir,
    output::{Failure, Output},
};
use alloy::primitives::{Address, keccak256};
use mezz_da::{
    CommitteeClient, Endpoint,
    private::{AccessKey, SealedPayload},
};
use mezz_primitives::PayloadId;
use serde_json::json;
use std::{collections::BTreeSet, fs, path::Path};

/// Makes an access key.
pub(super) fn new_key(file: &Path, output: Output) -> Result<(), Failure> {
    let key = AccessKey::random();
    keys::write_new(file, &key.to_bytes())?;
    let (public, shown) = (key.public(), file.display());
    output.answer(
        format!("{public}\naccess key in {shown} (only you can read it); give the line above to the chain's operator"),
        &json!({ "key": public, "file": file }),
    )
}

/// A tenant's transactions, each with its place.
pub(super) async fn records(args: RecordsArgs, output: Output) -> Result<(), Failure> {
    let key = AccessKey::read(&args.key)?;
    let client = client(args.members, &args.here, &args.member_tls)?;
    let (mut transactions, mut from, mut seen) = (Vec::new(), args.from, BTreeSet::new());
    loop {
        let (places, more) = client.records(&key, from).await?;
        let new: Vec<_> = places.iter().filter(|place| seen.insert(**place)).collect();
        for place in &new {
            let record = client.record(place.payload_hash, &key).await?;
            let record = record.open(&key).map_err(mezz_da::Error::from)?;
            for own in record.transactions {
                transactions.push(json!({
                    "batch": place.batch_index,
                    "block": own.block_number,
                    "position": own.position,
                    "hash": keccak256(&own.signed),
                    "signed": own.signed,
                }));
            }
        }
        match places.last() {
            // The list may have been cut between two payloads of one batch.
            Some(last) if more && !new.is_empty() => from = last.batch_index,
            _ => break,
        }
    }
    let value = json!({ "key": key.public(), "transactions": transactions });
    let text =
        serde_json::to_string_pretty(&value).map_err(|error| Failure::failed(error.to_string()))?;
    output.answer(text, &value)
}

/// A payload in the clear, as an auditor keeps it.
pub(super) async fn open(args: OpenArgs, output: Output) -> Result<(), Failure> {
    let key = AccessKey::read(&args.key)?;
    let sealed = match &args.sealed {
        Some(path) => read_sealed(path)?,
        None => {
            client(args.members, &args.here, &args.member_tls)?
                .sealed_by_hash(args.payload_hash, &key)
                .await?
        }
    };
    let id: PayloadId = sealed.context().payload;
    if id.payload_hash != args.payload_hash {
        return Err(Failure::failed(format!("this is payload {}, another one", id.payload_hash)));
    }
    let opened = sealed.open(&key).map_err(mezz_da::Error::from)?;
    fs::write(&args.to, &opened.payload)?;
    let (bytes, shown) = (opened.payload.len(), args.to.display());
    let batch = sealed.context().batch_index;
    output.answer(
        format!("payload of batch {batch}, {bytes} bytes, in {shown}; it is in the clear now"),
        &json!({ "payloadHash": id.payload_hash, "batch": batch, "bytes": bytes, "file": args.to }),
    )
}

/// A sealed payload from a member's store: behind its checksum.
fn read_sealed(path: &Path) -> Result<SealedPayload, Failure> {
    let bytes = fs::read(path)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    let sealed = bytes.split_at_checked(32).filter(|(sum, rest)| keccak256(rest) == *sum);
    let (_, sealed) = sealed.ok_or_else(|| {
        Failure::failed(format!("{} is no file of a member's store, or damaged", path.display()))
    })?;
    Ok(SealedPayload::decode(sealed).map_err(mezz_da::Error::from)?)
}

/// A client without a key of its own on L1: what it reads it shows an access key for.
fn client(
    mut members: Vec<(Address, String)>,
    here: &HereArgs,
    tls: &MemberTlsArgs,
) -> Result<CommitteeClient, Failure> {
    if members.is_empty() {
        members = members_of(&DataDir(here.datadir.clone()))?;
    }
    let endpoints = members.into_iter().map(|(address, url)| Endpoint { address, url }).collect();
    Ok(CommitteeClient::new(0, Address::ZERO, endpoints, None, node::tls(tls))?)
}

/// The members of the chain that runs in a data directory.
fn members_of(here: &DataDir) -> Result<Vec<(Address, String)>, Failure> {
    let committee = here.deployment().ok().and_then(|deployment| deployment.committee);
    let committee = committee.ok_or_else(|| {
        Failure::usage(
            "say where a member is with --member ADDRESS=URL, or name the --datadir of a running chain that has a committee",
        )
    })?;
    Ok(committee.members.into_iter().map(|member| (member.address, member.url)).collect())
}
