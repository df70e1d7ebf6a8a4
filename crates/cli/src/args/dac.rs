//! The command line of `mezz dac`, and of whoever asks members.

use super::{HereArgs, KeyArgs, member};
use alloy::primitives::{Address, B256};
use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// TLS towards members.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct MemberTlsArgs {
    /// Authorities that members' certificates are signed by, where they are not public ones (PEM).
    #[arg(long, env = "MEZZ_MEMBER_CA", value_name = "FILE")]
    pub(crate) member_ca: Option<PathBuf>,
    /// Certificate that is shown to members (PEM); with its key in the same file, or in --member-cert-key.
    #[arg(long, env = "MEZZ_MEMBER_CERT", value_name = "FILE")]
    pub(crate) member_cert: Option<PathBuf>,
    /// Key of that certificate (PEM).
    #[arg(long, env = "MEZZ_MEMBER_CERT_KEY", value_name = "FILE", requires = "member_cert")]
    pub(crate) member_cert_key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DacCommand {
    /// Run a member.
    Member(MemberArgs),
    /// Copy what a member keeps, each payload checked by its hash; again and again into the same folder.
    Backup {
        #[command(flatten)]
        member: MemberArgs,
        /// The folder.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Check what a member keeps, and that nobody has changed its log of reads.
    Verify(MemberArgs),
    /// Copy a backup back to a member that does not run, each payload checked by its hash.
    Restore(RestoreArgs),
    /// Make a BLS key, for a committee of more than 20 members, and write it to a file that only you can read.
    Key {
        /// The file, for `bls-key-file` of the member's configuration.
        file: PathBuf,
    },
    /// Make an access key, which opens the payloads of private chains, write it to a file that only you can read, and show its public half.
    AccessKey {
        /// The file.
        file: PathBuf,
    },
    /// Show a tenant's own transactions of a private chain, from a member's records.
    Records(RecordsArgs),
    /// Open a sealed payload with a reader's key, and write it to a file.
    Open(OpenArgs),
    /// Show the call that registers a member's BLS key with its committee's registry; anybody may send it.
    Register(MemberArgs),
    /// Show L1 that a member has signed two payloads for one place, which revokes it.
    ShowEquivocation(EquivocationArgs),
    /// Show the call that proposes a committee of 21 to 256 members, for the registry's owner.
    Propose(ProposeArgs),
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct RecordsArgs {
    /// Where a member is; several with commas, or several times. Those of the chain in the data directory by default.
    #[arg(long = "member", env = "MEZZ_MEMBERS", value_delimiter = ',', value_name = "ADDRESS=URL", value_parser = member)]
    pub(crate) members: Vec<(Address, String)>,
    #[command(flatten)]
    pub(crate) member_tls: MemberTlsArgs,
    /// The tenant's access key.
    #[arg(long, env = "MEZZ_ACCESS_KEY", value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The first batch.
    #[arg(long, default_value_t = 0, value_name = "BATCH")]
    pub(crate) from: u64,
    #[command(flatten)]
    pub(crate) here: HereArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct OpenArgs {
    /// Where a member is; several with commas, or several times. Those of the chain in the data directory by default.
    #[arg(long = "member", env = "MEZZ_MEMBERS", value_delimiter = ',', value_name = "ADDRESS=URL", value_parser = member)]
    pub(crate) members: Vec<(Address, String)>,
    #[command(flatten)]
    pub(crate) member_tls: MemberTlsArgs,
    /// A sealed payload in a file, as a member's store or a backup has it, instead of asking a member.
    #[arg(long, value_name = "FILE", conflicts_with = "members")]
    pub(crate) sealed: Option<PathBuf>,
    /// The reader's access key.
    #[arg(long, env = "MEZZ_ACCESS_KEY", value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The payload's hash, as the batch's certificate on L1 has it.
    pub(crate) payload_hash: B256,
    /// Where to write the payload.
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) here: HereArgs,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct ProposeArgs {
    /// How many must sign.
    #[arg(long)]
    pub(crate) threshold: u16,
    /// Members that must be among them; several with commas.
    #[arg(long, value_delimiter = ',', value_name = "ADDRESS")]
    pub(crate) mandatory: Vec<Address>,
    /// What `mezz dac register --json` says of each member, a file for each.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) members: Vec<PathBuf>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct MemberArgs {
    /// The member's configuration, a TOML file (docs/committee-members.md).
    #[arg(long, env = "MEZZ_MEMBER_CONFIG", value_name = "FILE")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) member: MemberArgs,
    /// The folder of the backup.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct EquivocationArgs {
    /// The evidence that a node has kept (`equivocations/` in its l2 folder), or two files, each with one signed certificate.
    #[arg(required = true, num_args = 1..=2, value_name = "FILE")]
    pub(crate) evidence: Vec<PathBuf>,
    /// Only print the call, and send nothing.
    #[arg(long)]
    pub(crate) calldata: bool,
    /// An L1 endpoint.
    #[arg(long, env = "MEZZ_L1", value_name = "URL", required_unless_present = "calldata")]
    pub(crate) l1: Option<String>,
    /// The deployment: rollup.json in the data directory by default.
    #[arg(long, env = "MEZZ_ROLLUP", value_name = "FILE")]
    pub(crate) rollup: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) here: HereArgs,
}
