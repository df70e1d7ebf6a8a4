//! The `mezz` command: every kind of Layer 2 from one program.
//!
//! Only this crate reads the environment, prints and exits. Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 not running or not ready, 4 refused (a family that
//! does not work yet, a production check), 130 interrupted.

mod args;
mod commands;
mod files;
mod output;

use args::{Args, Command};
use clap::{Parser, error::ErrorKind};
use output::{Failure, Output};
use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return unparsed(&error),
    };
    let output = Output { json: args.json };
    if let Err(failure) = logging(&args) {
        return output.fail(&failure);
    }
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

/// Prints the help that was asked for, or what is wrong with the arguments: as JSON too, if that was to be the answer.
fn unparsed(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|argument| argument == "--json")
        || std::env::var("MEZZ_JSON").is_ok_and(|value| !args::is_falsey(&value));
    if !(json && error.use_stderr()) {
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let text = error.render().to_string();
    let message = match error.kind() {
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "a command is missing; see `mezz --help`"
        }
        _ => text
            .trim_start_matches("error: ")
            .split("\n\nFor more information")
            .next()
            .unwrap_or(&text),
    };
    Output { json }.fail(&Failure::usage(message))
}

/// Logs go to standard error, what a command answers to standard output.
fn logging(args: &Args) -> Result<(), Failure> {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(&args.log).map_err(|error| {
        Failure::usage(format!(
            "--log {}: {error}; give a level such as debug, or mezz_node=debug,warn",
            args.log
        ))
    })?;
    let color = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(color)
        .with_target(false)
        .log_internal_errors(false);
    if args.log_json {
        builder.json().init()
    } else {
        builder.init()
    }
    Ok(())
}
