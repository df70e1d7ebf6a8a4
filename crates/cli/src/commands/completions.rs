//! `mezz completions`.

use crate::{
    args::Args,
    output::{Failure, print},
};
use clap::CommandFactory;
use clap_complete::Shell;

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "mezz", &mut script);
    print(String::from_utf8_lossy(&script).trim_end())
}
