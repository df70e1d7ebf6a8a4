//! One file for each command.

pub(crate) mod claims;
pub(crate) mod committee;
pub(crate) mod completions;
pub(crate) mod dac;
pub(crate) mod deploy;
pub(crate) mod deposit;
pub(crate) mod doctor;
pub(crate) mod down;
pub(crate) mod drill;
pub(crate) mod exit;
pub(crate) mod families;
pub(crate) mod keys;
pub(crate) mod node;
pub(crate) mod parties;
pub(crate) mod prover;
pub(crate) mod resync;
pub(crate) mod run;
pub(crate) mod send;
pub(crate) mod status;
pub(crate) mod up;
pub(crate) mod withdraw;

pub(crate) use committee::CommitteeFile;
pub(crate) use parties::PartiesFile;

use crate::{
    args::More,
    output::{Failure, Output},
};

/// The commands that are not about the life of a devnet.
pub(crate) async fn more(command: More, output: Output) -> Result<(), Failure> {
    match command {
        More::Claims(args) => claims::run(&args, output).await,
        More::Drill(args) => drill::run(&args, output).await,
        More::Doctor(args) => doctor::run(&args, output).await,
        More::Deploy(command) => deploy::run(&command, output).await,
        More::Node(args) => node::run(*args, output).await,
        More::Deposit(args) => deposit::run(&args, output).await,
        More::Withdraw(args) => withdraw::run(&args, output).await,
        More::Exit(command) => exit::run(command, output).await,
        More::Send(args) => send::run(&args, output).await,
        More::Resync(args) => resync::run(&args, output).await,
        More::Dac(command) => dac::run(command, output).await,
        More::Prover { arguments } => prover::run(&arguments, output),
        More::Keys(command) => keys::run(&command, output),
    }
}
