//! `mezz dac show-equivocation`: L1 is shown that a member has signed two payloads for one place.

use crate::{
    args::EquivocationArgs,
    commands::keys,
    files,
    output::{Failure, Output},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, Bytes},
    sol_types::{SolCall, SolEvent},
};
use mezz_da::committee::{Equivocation, SignedStatement, Signers, read_statements};
use mezz_l1::{
    Call, Client, Sender, SenderConfig,
    contracts::{BlsSignature, Certificate, CommitteeRegistry},
    deploy::Deployment,
};
use serde_json::json;
use std::{fs, path::PathBuf, sync::Arc};

pub(super) async fn run(args: &EquivocationArgs, output: Output) -> Result<(), Failure> {
    let both = read(&args.evidence)?;
    let signers = both.signers().map_err(Failure::usage)?;
    let found = describe(&both, signers);
    let calldata = calldata(&both)?;
    let shown = json!({ "signers": signers.to_string(), "equivocation": both, "call": calldata });
    let path = args.rollup.clone().unwrap_or_else(|| args.here.datadir.join("rollup.json"));
    let deployment = || files::rollup(&path, "give --rollup with the chain's rollup.json");
    let Some(l1) = args.l1.as_ref().filter(|_| !args.calldata) else {
        let registry = deployment().ok().and_then(|deployment| deployment.contracts.committee);
        let to = registry.map_or_else(
            || "the chain's CommitteeRegistry on L1".to_owned(),
            |contracts| format!("the CommitteeRegistry, {}", contracts.registry),
        );
        return output.answer(
            format!("{found}\n\nsend this to {to}, from any account:\n{calldata}"),
            &shown,
        );
    };
    let deployment = deployment()?;
    let registry = registry(&deployment, &both)?;
    let client = Client::connect_to(l1, None, deployment.config.l1_chain_id).await?;
    output.note(&found);
    let retention = CommitteeRegistry::retentionCall {};
    let retention = client.call(registry, &retention, BlockNumberOrTag::Latest).await?;
    let (now, until) = (client.latest().await?.time, both.until(retention));
    if now > until {
        return Err(Failure::refused(format!(
            "L1 took this until its time {until}, and it is {now} there: what could not be posted any more may be signed anew. Show both files to the chain's guardian, who can revoke a member at any time"
        )));
    }
    let sender = Sender::new(client, Arc::new(keys::read(&args.key.key)?), SenderConfig::default());
    let call = Call { to: Some(registry), data: calldata, ..Call::default() };
    let receipt = sender.send(call).await?;
    let logs = receipt.logs().iter().filter(|log| log.address() == registry);
    let events = logs.filter_map(|log| {
        CommitteeRegistry::EquivocationShown::decode_log(&log.inner).ok().map(|event| event.data)
    });
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    for event in events {
        let (member, epoch) = (event.member, event.epoch);
        lines.push(match event.revoked {
            true => format!("{member} is revoked in epoch {epoch}: its signatures count no more"),
            false => format!(
                "{member} was shown and not revoked: it is already, or epoch {epoch} could not sign without it; the registry's owner can propose another committee"
            ),
        });
        values.push(json!({ "member": member, "epoch": epoch, "revoked": event.revoked }));
    }
    let value = json!({ "transaction": receipt.transaction_hash, "shown": values });
    output.answer(format!("{}\n{}", lines.join("\n"), receipt.transaction_hash), &value)
}

/// Two statements that contradict each other, from one file or two.
fn read(files: &[PathBuf]) -> Result<Equivocation, Failure> {
    let read = |path: &PathBuf| -> Result<Vec<SignedStatement>, Failure> {
        let shown = path.display();
        let text = fs::read(path)
            .map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
        read_statements(&text).map_err(|error| {
            Failure::usage(format!(
                "{shown}: {error}; it is to be evidence that a node has kept, or a signed certificate (docs/spec/committee.md)"
            ))
        })
    };
    let statements: Vec<_> = files.iter().map(read).collect::<Result<Vec<_>, _>>()?.concat();
    let count = statements.len();
    let [first, second] = <[SignedStatement; 2]>::try_from(statements).map_err(|_| {
        Failure::usage(format!(
            "it takes two signed certificates, and there are {count}: give the file that a node has kept, or two files with one each"
        ))
    })?;
    Equivocation::new(first, second)
        .map_err(|error| Failure::usage(format!("this is no equivocation: {error}")))
}

fn describe(both: &Equivocation, signers: Signers) -> String {
    let (place, inbox) = (both.first.certificate, both.first.inbox);
    let who = match signers {
        Signers::Member(member) => member.to_string(),
        Signers::Bls(_) => format!("member {signers} (from 0) of epoch {}", place.epoch),
    };
    let line = |one: &SignedStatement| {
        format!(
            "  payload {} of {} bytes, until {}",
            one.certificate.payload.payload_hash,
            one.certificate.payload.payload_length,
            one.certificate.expiry
        )
    };
    format!(
        "{who} has signed two payloads for batch {} of inbox {} on L1 {}, after {}:\n{}\n{}",
        place.batch_index,
        inbox.inbox,
        inbox.l1_chain_id,
        place.prev_acc.0,
        line(&both.first),
        line(&both.second)
    )
}

/// The call of the registry.
fn calldata(both: &Equivocation) -> Result<Bytes, Failure> {
    let Equivocation { first, second } = both;
    let inbox = first.inbox.inbox;
    let bls = |one: &SignedStatement| {
        let signers = one.signers.unwrap_or_default();
        BlsSignature { signers, signature: one.signature.clone() }
    };
    Ok(match both.signers().map_err(Failure::usage)? {
        Signers::Member(_) => CommitteeRegistry::showEquivocationCall {
            inbox,
            first: words(first),
            firstSignature: first.signature.clone(),
            second: words(second),
            secondSignature: second.signature.clone(),
        }
        .abi_encode(),
        Signers::Bls(_) => CommitteeRegistry::showBlsEquivocationCall {
            inbox,
            first: words(first),
            firstSignature: bls(first),
            second: words(second),
            secondSignature: bls(second),
        }
        .abi_encode(),
    }
    .into())
}

fn words(statement: &SignedStatement) -> Certificate {
    let certificate = &statement.certificate;
    Certificate {
        batchIndex: certificate.batch_index,
        prevAcc: certificate.prev_acc.0,
        payloadHash: certificate.payload.payload_hash,
        payloadLength: certificate.payload.payload_length,
        epoch: certificate.epoch,
        expiry: certificate.expiry,
    }
}

/// The registry, if the statements are of this chain.
fn registry(deployment: &Deployment, both: &Equivocation) -> Result<Address, Failure> {
    let contracts = deployment.contracts.committee;
    let contracts = contracts
        .ok_or_else(|| Failure::usage("the chain of this rollup.json has no committee"))?;
    let said = both.first.inbox;
    if (said.l1_chain_id, said.inbox) == (deployment.config.l1_chain_id, deployment.contracts.inbox)
    {
        return Ok(contracts.registry);
    }
    Err(Failure::usage(format!(
        "this is about inbox {} on L1 {}, and rollup.json is of another chain: give that chain's with --rollup",
        said.inbox, said.l1_chain_id
    )))
}
