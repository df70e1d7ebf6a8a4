//! The configuration of a member: a TOML file, all of which is in `docs/committee-members.md`.

use super::{ClientTls, Endpoint, client::parse_url};
use crate::{Error, private::AccessPublicKey};
use alloy::primitives::Address;
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

/// What a member is told by its operator.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MemberConfig {
    /// Where it listens. Default `127.0.0.1:8560`.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// The directory with its payloads and its logs.
    pub data: PathBuf,
    /// The key that signs certificates, and requests to peers.
    pub signer: SignerConfig,
    /// A file with the BLS key that signs certificates of committees with more than 20 members, in hexadecimal. Default: none.
    #[serde(default)]
    pub bls_key_file: Option<PathBuf>,
    /// A file with the access key that opens the payloads of private chains, in hexadecimal. Default: none.
    #[serde(default)]
    pub private_key_file: Option<PathBuf>,
    /// The chains that it serves.
    pub chains: Vec<ChainServed>,
    /// Who may read. Default: everybody.
    #[serde(default)]
    pub access: AccessConfig,
    /// TLS. Default: none, which is right behind a proxy that ends TLS, and nowhere else.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// The other members, which it audits and from which it repairs what it lost. It may be among them itself.
    #[serde(default)]
    pub peers: Vec<Endpoint>,
    /// TLS towards the peers.
    #[serde(default)]
    pub peer_tls: Option<ClientTls>,
    /// Limits of the store.
    #[serde(default)]
    pub store: StoreConfig,
    /// Limits of the server.
    #[serde(default)]
    pub limits: LimitsConfig,
}

/// Where a member's key is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum SignerConfig {
    /// In a file, in hexadecimal.
    KeyFile(PathBuf),
    /// In a signer that speaks Ethereum's JSON-RPC.
    Remote {
        /// Whose key it is.
        address: Address,
        /// Where the signer is.
        url: String,
        /// The method for typed data. Default `eth_signTypedData`, which is web3signer's.
        #[serde(default = "default_method")]
        method: String,
        /// TLS towards it.
        #[serde(default)]
        tls: Option<ClientTls>,
    },
}

/// A chain whose payloads a member keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChainServed {
    /// Chain id of L1.
    pub l1_chain_id: u64,
    /// The inbox on L1.
    pub inbox: Address,
    /// Whose requests for certificates it takes.
    pub batchers: BTreeSet<Address>,
    /// `retention` of the chain's contract, seconds. Default 30 days.
    #[serde(default = "default_retention")]
    pub retention: u64,
    /// How much later than `now + retention` a certificate may expire, seconds. Default 1 day.
    #[serde(default = "default_expiry_slack")]
    pub expiry_slack: u64,
    /// Whether its payloads come sealed and stay so. Default: no.
    #[serde(default)]
    pub private: bool,
    /// Of a private chain: who must be among the readers of each payload, at least one that the batcher does not choose: challengers
    /// and auditors. What nobody else reads nobody can refute.
    #[serde(default)]
    pub must_read: BTreeSet<AccessPublicKey>,
}

/// Who may read payloads.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AccessConfig {
    /// The policy.
    pub reads: Reads,
    /// With `listed`: the keys whose signed requests are answered.
    pub readers: BTreeSet<Address>,
    /// With `listed`: the DNS names in client certificates whose requests are answered.
    pub names: BTreeSet<String>,
    /// Of private chains: access keys that are shown nothing any more, whatever was sealed for them.
    pub deny: BTreeSet<AccessPublicKey>,
}

/// A policy for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reads {
    /// Everybody who can connect.
    #[default]
    Open,
    /// Who is on one of the lists.
    Listed,
}

/// TLS of the server. All files are PEM.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TlsConfig {
    /// Its certificate, with those between it and the root.
    pub certificate: PathBuf,
    /// The certificate's key.
    pub key: PathBuf,
    /// Whose client certificates are good. Default: clients have none.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Whether clients must have one, if there is a `client-ca`. Default: they must.
    #[serde(default)]
    pub client_certificates: ClientCertificates,
}

