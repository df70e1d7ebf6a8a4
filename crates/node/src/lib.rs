//! An L2 node: pool, sequencer, journal, and the loop that observes L1, asks what is due and does it.
//!
//! ```text
//! rpc ──► sequencer (one thread: executes, journals, seals) ──► store
//!              ▲                        │ heads
//!   blocks that L1 dictates             ▼
//!         driver: observe ─► settlement.moves() ─► act ──► L1
//! ```

mod acts;
mod backend;
mod batches;
mod builder;
mod committee;
mod costs;
mod disputes;
mod driver;
mod error;
pub mod journal;
mod metrics;
pub mod pool;
mod private;
mod proofs;
mod publish;
mod queries;
mod sequencer;
mod versions;
mod withdrawals;
mod worker;

pub use committee::CommitteeAccess;
pub use disputes::{Span, SpanPreimages};
pub use error::Error;
pub use metrics::Metrics;
pub use mezz_settlement::Role;
pub use pool::PoolLimits;
pub use sequencer::SequencerConfig;
pub use versions::{Build, foreign_batch};

use acts::Acts;
use driver::Driver;
use mezz_da::{CommitteeClient, DataSource, PayloadStore, committee::SignatureWatch};
use mezz_derive::PAYLOAD_BLOBS_MAX;
use mezz_l1::{Client, Sender, SenderConfig, Signer, WatchConfig, Watcher};
use mezz_primitives::{
    Boot, CALLDATA_MAX, CHUNK_SIZE, CHUNKS_MAX, ChainConfig, Contracts, Fallback, Output,
    genesis_content_id,
};
use mezz_settlement::{Heads, L1Ref, Parameters, Settlement};
use mezz_storage::Store;
use parking_lot::RwLock;
use sequencer::Sequencer;
use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};

/// Questions of RPC that are passed on to L1 at once.
const L1_QUESTIONS: usize = 2;

/// How a node runs.
pub struct NodeConfig {
    /// The chain.
    pub chain: ChainConfig,
    /// Its contracts on L1.
    pub contracts: Contracts,
    /// First L1 block of the deployment.
    pub start_block: u64,
    /// What it does.
    pub roles: BTreeSet<Role>,
    /// Where journal and blobs lie.
    pub directory: PathBuf,
    /// Time between two blocks.
    pub block_time: Duration,
    /// How much may wait.
    pub pool: PoolLimits,
    /// Pause between two questions to L1.
    pub l1_poll: Duration,
    /// L1 blocks above a queue message before the sequencer takes it.
    pub confirmations: u64,
    /// Least seconds of L1 time between two batches.
    pub batch_interval: u64,
    /// Estimated bytes that make a batch.
    pub batch_bytes: u64,
    /// Least seconds of L1 time between two claims.
    pub claim_interval: u64,
    /// Distance of the finalized L1 block where the endpoint has no such tag.
    pub finalized_lag: u64,
    /// Whether the RPC serves `admin_*`, with which anybody who reaches it may stop the sequencer.
    pub admin: bool,
    /// Whether the RPC gives work to provers. What a proof is made from holds the data of the batches, also where a committee keeps them from others.
    pub provers: bool,
    /// Key of the batcher.
    pub batcher: Option<Signer>,
    /// Key of the proposer.
    pub proposer: Option<Signer>,
    /// Key of the challenger.
    pub challenger: Option<Signer>,
    /// How it reaches the data committee; of no use to a chain that has none.
    pub committee: CommitteeAccess,
    /// Only say which moves about claims would be made.
    pub dry_run: bool,
    /// How much disputes and proofs may take.
    pub disputes: DisputeLimits,
    /// The program that it executes: [`Build::own`], for whoever is not to be taken for another version of this software.
    pub build: Build,
}

/// How much disputes and proofs may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DisputeLimits {
    /// Runs of the program over doubted spans at once, each of which takes a core. With none, doubts are answered by proofs alone: where nobody proves they are lost.
    pub runs_max: usize,
    /// Openings of blobs in the transaction of a proof, at least one; the others are checked in transactions before, as many in each.
    pub openings_max: NonZeroUsize,
}

