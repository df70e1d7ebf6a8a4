//! `mezz drill`: a dishonest party against the running devnet.

use super::{send, up};
use crate::{
    args::DrillArgs,
    files,
    output::{Failure, Output, ether},
};
use alloy::providers::Provider;
use mezz_l1::{
    Client,
    deploy::{DEV_MEMBER, dev_key},
};
use mezz_primitives::{COMMITTEE_MEMBERS_MAX, ChainConfig, Contracts};
use mezz_sim::{Act, Adversary, Drill, Side};
use serde::Deserialize;
use serde_json::json;

/// What a node says of its chain.
#[derive(Debug, Deserialize)]
struct Rollup {
    chain: ChainConfig,
    contracts: Contracts,
}

/// The challenger of `mezz up`.
const CHALLENGER: u32 = 103;

pub(crate) async fn run(args: &DrillArgs, output: Output) -> Result<(), Failure> {
    let running = files::asked(&args.ask)?;
    let provider = send::provider(&args.ask, &running)?;
    let rollup: Rollup = provider.raw_request("mezz_chainConfig".into(), ()).await?;
    let client = Client::connect_to(&running.l1.rpc, None, rollup.chain.l1_chain_id).await?;
    let drill = Drill {
        adversary: args.adversary,
        config: rollup.chain,
        contracts: rollup.contracts,
        client,
        censored: vec![dev_key(CHALLENGER).address()],
        colluding: (
            dev_key(up::BATCHER),
            (DEV_MEMBER..DEV_MEMBER + COMMITTEE_MEMBERS_MAX as u32).map(dev_key).collect(),
        ),
    };
    if args.adversary.claims() || args.adversary == Adversary::Griefer {
        output.note(format!("{} waits for an honest claim to stand beside", args.adversary));
    }
    let mut acts: Vec<Act> = Vec::new();
    let verdict = drill
        .run(|act| {
            output.note(line(act));
            acts.push(act.clone());
        })
        .await?;
    let outcome = if verdict.honest_won { "honest side won" } else { "NOT DECIDED" };
    let text = format!(
        "\n{}\n\n  {outcome} in {:.0} s; {} lost {} ether\n  gas: honest {}, {} {}",
        verdict.reason,
        verdict.seconds,
        verdict.adversary,
        ether(verdict.adversary_lost),
        verdict.honest_gas,
        verdict.adversary,
        verdict.adversary_gas
    );
    output.answer(text, &json!({ "verdict": verdict, "moves": acts }))
}

/// A move in a line of a table.
fn line(act: &Act) -> String {
    let side = match act.side {
        Side::Adversary => "adversary",
        Side::Honest => "honest",
    };
    let risk = match act.at_risk.is_zero() {
        true => String::new(),
        false => format!("{} ether", ether(act.at_risk)),
    };
    format!(
        "{:>4} s  {side:<9} {:<8} {:<28} {:>8} gas  {risk}",
        act.second, act.action, act.detail, act.gas
    )
}
