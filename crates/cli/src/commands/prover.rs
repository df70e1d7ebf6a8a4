//! The prover beside a chain: whether it is given work, and the one that `mezz up` starts itself.

mod child;
mod pace;

pub(crate) use child::Prover;
pub(crate) use pace::Machine;

use crate::{
    args::UpArgs,
    output::{Failure, Output, wrapped},
};
use mezz_l1::{
    Client, ProofForm,
    deploy::{Deployment, Intent, ProofVerifier, Signatures},
};
use mezz_primitives::ChainConfig;
use pace::{BLOCK_TIME_MAX, Demand};
use std::{
    ffi::OsString,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
};

/// What it is called.
const PROGRAM: &str = "mezz-prover";
/// Where `make prover` puts it, below one's home: with and without the wrap.
const BUILT: [&str; 2] =
    [".cache/mezzanine/prover-wrap/release", ".cache/mezzanine/prover/release"];
/// Seconds that claims wait for a prover on the same machine, which takes minutes for one.
const PATIENCE: u64 = 1_800;
/// Seconds between two claims with which two cores keep pace, if blocks are as slow as they may be.
const CLAIM_INTERVAL: u64 = 360;

/// Becomes the prover, with these arguments.
pub(crate) fn run(arguments: &[OsString], output: Output) -> Result<(), Failure> {
    let program = find(Path::new(PROGRAM))?;
    let mut command = std::process::Command::new(&program);
    if output.json {
        command.env("MEZZ_JSON", "1");
    }
    let error = command.args(arguments).exec();
    Err(Failure::failed(format!("{} cannot be started: {error}", program.display())))
}

/// A program by its path, or by its name where provers are: beside this one, in the search path, or where `make prover` puts it.
fn find(program: &Path) -> Result<PathBuf, Failure> {
    if program.components().count() != 1 {
        return Ok(program.to_owned());
    }
    let here = std::env::current_exe().ok();
    let beside = here.as_deref().and_then(Path::parent).map(Path::to_owned);
    let searched = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::home_dir().unwrap_or_default();
    let built = BUILT.map(|built| home.join(built));
    let mut places = beside.into_iter().chain(std::env::split_paths(&searched)).chain(built);
    places.find_map(|place| Some(place.join(program)).filter(|path| path.is_file())).ok_or_else(|| {
        Failure::failed(format!(
            "there is no {} on this machine: `make prover` builds it, in half an hour of CPU; or give its path",
            program.display()
        ))
    })
}

/// Whether the node of `mezz up` gives work to provers: where it is told to, and where only this machine can ask.
pub(crate) fn served(args: &UpArgs, config: &ChainConfig) -> Result<bool, Failure> {
    let here = args.host.is_loopback();
    if args.prover.is_some() && !here && !args.provers {
        return Err(Failure::usage(format!(
            "--prover needs a node that gives work to provers, and on {} everybody could then read what is proven; add --provers if that may be",
            args.host
        )));
    }
    Ok(args.provers || (here && (args.prover.is_some() || config.proofs.is_some())))
}

/// How long claims of a new chain wait for their proofs.
pub(crate) fn wait_for(args: &UpArgs, intent: &mut Intent) -> Result<(), Failure> {
    let decides = intent.proofs.as_ref().is_some_and(|proofs| proofs.rules.decides());
    if !decides && args.prover_timeout.is_some() {
        return Err(Failure::usage(
            "--prover-timeout is for a new chain whose claims wait for proofs: zk or validium",
        ));
    }
    let wanted = args.prover_timeout.or(args.prover.as_ref().map(|_| PATIENCE));
    let (Some(wanted), Some(proofs)) = (wanted.filter(|_| decides), &mut intent.proofs) else {
        return Ok(());
    };
    let before = std::mem::replace(&mut proofs.rules.prover_timeout, wanted);
    if let Some(committee) = &mut intent.committee {
        // The chain must outlive claims that wait.
        let freeze = &mut committee.rules.freeze_delay;
        *freeze = freeze.saturating_add(wanted).saturating_sub(before);
    }
    Ok(())
}

