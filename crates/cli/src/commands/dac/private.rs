//! Private chains: access keys, a tenant's records, an auditor's payloads.

use crate::{
    args::{HereArgs, MemberTlsArgs, OpenArgs, RecordsArgs},
    commands::{keys, node},
    files::DataDir,
    output::{Failure, Output},
};
use alloy::{
    consensus::Transaction as _,
    primitives::{Address, keccak256},
};
use mezz_da::{
    CommitteeClient, Endpoint, MemberAnswer, MemberFault,
    committee::RecordPlace,
    private::{AccessKey, OwnTransaction, Record, SealedPayload, SealedRecord},
};
use mezz_evm::SignedTransaction;
use mezz_primitives::PayloadId;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

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

/// A tenant's transactions, each with its place, as far as any member shows them; and where members differ.
pub(super) async fn records(args: RecordsArgs, output: Output) -> Result<(), Failure> {
    let key = AccessKey::read(&args.key)?;
    let client = client(args.members, &args.here, &args.member_tls)?;
    let Listed { places, faults } = listed(&client, &key, args.from).await?;
    let mut doubts: Vec<String> =
        faults.iter().map(|(member, fault)| format!("{member} {fault}")).collect();
    let mut transactions = Vec::new();
    for (place, members) in &places {
        let batch = place.batch_index;
        let mut shown = BTreeMap::<Vec<u8>, (Record, Vec<Address>)>::new();
        for (member, answer) in client.record(place.payload_hash, &key).await {
            if faults.contains_key(&member) {
                continue;
            }
            if !members.contains(&member) {
                doubts.push(format!("{member} does not list the record of batch {batch}"));
            }
            match answer
                .map_err(|fault| fault.to_string())
                .and_then(|record| opened(&record, place, &key))
            {
                Ok((bytes, record)) => {
                    shown.entry(bytes).or_insert((record, Vec::new())).1.push(member)
                }
                Err(_) if !members.contains(&member) => {}
                Err(fault) => {
                    doubts.push(format!("{member} shows no good record of batch {batch}: {fault}"))
                }
            }
        }
        if shown.len() > 1 {
            doubts.push(format!("members show {} different records of batch {batch}", shown.len()));
        }
        for (record, members) in shown.into_values() {
            for own in record.transactions {
                match described(&own, place, &members) {
                    Ok(transaction) => transactions.push(transaction),
                    Err(fault) => {
                        doubts.push(format!("block {} of batch {batch}: {fault}", own.block_number))
                    }
                }
            }
        }
    }
    for doubt in &doubts {
        output.note(format!("not as it should be: {doubt}"));
    }
    let value = json!({ "key": key.public(), "transactions": transactions, "doubts": doubts });
    let text =
        serde_json::to_string_pretty(&value).map_err(|error| Failure::failed(error.to_string()))?;
    output.answer(text, &value)
}

/// Where members say that a tenant has records.
struct Listed {
    /// Each place, and who lists it.
    places: BTreeMap<RecordPlace, BTreeSet<Address>>,
    /// Who lists nothing that can be read, and why.
    faults: BTreeMap<Address, MemberFault>,
}

async fn listed(client: &CommitteeClient, key: &AccessKey, from: u64) -> Result<Listed, Failure> {
    let mut listed = Listed { places: BTreeMap::new(), faults: BTreeMap::new() };
    let lists = client.records(key, from).await;
    let asked = lists.len();
    for (member, answer) in lists {
        match answer {
            Ok(places) => {
                for place in places {
                    listed.places.entry(place).or_default().insert(member);
                }
            }
            Err(fault) => drop(listed.faults.insert(member, fault)),
        }
    }
    if listed.faults.len() == asked {
        let faults = listed.faults.into_iter();
        let answers = faults.map(|(member, fault)| MemberAnswer { member, fault }).collect();
        return Err(mezz_da::Error::NoRecord { answers }.into());
    }
    Ok(listed)
}

/// A record's plaintext, if it is the one that was asked for.
fn opened(
    record: &SealedRecord,
    place: &RecordPlace,
    key: &AccessKey,
) -> Result<(Vec<u8>, Record), String> {
    let context = record.context();
    if (context.inbox, context.batch_index) != (place.inbox, place.batch_index) {
        return Err("it is one of another batch, or of another chain".to_owned());
    }
    let record = record.open(key).map_err(|error| error.to_string())?;
    let bytes = serde_json::to_vec(&record).map_err(|error| error.to_string())?;
    Ok((bytes, record))
}

/// A transaction for people, if its signature is one: whose it is says the signature, and not who shows it.
fn described(
    own: &OwnTransaction,
    place: &RecordPlace,
    members: &[Address],
) -> Result<Value, String> {
    let signed =
        SignedTransaction::decode(own.signed.clone()).map_err(|error| error.to_string())?;
    Ok(json!({
        "l1ChainId": place.inbox.l1_chain_id,
        "inbox": place.inbox.inbox,
        "batch": place.batch_index,
        "payloadHash": place.payload_hash,
        "block": own.block_number,
        "position": own.position,
        "hash": keccak256(&own.signed),
        "from": signed.sender,
        "to": signed.transaction.to(),
        "signed": own.signed,
        "members": members,
    }))
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
    keys::write_secret(&args.to, "a payload", &opened.payload)?;
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
