//! `mezz deploy`: plan, apply, inspect.

use super::keys;
use crate::{
    args::{DeployArgs, DeployCommand},
    files::{self, DataDir},
    output::{Failure, Output},
};
use alloy::{primitives::Address, signers::local::PrivateKeySigner};
use indicatif::{ProgressBar, ProgressStyle};
use mezz_l1::{
    Client, Sender, SenderConfig,
    deploy::{Intent, Plan, apply, inspect},
};
use std::{fs, path::Path, sync::Arc};

pub(crate) async fn run(command: &DeployCommand, output: Output) -> Result<(), Failure> {
    match command {
        DeployCommand::Plan(args) => {
            let (plan, _, _) = plan(args).await?;
            output.answer(plan.to_string(), &plan)
        }
        DeployCommand::Apply(args) => {
            let (plan, client, key) = plan(args).await?;
            let here = DataDir::create(&args.here.datadir)?;
            let sender = Sender::new(client, Arc::new(key), SenderConfig::default());
            let bar = bar(output, plan.steps.len() as u64 + 1);
            let deployment =
                apply(&plan, &sender, Some(&here.join("deploy-state.json")), |progress| {
                    bar.set_position(progress.done as u64);
                    bar.set_message(progress.next.unwrap_or("verifying"));
                })
                .await?;
            bar.finish_and_clear();
            deployment.save(&here.join("rollup.json"))?;
            output.answer(
                format!(
                    "deployed; {} has everything that a node needs",
                    here.join("rollup.json").display()
                ),
                &deployment,
            )
        }
        DeployCommand::Inspect(args) => {
            let path = args.here.datadir.join("rollup.json");
            let deployment = files::rollup(&path, "give the --datadir of a deployment")?;
            let client = Client::connect_to(&args.l1, None, deployment.config.l1_chain_id).await?;
            let inspection = inspect(&client, &deployment).await?;
            if inspection.is_sound() {
                return output.answer(inspection.to_string(), &inspection);
            }
            let failure = "the chain differs from rollup.json where it must not; see above";
            output.answer_failing(inspection.to_string(), &inspection, Failure::failed(failure))
        }
    }
}

/// The plan: of the state file if a deployment was begun, of the intent otherwise.
async fn plan(args: &DeployArgs) -> Result<(Plan, Client, PrivateKeySigner), Failure> {
    let key = keys::read(args.deployer_key.as_deref().unwrap_or("dev:100"))?;
    let intent = args.intent.as_deref().map(|path| intent(path, key.address())).transpose()?;
    let state = args.here.datadir.join("deploy-state.json");
    if state.exists() {
        let plan = Plan::resume(&state)?;
        if intent.is_some_and(|intent| intent != plan.seed.intent) {
            return Err(Failure::refused(format!(
                "{} holds a deployment with another intent; leave out --intent to go on with it, or give another --datadir",
                state.display()
            )));
        }
        return Ok((plan, Client::connect(&args.l1, None).await?, key));
    }
    let client = Client::connect(&args.l1, None).await?;
    let intent = intent.unwrap_or_else(|| Intent::devnet(client.chain_id(), 901));
    Ok((Plan::prepare(intent, &client, key.address()).await?, client, key))
}

fn intent(path: &Path, deployer: Address) -> Result<Intent, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("the intent {} cannot be read: {error}", path.display()))
    })?;
    Ok(Intent::from_toml(&text, deployer)?)
}

/// A progress bar on standard error; hidden when the answer is JSON or nobody watches.
pub(crate) fn bar(output: Output, length: u64) -> ProgressBar {
    if output.json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
