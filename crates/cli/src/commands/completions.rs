//! `mezz completions`.

use crate::{args::Args, output::Failure};
use clap::CommandFactory;
use clap_complete::Shell;

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    clap_complete::generate(shell, &mut Args::command(), "mezz", &mut std::io::stdout());
    Ok(())
}
