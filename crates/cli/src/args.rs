//! The command line: what was said, not yet what is meant.

mod dac;

pub(crate) use dac::{
    DacCommand, EquivocationArgs, MemberArgs, MemberTlsArgs, OpenArgs, ProposeArgs, RecordsArgs,
    RestoreArgs,
};

use alloy::primitives::{Address, B256, Bytes, U256, utils::parse_ether};
use clap::{Args as ClapArgs, Parser, Subcommand, builder::FalseyValueParser};
use clap_complete::Shell;
use mezz_l1::deploy::Signatures;
use mezz_primitives::Family;
use mezz_sim::Adversary;
use std::{ffi::OsString, net::IpAddr, path::PathBuf};

/// The largest chain id that every wallet can hold.
const CHAIN_ID_MAX: u64 = (1 << 53) - 1;

/// Every kind of Layer 2 from one program, anchored to Ethereum.
#[derive(Debug, Parser)]
#[command(
    name = "mezz",
    bin_name = "mezz",
    version,
    about = "Every kind of Layer 2 from one program, anchored to Ethereum.",
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 not running or not ready,\n4 refused, 130 interrupted. An option that shows [env: NAME] may be given by\nthat variable. With --json an error is {\"code\", \"error\"} on standard output."
)]
pub(crate) struct Args {
    /// Answer with JSON on standard output.
    #[arg(long, global = true, env = "MEZZ_JSON", value_parser = FalseyValueParser::new())]
    pub(crate) json: bool,
    /// What to log, as `level` or `crate=level,…`.
    #[arg(
        long,
        global = true,
        env = "MEZZ_LOG",
        default_value = "warn,fjall=error,lsm_tree=off,sfa=off"
    )]
    pub(crate) log: String,
    /// Log as JSON.
    #[arg(long, global = true, env = "MEZZ_LOG_JSON", value_parser = FalseyValueParser::new())]
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
    Status(AskArgs),
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
    /// List claims, the doubts about them, clocks and bonds.
    Claims(ClaimsArgs),
    /// Let a dishonest party loose on a running devnet and watch the honest side win.
    Drill(DrillArgs),
    /// Run a node of an existing deployment in the given roles.
    Node(Box<NodeArgs>),
    /// Move ether from L1 to L2.
    Deposit(DepositArgs),
    /// Move ether from L2 to L1: initiates, waits, proves, finalizes; resumes after an interruption.
    Withdraw(WithdrawArgs),
    /// Leave a chain with a data committee that nobody carries on: store one's branch, and go with it.
    #[command(subcommand)]
    Exit(ExitCommand),
    /// Send ether or a call on L2 and print the preconfirmed receipt.
    Send(SendArgs),
    /// Wipe the derived state and rebuild it from L1 alone.
    Resync(ResyncArgs),
    /// Be a member of a data committee: keep payloads, sign for them, show them.
    #[command(subcommand)]
    Dac(DacCommand),
    /// Run the prover, `mezz-prover`, with arguments of its own: `mezz prover doctor` says what this machine can prove.
    #[command(arg_required_else_help = true)]
    Prover {
        /// Its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
        arguments: Vec<OsString>,
    },
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

