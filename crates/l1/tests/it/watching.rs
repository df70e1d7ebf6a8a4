//! The watcher against reorganisations.

use crate::{anvil::Anvil, deploying::deploy, liar};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U256},
};
use mezz_l1::{
    BlockRef, Call, Client, ContractEvent, L1Event, ProofFact, Start, WatchConfig, Watcher,
    contracts::{ClaimManager, Inbox, Portal},
    deploy::Deployment,
};
use mezz_primitives::{
    Accumulator, CLAIM_ENTRIES, Contracts, DaType, MessageKind, Output, OutputHash,
    QueueAccumulator,
};
use serde_json::json;
use std::time::Duration;

/// What a consumer knows: the chain it was told of. Every block must be the child of the one before.
#[derive(Default)]
struct Follower {
    chain: Vec<BlockRef>,
    events: Vec<(u64, ContractEvent)>,
    rewinds: usize,
}

impl Follower {
    fn observe(&mut self, event: L1Event) {
        match event {
            L1Event::Block(block) => {
                if let Some(tip) = self.chain.last() {
                    assert_eq!(
                        (block.number, block.parent),
                        (tip.number + 1, tip.hash),
                        "a child of the block before"
                    );
                }
                self.chain.push(block.id());
                self.events.extend(block.events.into_iter().map(|event| (block.number, event)));
            }
            L1Event::Rewound { to } => {
                self.rewinds += 1;
                let before = self.chain.len();
                self.chain.retain(|block| block.number <= to.number);
                self.events.retain(|(number, _)| *number <= to.number);
                assert!(self.chain.len() < before, "a rewind removes something");
                assert!(
                    self.chain.is_empty() || self.chain.last() == Some(&to),
                    "a rewind names a block that was yielded"
                );
            }
        }
    }

    async fn follow(&mut self, watcher: &mut Watcher, tip: BlockRef) {
        tokio::time::timeout(Duration::from_secs(30), async {
            while self.chain.last() != Some(&tip) {
                self.observe(watcher.next().await.unwrap());
            }
        })
        .await
        .unwrap();
    }
}

fn nothing() -> Contracts {
    Contracts {
        signatures: None,
        portal: Address::repeat_byte(1),
        dispute_game_factory: Address::ZERO,
        l1_standard_bridge: Address::ZERO,
        l1_cross_domain_messenger: Address::ZERO,
        l1_erc721_bridge: Address::ZERO,
        inbox: Address::repeat_byte(2),
        claim_manager: Address::repeat_byte(3),
        query_game: Address::repeat_byte(14),
        program_registry: Address::repeat_byte(15),
        system_config: Address::ZERO,
        pause_controller: Address::ZERO,
        timelock: Address::ZERO,
        committee: None,
        proofs: None,
    }
}

fn config(start: u64) -> WatchConfig {
    WatchConfig { poll: Duration::from_millis(10), ..WatchConfig::new(nothing(), start) }
}

#[tokio::test]
async fn follows_reorganisations_of_every_depth() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    anvil.mine(20).await;
    let mut watcher = Watcher::new(anvil.client.clone(), config(3));
    let mut follower = Follower::default();
    follower.follow(&mut watcher, anvil.id(20).await).await;
    assert_eq!(follower.chain[0].number, 3);
    for depth in 1..=10 {
        let head = anvil.client.latest().await.unwrap().number;
        anvil.reorg(depth).await;
        follower.follow(&mut watcher, anvil.id(head).await).await;
        assert_eq!(follower.rewinds, depth as usize);
        anvil.mine(1).await;
        follower.follow(&mut watcher, anvil.id(head + 1).await).await;
        for block in &follower.chain {
            assert_eq!(
                *block,
                anvil.id(block.number).await,
                "the follower is where a fresh one would be"
            );
        }
    }
}

#[tokio::test]
async fn a_reorganisation_may_reach_below_the_first_block_but_not_below_its_parent() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    anvil.mine(10).await;
    let mut watcher = Watcher::new(anvil.client.clone(), config(8));
    let mut follower = Follower::default();
    follower.follow(&mut watcher, anvil.id(10).await).await;
    anvil.reorg(3).await;
    follower.follow(&mut watcher, anvil.id(10).await).await;
    assert_eq!(follower.chain.len(), 3);
    anvil.reorg(4).await;
    let error = watcher.next().await.unwrap_err();
    assert_eq!(error.remedy(), mezz_l1::Remedy::Reset, "{error}");
}

