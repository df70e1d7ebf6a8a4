//! `mezz status`: how far the chain is.

use crate::{
    args::HereArgs,
    files::DataDir,
    output::{Failure, Output},
};
use alloy::providers::{Provider, ProviderBuilder};
use serde_json::{Value, json};

pub(crate) async fn run(args: &HereArgs, output: Output) -> Result<(), Failure> {
    let deployment = DataDir(args.datadir.clone()).deployment()?;
    let url = deployment.l2.rpc.parse().map_err(|_| {
        Failure::failed("deployment.json names no URL for the L2; start `mezz up` again")
    })?;
    let provider = ProviderBuilder::new().connect_http(url);
    let status: Value = provider.raw_request("mezz_status".into(), ()).await.map_err(|error| {
        Failure::not_running(format!(
            "the node at {} does not answer ({error}); start it with `mezz up --datadir {}`",
            deployment.l2.rpc,
            args.datadir.display()
        ))
    })?;
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
    text += &format!("  unposted   about {} bytes\n", number(&status["unpostedBytes"]));
    text += &format!("  L1 head    block {}\n", number(&status["l1Head"]["number"]));
    text += "  referee    the security council (step proofs are not deployed)";
    if let Some(failure) = status["failure"].as_str() {
        text += &format!("\n\n  STOPPED    {failure}");
    }
    output.answer(text, &json!({ "family": deployment.family, "l1": deployment.l1, "l2": deployment.l2, "status": status }));
    Ok(())
}
