//! `mezz status`: how far the chain is.

use super::send;
use crate::{
    args::AskArgs,
    files,
    output::{Failure, Output},
};
use alloy::providers::Provider;
use serde_json::{Value, json};

pub(crate) async fn run(args: &AskArgs, output: Output) -> Result<(), Failure> {
    let deployment = files::asked(args)?;
    let provider = send::provider(args, &deployment)?;
    let status: Value = provider.raw_request("mezz_status".into(), ()).await?;
    let heads = &status["heads"];
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let mut text = format!(
        "{} rollup, chain {} on L1 chain {}\n\n",
        deployment.family, deployment.l2.chain_id, deployment.l1.chain_id
    );
    for (name, value, meaning) in [
        ("latest", &heads["latest"], "sealed by the sequencer"),
        ("safe", &heads["safe"], "its batch is on L1"),
        ("finalized", &heads["finalized"], "the L1 block of its batch is final"),
        ("settled", &heads["settled"], "its claim is confirmed"),
    ] {
        text += &format!("  {name:<10} block {:<9} {meaning}\n", number(value));
    }
    text += &format!(
        "\n  batches    {} posted, {} derived\n",
        number(&status["batches"]),
        number(&status["derivedBatches"])
    );
    text += &format!(
        "  queue      {} messages, {} consumed\n",
        number(&status["queue"]["enqueued"]),
        number(&status["queue"]["consumed"])
    );
    // A private chain's node tells it to auditors and operators.
    if !status["unpostedBytes"].is_null() {
        text += &format!("  unposted   about {} bytes\n", number(&status["unpostedBytes"]));
    }
    text += &format!("  L1 head    block {}\n", number(&status["l1Head"]["number"]));
    if let Some(committee) = &deployment.committee {
        let (needed, count) = (usize::from(committee.threshold), committee.members.len());
        text += &format!(
            "  committee  {needed} of {count} members sign; one of any {} must be honest\n             {} batches sealed, {} demanded\n",
            (count + 1).saturating_sub(needed),
            number(&status["committee"]["sealed"]),
            number(&status["committee"]["demands"])
        );
        if let Some(claim) = status["committee"]["frozen"].as_u64() {
            text += &format!("  ENDED      with claim {claim}: leave with `mezz exit run`\n");
        }
    }
    let proofs = &status["proofs"];
    if let Some(policy) = proofs["policy"].as_str() {
        let worth = match policy {
            _ if proofs["broken"] == true => {
                "contradicted each other: worth nothing any more".into()
            }
            "fast" => format!("a proven claim is final {} s later", number(&proofs["wait"])),
            "safe" => format!("a proven claim may be doubted for {} s", number(&proofs["wait"])),
            _ => "recorded, and worth nothing".to_owned(),
        };
        text += &format!("  proofs     {worth}\n");
    }
    let signatures = &status["signatures"];
    if signatures.is_object() {
        text += &format!(
            "  signatures {} batches without, {} of them to be proven yet, {} void\n             {} batches sealed\n",
            number(&signatures["unsigned"]),
            number(&signatures["unproven"]),
            number(&signatures["void"]),
            number(&signatures["sealed"])
        );
    }
    text += "  referee    the query-answer game: anybody may doubt a claim (`mezz claims`)";
    if let Some(notice) = status["program"]["notice"].as_str() {
        let version = match status["program"]["standing"].as_str() {
            Some("superseded") => "SUPERSEDED",
            _ => "VERSION   ",
        };
        text += &format!("\n\n  {version} {notice}");
    }
    if let Some(failure) = status["failure"].as_str() {
        text += &format!("\n\n  STOPPED    {failure}");
    }
    output.answer(text, &json!({ "family": deployment.family, "l1": deployment.l1, "l2": deployment.l2, "status": status }))
}