#[tokio::test]
async fn a_shortened_chain_is_noticed_and_a_restart_goes_on_from_what_was_seen() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    anvil.mine(12).await;
    let mut watcher = Watcher::new(anvil.client.clone(), config(1));
    let mut follower = Follower::default();
    follower.follow(&mut watcher, anvil.id(12).await).await;

    anvil.rpc("anvil_rollback", json!([4])).await;
    follower.follow(&mut watcher, anvil.id(8).await).await;
    assert_eq!(follower.rewinds, 1);

    drop(watcher);
    anvil.reorg(2).await;
    anvil.mine(3).await;
    let start = Start::After(follower.chain.clone());
    let mut watcher = Watcher::new(anvil.client.clone(), WatchConfig { start, ..config(0) });
    follower.follow(&mut watcher, anvil.id(11).await).await;
    assert_eq!(follower.rewinds, 2);
    let heads = watcher.heads().unwrap();
    assert!(
        heads.finalized.number <= heads.safe.number && heads.safe.number <= heads.latest.number
    );
}

#[tokio::test]
async fn a_websocket_is_as_good() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    anvil.mine(5).await;
    let client = Client::connect(&anvil.url.replace("http", "ws"), None).await.unwrap();
    assert_eq!(client.chain_id(), 900);
    let mut watcher = Watcher::new(client, config(1));
    let mut follower = Follower::default();
    follower.follow(&mut watcher, anvil.id(5).await).await;
    anvil.reorg(2).await;
    follower.follow(&mut watcher, anvil.id(5).await).await;
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_named_without_its_secret() {
    let error = Client::connect("http://127.0.0.1:9/secret", None).await.unwrap_err();
    let words = format!("{error} {error:?}");
    assert!(words.contains("127.0.0.1:9") && !words.contains("secret"), "{words}");
    assert!(words.contains("refused"), "the first cause is named: {words}");
    assert_eq!(error.remedy(), mezz_l1::Remedy::Retry);
    for url in ["ftp://host", "nonsense", "http://"] {
        assert!(
            matches!(Client::connect(url, None).await, Err(mezz_l1::Error::Url { .. })),
            "{url}"
        );
    }
}

#[tokio::test]
async fn catches_up_over_many_blocks() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    anvil.mine(1200).await;
    let mut watcher = Watcher::new(anvil.client.clone(), config(0));
    let mut follower = Follower::default();
    follower.follow(&mut watcher, anvil.id(1200).await).await;
    assert_eq!((follower.chain.len(), follower.rewinds), (1201, 0));
}

fn deposit(to: Address, wei: u64) -> Portal::depositTransactionCall {
    Portal::depositTransactionCall {
        to,
        value: U256::from(wei),
        gasLimit: 100_000,
        isCreation: false,
        data: Bytes::new(),
    }
}

/// Two deposits in one block, a forced transaction, a batch that consumes them, a claim: what a rollup does on its L1.
async fn act(anvil: &Anvil, deployment: &Deployment) {
    let contracts = &deployment.contracts;
    let (user, batcher, proposer) = (anvil.sender(0), anvil.sender(101), anvil.sender(102));
    anvil.fund(batcher.address()).await;
    anvil.fund(proposer.address()).await;
    for wei in [5, 6] {
        let call =
            Call::to(contracts.portal, &deposit(user.address(), wei)).with_value(U256::from(wei));
        user.send(call).await.unwrap();
    }
    let forced = Portal::forceTransactionCall {
        gasLimit: 100_000,
        rawTransaction: Bytes::from_static(&[2; 40]),
    };
    user.send(Call::to(contracts.portal, &forced)).await.unwrap();

    let at = BlockNumberOrTag::Latest;
    let count = anvil.client.call(contracts.inbox, &Inbox::queueCountCall {}, at).await.unwrap();
    let queue_acc =
        anvil.client.call(contracts.inbox, &Inbox::queueAccCall { n: count }, at).await.unwrap();
    let batch = Inbox::postBatchCall {
        daType: 1,
        prevAcc: Accumulator::genesis(901).0,
        qEnd: count,
        queueAcc: queue_acc,
        blockCount: 3,
        aux: Bytes::from_static(b"payload"),
    };
    batcher.send(Call::to(contracts.inbox, &batch)).await.unwrap();

    let stake =
        anvil.client.call(contracts.claim_manager, &ClaimManager::stakeCall {}, at).await.unwrap();
    proposer
        .send(Call::to(contracts.claim_manager, &ClaimManager::depositCall {}).with_value(stake))
        .await
        .unwrap();
    let end = Output {
        version: 1,
        chain_id: 901,
        inbox_index: 1,
        block_in_batch: 0,
        queue_index: count,
        number: 3,
        timestamp: deployment.config.genesis_time,
        output_root: B256::repeat_byte(3),
    };
    let genesis = anvil
        .client
        .call(contracts.claim_manager, &ClaimManager::contentAtCall { index: U256::ZERO }, at)
        .await
        .unwrap();
    let acc = anvil.client.call(contracts.inbox, &Inbox::accCall { n: 1 }, at).await.unwrap();
    let vector = [end.hash().0; CLAIM_ENTRIES];
    let claim =
        ClaimManager::assertClaimCall { parentId: genesis.id, acc, vector, endOutput: end.into() };
    proposer.send(Call::to(contracts.claim_manager, &claim)).await.unwrap();
}

