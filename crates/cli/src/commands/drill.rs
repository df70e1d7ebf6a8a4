//! `mezz drill`: a dishonest party against the running devnet.

use crate::{
    args::DrillArgs,
    files::{self, DataDir},
    output::{Failure, Output, ether},
};
use mezz_l1::{Client, deploy::dev_key};
use mezz_sim::{Act, Drill, Side};
use serde_json::json;

/// The challenger of `mezz up`.
const CHALLENGER: u32 = 103;

pub(crate) async fn run(args: &DrillArgs, output: Output) -> Result<(), Failure> {
    let here = DataDir(args.here.datadir.clone());
    let running = here.deployment()?;
    let rollup =
        files::rollup(&here.join("rollup.json"), "a drill needs a devnet: start `mezz up` first")?;
    let client = Client::connect_to(&running.l1.rpc, None, rollup.config.l1_chain_id).await?;
    let drill = Drill {
        adversary: args.adversary,
        config: rollup.config,
        contracts: rollup.contracts,
        client,
        censored: vec![dev_key(CHALLENGER).address()],
    };
    output.note(format!("{} waits for an honest claim to stand beside", args.adversary));
    let mut acts: Vec<Act> = Vec::new();
    let verdict = drill
        .run(|act| {
            output.note(line(act));
            acts.push(act.clone());
        })
        .await?;
    let text = format!(
        "\n{}\n\n  honest side won in {:.0} s; {} lost {}\n  gas: honest {}, {} {}",
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
        false => ether(act.at_risk),
    };
    format!(
        "{:>4} s  {side:<9} {:<8} {:<28} {:>8} gas  {risk}",
        act.second, act.action, act.detail, act.gas
    )
}
