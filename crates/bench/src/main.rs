//! The benchmarks of `docs/benchmarks.md`.
//!
//! - `compare` loads `mezz up` and anvil in turns with the same transfers and reads the CPU time of the server's process.
//! - `latency` times one client that waits for each answer.
//! - `ready` times starts.
//! - `posted` loads `mezz up` and reads from L1 what its batches took; its CPU time is that of everything, the L1 in the same process included.
//! - `stages` calls the crates in this process and times each step of a transfer's way.

mod compare;
mod flow;
mod latency;
mod posted;
mod server;
mod stages;
mod stats;
mod wallet;
mod wire;

use clap::{Args, Parser, Subcommand};
use eyre::Result;
use std::path::PathBuf;
use wire::Mode;

#[derive(Parser)]
#[command(name = "mezz-bench", about = "Measures Mezzanine, side by side with anvil")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// CPU per transfer and transfers per second, `mezz up` and anvil in turns
    Compare(CompareArgs),
    /// Time of `eth_sendRawTransactionSync` for one client
    Latency(LatencyArgs),
    /// Time from the start of the process to its first L2 block
    Ready(ReadyArgs),
    /// Bytes and gas on L1 for each transfer
    Posted(PostedArgs),
    /// CPU of each step of a transfer's way, in this process
    Stages(StagesArgs),
}

/// The programs that are measured.
#[derive(Args)]
pub(crate) struct Programs {
    /// The program `mezz`
    #[arg(long, env = "MEZZ", default_value = "target/release/mezz")]
    mezz: PathBuf,
    /// The program `anvil`; without it only `mezz` is measured
    #[arg(long, env = "ANVIL")]
    anvil: Option<PathBuf>,
    /// Seconds between two L2 blocks of `mezz`
    #[arg(long, default_value_t = 0.25)]
    block_time: f64,
    /// Let `mezz` keep its chains on disk instead of in memory (its journal always is on disk)
    #[arg(long)]
    disk: bool,
}

#[derive(Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    programs: Programs,
    /// How often each program runs with each mode
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Transfers of one run: so few that they fit one batch
    #[arg(long, default_value_t = 4_000)]
    transactions: usize,
    /// Connections
    #[arg(long, default_value_t = 20)]
    connections: usize,
    /// How transfers are sent
    #[arg(long, value_enum, value_delimiter = ',', default_value = "single,batch,websocket")]
    modes: Vec<Mode>,
}

#[derive(Args)]
pub(crate) struct LatencyArgs {
    #[command(flatten)]
    programs: Programs,
    /// Transfers, one after the other: half of them over HTTP, half over WebSocket
    #[arg(long, default_value_t = 2_000)]
    transactions: usize,
}

#[derive(Args)]
pub(crate) struct ReadyArgs {
    #[command(flatten)]
    programs: Programs,
    /// Starts
    #[arg(long, default_value_t = 5)]
    runs: usize,
}

#[derive(Args)]
pub(crate) struct PostedArgs {
    #[command(flatten)]
    programs: Programs,
    /// Transfers of each kind
    #[arg(long, default_value_t = 20_000)]
    transactions: usize,
}

#[derive(Args)]
pub(crate) struct StagesArgs {
    /// Transfers: at most what one block holds
    #[arg(long, default_value_t = 5_000)]
    transactions: usize,
    /// Accounts in the state
    #[arg(long, default_value_t = 100_000)]
    accounts: usize,
    /// How often everything is done; the medians are printed
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

fn main() -> Result<()> {
    // One thread: the generator leaves the other cores to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match Cli::parse().command {
        Command::Compare(args) => runtime.block_on(compare::run(&args)),
        Command::Latency(args) => runtime.block_on(latency::run(&args)),
        Command::Ready(args) => runtime.block_on(latency::ready(&args)),
        Command::Posted(args) => runtime.block_on(posted::run(&args)),
        Command::Stages(args) => stages::run(&args),
    }
}
