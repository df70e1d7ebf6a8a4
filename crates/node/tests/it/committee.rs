//! A data committee: certificates, members that are missing, payloads that are kept back, other members.

use crate::{
    user::User,
    world::{BATCHER, CHALLENGER, FUNDER, L2, Settings, World, wait},
};
use alloy::primitives::{Address, B256, Bytes, U256, aliases::U24};
use mezz_da::{
    Endpoint, Member, MemberConfig,
    committee::{
        AccessConfig, BlsKey, BlsRegistration, ChainServed, Clock, LimitsConfig, SignerConfig,
        StoreConfig,
    },
};
use mezz_l1::{
    contracts::{CommitteeRegistry, DaChallenge, Inbox, SealedInbox},
    deploy::{DEV_MEMBER, Intent, dev_key},
};
use mezz_node::{CommitteeAccess, Role};
use mezz_primitives::{Certificate, Fallback, Family, PayloadId};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

const USER: u32 = 5;
const TARGET: Address = Address::repeat_byte(0x77);
/// Types of a batch's data.
const COMMITTEE: &str = "committee";

/// A chain with a committee, and its members.
pub(crate) struct Club {
    pub(crate) world: World,
    members: BTreeMap<u32, Member>,
    folder: tempfile::TempDir,
    clock: Arc<AtomicU64>,
    /// What is particular about the members.
    configure: fn(&mut MemberConfig, u32),
}

impl Club {
    /// Three members, two of whom must sign.
    async fn start(change: impl FnOnce(&mut Intent)) -> Self {
        Self::with(change, |_, _| ()).await
    }