/// A chain that runs, and how its node is asked.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct AskArgs {
    #[command(flatten)]
    pub(crate) here: HereArgs,
    /// The L2 endpoint of a chain that others run; that of the chain in the data directory by default.
    #[arg(
        long,
        env = "MEZZ_L2",
        value_name = "URL",
        requires = "l1",
        help_heading = "Somebody else's chain"
    )]
    pub(crate) l2: Option<String>,
    /// An endpoint of its L1.
    #[arg(long, env = "MEZZ_L1", value_name = "URL", help_heading = "Somebody else's chain")]
    pub(crate) l1: Option<String>,
    /// Its rollup.json, from its operator; rollup.json in the data directory by default.
    #[arg(long, env = "MEZZ_ROLLUP", value_name = "FILE", help_heading = "Somebody else's chain")]
    pub(crate) rollup: Option<PathBuf>,
    /// Token for a node that answers by token, as that of a private chain does (`mezz node --access`): the token, or @FILE.
    #[arg(long, env = "MEZZ_ACCESS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub(crate) access_token: Option<String>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct UpArgs {
    /// The family of Layer 2 (see `mezz families`); optimistic, or that of the chain in the data directory.
    #[arg(env = "MEZZ_FAMILY")]
    pub(crate) family: Option<Family>,
    #[command(flatten)]
    pub(crate) here: HereArgs,
    /// Keep nothing: everything is gone when the program ends. Only deployment.json is written.
    #[arg(long, env = "MEZZ_EPHEMERAL", value_parser = FalseyValueParser::new(), help_heading = "Files")]
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
    #[arg(long, env = "MEZZ_L1_BLOCK_TIME", default_value_t = 2.0, value_parser = seconds, allow_negative_numbers = true, help_heading = "Layer 1")]
    pub(crate) l1_block_time: f64,
    /// Port of the L2 (0: any free one).
    #[arg(long, env = "MEZZ_L2_PORT", default_value_t = 9545, help_heading = "Layer 2")]
    pub(crate) l2_port: u16,
    /// Port of the metrics (0: any free one).
    #[arg(long, env = "MEZZ_METRICS_PORT", default_value_t = 7300, help_heading = "Layer 2")]
    pub(crate) metrics_port: u16,
    /// Address to listen on.
    #[arg(long, env = "MEZZ_HOST", default_value = "127.0.0.1", value_parser = host, help_heading = "Layer 2")]
    pub(crate) host: IpAddr,
    /// Seconds between two L2 blocks, from 0.1 to 12.
    #[arg(long, env = "MEZZ_BLOCK_TIME", default_value_t = 1.0, value_parser = block_time, allow_negative_numbers = true, help_heading = "Layer 2")]
    pub(crate) block_time: f64,
    /// L2 chain id of a new chain: 901 unless given.
    #[arg(long, env = "MEZZ_CHAIN_ID", value_parser = chain_id, allow_negative_numbers = true, help_heading = "Layer 2")]
    pub(crate) chain_id: Option<u64>,
    /// Seconds of L1 time between two batches (sooner when they are full).
    #[arg(long, env = "MEZZ_BATCH_INTERVAL", default_value_t = 4, value_parser = whole, allow_negative_numbers = true, help_heading = "Layer 2")]
    pub(crate) batch_interval: u64,
    /// Seconds of L1 time between two claims.
    #[arg(long, env = "MEZZ_CLAIM_INTERVAL", default_value_t = 4, value_parser = whole, allow_negative_numbers = true, help_heading = "Layer 2")]
    pub(crate) claim_interval: u64,
    /// Serve `admin_*` on the RPC port: whoever reaches it may then stop the sequencer.
    #[arg(long, env = "MEZZ_RPC_ADMIN", value_parser = FalseyValueParser::new(), help_heading = "Layer 2")]
    pub(crate) rpc_admin: bool,
    /// Give work to provers (`mezz-prover work`) on the RPC port: whoever reaches it may then read the data of all batches, also where a committee keeps them. On by itself for a chain with validity proofs that only this machine reaches.
    #[arg(long, env = "MEZZ_PROVERS", value_parser = FalseyValueParser::new(), help_heading = "Proofs")]
    pub(crate) provers: bool,
    /// A prover to start: `mezz-prover`, or where that is. It ends with this one, and reads MEZZ_PROVER_THREADS and MEZZ_PROVER_MEMORY_CAP (MiB) as `mezz prover work --help` says.
    #[arg(long, env = "MEZZ_PROVER", value_name = "PATH", help_heading = "Proofs")]
    pub(crate) prover: Option<PathBuf>,
    /// Folder of that prover's KZG parameters and keys, for an L1 without the precompile: .mezz-wrap unless given.
    #[arg(long, env = "MEZZ_PROVER_WRAP", value_name = "FOLDER", help_heading = "Proofs")]
    pub(crate) prover_wrap: Option<PathBuf>,
    /// Seconds that a claim of a new zk chain or validium waits for its proof, before the game alone decides: 90 unless given, 1800 with --prover.
    #[arg(long, env = "MEZZ_PROVER_TIMEOUT", value_name = "SECONDS", value_parser = whole, allow_negative_numbers = true, help_heading = "Proofs")]
    pub(crate) prover_timeout: Option<u64>,
    /// Whether batches of a new chain with validity proofs hold the signatures (`posted`), or a proof shows them as long as provers keep pace (`proved`): posted unless given.
    #[arg(long, env = "MEZZ_SIGNATURES", value_name = "WHERE", value_parser = signatures, help_heading = "Proofs")]
    pub(crate) signatures: Option<Signatures>,
    /// A new chain of the family optimium or validium is private: payloads are sealed, batches wait where too few members sign, the node answers by token. Two tenants, an auditor and the operator get keys and tokens (docs/spec/private-data.md).
    #[arg(long, env = "MEZZ_PRIVATE", value_parser = FalseyValueParser::new(), help_heading = "Layer 2")]
    pub(crate) private: bool,
    /// Run in the background; `mezz down` stops it.
    #[arg(long, env = "MEZZ_DETACH", value_parser = FalseyValueParser::new())]
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
    /// What it does: sequencer, batcher, proposer, challenger, watcher; several with commas.
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
    /// Address on which metrics are served: that of --host by default, and 127.0.0.1 where the chain is private, as they tell how much goes on.
    #[arg(long, env = "MEZZ_METRICS_HOST", value_name = "HOST", value_parser = host)]
    pub(crate) metrics_host: Option<IpAddr>,
    /// Address to listen on.
    #[arg(long, env = "MEZZ_HOST", default_value = "127.0.0.1", value_parser = host)]
    pub(crate) host: IpAddr,
    /// Seconds between two L2 blocks, from 0.1 to 12.
    #[arg(long, env = "MEZZ_BLOCK_TIME", default_value_t = 1.0, value_parser = block_time, allow_negative_numbers = true)]
    pub(crate) block_time: f64,
    /// Key of the batcher: 0x and 64 hex digits, or @FILE.
    #[arg(long, env = "MEZZ_BATCHER_KEY", hide_env_values = true)]
    pub(crate) batcher_key: Option<String>,
    /// Key of the proposer: 0x and 64 hex digits, or @FILE.
    #[arg(long, env = "MEZZ_PROPOSER_KEY", hide_env_values = true)]
    pub(crate) proposer_key: Option<String>,
    /// Key of the challenger: 0x and 64 hex digits, or @FILE.
    #[arg(long, env = "MEZZ_CHALLENGER_KEY", hide_env_values = true)]
    pub(crate) challenger_key: Option<String>,
    /// Where a member of the data committee is, as ADDRESS=URL; several with commas, or several times.
    #[arg(long = "member", env = "MEZZ_MEMBERS", value_delimiter = ',', value_name = "ADDRESS=URL", value_parser = member)]
    pub(crate) members: Vec<(Address, String)>,
    /// Key that asks members for payloads where not everybody may read them: 0x and 64 hex digits, or @FILE. The batcher's by default.
    #[arg(long, env = "MEZZ_READER_KEY", hide_env_values = true)]
    pub(crate) reader_key: Option<String>,
    #[command(flatten)]
    pub(crate) member_tls: MemberTlsArgs,
    /// Seconds between two audits of the data committee: each member is asked for a piece of what it has promised to keep.
    #[arg(long, env = "MEZZ_AUDIT_INTERVAL", default_value_t = 60, value_parser = some_seconds, allow_negative_numbers = true)]
    pub(crate) audit_interval: u64,
    /// Who reads what of a private chain: for whom payloads are sealed, and who may ask what over RPC (docs/spec/private-data.md). It is read again each minute.
    #[arg(long, env = "MEZZ_ACCESS", value_name = "FILE")]
    pub(crate) access: Option<PathBuf>,
    /// Key that opens the payloads of a private chain, made by `mezz dac access-key`.
    #[arg(long, env = "MEZZ_ACCESS_KEY", value_name = "FILE")]
    pub(crate) access_key: Option<PathBuf>,
    /// The key of --access-key is in `must-read` of the members: a payload that they say is sealed for others was signed against that, and a challenger demands it. What is demanded becomes public: only where the key really is in that list.
    #[arg(long, env = "MEZZ_MUST_READ", value_parser = FalseyValueParser::new(), requires = "access_key")]
    pub(crate) must_read: bool,
    /// Serve a private chain's RPC to whoever reaches it, without --access: everything to everybody.
    #[arg(long, env = "MEZZ_RPC_UNRESTRICTED", value_parser = FalseyValueParser::new())]
    pub(crate) rpc_unrestricted: bool,
    /// Only say in the log which moves about claims it would make.
    #[arg(long, env = "MEZZ_DRY_RUN", value_parser = FalseyValueParser::new())]
    pub(crate) dry_run: bool,
    /// L1 blocks above a queue message before the sequencer takes it.
    #[arg(long, env = "MEZZ_CONFIRMATIONS", default_value_t = 12, value_parser = whole, allow_negative_numbers = true)]
    pub(crate) confirmations: u64,
    /// Seconds of L1 time between two batches (sooner when they are full).
    #[arg(long, env = "MEZZ_BATCH_INTERVAL", default_value_t = 60, value_parser = whole, allow_negative_numbers = true)]
    pub(crate) batch_interval: u64,
    /// Seconds of L1 time between two claims.
    #[arg(long, env = "MEZZ_CLAIM_INTERVAL", default_value_t = 3_600, value_parser = whole, allow_negative_numbers = true)]
    pub(crate) claim_interval: u64,
    /// Serve `admin_*` on the RPC port: whoever reaches it may then stop the sequencer.
    #[arg(long, env = "MEZZ_RPC_ADMIN", value_parser = FalseyValueParser::new())]
    pub(crate) rpc_admin: bool,
    /// Give work to provers (`mezz-prover work`) on the RPC port: whoever reaches it may then read the data of all batches, also where a committee keeps them.
    #[arg(long, env = "MEZZ_PROVERS", value_parser = FalseyValueParser::new())]
    pub(crate) provers: bool,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ClaimsArgs {
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    /// How many claims, the newest first.
    #[arg(long, default_value_t = 10, value_parser = whole, allow_negative_numbers = true)]
    pub(crate) count: u64,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct DrillArgs {
    /// liar, withholder, equivocator, censor, garbage, griefer, lying-prover (zk, hybrid, validium), or data-withholder (optimium, validium).
    pub(crate) adversary: Adversary,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
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
    #[arg(value_parser = some_ether, allow_negative_numbers = true)]
    pub(crate) amount: U256,
    /// Receiver on L2; the sender by default.
    #[arg(long, value_parser = address)]
    pub(crate) to: Option<Address>,
    /// Do not wait for the L2.
    #[arg(long)]
    pub(crate) no_wait: bool,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct WithdrawArgs {
    /// Ether, such as 1.5. Leave it out to go on with what was begun.
    #[arg(value_parser = some_ether, allow_negative_numbers = true)]
    pub(crate) amount: Option<U256>,
    /// Receiver on L1; the sender by default.
    #[arg(long, value_parser = address, requires = "amount")]
    pub(crate) to: Option<Address>,
    /// Only show where the withdrawals stand.
    #[arg(long, conflicts_with = "amount")]
    pub(crate) status: bool,
    /// Stop after initiating; go on later.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Go on with the withdrawal of this L2 transaction, whoever began it.
    #[arg(long, value_name = "HASH", value_parser = hash)]
    pub(crate) transaction: Option<B256>,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ExitCommand {
    /// Store an account's branch of the last confirmed state, while somebody has that.
    Prepare(ExitPrepareArgs),
    /// Leave with a stored branch: ends the chain where that can be done, exits, is paid. Asks nobody but L1.
    Run(ExitRunArgs),
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ExitPrepareArgs {
    /// The account; that of the key by default.
    #[arg(long, value_parser = address)]
    pub(crate) account: Option<Address>,
    /// A token on L2 to leave with as well; several with commas, or several times.
    #[arg(long = "token", value_delimiter = ',', value_name = "ADDRESS", value_parser = address)]
    pub(crate) tokens: Vec<Address>,
    /// Go on: store a new branch with each claim that is confirmed.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Where to store it: exit-ACCOUNT.json in the data directory by default.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ExitRunArgs {
    /// An L1 endpoint.
    #[arg(long, env = "MEZZ_L1", value_name = "URL")]
    pub(crate) l1: String,
    /// The deployment: rollup.json in the data directory by default.
    #[arg(long, env = "MEZZ_ROLLUP", value_name = "FILE")]
    pub(crate) rollup: Option<PathBuf>,
    /// The branch: exit-ACCOUNT.json in the data directory by default.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Receiver on L1; the account itself by default.
    #[arg(long, value_parser = address)]
    pub(crate) to: Option<Address>,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) here: HereArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct SendArgs {
    /// Receiver.
    #[arg(value_parser = address)]
    pub(crate) to: Address,
    /// Ether, such as 0.1.
    #[arg(default_value = "0", value_parser = ether, allow_negative_numbers = true)]
    pub(crate) amount: U256,
    /// Calldata, 0x….
    #[arg(long, default_value = "0x", value_parser = calldata)]
    pub(crate) data: Bytes,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ResyncArgs {
    #[command(flatten)]
    pub(crate) here: HereArgs,
    /// The L1 endpoint of a chain that has no embedded L1. A stopped embedded L1 is started for the purpose.
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

/// Whether a flag's variable says no: empty, 0, n, no, f, false, off.
pub(crate) fn is_falsey(value: &str) -> bool {
    ["", "0", "n", "no", "f", "false", "off"].contains(&value.to_lowercase().as_str())
}

fn member(text: &str) -> Result<(Address, String), String> {
    let wrong = || "give ADDRESS=URL, such as 0x12…ab=https://member.example:8560".to_owned();
    let (address, url) = text.split_once('=').ok_or_else(wrong)?;
    Ok((address.parse().map_err(|_| wrong())?, url.to_owned()))
}

fn seconds(text: &str) -> Result<f64, String> {
    within(text, 0.05, 3_600.0)
}

fn block_time(text: &str) -> Result<f64, String> {
    within(text, 0.1, 12.0)
}

fn within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok();
    value
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| format!("give seconds from {least} to {most}, such as 1 or 0.5"))
}

fn signatures(text: &str) -> Result<Signatures, String> {
    text.parse()
}

fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "give a whole number, such as 12".to_owned())
}

fn some_seconds(text: &str) -> Result<u64, String> {
    let value: Option<u64> = text.parse().ok();
    value.filter(|value| *value > 0).ok_or_else(|| "give whole seconds, at least 1".to_owned())
}

fn chain_id(text: &str) -> Result<u64, String> {
    let value: Option<u64> = text.parse().ok();
    value
        .filter(|value| (1..=CHAIN_ID_MAX).contains(value))
        .ok_or_else(|| format!("give a whole number from 1 to {CHAIN_ID_MAX}"))
}

fn host(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "give an IP address, such as 127.0.0.1 or 0.0.0.0".to_owned())
}

/// An address; one in mixed case must have the right case, which tells of a digit mistyped.
fn address(text: &str) -> Result<Address, String> {
    let address: Address =
        text.parse().map_err(|_| "give an address: 0x and 40 hex digits".to_owned())?;
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mixed = digits.contains(|digit: char| digit.is_ascii_uppercase())
        && digits.contains(|digit: char| digit.is_ascii_lowercase());
    if mixed && address.to_string()[2..] != *digits {
        return Err("its checksum is wrong, so a digit is: copy the address again".to_owned());
    }
    Ok(address)
}

fn hash(text: &str) -> Result<B256, String> {
    text.parse().map_err(|_| "give a transaction's hash: 0x and 64 hex digits".to_owned())
}

fn calldata(text: &str) -> Result<Bytes, String> {
    text.parse().map_err(|_| "give 0x and an even number of hex digits".to_owned())
}

/// An amount of ether, to the wei: nothing is rounded.
fn ether(text: &str) -> Result<U256, String> {
    let wrong = || "give ether, such as 1.5, with at most 18 decimals".to_owned();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 18 {
        return Err(wrong());
    }
    parse_ether(text).map_err(|_| wrong())
}

fn some_ether(text: &str) -> Result<U256, String> {
    match ether(text)? {
        U256::ZERO => Err("give more than nothing".to_owned()),
        amount => Ok(amount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn ether_is_exact() {
        let check = |text: &str, wei: Option<u64>| {
            assert_eq!(ether(text).ok(), wei.map(U256::from), "{text:?}")
        };
        check("1.5", Some(1_500_000_000_000_000_000));
        check("0.000000000000000001", Some(1));
        check("0", Some(0));
        for wrong in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1,5",
            "1e3",
            "0x1",
            "1_0",
            "1.0000000000000000001",
            " 1",
        ] {
            check(wrong, None);
        }
        check(&"9".repeat(78), None);
        assert!(some_ether("0.0").is_err());
    }

    #[test]
    fn an_address_in_mixed_case_has_a_checksum() {
        let address = |text: &str| super::address(text).is_ok();
        assert!(address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8"));
        assert!(!address("0x70997970C51812dc3A010C7d01b50e0d17dc79c8"));
        assert!(address("0x70997970c51812dc3a010c7d01b50e0d17dc79c8"));
        assert!(!address("0x70997970c51812dc3a010c7d01b50e0d17dc79"));
    }
}
