//! Members, their keys, and a clock that stands still until it is told otherwise.

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use futures::future::BoxFuture;
use mezz_da::{
    CommitteeClient, Endpoint, Error, Member, MemberConfig,
    committee::{CertificateSigner, Clock, InboxId, Waits},
};
use mezz_primitives::{Accumulator, CHUNK_SIZE, Certificate, Committee, PayloadId};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};
use tempfile::TempDir;

pub(crate) const RETENTION: u64 = 30 * 86_400;
pub(crate) const INBOX: InboxId =
    InboxId { l1_chain_id: 31_337, inbox: Address::repeat_byte(0x1b) };
pub(crate) const WAITS: Waits = Waits {
    certificate: Duration::from_secs(4),
    chunk: Duration::from_secs(2),
    hedge: Duration::from_millis(200),
};

/// A time that only tests change.
#[derive(Clone)]
pub(crate) struct Time(Arc<AtomicU64>);

impl Time {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(SeqCst)
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.0.fetch_add(seconds, SeqCst);
    }

    pub(crate) fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::new(move || time.now())
    }
}

/// A key by number.
pub(crate) fn key(number: u8) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(number)).expect("small numbers are keys; qed")
}

/// The batcher of all chains here.
pub(crate) fn batcher() -> PrivateKeySigner {
    key(0xba)
}

/// A payload of three chunks, different for each seed.
pub(crate) fn payload(seed: u8) -> Vec<u8> {
    (0..2 * CHUNK_SIZE + 77).map(|at| (at as u8).wrapping_mul(31) ^ seed).collect()
}

/// A committee and the members that run.
pub(crate) struct World {
    pub(crate) time: Time,
    pub(crate) keys: Vec<PrivateKeySigner>,
    pub(crate) members: Vec<Option<Member>>,
    pub(crate) committee: Committee,
    directory: TempDir,
}

impl World {
    /// `count` members of which `threshold` must sign, all running.
    pub(crate) async fn new(count: u8, threshold: u8) -> Self {
        Self::with(count, threshold, |_| {}).await
    }

    /// The same with other configurations.
    pub(crate) async fn with(count: u8, threshold: u8, change: impl Fn(&mut MemberConfig)) -> Self {
        let mut world = Self::none(count);
        world.committee.threshold = threshold;
        for index in 0..count.into() {
            let mut config = world.config(index);
            change(&mut config);
            world.start(index, config).await;
        }
        world
    }

    /// `count` members of which none runs yet.
    pub(crate) fn none(count: u8) -> Self {
        let mut keys: Vec<_> = (1..=count).map(key).collect();
        keys.sort_by_key(|key| key.address());
        let members = keys.iter().map(|key| key.address()).collect();
        Self {
            time: Time(Arc::new(AtomicU64::new(1_800_000_000))),
            members: keys.iter().map(|_| None).collect(),
            committee: Committee { members, threshold: 1, mandatory: 0 },
            keys,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// The configuration of a member, which has a directory of its own.
    pub(crate) fn config(&self, index: usize) -> MemberConfig {
        toml::from_str(&format!(
            "listen = \"127.0.0.1:0\"\ndata = {:?}\nsigner = {{ key-file = \"unused\" }}\n[[chains]]\nl1-chain-id = {}\n\
             inbox = \"{}\"\nbatchers = [\"{}\"]\nretention = {RETENTION}\n",
            self.data(index),
            INBOX.l1_chain_id,
            INBOX.inbox,
            batcher().address()
        ))
        .unwrap()
    }

    pub(crate) fn data(&self, index: usize) -> PathBuf {
        self.directory.path().join(format!("member-{index}"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts a member with its own key.
    pub(crate) async fn start(&mut self, index: usize, config: MemberConfig) {
        let signer = Arc::new(self.keys[index].clone());
        self.start_with(index, config, signer).await.unwrap();
    }

    /// Starts a member. One that was killed a moment ago may still hold its log.
    pub(crate) async fn start_with(
        &mut self,
        index: usize,
        config: MemberConfig,
        signer: Arc<dyn CertificateSigner>,
    ) -> Result<(), Error> {
        for _ in 0..100 {
            match Member::start_with(config.clone(), signer.clone(), self.time.clock()).await {
                Err(Error::Locked { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => return Err(error),
                Ok(member) => {
                    self.members[index] = Some(member);
                    return Ok(());
                }
            }
        }
        panic!("the log of member {index} stays locked");
    }

    pub(crate) async fn stop(&mut self, index: usize) {
        self.members[index].take().expect("it runs").stop().await;
    }

    pub(crate) fn url(&self, index: usize) -> String {
        format!("http://{}", self.members[index].as_ref().expect("it runs").local_addr())
    }

    /// Where the running members are.
    pub(crate) fn endpoints(&self) -> Vec<Endpoint> {
        let running = (0..self.keys.len()).filter(|index| self.members[*index].is_some());
        running
            .map(|index| Endpoint { address: self.keys[index].address(), url: self.url(index) })
            .collect()
    }

    /// The batcher's client of the running members.
    pub(crate) fn client(&self) -> CommitteeClient {
        self.client_of(self.endpoints(), Some(batcher()))
    }

    pub(crate) fn client_of(
        &self,
        endpoints: Vec<Endpoint>,
        requester: Option<PrivateKeySigner>,
    ) -> CommitteeClient {
        let requester = requester.map(|key| Arc::new(key) as Arc<dyn CertificateSigner>);
        CommitteeClient::new(INBOX.l1_chain_id, INBOX.inbox, endpoints, requester, None)
            .unwrap()
            .with_waits(WAITS)
            .with_clock(self.time.clock())
    }

    /// A certificate that can be posted for ten minutes.
    pub(crate) fn certificate(&self, batch_index: u64, payload: &[u8]) -> Certificate {
        Certificate {
            batch_index,
            prev_acc: Accumulator(B256::with_last_byte(batch_index as u8)),
            payload: PayloadId::of(payload).unwrap(),
            epoch: 0,
            expiry: self.time.now() + RETENTION + 600,
        }
    }
}

/// A key that never comes to sign: as if the process were killed between log and answer.
#[derive(Debug)]
pub(crate) struct Dying(pub(crate) PrivateKeySigner);

impl CertificateSigner for Dying {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_certificate<'a>(
        &'a self,
        _inbox: InboxId,
        _certificate: &'a Certificate,
    ) -> BoxFuture<'a, Result<[u8; 65], Error>> {
        Box::pin(std::future::pending())
    }

    fn sign_request(&self, _request: B256) -> BoxFuture<'_, Result<[u8; 65], Error>> {
        Box::pin(std::future::pending())
    }
}
