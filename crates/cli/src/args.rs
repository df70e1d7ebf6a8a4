//! The command line: what was said, not yet what is meant.

use alloy::primitives::{Address, B256, Bytes};
use clap::{Args as ClapArgs, Parser, Subcommand};
use clap_complete::Shell;
use mezz_primitives::Family;
use std::path::PathBuf;

/// Every kind of Layer 2 from one program, anchored to Ethereum.
#[derive(Debug, Parser)]
#[command(name = "mezz", version, about, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 not running or not ready, 4 refused.\nEvery option has an environment variable: MEZZ_ and its name, such as MEZZ_DATADIR."
)]
pub(crate) struct Args {
    /// Answer with JSON on standard output.
    #[arg(long, global = true, env = "MEZZ_JSON")]
    pub(crate) json: bool,
    /// What to log, as `level` or `crate=level,…`.
    #[arg(
        long,
        global = true,
        env = "MEZZ_LOG",
        default_value = "warn,fjall=error,lsm_tree=error"
    )]
    pub(crate) log: String,
    /// Log as JSON.
    #[arg(long, global = true, env = "MEZZ_LOG_JSON")]
    pub(crate) log_json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a Layer 2, with an embedded Layer 1 unless --l1 names one.
    Up(Box<UpArgs>),
    /// Stop what `mezz up` started in this data directory.
    Down(HereArgs),
    /// Show how far the chain is: heads, batches, claims, queue.
    Status(HereArgs),
    /// List the families of Layer 2 and which of them work today.
    Families,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    #[command(flatten)]
    More(More),
}

/// The rest of the commands.
#[derive(Debug, Subcommand)]
pub(crate) enum More {
    /// Check this machine, the data directory and the endpoints, and say what to do.
    Doctor(DoctorArgs),
    /// Deploy the contracts on any L1: plan, apply, inspect.
    #[command(subcommand)]
    Deploy(DeployCommand),
    /// Run a node of an existing deployment in the given roles.
    Node(Box<NodeArgs>),
    /// Move ether from L1 to L2.
    Deposit(DepositArgs),
    /// Move ether from L2 to L1: initiates, waits, proves, finalizes; resumes after an interruption.
    Withdraw(WithdrawArgs),
    /// Send ether or a call on L2 and print the preconfirmed receipt.
    Send(SendArgs),
    /// Wipe the derived state and rebuild it from L1 alone.
    Resync(ResyncArgs),
    /// Make and show keys.
    #[command(subcommand)]
    Keys(KeysCommand),
}