/// Whether a client must show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientCertificates {
    /// Without one there is no connection.
    #[default]
    Required,
    /// It may.
    Optional,
}

/// Limits of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Keep what expired. Default: no.
    pub archive: bool,
    /// Bytes of all payloads. Default: what the disk has.
    pub bytes_max: Option<u64>,
    /// Bytes of the disk that stay free. Default 0.
    pub free_bytes_min: u64,
}

/// Limits of a server. Times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Connections at once. Default 256.
    pub connections_max: usize,
    /// Connections at once from one address. Default 64.
    pub connections_each_max: usize,
    /// For the TLS handshake, and for the head of a request. Default 10.
    pub head_seconds: u64,
    /// For the body of a request. Default 30.
    pub body_seconds: u64,
    /// For a connection, however busy. Default 600.
    pub connection_seconds: u64,
    /// Between two rounds of audits, repairs and expiry. Default 60.
    pub audit_seconds: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            connections_max: 256,
            connections_each_max: 64,
            head_seconds: 10,
            body_seconds: 30,
            connection_seconds: 600,
            audit_seconds: 60,
        }
    }
}

impl MemberConfig {
    /// Checks what no type says.
    pub fn check(&self) -> Result<(), Error> {
        let wrong =
            |field, reason: &str| Err(Error::MemberConfig { field, reason: reason.to_owned() });
        let inboxes: BTreeSet<_> =
            self.chains.iter().map(|chain| (chain.l1_chain_id, chain.inbox)).collect();
        let lists = self.access.readers.len() + self.access.names.len();
        let has_authority = self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
        let limits = &self.limits;
        let times = [
            limits.head_seconds,
            limits.body_seconds,
            limits.connection_seconds,
            limits.audit_seconds,
        ];
        if self.chains.is_empty() || inboxes.len() != self.chains.len() {
            return wrong("chains", "must name at least one chain, and each once");
        }
        if self.chains.iter().any(|chain| chain.batchers.is_empty()) {
            return wrong("batchers", "must name who may ask for certificates, for each chain");
        }
        if self.private_key_file.is_none() && self.chains.iter().any(|chain| chain.private) {
            return wrong(
                "private-key-file",
                "must name the key that opens the payloads of the private chain: make one with `mezz dac access-key FILE`",
            );
        }
        if self.chains.iter().any(|chain| !chain.private && !chain.must_read.is_empty()) {
            return wrong("must-read", "is for chains with private = true");
        }
        if let Some(chain) =
            self.chains.iter().find(|chain| chain.private && chain.must_read.is_empty())
        {
            let reason = format!(
                "must name who reads each payload of the private chain of {} besides its batcher: the access keys of a challenger and of an auditor, asked for from them and not from the batcher",
                chain.inbox
            );
            return wrong("must-read", &reason);
        }
        if !self.access.deny.is_empty() && !self.serves_private() {
            return wrong(
                "access.deny",
                "names access keys, which are for chains with private = true",
            );
        }
        if self.access.reads == Reads::Open && lists > 0 && !self.serves_private() {
            return wrong(
                "access",
                "lists readers and lets everybody read: set reads = \"listed\", or remove the lists",
            );
        }
        if !self.access.names.is_empty() && !has_authority {
            return wrong("access.names", "are those of client certificates: set tls.client-ca");
        }
        if limits.connections_max == 0 || limits.connections_each_max == 0 || times.contains(&0) {
            return wrong("limits", "must not be 0");
        }
        self.peers.iter().try_for_each(|peer| parse_url(&peer.url).map(drop))
    }
}

impl MemberConfig {
    /// Whether it serves a private chain.
    pub(super) fn serves_private(&self) -> bool {
        self.chains.iter().any(|chain| chain.private)
    }
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8560).into()
}

fn default_method() -> String {
    "eth_signTypedData".to_owned()
}

const fn default_retention() -> u64 {
    30 * 86_400
}

const fn default_expiry_slack() -> u64 {
    86_400
}