fn check_events(deployment: &Deployment, events: &[(u64, ContractEvent)]) {
    let mut queue = QueueAccumulator::genesis(901);
    let mut seen = (0, 0, 0);
    for (number, event) in events {
        match event {
            ContractEvent::MessageEnqueued { message, hint } => {
                queue = queue.push(message);
                assert_eq!(hint.is_some(), message.kind == MessageKind::Deposit);
                assert_eq!(message.l1_block, *number);
                seen.0 += usize::from(message.kind == MessageKind::Deposit);
            }
            ContractEvent::BatchPosted { header, acc, aux, .. } => {
                assert_eq!(
                    (header.da_type, header.q_end, &aux[..]),
                    (DaType::Calldata, 4, b"payload".as_slice())
                );
                assert_eq!(
                    (header.acc(), header.queue_acc),
                    (*acc, queue.0),
                    "the queue's hash on both sides"
                );
                seen.1 += 1;
            }
            ContractEvent::ClaimAsserted { end, vector, owner, index, .. } => {
                assert_eq!((end.number, vector[255], *index), (3, end.hash(), 1));
                assert_eq!(
                    (vector[0], *owner),
                    (OutputHash(end.hash().0), deployment.roles.proposer)
                );
            }
            ContractEvent::ClaimConfirmed { index, .. } => assert_eq!(*index, 0, "the genesis"),
            ContractEvent::ClaimBacked { .. } => seen.2 += 1,
            ContractEvent::StakeDeposited { owner } => {
                assert_eq!(*owner, deployment.roles.proposer)
            }
            ContractEvent::Proof(fact) => {
                let program = mezz_l1::deploy::program();
                let (key, verifier) = (B256::ZERO, Address::ZERO);
                let (version, activation) = (0, 0);
                let first = ProofFact::Scheduled { version, activation, program, key, verifier };
                assert_eq!(*fact, first);
            }
            other => panic!("nobody disputes here: {other:?}"),
        }
    }
    assert_eq!((seen.0, seen.1), (2, 1), "{events:#?}");
}

fn events_config(deployment: &Deployment) -> WatchConfig {
    WatchConfig {
        poll: Duration::from_millis(5),
        ..WatchConfig::new(deployment.contracts, deployment.start_block)
    }
}

#[tokio::test]
async fn tells_what_the_contracts_did_and_forgets_what_was_undone() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    let deployment = deploy(&anvil).await;
    let before = anvil.client.latest().await.unwrap().number;
    act(&anvil, &deployment).await;
    anvil.mine(5).await;
    let head = anvil.client.latest().await.unwrap().number;
    let mut watcher = Watcher::new(anvil.client.clone(), events_config(&deployment));
    let mut follower = Follower::default();
    follower.follow(&mut watcher, anvil.id(head).await).await;
    check_events(&deployment, &follower.events);

    // Everything after the deployment is undone, then done again in other blocks.
    anvil.reorg(head - before).await;
    follower.follow(&mut watcher, anvil.id(head).await).await;
    assert!(follower.events.iter().all(|(number, _)| *number <= before), "{:#?}", follower.events);
    act(&anvil, &deployment).await;
    let head = anvil.client.latest().await.unwrap().number;
    follower.follow(&mut watcher, anvil.id(head).await).await;
    check_events(&deployment, &follower.events);
}

#[tokio::test]
async fn an_endpoint_that_contradicts_itself_is_asked_again_and_never_believed() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    let deployment = deploy(&anvil).await;
    anvil.mine(20).await;
    act(&anvil, &deployment).await;
    anvil.mine(20).await;
    let head = anvil.client.latest().await.unwrap().id();
    let mut honest = Follower::default();
    honest.follow(&mut Watcher::new(anvil.client.clone(), events_config(&deployment)), head).await;
    check_events(&deployment, &honest.events);
    let lies: [(&str, liar::Lie); 4] = [
        ("withholder", liar::withholder),
        ("forked", liar::forked),
        ("stingy", liar::stingy),
        ("thief", liar::thief),
    ];
    for (name, lie) in lies {
        let client = Client::connect(&liar::start(&anvil.url, lie).await, None).await.unwrap();
        let mut follower = Follower::default();
        follower.follow(&mut Watcher::new(client, events_config(&deployment)), head).await;
        assert_eq!(
            (follower.chain == honest.chain, &follower.events),
            (true, &honest.events),
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_endpoint_that_shows_blocks_of_no_chain_does_not_rewind_it() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    anvil.mine(10).await;
    let client =
        Client::connect(&liar::start(&anvil.url, liar::dreamer).await, None).await.unwrap();
    let mut watcher = Watcher::new(client, config(1));
    let mut follower = Follower::default();
    for _ in 0..10 {
        anvil.mine(1).await;
        let head = anvil.client.latest().await.unwrap().id();
        follower.follow(&mut watcher, head).await;
    }
    assert_eq!(follower.rewinds, 0);
}