/// Where the files of a chain are.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct HereArgs {
    /// Data directory.
    #[arg(long, env = "MEZZ_DATADIR", default_value = "mezz-data", help_heading = "Files")]
    pub(crate) datadir: PathBuf,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct UpArgs {
    /// The family of Layer 2 (see `mezz families`).
    #[arg(default_value = "optimistic", env = "MEZZ_FAMILY")]
    pub(crate) family: Family,
    #[command(flatten)]
    pub(crate) here: HereArgs,
    /// Keep nothing: everything is gone when the program ends. Only deployment.json is written.
    #[arg(long, env = "MEZZ_EPHEMERAL", help_heading = "Files")]
    pub(crate) ephemeral: bool,
    /// An L1 endpoint (http, https, ws, wss) instead of the embedded L1.
    #[arg(long, env = "MEZZ_L1", value_name = "URL", help_heading = "Layer 1")]
    pub(crate) l1: Option<String>,
    /// The beacon API of that L1, for blobs.
    #[arg(
        long,
        env = "MEZZ_BEACON",
        value_name = "URL",
        requires = "l1",
        help_heading = "Layer 1"
    )]
    pub(crate) beacon: Option<String>,
    /// Port of the embedded L1 (0: any free one).
    #[arg(long, env = "MEZZ_L1_PORT", default_value_t = 8545, help_heading = "Layer 1")]
    pub(crate) l1_port: u16,
    /// Seconds between two blocks of the embedded L1.
    #[arg(long, env = "MEZZ_L1_BLOCK_TIME", default_value_t = 2.0, value_parser = seconds, help_heading = "Layer 1")]
    pub(crate) l1_block_time: f64,
    /// Port of the L2 (0: any free one).
    #[arg(long, env = "MEZZ_L2_PORT", default_value_t = 9545, help_heading = "Layer 2")]
    pub(crate) l2_port: u16,
    /// Port of the metrics (0: any free one).
    #[arg(long, env = "MEZZ_METRICS_PORT", default_value_t = 7300, help_heading = "Layer 2")]
    pub(crate) metrics_port: u16,
    /// Address to listen on.
    #[arg(long, env = "MEZZ_HOST", default_value = "127.0.0.1", help_heading = "Layer 2")]
    pub(crate) host: std::net::IpAddr,
    /// Seconds between two L2 blocks, from 0.1 to 12.
    #[arg(long, env = "MEZZ_BLOCK_TIME", default_value_t = 1.0, value_parser = block_time, help_heading = "Layer 2")]
    pub(crate) block_time: f64,
    /// L2 chain id.
    #[arg(long, env = "MEZZ_CHAIN_ID", default_value_t = 901, help_heading = "Layer 2")]
    pub(crate) chain_id: u64,
    /// Seconds of L1 time between two batches (sooner when they are full).
    #[arg(long, env = "MEZZ_BATCH_INTERVAL", default_value_t = 4, help_heading = "Layer 2")]
    pub(crate) batch_interval: u64,
    /// Seconds of L1 time between two claims.
    #[arg(long, env = "MEZZ_CLAIM_INTERVAL", default_value_t = 4, help_heading = "Layer 2")]
    pub(crate) claim_interval: u64,
    /// Run in the background; `mezz down` stops it.
    #[arg(long, env = "MEZZ_DETACH")]
    pub(crate) detach: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) here: HereArgs,
    /// An L1 endpoint to probe.
    #[arg(long, env = "MEZZ_L1", value_name = "URL")]
    pub(crate) l1: Option<String>,
    /// Its beacon API.
    #[arg(long, env = "MEZZ_BEACON", value_name = "URL")]
    pub(crate) beacon: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeployCommand {
    /// Show every step, address and cost before anything is sent.
    Plan(DeployArgs),
    /// Do what the plan says; does again only what is not done.
    Apply(DeployArgs),
    /// Read a deployment back from L1 and compare.
    Inspect(DeployArgs),
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct DeployArgs {
    #[command(flatten)]
    pub(crate) here: HereArgs,
    /// The intent, a TOML file; its profile decides what has a default.
    #[arg(long, env = "MEZZ_INTENT", value_name = "FILE")]
    pub(crate) intent: Option<PathBuf>,
    /// An L1 endpoint.
    #[arg(long, env = "MEZZ_L1", value_name = "URL", default_value = "http://127.0.0.1:8545")]
    pub(crate) l1: String,
    /// Key of the deployer: 0x and 64 hex digits, or @FILE.
    #[arg(long, env = "MEZZ_DEPLOYER_KEY", hide_env_values = true)]
    pub(crate) deployer_key: Option<String>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct NodeArgs {
    #[command(flatten)]
    pub(crate) here: HereArgs,
    /// What it does: sequencer, batcher, proposer, watcher; several with commas.
    #[arg(long, env = "MEZZ_ROLES", value_delimiter = ',', default_value = "watcher")]
    pub(crate) roles: Vec<String>,
    /// An L1 endpoint.
    #[arg(long, env = "MEZZ_L1", value_name = "URL")]
    pub(crate) l1: String,
    /// Its beacon API, for blobs.
    #[arg(long, env = "MEZZ_BEACON", value_name = "URL")]
    pub(crate) beacon: Option<String>,
    /// The deployment: rollup.json of `mezz deploy apply` or of another node's data directory.
    #[arg(long, env = "MEZZ_ROLLUP", value_name = "FILE")]
    pub(crate) rollup: Option<PathBuf>,
    /// Port of the RPC (0: any free one).
    #[arg(long, env = "MEZZ_L2_PORT", default_value_t = 9545)]
    pub(crate) l2_port: u16,
    /// Port of the metrics (0: any free one).
    #[arg(long, env = "MEZZ_METRICS_PORT", default_value_t = 7300)]
    pub(crate) metrics_port: u16,
    /// Address to listen on.
    #[arg(long, env = "MEZZ_HOST", default_value = "127.0.0.1")]
    pub(crate) host: std::net::IpAddr,
    /// Seconds between two L2 blocks, from 0.1 to 12.
    #[arg(long, env = "MEZZ_BLOCK_TIME", default_value_t = 1.0, value_parser = block_time)]
    pub(crate) block_time: f64,
    /// Key of the batcher: 0x and 64 hex digits, or @FILE.
    #[arg(long, env = "MEZZ_BATCHER_KEY", hide_env_values = true)]
    pub(crate) batcher_key: Option<String>,
    /// Key of the proposer: 0x and 64 hex digits, or @FILE.
    #[arg(long, env = "MEZZ_PROPOSER_KEY", hide_env_values = true)]
    pub(crate) proposer_key: Option<String>,
    /// L1 blocks above a queue message before the sequencer takes it.
    #[arg(long, env = "MEZZ_CONFIRMATIONS", default_value_t = 12)]
    pub(crate) confirmations: u64,
    /// Seconds of L1 time between two batches (sooner when they are full).
    #[arg(long, env = "MEZZ_BATCH_INTERVAL", default_value_t = 60)]
    pub(crate) batch_interval: u64,
    /// Seconds of L1 time between two claims.
    #[arg(long, env = "MEZZ_CLAIM_INTERVAL", default_value_t = 3_600)]
    pub(crate) claim_interval: u64,
}

/// Whose key signs.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct KeyArgs {
    /// Key: 0x and 64 hex digits, @FILE, or dev:N for a dev account of the embedded L1.
    #[arg(long, env = "MEZZ_KEY", hide_env_values = true, default_value = "dev:0")]
    pub(crate) key: String,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct DepositArgs {
    /// Ether, such as 1.5.
    pub(crate) amount: String,
    /// Receiver on L2; the sender by default.
    #[arg(long)]
    pub(crate) to: Option<Address>,
    /// Do not wait for the L2.
    #[arg(long)]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) here: HereArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct WithdrawArgs {
    /// Ether, such as 1.5. Leave it out to go on with what was begun.
    pub(crate) amount: Option<String>,
    /// Receiver on L1; the sender by default.
    #[arg(long)]
    pub(crate) to: Option<Address>,
    /// Only show where the withdrawals stand.
    #[arg(long)]
    pub(crate) status: bool,
    /// Stop after initiating; go on later.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Go on with the withdrawal of this L2 transaction, whoever began it.
    #[arg(long, value_name = "HASH")]
    pub(crate) transaction: Option<B256>,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) here: HereArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct SendArgs {
    /// Receiver.
    pub(crate) to: Address,
    /// Ether, such as 0.1.
    #[arg(default_value = "0")]
    pub(crate) amount: String,
    /// Calldata, 0x….
    #[arg(long, default_value = "0x")]
    pub(crate) data: Bytes,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) here: HereArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ResyncArgs {
    #[command(flatten)]
    pub(crate) here: HereArgs,
    /// The L1 endpoint; the one in deployment.json by default. A stopped embedded L1 is started for the purpose.
    #[arg(long, env = "MEZZ_L1", value_name = "URL")]
    pub(crate) l1: Option<String>,
    /// Its beacon API.
    #[arg(long, env = "MEZZ_BEACON", value_name = "URL")]
    pub(crate) beacon: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and write it to a file that only you can read.
    New {
        /// The file.
        file: PathBuf,
    },
    /// Show the address of a key.
    Address(KeyArgs),
    /// List the dev accounts of the embedded L1.
    Dev,
}

fn seconds(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "give seconds, such as 2 or 0.5".to_owned())?;
    if (0.05..=3_600.0).contains(&value) {
        Ok(value)
    } else {
        Err("give seconds from 0.05 to 3600".to_owned())
    }
}

fn block_time(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "give seconds, such as 1 or 0.25".to_owned())?;
    if (0.1..=12.0).contains(&value) {
        Ok(value)
    } else {
        Err("give seconds from 0.1 to 12".to_owned())
    }
}
