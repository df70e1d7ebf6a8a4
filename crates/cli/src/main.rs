//! The `mezz` command: every kind of Layer 2 from one program.
//!
//! Only this crate reads the environment, prints and exits. Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 not running or not ready, 4 refused (a family that
//! does not work yet, a production check), 130 interrupted.

mod args;
mod commands;
mod files;
mod output;

use args::{Args, Command};
use clap::Parser;
use output::{Failure, Output};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output { json: args.json };
    logging(&args);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return output.fail(&Failure::failed(format!("the runtime cannot start: {error}")));
        }
    };
    let done = runtime.block_on(run(args.command, output));
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.fail(&failure),
    }
}

async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Up(args) => commands::up::run(args, output).await,
        Command::Down(args) => commands::down::run(&args, output).await,
        Command::Status(args) => commands::status::run(&args, output).await,
        Command::Families => commands::families::run(output),
        Command::Completions { shell } => commands::completions::run(shell),
        Command::More(more) => commands::more(more, output).await,
    }
}

/// Logs go to standard error, what a command answers to standard output.
fn logging(args: &Args) {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(&args.log).unwrap_or_else(|_| EnvFilter::new("warn"));
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    if args.log_json { builder.json().init() } else { builder.init() }
}