/// Whether batches of a new chain may lack signatures.
pub(crate) fn sign(args: &UpArgs, intent: &mut Intent) -> Result<(), Failure> {
    if args.signatures != Some(Signatures::Proved) {
        return Ok(());
    }
    let Some(proofs) = &mut intent.proofs else {
        return Err(Failure::usage(
            "--signatures proved is for a new chain with validity proofs: zk, hybrid or validium",
        ));
    };
    let rules = Signatures::devnet();
    proofs.signatures = Some(rules);
    if let Some(committee) = &mut intent.committee {
        // The chain must outlive batches that wait.
        let freeze = &mut committee.rules.freeze_delay;
        *freeze = freeze.saturating_add(rules.timeout);
    }
    Ok(())
}

/// Refuses a prover on a private chain, whose node answers by token.
pub(crate) fn refuse_private(args: &UpArgs, private: bool) -> Result<(), Failure> {
    if args.prover.is_none() || !private {
        return Ok(());
    }
    Err(Failure::usage(
        "a prover shows no token, and this chain's node answers by token only: leave out --prover; claims become final without",
    ))
}

/// What the prover that is to be started says of this machine, if one is.
pub(crate) async fn examine(args: &UpArgs) -> Result<Option<Machine>, Failure> {
    match &args.prover {
        Some(program) => {
            Ok(Some(Machine::ask(&find(program)?, args.prover_wrap.as_deref()).await?))
        }
        None => Ok(None),
    }
}

/// Refuses a new chain whose proofs that prover cannot make, before the first transaction.
pub(crate) fn check(machine: Option<&Machine>, intent: &Intent) -> Result<(), Failure> {
    let verifier = intent.proofs.as_ref().and_then(|proofs| proofs.verifier);
    let halo2 = verifier.is_some_and(|verifier| verifier != ProofVerifier::Stark);
    machine.map_or(Ok(()), |machine| machine.check(halo2))
}

/// The same for a chain that is there; and says so where the machine does not keep pace with it.
pub(crate) async fn compare(
    machine: Option<&Machine>,
    args: &UpArgs,
    (deployment, client): (&Deployment, &Client),
    output: Output,
) -> Result<(), Failure> {
    let Some(machine) = machine else { return Ok(()) };
    let Some(contracts) = deployment.contracts.proofs else {
        output.note("warning: this family has no validity proofs, and the prover nothing to do");
        return Ok(());
    };
    let halo2 = ProofForm::of(client, contracts.verifier).await? == ProofForm::Halo2;
    machine.check(halo2)?;
    let times = (args.block_time, args.claim_interval);
    let demand = Demand::of(&deployment.config, times, halo2);
    if let Some(warning) = demand.and_then(|demand| machine.too_slow(&demand)) {
        output.note(wrapped(&warning, 0));
    }
    Ok(())
}

/// How to start a prover, for a person whose chain wants proofs and has none.
pub(crate) fn advice(args: &UpArgs, config: &ChainConfig, rpc: &str) -> String {
    let Some(rules) = config.proofs.filter(|_| args.prover.is_none()) else {
        return String::new();
    };
    let also = if args.host.is_loopback() { "" } else { " (and --provers here)" };
    let first = if find(Path::new(PROGRAM)).is_ok() { "" } else { ", after `make prover`" };
    let mut text = format!("  Proofs are made by: mezz prover work --node {rpc}{also}{first}\n");
    let soon = args.claim_interval < CLAIM_INTERVAL || args.block_time < BLOCK_TIME_MAX as f64;
    if rules.decides() && (soon || rules.prover_timeout < PATIENCE) {
        text += &format!(
            "  A few cores take minutes for a claim, and keep pace with fewer of them:\n  --block-time {BLOCK_TIME_MAX} --claim-interval {CLAIM_INTERVAL}, with --prover-timeout {PATIENCE} on a new chain.\n"
        );
    }
    text
}
