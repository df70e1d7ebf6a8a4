//! `mezz deploy`: plan, apply, inspect.

use super::keys;
use crate::{
    args::{DeployArgs, DeployCommand},
    files::DataDir,
    output::{Failure, Output},
};
use alloy::signers::local::PrivateKeySigner;
use indicatif::{ProgressBar, ProgressStyle};
use mezz_l1::{
    Client, Sender, SenderConfig,
    deploy::{Deployment, Intent, Plan, apply, inspect},
};
use std::{fs, sync::Arc};

pub(crate) async fn run(command: &DeployCommand, output: Output) -> Result<(), Failure> {
    match command {
        DeployCommand::Plan(args) => {
            let (plan, _, _) = plan(args).await?;
            output.answer(plan.to_string(), &plan);
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
            );
        }
        DeployCommand::Inspect(args) => {
            let path = DataDir(args.here.datadir.clone()).join("rollup.json");
            let deployment = Deployment::load(&path).map_err(|error| {
                Failure::failed(format!("{error}; give the --datadir of a deployment"))
            })?;
            let inspection = inspect(&Client::connect(&args.l1, None).await?, &deployment).await?;
            let sound = inspection.is_sound();
            output.answer(inspection.to_string(), &inspection);
            if !sound {
                return Err(Failure::failed(
                    "the chain differs from rollup.json where it must not; see above",
                ));
            }
        }
    }
    Ok(())
}

/// The plan: of the state file if a deployment was begun, of the intent otherwise.
async fn plan(args: &DeployArgs) -> Result<(Plan, Client, PrivateKeySigner), Failure> {
    let client = Client::connect(&args.l1, None).await?;
    let key = keys::read(args.deployer_key.as_deref().unwrap_or("dev:100"))?;
    let state = DataDir(args.here.datadir.clone()).join("deploy-state.json");
    if state.exists() {
        return Ok((Plan::resume(&state)?, client, key));
    }
    let intent = match &args.intent {
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("the intent {} cannot be read: {error}", path.display()))
            })?;
            Intent::from_toml(&text, key.address())?
        }
        None => Intent::devnet(client.chain_id(), 901),
    };
    Ok((Plan::prepare(intent, &client, key.address()).await?, client, key))
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
