//! How members are asked: for certificates by the batcher, for payloads by everybody.

mod certify;
mod metrics;
mod peers;
mod sealed;

pub use certify::Body;
pub use metrics::{ClientMetrics, MemberMetrics};
pub use peers::Audit;
pub(crate) use peers::{Peers, http_client, parse_url};
pub use sealed::MemberRecords;

use super::{CertificateSigner, Clock, InboxId, SignatureWatch, SignedStatement};
use crate::{
    Error,
    private::{AccessKey, Unsealable},
};
use alloy::primitives::Address;
use mezz_primitives::PayloadId;
use serde::Deserialize;
use std::{
    collections::BTreeSet,
    fmt::Write,
    path::PathBuf,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

/// A member and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Endpoint {
    /// Whose signatures it gives.
    pub address: Address,
    /// Where it is, `http://` or `https://`.
    pub url: String,
}

/// TLS towards members. All files are PEM.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClientTls {
    /// Whose server certificates are good. Default: the authorities that the system trusts.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Our certificate, with those between it and the root.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// Our certificate's key.
    #[serde(default)]
    pub key: Option<PathBuf>,
}

/// How long members are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// For a certificate; half of it for each of the two attempts at a member. Default 10 s.
    pub certificate: Duration,
    /// For a chunk from one member. Default 5 s.
    pub chunk: Duration,
    /// Before the next member is asked for a chunk as well. Default 1 s.
    pub hedge: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            certificate: Duration::from_secs(10),
            chunk: Duration::from_secs(5),
            hedge: Duration::from_secs(1),
        }
    }
}

/// Why a member's answer does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MemberFault {
    /// Nobody said where it is.
    #[error("has no endpoint; add one to the configuration")]
    NoEndpoint,
    /// Its signature is worth nothing since a guardian said so.
    #[error("is revoked")]
    Revoked,
    /// No connection, or one that broke.
    #[error("is not reachable ({0})")]
    Unreachable(String),
    /// No answer in time.
    #[error("gave no answer within {0:?}")]
    Silent(Duration),
    /// It was not waited for any longer.
    #[error("had not answered when it was clear that too few would sign")]
    Pending,
    /// It said no.
    #[error("refused with status {status}, {code}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The protocol's word for the reason.
        code: String,
        /// What it says.
        message: String,
    },
    /// It signed with another key, or something else.
    #[error(
        "gave a signature that is not its own of this certificate; check its address and its key"
    )]
    WrongSignature,
    /// Bytes that do not have the hash that was asked for.
    #[error("sent bytes with another hash than that asked for")]
    WrongBytes,
    /// A sealed payload that does not open.
    #[error("showed a sealed payload that does not open: {0}")]
    Sealed(Unsealable),
    /// An answer that cannot be read.
    #[error("answered against the protocol: {0}")]
    Malformed(&'static str),
}

/// What a member said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberAnswer {
    /// Who.
    pub member: Address,
    /// What is wrong with it.
    pub fault: MemberFault,
}

impl MemberAnswer {
    /// A list for people.
    pub(crate) fn list(answers: &[Self]) -> String {
        let mut text = String::new();
        for (index, answer) in answers.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(text, "{separator}{} {}", answer.member, answer.fault)
                .expect("a string takes everything; qed");
        }
        if text.is_empty() { "nobody was asked".to_owned() } else { text }
    }
}

/// Asks the members of a chain's committees. Cheap to clone.
///
/// It knows where members are, of all epochs that sign now; who they are in an epoch is told with each certificate.
#[derive(Debug, Clone)]
pub struct CommitteeClient {
    inbox: InboxId,
    peers: Peers,
    privacy: Privacy,
    watch: Option<Arc<SignatureWatch>>,
}

/// How a client reads payloads.
#[derive(Debug, Clone)]
enum Privacy {
    /// As they are.
    Public,
    /// Sealed, with the key that opens them, if there is one.
    Private {
        key: Option<Arc<AccessKey>>,
        /// Whether members sign only what is sealed for that key.
        must_read: bool,
    },
}

impl CommitteeClient {
    /// A client for the committees of one inbox.
    ///
    /// `requester` signs requests: certificates are given to listed batchers only, payloads to everybody or to listed readers.
    pub fn new(
        l1_chain_id: u64,
        inbox: Address,
        endpoints: Vec<Endpoint>,
        requester: Option<Arc<dyn CertificateSigner>>,
        tls: Option<ClientTls>,
    ) -> Result<Self, Error> {
        let peers = Peers::new(endpoints, requester, tls.as_ref())?;
        let inbox = InboxId { l1_chain_id, inbox };
        Ok(Self { inbox, peers, privacy: Privacy::Public, watch: None })
    }

    /// The same with other waits.
    pub fn with_waits(mut self, waits: Waits) -> Self {
        self.peers.waits = waits;
        self
    }

    /// The same with another clock, which signed reads carry: where the members' time is not the world's.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.peers = self.peers.with_clock(clock);
        self
    }

    /// The same for a private chain, whose payloads are sealed: `key` opens them.
    pub fn private(mut self, key: Option<AccessKey>) -> Self {
        self.privacy = Privacy::Private { key: key.map(Arc::new), must_read: false };
        self
    }

    /// The same where the key is in `must-read` of the members: what they say is sealed for others was signed against that, and counts
    /// as withheld.
    pub fn must_read(mut self) -> Self {
        if let Privacy::Private { must_read, .. } = &mut self.privacy {
            *must_read = true;
        }
        self
    }

    /// The same with somebody who looks at all signatures that it is given.
    pub fn watched(mut self, watch: Arc<SignatureWatch>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Looks at signatures for two of one member that contradict each other; `l1_time` is what is known of L1's.
    pub fn notice(&self, statements: impl IntoIterator<Item = SignedStatement>, l1_time: u64) {
        let Some(watch) = &self.watch else { return };
        watch.tell_time(l1_time);
        for statement in statements {
            if watch.see(statement) {
                self.metrics().equivocations.fetch_add(1, Relaxed);
            }
        }
    }

    /// The chain.
    pub const fn inbox(&self) -> InboxId {
        self.inbox
    }

    /// Its counters, which its clones share.
    pub fn metrics(&self) -> &Arc<ClientMetrics> {
        &self.peers.metrics
    }

    /// Gets a payload from whichever members show it: chunk by chunk, each checked against its hash, or sealed, opened and checked then.
    pub async fn fetch(&self, payload: &PayloadId) -> Result<Vec<u8>, Error> {
        self.fetch_signed(payload, None).await
    }

    /// The same of a payload of which it is known who signed that it is kept: what others lack says nothing.
    pub async fn fetch_signed(
        &self,
        payload: &PayloadId,
        signers: Option<&BTreeSet<Address>>,
    ) -> Result<Vec<u8>, Error> {
        match &self.privacy {
            Privacy::Public => self.peers.fetch(payload).await,
            Privacy::Private { key: None, .. } => Err(Error::NoAccessKey),
            Privacy::Private { key: Some(key), must_read } => {
                self.peers.fetch_sealed(payload, key, *must_read, signers).await
            }
        }
    }

    /// *Challenge me*: asks each member for a random chunk of a random one of these payloads, or for a random sealed one.
    ///
    /// Give those of batches whose certificates have not expired. Nobody is asked if there are none.
    pub async fn audit(&self, payloads: &[PayloadId]) -> Vec<Audit> {
        match &self.privacy {
            Privacy::Public => self.peers.audit(payloads).await,
            Privacy::Private { key: None, .. } => Vec::new(),
            Privacy::Private { key: Some(key), .. } => self.peers.audit_sealed(payloads, key).await,
        }
    }
}
