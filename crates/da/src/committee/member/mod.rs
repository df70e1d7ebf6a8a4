//! The server of a member.

mod background;
mod certify;
mod connections;
mod metrics;
mod private;
mod read;
mod refusal;
mod status;
mod tls;

use super::{
    BlsKey, BlsRegistration, CertificateSigner, ChainServed, Clock, InboxId, MemberConfig,
    PayloadStore, RemoteSigner, SealedStore, Signatures, SignerConfig, audit_log::AuditLog,
    client::Peers, config::AccessConfig, files::create_directory, signatures::CLOCK_MARGIN,
};
use crate::Error;
use alloy::signers::local::PrivateKeySigner;
use axum::{
    Router,
    routing::{get, post},
};
use metrics::Metrics;
use private::Private;
use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path, sync::Arc};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// A member that runs. It stops when it is dropped, or in order with [`Member::stop`].
#[derive(Debug)]
pub struct Member {
    local_addr: SocketAddr,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What the requests share.
#[derive(Debug)]
struct State {
    config: MemberConfig,
    chains: BTreeMap<InboxId, ChainServed>,
    store: PayloadStore,
    signatures: Signatures,
    signer: Arc<dyn CertificateSigner>,
    bls_key: Option<BlsKey>,
    private: Option<Private>,
    audit_log: AuditLog,
    peers: Peers,
    metrics: Metrics,
    clock: Clock,
}

impl Member {
    /// Starts a member as its configuration says.
    pub async fn start(config: MemberConfig) -> Result<Self, Error> {
        let signer: Arc<dyn CertificateSigner> = match &config.signer {
            SignerConfig::KeyFile(path) => Arc::new(read_key(path)?),
            SignerConfig::Remote { address, url, method, tls } => {
                Arc::new(RemoteSigner::new(*address, url, method, tls.as_ref())?)
            }
        };
        Self::start_with(config, signer, Clock::default()).await
    }

    /// Starts a member with a key and a clock of the caller's; the configuration's key is not looked at.
    pub async fn start_with(
        config: MemberConfig,
        signer: Arc<dyn CertificateSigner>,
        clock: Clock,
    ) -> Result<Self, Error> {
        config.check()?;
        let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let listen = config.listen;
        let state = Arc::new(State::open(config, signer, clock)?);
        let listener = TcpListener::bind(listen).await.map_err(|error| Error::MemberConfig {
            field: "listen",
            reason: format!("is {listen}, and that cannot be had ({error}): use another address"),
        })?;
        let local_addr = listener.local_addr().map_err(Error::store(&state.config.data))?;
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let limits = state.config.limits;
        let router = State::router(state.clone());
        tasks.spawn(connections::serve(listener, acceptor, router, limits, stopped.clone()));
        tasks.spawn(background::run(state.clone(), stopped));
        tracing::info!(%local_addr, member = %state.signer.address(), "a member of a data committee is ready");
        Ok(Self { local_addr, state, stop, tasks })
    }

    /// Where it listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What it keeps.
    pub fn store(&self) -> &PayloadStore {
        &self.state.store
    }

    /// What it keeps for private chains, if it serves any.
    pub fn sealed_store(&self) -> Option<&SealedStore> {
        self.state.private.as_ref().map(|private| &private.store)
    }

    /// Checks all that it promised, gets from its peers what is missing or damaged, and removes what expired.
    ///
    /// It does so by itself too, a part each minute. The error says what no peer showed.
    pub async fn repair(&self) -> Result<(), Error> {
        background::repair_all(&self.state).await
    }

    /// Stops it: open requests are finished, within seconds.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
        self.state.audit_log.sync();
    }
}

impl MemberConfig {
    /// What L1 must be told of the member's BLS key before it counts; `None` if it has no such key.
    pub fn registration(&self) -> Result<Option<BlsRegistration>, Error> {
        let Some(file) = &self.bls_key_file else { return Ok(None) };
        let member = match &self.signer {
            SignerConfig::KeyFile(path) => read_key(path)?.address(),
            SignerConfig::Remote { address, .. } => *address,
        };
        Ok(Some(BlsRegistration::new(member, &BlsKey::read(file)?)))
    }
}

impl State {
    fn open(
        config: MemberConfig,
        signer: Arc<dyn CertificateSigner>,
        clock: Clock,
    ) -> Result<Self, Error> {
        let data = &config.data;
        create_directory(data)?;
        let bls_key = config.bls_key_file.as_deref().map(BlsKey::read).transpose()?;
        let chains: BTreeMap<_, _> = config
            .chains
            .iter()
            .map(|chain| {
                let inbox = InboxId { l1_chain_id: chain.l1_chain_id, inbox: chain.inbox };
                (inbox, chain.clone())
            })
            .collect();
        // Payloads without a log: it was lost, and with it what may still be posted.
        let payloads = data.join("payloads");
        let has_files = |path| fs::read_dir(path).is_ok_and(|mut all| all.next().is_some());
        let has_payloads = has_files(payloads.clone()) || has_files(data.join("sealed"));
        let slack = chains.values().map(|chain| chain.expiry_slack).max().unwrap_or_default();
        let signs_from = if has_payloads { clock.now() + slack + 2 * CLOCK_MARGIN } else { 0 };
        // It locks the directory: nothing is touched before.
        let signatures = Signatures::open(data.join("signatures.jsonl"), signs_from)?;
        if signatures.signs_from() > clock.now() {
            tracing::warn!(
                until = signatures.signs_from(),
                "the log of signatures was lost: nothing is signed until what it held can be posted no more"
            );
        }
        let store = PayloadStore::open_with(payloads, config.store)?;
        let private = Private::open(&config)?;
        let audit_log = AuditLog::open(data.join("access.jsonl"))?;
        // One list of all members serves all of them.
        let others = config.peers.iter().filter(|peer| peer.address != signer.address());
        let peers =
            Peers::new(others.cloned().collect(), Some(signer.clone()), config.peer_tls.as_ref())?
                .with_clock(clock.clone());
        let metrics = Metrics::default();
        Ok(Self {
            config,
            chains,
            store,
            signatures,
            signer,
            bls_key,
            private,
            audit_log,
            peers,
            metrics,
            clock,
        })
    }

    fn router(state: Arc<Self>) -> Router {
        Router::new()
            .route("/v1/certificates", post(certify::certify))
            .route("/v1/payloads/{payload_hash}", get(read::description))
            .route("/v1/payloads/{payload_hash}/{chunk}", get(read::chunk))
            .route("/v1/sealed", post(certify::certify_sealed))
            .route("/v1/sealed/{payload_hash}", get(private::sealed))
            .route("/v1/sealed/{payload_hash}/{tenant}", get(private::record))
            .route("/v1/records/{tenant}/{from}", get(private::records))
            .route("/v1/member", get(status::member))
            .route("/metrics", get(status::metrics))
            .fallback(refusal::no_such_path)
            .method_not_allowed_fallback(refusal::no_such_path)
            .with_state(state)
    }

    const fn access(&self) -> &AccessConfig {
        &self.config.access
    }
}

/// A key in hexadecimal, with or without `0x`.
fn read_key(path: &Path) -> Result<PrivateKeySigner, Error> {
    let text = fs::read_to_string(path).map_err(Error::store(path))?;
    text.trim().parse().map_err(|_| Error::MemberConfig {
        field: "signer.key-file",
        reason: format!("is {}, which holds no key: 64 hexadecimal digits", path.display()),
    })
}