    /// The same with members of another configuration.
    pub(crate) async fn with(
        change: impl FnOnce(&mut Intent),
        configure: fn(&mut MemberConfig, u32),
    ) -> Self {
        let world = World::of(Family::Optimium, change).await;
        let clock = Arc::new(AtomicU64::new(0));
        let (l1, time) = (world.l1.clone(), clock.clone());
        // L1's clock runs faster than ours.
        tokio::spawn(async move {
            while let Ok(head) = l1.latest().await {
                time.store(head.time, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let mut club = Self { world, members: BTreeMap::new(), folder, clock, configure };
        for member in 0..3 {
            club.join(member).await;
        }
        club
    }

    pub(crate) fn place(&self, member: u32) -> PathBuf {
        self.folder.path().join(format!("member{member}"))
    }

    fn bls_key_file(&self, member: u32) -> PathBuf {
        self.folder.path().join(format!("member{member}.bls"))
    }

    /// Starts a member over what it has.
    async fn join(&mut self, member: u32) {
        let rules = self.world.deployment.config.committee.unwrap();
        std::fs::write(self.bls_key_file(member), bls_key(member).to_bytes().to_string()).unwrap();
        let mut config = MemberConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            data: self.place(member),
            signer: SignerConfig::KeyFile(PathBuf::new()),
            bls_key_file: Some(self.bls_key_file(member)),
            private_key_file: None,
            chains: vec![ChainServed {
                l1_chain_id: self.world.deployment.config.l1_chain_id,
                inbox: self.world.deployment.contracts.inbox,
                batchers: BTreeSet::from([dev_key(BATCHER).address()]),
                retention: rules.retention,
                expiry_slack: 86_400,
                private: false,
                must_read: BTreeSet::new(),
            }],
            access: AccessConfig::default(),
            tls: None,
            peers: Vec::new(),
            peer_tls: None,
            store: StoreConfig::default(),
            limits: LimitsConfig::default(),
        };
        (self.configure)(&mut config, member);
        let time = self.clock.clone();
        let clock = Clock::new(move || Clock::default().now().max(time.load(Ordering::Relaxed)));
        let key = Arc::new(dev_key(DEV_MEMBER + member));
        let started = Member::start_with(config, key, clock).await.unwrap();
        self.members.insert(member, started);
    }

    async fn leave(&mut self, member: u32) {
        self.members.remove(&member).unwrap().stop().await;
    }

    /// How a node reaches those that run now.
    pub(crate) fn access(&self) -> CommitteeAccess {
        let members = self.members.iter().map(|(member, running)| Endpoint {
            address: dev_key(DEV_MEMBER + member).address(),
            url: format!("http://{}", running.local_addr()),
        });
        CommitteeAccess {
            members: members.collect(),
            requester: Some(Arc::new(dev_key(BATCHER))),
            ..CommitteeAccess::default()
        }
    }

    fn operator(&self) -> Settings {
        Settings { committee: self.access(), ..Settings::operator() }
    }

    pub(crate) fn watcher(&self) -> Settings {
        Settings { committee: self.access(), ..Settings::watcher() }
    }

    /// A user with ether on L2.
    async fn user(&self, node: &L2) -> User {
        let user = User::new(USER);
        self.world.deposit(FUNDER, user.address(), "5").await;
        node.wait_for_ether(user.address()).await;
        user
    }

    async fn batches(&self) -> u64 {
        self.world.read(self.world.deployment.contracts.inbox, &Inbox::batchCountCall {}).await
    }

    fn registry(&self) -> Address {
        self.world.deployment.contracts.committee.unwrap().registry
    }
}

/// The BLS key of a member.
fn bls_key(member: u32) -> BlsKey {
    BlsKey::from_bytes(&B256::with_last_byte(member as u8 + 1)).unwrap()
}

/// The batch that holds a transaction, as RPC says it.
pub(crate) async fn batch_of(node: &L2, transaction: B256) -> Value {
    let number = node.store.transaction(transaction).unwrap().unwrap().0.header.number;
    node.ask("mezz_getBatchByBlock", json!([format!("{number:#x}")])).await
}

/// Invariant 36, the data with a committee: from L1 and the members alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_members_keep_is_all_that_a_node_needs() {
    let club = Club::start(|_| ()).await;
    let operator = club.world.node(club.operator()).await;
    let mut user = club.user(&operator).await;
    let first = operator.send(&user.transfer(TARGET, 7)).await;
    let many = [operator.send(&user.transfer(TARGET, 1)).await, first];
    operator.wait_safe(&many).await;
    let batch = batch_of(&operator, first).await;
    assert_eq!(
        (batch["daType"].as_str(), batch["status"].as_str()),
        (Some(COMMITTEE), Some("revocable"))
    );

    // A claim covers what is sealed, and is confirmed.
    wait("a claim to be confirmed", async || operator.node.heads().settled > 0).await;
    wait("the batch to be sealed", async || batch_of(&operator, first).await["status"] == "sealed")
        .await;

    // A stranger's node, from L1 and members alone.
    let stranger = club.world.node(club.watcher()).await;
    stranger.wait_safe(&many).await;
    assert!(operator.assert_same(&stranger) > 0);
    // And once more with nobody to ask, from what it has kept itself.
    let place = club.world.place();
    let again = club.world.node_in(place.clone(), club.watcher()).await;
    again.wait_safe(&many).await;
    again.stop().await;
    std::fs::remove_dir_all(place.join("chain")).unwrap();
    let alone = club.world.node_in(place, Settings::watcher()).await;
    alone.wait_safe(&many).await;
    assert!(operator.assert_same(&alone) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_member_short_of_the_threshold_batches_go_to_l1() {
    let mut club = Club::start(|_| ()).await;
    let operator = club.world.node(club.operator()).await;
    let mut user = club.user(&operator).await;
    club.leave(2).await;
    let with_two = operator.send(&user.transfer(TARGET, 1)).await;
    operator.wait_safe(&[with_two]).await;
    assert_eq!(batch_of(&operator, with_two).await["daType"], COMMITTEE, "two of three are enough");
    club.leave(1).await;
    wait("a batch on L1", async || operator.node.metrics().fallbacks.get() > 0).await;
    let with_one = operator.send(&user.transfer(TARGET, 1)).await;
    operator.wait_safe(&[with_one]).await;
    let place = batch_of(&operator, with_one).await["daType"].clone();
    assert!(place == "calldata" || place == "blobs", "{place}");
    let stranger = club.world.node(club.watcher()).await;
    stranger.wait_safe(&[with_two, with_one]).await;
    assert!(operator.assert_same(&stranger) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_data_must_stay_private_batches_wait_for_members() {
    let stop = |intent: &mut Intent| {
        intent.committee.as_mut().unwrap().rules.fallback = Fallback::Stop;
    };
    let mut club = Club::start(stop).await;
    let place = club.world.place();
    let operator = club.world.node_in(place.clone(), club.operator()).await;
    let mut user = club.user(&operator).await;
    club.leave(1).await;
    club.leave(2).await;
    let waits = operator.send(&user.transfer(TARGET, 1)).await;
    let refused = operator.node.metrics().failed_moves.get();
    wait("members to be missed", async || operator.node.metrics().failed_moves.get() > refused + 1)
        .await;
    let count = club.batches().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(club.batches().await, count, "nothing was posted");
    assert_eq!(operator.node.metrics().fallbacks.get(), 0);
    operator.stop().await;
    // The members come back at other addresses.
    club.join(1).await;
    let operator = club.world.node_in(place, club.operator()).await;
    operator.wait_safe(&[waits]).await;
    assert_eq!(batch_of(&operator, waits).await["daType"], COMMITTEE);
}

/// What members have signed for the next place is what is posted there, through a crash: they sign nothing else for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_outlives_its_batcher() {
    let stop = |intent: &mut Intent| {
        intent.committee.as_mut().unwrap().rules.fallback = Fallback::Stop;
    };
    let club = Club::start(stop).await;
    let place = club.world.place();
    let operator = club.world.node_in(place.clone(), club.operator()).await;
    let mut user = club.user(&operator).await;
    // A batcher without ether gets certificates, and posts nothing.
    let batcher = dev_key(BATCHER).address();
    club.world.control("anvil_setBalance", json!([batcher, "0x0"])).await;
    let signed = |club: &Club| club.members.values().map(|member| member.store().size().0).max();
    let before = (club.batches().await, signed(&club));
    wait("a certificate for a batch that is not posted", async || {
        signed(&club) > before.1 && operator.node.metrics().failed_moves.get() > 0
    })
    .await;
    let later = operator.send(&user.transfer(TARGET, 1)).await;
    operator.stop().await;
    let operator = club.world.node_in(place, club.operator()).await;
    let ether = "0x56bc75e2d63100000";
    club.world.control("anvil_setBalance", json!([batcher, ether])).await;
    operator.wait_safe(&[later]).await;
    assert_eq!(batch_of(&operator, later).await["daType"], COMMITTEE);
}

/// A node that reaches no member demands what it needs on L1, and the batcher shows it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_demanded_is_shown_and_derived_from_l1() {
    let club = Club::start(|_| ()).await;
    let operator = club.world.node(club.operator()).await;
    let mut user = club.user(&operator).await;
    let lonely = Settings {
        roles: vec![Role::Watcher, Role::Challenger],
        committee: CommitteeAccess::default(),
        ..Settings::watcher()
    };
    let lonely = club.world.node(lonely).await;
    let sent = operator.send(&user.transfer(TARGET, 7)).await;
    operator.wait_safe(&[sent]).await;
    let index = batch_of(&operator, sent).await["index"].as_u64().unwrap();
    lonely.wait_safe(&[sent]).await;
    assert!(operator.assert_same(&lonely) > 0);
    let challenges = club.world.deployment.contracts.committee.unwrap().challenges;
    let status = club.world.read(challenges, &DaChallenge::statusOfCall { index }).await;
    assert_eq!(status, 2, "answered");
    // The bond pays for it.
    wait("the bonds to be collected", async || {
        let who = dev_key(BATCHER).address();
        let paid = operator.node.metrics().dispute_gas.get() > 0;
        paid && club.world.read(challenges, &DaChallenge::creditsCall { who }).await.is_zero()
    })
    .await;
}

/// Invariant 37 on a whole chain: a batch whose payload is kept back becomes one without data for everybody, and what was in it finds another place.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_back_becomes_void_and_the_chain_goes_on() {
    let mut club = Club::start(|_| ()).await;
    let tower = Settings { roles: vec![Role::Watcher, Role::Challenger], ..club.watcher() };
    let tower = club.world.node(tower).await;
    let place = club.world.place();
    let operator = club.world.node_in(place.clone(), club.operator()).await;
    let mut user = club.user(&operator).await;
    let early = operator.send(&user.transfer(TARGET, 1)).await;
    tower.wait_safe(&[early]).await;
    // The tower loses sight of the members and of the operator, who goes on for a moment.
    let before = tower.node.heads().safe;
    tower.stop().await;
    let kept_back = operator.send(&user.transfer(TARGET, 100)).await;
    operator.wait_safe(&[kept_back]).await;
    let index = batch_of(&operator, kept_back).await["index"].as_u64().unwrap();
    operator.stop().await;
    for member in 0..3 {
        club.leave(member).await;
    }
    let challenger = dev_key(CHALLENGER).address();
    let blind = Settings {
        roles: vec![Role::Watcher, Role::Challenger],
        committee: CommitteeAccess::default(),
        ..Settings::watcher()
    };
    let tower = club.world.node(blind).await;
    // It was never given anything, so it demands all that can still be demanded; what is older it needs members for.
    let challenges = club.world.deployment.contracts.committee.unwrap().challenges;
    wait("the demand", async || {
        club.world.read(challenges, &DaChallenge::statusOfCall { index }).await == 1
    })
    .await;
    club.world.pass(club.world.deployment.config.committee.unwrap().answer_window).await;
    let status = club.world.read(challenges, &DaChallenge::statusOfCall { index }).await;
    assert_eq!(status, 3, "void");
    wait("the bonds to come back", async || {
        let credit = DaChallenge::creditsCall { who: challenger };
        let gas = tower.node.metrics().dispute_gas.get();
        gas > 0 && club.world.read(challenges, &credit).await.is_zero()
    })
    .await;
    tower.stop().await;

    // The operator comes back, and so do the members: its own blocks give way, and what was promised finds another place.
    for member in 0..3 {
        club.join(member).await;
    }
    let operator = club.world.node_in(place, club.operator()).await;
    operator.wait_safe(&[early, kept_back]).await;
    let again = batch_of(&operator, kept_back).await;
    assert!(again["index"].as_u64().unwrap() > index, "{again}");
    assert!(operator.node.heads().safe > before);
    assert_eq!(operator.balance(TARGET).await, U256::from(101));
    let stranger = club.world.node(club.watcher()).await;
    stranger.wait_safe(&[early, kept_back]).await;
    assert!(operator.assert_same(&stranger) > 0);
    // Claims are about the chain with the verdict.
    let sealed = club.world.deployment.contracts.committee.unwrap().sealed_inbox;
    wait("the void batch to be sealed", async || {
        club.world.read(sealed, &SealedInbox::batchCountCall {}).await > index
    })
    .await;
    let covered = again["firstBlock"].as_u64().unwrap();
    wait("a claim behind it to be confirmed", async || operator.node.heads().settled >= covered)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_change_while_batches_are_posted() {
    let mut club = Club::start(|_| ()).await;
    for member in 3..6 {
        club.join(member).await;
    }
    let operator = club.world.node(club.operator()).await;
    let mut user = club.user(&operator).await;
    let mut members: Vec<Address> =
        (2..6).map(|member| dev_key(DEV_MEMBER + member).address()).collect();
    members.sort_unstable();
    let propose = CommitteeRegistry::proposeCall { members, threshold: 3, mandatory: U24::ZERO };
    club.world.govern(club.registry(), &propose).await;
    let epoch = |batch: &Value| batch["epoch"].as_u64();
    let (mut sent, mut seen) = (Vec::new(), BTreeSet::new());
    let rules = club.world.deployment.config.committee.unwrap();
    let over =
        club.world.l1.latest().await.unwrap().time + rules.rotation_delay + rules.overlap + 10;
    while club.world.l1.latest().await.unwrap().time < over {
        sent.push(operator.send(&user.transfer(TARGET, 1)).await);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    operator.wait_safe(&sent).await;
    assert_eq!(
        operator.node.metrics().fallbacks.get(),
        0,
        "there is no moment in which none signs"
    );
    for transaction in sent {
        let batch = batch_of(&operator, transaction).await;
        assert_eq!(batch["daType"], COMMITTEE);
        seen.extend(epoch(&batch));
    }
    assert_eq!(seen, BTreeSet::from([0, 1]));
}

/// From three members with secp256k1 to 21 with BLS12-381, of whom 14 must sign and 15 run.
#[tokio::test(flavor = "multi_thread")]
async fn a_committee_grows_above_twenty_members() {
    const LARGE: u32 = 21;
    let mut club = Club::start(|_| ()).await;
    for member in 3..15 {
        club.join(member).await;
    }
    let operator = club.world.node(club.operator()).await;
    let mut user = club.user(&operator).await;
    let small = operator.send(&user.transfer(TARGET, 1)).await;
    operator.wait_safe(&[small]).await;
    assert_eq!(batch_of(&operator, small).await["epoch"], 0);
    let mut members: Vec<_> = (0..LARGE)
        .map(|member| {
            BlsRegistration::new(dev_key(DEV_MEMBER + member).address(), &bls_key(member))
        })
        .collect();
    members.sort_by_key(|registration| registration.member);
    for BlsRegistration { member, key, proof } in members.clone() {
        let register = CommitteeRegistry::registerKeyCall { member, key, proof };
        club.world.call(FUNDER, club.registry(), &register, U256::ZERO).await;
    }
    let propose = CommitteeRegistry::proposeBlsCall {
        members: members.iter().map(|registration| registration.member).collect(),
        keys: members.iter().flat_map(|registration| registration.key.to_vec()).collect(),
        threshold: 14,
        mandatory: U256::ZERO,
    };
    club.world.govern(club.registry(), &propose).await;
    wait("the large committee to sign", async || {
        club.world.read(club.registry(), &CommitteeRegistry::isSigningCall { epoch: 1 }).await
    })
    .await;
    let mut sent = vec![small];
    for _ in 0..3 {
        sent.push(operator.send(&user.transfer(TARGET, 1)).await);
        operator.wait_safe(&sent).await;
    }
    let batch = batch_of(&operator, sent[3]).await;
    assert_eq!((batch["daType"].as_str(), batch["epoch"].as_u64()), (Some(COMMITTEE), Some(1)));
    assert_eq!(operator.node.metrics().fallbacks.get(), 0);
    // A stranger reads both kinds of certificates from L1, and the payloads from members.
    let stranger = club.world.node(club.watcher()).await;
    stranger.wait_safe(&sent).await;
    assert!(operator.assert_same(&stranger) > 0);
    // With 13 nobody certifies, and the batch goes to L1.
    club.leave(13).await;
    club.leave(14).await;
    operator.send(&user.transfer(TARGET, 1)).await;
    wait("batches on L1", async || operator.node.metrics().fallbacks.get() > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_signs_twice_is_shown_and_no_longer_counted() {
    let mut club = Club::start(|_| ()).await;
    let operator = club.world.node(club.operator()).await;
    let mut user = club.user(&operator).await;
    let (registry, inbox) = (club.registry(), club.world.deployment.contracts.inbox);
    let members = club.world.read(registry, &CommitteeRegistry::membersOfCall { epoch: 0 }).await;
    let l1_time = club.world.l1.latest().await.unwrap().time;
    let rules = club.world.deployment.config.committee.unwrap();
    let certificate = |payload: &[u8]| Certificate {
        batch_index: 1_000,
        prev_acc: mezz_primitives::Accumulator(B256::repeat_byte(1)),
        payload: PayloadId::of(payload).unwrap(),
        epoch: 0,
        expiry: l1_time + rules.retention + 10_000,
    };
    let (one, other) = (certificate(b"one"), certificate(b"other"));
    let key = dev_key(DEV_MEMBER);
    let chain = club.world.deployment.config.l1_chain_id;
    let sign = |certificate: &Certificate| -> Bytes {
        use alloy::signers::SignerSync;
        let digest = certificate.digest(chain, inbox);
        key.sign_hash_sync(&digest).unwrap().as_bytes().to_vec().into()
    };
    let words = |certificate: &Certificate| mezz_l1::contracts::Certificate {
        batchIndex: certificate.batch_index,
        prevAcc: certificate.prev_acc.0,
        payloadHash: certificate.payload.payload_hash,
        payloadLength: certificate.payload.payload_length,
        epoch: certificate.epoch,
        expiry: certificate.expiry,
    };
    let show = CommitteeRegistry::showEquivocationCall {
        inbox,
        first: words(&one),
        firstSignature: sign(&one),
        second: words(&other),
        secondSignature: sign(&other),
    };
    club.world.call(FUNDER, registry, &show, U256::ZERO).await;
    let index = members.iter().position(|member| *member == key.address()).unwrap();
    let epoch = club.world.read(registry, &CommitteeRegistry::epochAtCall { epoch: 0 }).await;
    assert_eq!(epoch.revoked.to::<u32>(), 1 << index);
    // The two others are enough, and L1 takes theirs.
    let sent = operator.send(&user.transfer(TARGET, 1)).await;
    operator.wait_safe(&[sent]).await;
    assert_eq!(batch_of(&operator, sent).await["daType"], COMMITTEE);
    assert_eq!(operator.node.metrics().fallbacks.get(), 0);
    // Without one of them nobody can certify any more.
    club.leave(1).await;
    wait("batches on L1", async || operator.node.metrics().fallbacks.get() > 0).await;
}

/// A node asks members again and again for what they have promised, and says which of them has lost it.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_lost_what_it_promised_is_noticed() {
    let club = Club::start(|_| ()).await;
    let committee = CommitteeAccess { audit_interval: Duration::from_millis(200), ..club.access() };
    let operator = club.world.node(Settings { committee, ..Settings::operator() }).await;
    let mut user = club.user(&operator).await;
    let sent = operator.send(&user.transfer(TARGET, 1)).await;
    operator.wait_safe(&[sent]).await;
    let address = |member: u32| dev_key(DEV_MEMBER + member).address();
    let audits = |member: u32| {
        let metrics = operator.node.metrics();
        let metrics = &metrics.committee.get().unwrap().members()[&address(member)];
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&metrics.audits_passed), read(&metrics.audits_failed))
    };
    wait("all members to pass an audit", async || (0..3).all(|member| audits(member).0 > 0)).await;
    assert_eq!((0..3).map(|member| audits(member).1).max(), Some(0));

    // One disk is gone, and what was on it. Nobody is asked to certify any more: that would bring new payloads.
    operator.ask("admin_stopSequencer", json!([])).await;
    std::fs::remove_dir_all(club.place(1).join("payloads")).unwrap();
    wait("the loss to be noticed", async || audits(1).1 > 2).await;
    assert_eq!((audits(0).1, audits(2).1), (0, 0), "of others nothing is said");
    let said = operator.node.metrics().render();
    let line = format!("mezz_committee_member_audits_failed_total{{member=\"{}\"}} ", address(1));
    let (_, count) = said.split_once(&line).unwrap();
    assert!(!count.starts_with("0\n"), "{said}");
}