impl Default for DisputeLimits {
    /// A run for each core, and as many openings as fit a transaction with a proof.
    fn default() -> Self {
        Self {
            runs_max: std::thread::available_parallelism().map_or(1, usize::from),
            openings_max: const { NonZeroUsize::new(64).expect("64 is not zero; qed") },
        }
    }
}

impl NodeConfig {
    /// Refuses what could only lose money: one key for two roles, which would take each other's nonces, and claims of a chain that L1 judges by other programs alone.
    async fn check(&self, client: &Client) -> Result<(), Error> {
        let keys = [&self.batcher, &self.proposer, &self.challenger];
        let mut seen = BTreeSet::new();
        if let Some(key) = keys.into_iter().flatten().find(|key| !seen.insert(key.address())) {
            return Err(Error::SharedKey { account: key.address() });
        }
        if self.roles.iter().any(|role| matches!(role, Role::Proposer | Role::Challenger)) {
            versions::check(client, &self.contracts, self.build.program).await?;
        }
        Ok(())
    }
}

impl NodeConfig {
    /// Refuses to make public what is to be private, and to run for nothing where it cannot read the chain.
    fn check_private(&self) -> Result<(), Error> {
        let Some(rules) = self.chain.committee.filter(|_| is_private(&self.contracts)) else {
            // Strangers may demand what this node would help to keep from them.
            return match self.committee.access_key {
                Some(_) => Err(Error::NotPrivate),
                None => Ok(()),
            };
        };
        // Without it members show nothing, and a challenger would take that for withholding, and have L1 show everything.
        if self.committee.access_key.is_none() {
            return Err(mezz_da::Error::NoAccessKey.into());
        }
        if self.roles.contains(&Role::Batcher) {
            if self.committee.access_list.is_none() {
                return Err(Error::NoAccessFile);
            }
            if rules.fallback != Fallback::Stop {
                return Err(Error::PublicFallback);
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for NodeConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeConfig")
            .field("chain", &self.chain)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    acts: Arc<Acts>,
    backend: Arc<backend::NodeBackend>,
    sequencer: Arc<Sequencer>,
    settlement: Arc<RwLock<Settlement>>,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
    driver: JoinHandle<()>,
}

impl Node {
    /// Recovers what was promised and starts.
    pub async fn start(config: NodeConfig, store: Store, client: Client) -> Result<Self, Error> {
        config.check(&client).await?;
        config.check_private()?;
        let genesis = genesis_output(&config.chain, &store);
        let content = genesis_content_id(&genesis);
        let (parameters, capacity) = parameters(&config, &client);
        let pristine = Settlement::new(parameters, L1Ref::default(), (content, genesis), 1);
        let settlement = Arc::new(RwLock::new(pristine.clone()));
        let messages = settlement.clone();
        let sequencing = config.roles.contains(&Role::Sequencer);
        let sequencer = Arc::new(Sequencer::start(
            SequencerConfig {
                sequencing,
                block_time: config.block_time,
                block_bytes: capacity,
                attributed: config.chain.signatures.is_some(),
                pool: config.pool,
                journal: config.directory.join("journal"),
            },
            store.clone(),
            Box::new(move |from| messages.read().takeable(from)),
        )?);
        // After the journal has moved the head to where it was.
        if let Some((count, acc)) = acts::progress(&store)? {
            settlement.write().resume(count, acc, store.head().number);
        }
        let metrics = Arc::new(Metrics::default());
        let sender = |signer: Option<Signer>| {
            let settings = SenderConfig { poll: config.l1_poll, ..SenderConfig::default() };
            signer.map(|signer| Sender::new(client.clone(), signer, settings))
        };
        let (data, members) = data(&config, &metrics)?;
        let acts = Arc::new(Acts {
            store: store.clone(),
            sequencer: sequencer.clone(),
            client: client.clone(),
            data,
            members,
            private: is_private(&config.contracts),
            access_list: config.committee.access_list.clone(),
            config: config.chain.clone(),
            contracts: config.contracts,
            program: config.build.program,
            batcher: sender(config.batcher),
            proposer: sender(config.proposer),
            challenger: sender(config.challenger),
            disputes: disputes::Disputes::default(),
            proofs: proofs::Desk::open(config.directory.join("proofs"), metrics.clone())?,
            openings_max: config.disputes.openings_max,
            metrics: metrics.clone(),
        });
        let watch = WatchConfig {
            poll: config.l1_poll,
            finalized_lag: config.finalized_lag,
            ..WatchConfig::new(config.contracts, config.start_block)
        };
        let (stop, stopped) = watch::channel(false);
        let audits = config.committee.audit_interval;
        tokio::spawn(committee::audit(acts.clone(), settlement.clone(), audits, stopped.clone()));
        let board = proofs::Board::new(acts.clone(), settlement.clone(), config.provers);
        tokio::spawn(board.clone().keep(stopped.clone()));
        let l1 = client.clone();
        let driver = Driver {
            pristine,
            follow: Box::new(move || driver::follow(Watcher::new(l1.clone(), watch.clone()))),
            settlement: settlement.clone(),
            sequencer: sequencer.clone(),
            acts: acts.clone(),
            roles: config.roles,
            metrics: metrics.clone(),
            stop: stopped,
            backlog_bytes: 10 * config.batch_bytes,
            dry_run: config.dry_run,
            runs_max: config.disputes.runs_max,
        };
        let rollup = serde_json::json!({ "chain": config.chain, "contracts": config.contracts, "startBlock": config.start_block });
        let backend = Arc::new(backend::NodeBackend {
            store,
            sequencer: sequencer.clone(),
            settlement: settlement.clone(),
            rollup,
            admin: config.admin,
            client: client.clone(),
            contracts: config.contracts,
            l1_questions: Arc::new(Semaphore::new(L1_QUESTIONS)),
            proofs: board,
        });
        Ok(Self {
            acts,
            backend,
            sequencer,
            settlement,
            metrics,
            stop,
            driver: tokio::spawn(driver.run()),
        })
    }

    /// How far the chain is sequenced, published and final.
    pub fn heads(&self) -> Heads {
        self.settlement.read().heads()
    }

    /// How far it has followed L1.
    pub fn progress(&self) -> Progress {
        let settlement = self.settlement.read();
        Progress {
            posted: settlement.inbox().batches().len() as u64,
            derived: settlement.derived(),
            caught_up: self.metrics.caught_up.get() == 1,
            enqueued: settlement.inbox().queue_len(),
            taken: self.taken().unwrap_or_default(),
            head: self.acts.store.head().number,
            sequencing: self.sequencer.shared.sequencing.load(Ordering::Relaxed),
        }
    }

    /// Queue messages in sealed blocks.
    fn taken(&self) -> Option<u64> {
        let store = &self.acts.store;
        Some(batches::queue_index(store.header(store.head().number).ok()??.as_ref()))
    }

    /// What the program begins with and asks for over one span: for whoever proves that run, or disputes it.
    pub async fn span(&self, span: Span) -> Result<(Boot, SpanPreimages), Error> {
        disputes::gather(&self.acts, &self.settlement, span).await
    }

    /// Why it no longer works, if so.
    pub fn failure(&self) -> Option<String> {
        self.sequencer.shared.failure.read().clone()
    }

    /// Ends when it no longer works, with the reason.
    pub async fn failed(&self) -> String {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if let Some(reason) = self.failure() {
                return reason;
            }
        }
    }

    /// Its numbers.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// Stops cleanly: what was promised is on disk.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.driver.await;
        let sequencer = self.sequencer.clone();
        let _ = tokio::task::spawn_blocking(move || sequencer.stop()).await;
        // Now all that was derived is in the store for good: another version of this software may be the next to need it.
        if let Err(error) = self.acts.remember_progress(&self.settlement.read()) {
            tracing::warn!(%error, "progress is not saved");
        }
    }
}

/// What the settlement goes by, and how many bytes a batch surely carries.
fn parameters(config: &NodeConfig, client: &Client) -> (Parameters, usize) {
    let capabilities = client.capabilities();
    let fallback = config.chain.committee.map(|rules| rules.fallback);
    let capacity = match capabilities.blobs && capabilities.beacon {
        _ if fallback == Some(Fallback::Stop) => CHUNKS_MAX * CHUNK_SIZE,
        true => PAYLOAD_BLOBS_MAX,
        false => CALLDATA_MAX,
    };
    // The encoding adds a little to what hardly compresses.
    let capacity = capacity - capacity / 20;
    let address = |signer: &Option<Signer>| signer.as_ref().map(|signer| signer.address());
    let batches = config.roles.contains(&Role::Batcher);
    let proposes = config.roles.contains(&Role::Proposer) && config.proposer.is_some();
    let parameters = Parameters {
        config: config.chain.clone(),
        proposer: address(&config.proposer),
        challenger: address(&config.challenger),
        batch_interval: config.batch_interval,
        batch_bytes: config.batch_bytes,
        batch_bytes_max: capacity as u64,
        claim_interval: config.claim_interval,
        confirmations: config.confirmations,
        program: config.build.program,
        key: config.build.key,
        batcher: address(&config.batcher).filter(|_| batches),
        private: is_private(&config.contracts),
        shows_proofs: proposes && !config.dry_run,
    };
    (parameters, capacity)
}

/// Where the data of batches come from, and the members of the data committee among it.
fn data(
    config: &NodeConfig,
    metrics: &Metrics,
) -> Result<(DataSource, Option<Arc<CommitteeClient>>), Error> {
    let data = DataSource::open(config.directory.join("blobs"))?;
    if config.chain.committee.is_none() {
        return Ok((data, None));
    }
    let members = members(config)?;
    if let Some(members) = &members {
        // Set once: the metrics are new.
        let _ = metrics.committee.set(members.metrics().clone());
    }
    let payloads = Arc::new(PayloadStore::open(config.directory.join("payloads"))?);
    Ok((data.with_committee(payloads, members.clone()), members))
}

/// The client of the chain's data committee, if it has one and somebody said where members are.
fn members(config: &NodeConfig) -> Result<Option<Arc<CommitteeClient>>, Error> {
    let access = &config.committee;
    if config.chain.committee.is_none() || access.members.is_empty() {
        return Ok(None);
    }
    let client = CommitteeClient::new(
        config.chain.l1_chain_id,
        config.contracts.inbox,
        access.members.clone(),
        access.requester.clone(),
        access.tls.clone(),
    )?;
    let retention = config.chain.committee.map_or(0, |rules| rules.retention);
    let watch = SignatureWatch::new(config.directory.join("equivocations"), retention);
    let client = client.watched(Arc::new(watch));
    let client = match is_private(&config.contracts) {
        true => client.private(access.access_key.clone()),
        false => client,
    };
    let client = if access.must_read { client.must_read() } else { client };
    Ok(Some(Arc::new(client)))
}

/// Whether payloads are sealed: L1 says it, where only those who read them anyway may demand them.
fn is_private(contracts: &Contracts) -> bool {
    contracts.committee.is_some_and(|committee| committee.demanders.is_some())
}

/// How far a node has followed L1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Batches on L1, as far as it was read.
    pub posted: u64,
    /// Batches derived.
    pub derived: u64,
    /// Whether L1 was read to its head.
    pub caught_up: bool,
    /// Queue messages on L1.
    pub enqueued: u64,
    /// Queue messages in sealed blocks.
    pub taken: u64,
    /// The last sealed block.
    pub head: u64,
    /// Whether it takes transactions.
    pub sequencing: bool,
}

/// The output of block 0.
pub fn genesis_output(chain: &ChainConfig, store: &Store) -> Output {
    let genesis = store.genesis();
    Output {
        version: 1,
        chain_id: chain.l2_chain_id,
        inbox_index: 0,
        block_in_batch: 0,
        queue_index: 0,
        number: 0,
        timestamp: genesis.header.timestamp,
        output_root: mezz_evm::output_root(&genesis.header, genesis.hash),
    }
}
