//! Plan, apply, interruption at every step, inspection.

use crate::anvil::Anvil;
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, U256},
};
use mezz_l1::{
    Call, Error,
    contracts::{Deployer, Inbox},
    deploy::{DeployError, Deployment, Intent, Plan, ProofVerifier, apply, inspect},
};
use mezz_primitives::Family;
use std::time::Duration;
use tokio::sync::mpsc;

pub(crate) async fn deploy(anvil: &Anvil) -> Deployment {
    let sender = anvil.sender(100);
    anvil.fund(sender.address()).await;
    let plan =
        Plan::prepare(Intent::devnet(900, 901), &anvil.client, sender.address()).await.unwrap();
    apply(&plan, &sender, None, |_| {}).await.unwrap()
}

#[tokio::test]
async fn a_deployment_is_what_was_planned() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    let sender = anvil.sender(100);
    anvil.fund(sender.address()).await;
    let before = anvil.client.balance(sender.address(), BlockNumberOrTag::Latest).await.unwrap();
    let plan =
        Plan::prepare(Intent::devnet(900, 901), &anvil.client, sender.address()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("deploy.json");
    let deployment = apply(&plan, &sender, Some(&state), |_| {}).await.unwrap();
    let inspection = inspect(&anvil.client, &deployment).await.unwrap();
    assert!(inspection.is_sound() && inspection.differences().count() == 0, "{inspection}");
    assert!(inspection.to_string().lines().all(|line| line.chars().count() <= 80), "{inspection}");

    let spent =
        before - anvil.client.balance(sender.address(), BlockNumberOrTag::Latest).await.unwrap();
    let cost = plan.cost.unwrap();
    assert!(
        spent <= cost * U256::from(12) / U256::from(10) && spent * U256::from(3) >= cost,
        "{spent} spent, {cost} planned"
    );

    // Once more changes nothing; what was saved is read back.
    let nonce = anvil.client.nonce(sender.address(), BlockNumberOrTag::Latest).await.unwrap();
    assert_eq!(
        apply(&Plan::resume(&state).unwrap(), &sender, Some(&state), |_| {}).await.unwrap(),
        deployment
    );
    assert_eq!(
        anvil.client.nonce(sender.address(), BlockNumberOrTag::Latest).await.unwrap(),
        nonce
    );
    let file = directory.path().join("rollup.json");
    deployment.save(&file).unwrap();
    assert_eq!(Deployment::load(&file).unwrap(), deployment);

    // A file that says something else is found out.
    let mut wrong = deployment.clone();
    wrong.config.windows.claim_window += 1;
    wrong.contracts.portal = Address::repeat_byte(1);
    wrong.roles.guardian = Address::repeat_byte(2);
    wrong.config.span = 1;
    wrong.config.l2_chain_id += 1;
    wrong.deployer = Address::repeat_byte(3);
    let inspection = inspect(&anvil.client, &wrong).await.unwrap();
    let whats: Vec<_> = inspection.differences().map(|finding| finding.what.as_str()).collect();
    for what in [
        "claimManager.window",
        "Portal code",
        "inbox.portal",
        "portal.inbox",
        "pauseController.guardian",
        "inbox.span",
        "systemConfig.span",
        "inbox.l2ChainId",
        "systemConfig.l2ChainId",
        "systemConfig.optimismPortal",
        "CalldataDa code",
        "inbox.blobDa",
    ] {
        assert!(whats.contains(&what), "{what} in {whats:?}");
    }
    assert!(!inspection.is_sound());
}

#[tokio::test]
async fn an_interruption_at_any_step_is_survived() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    let account = anvil.sender(100).address();
    anvil.fund(account).await;
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("deploy.json");
    let first = Plan::prepare(Intent::devnet(900, 901), &anvil.client, account).await.unwrap();
    let (mut reached, mut interruptions) = (0, 0);
    for round in 0..80u64 {
        // Each life is cut off a little later than the last: before the first transaction, between two, after the last.
        let sender = anvil.sender(100);
        let plan = if round == 0 { first.clone() } else { Plan::resume(&state).unwrap() };
        let (tell, mut told) = mpsc::unbounded_channel();
        let path = state.clone();
        let life = tokio::spawn(async move {
            apply(&plan, &sender, Some(&path), |progress| tell.send(progress.done).unwrap()).await
        });
        while let Some(done) = told.recv().await {
            if done >= reached {
                reached = done;
                break;
            }
        }
        tokio::time::sleep(Duration::from_micros(500 * round)).await;
        life.abort();
        if let Ok(finished) = life.await {
            finished.unwrap();
            break;
        }
        interruptions += 1;
    }
    let deployment =
        apply(&Plan::resume(&state).unwrap(), &anvil.sender(100), Some(&state), |_| {})
            .await
            .unwrap();
    assert_eq!(deployment.contracts, first.contracts);
    assert!(interruptions >= 6, "{interruptions} interruptions are too few to mean anything");
    assert!(inspect(&anvil.client, &deployment).await.unwrap().is_sound());
    let count = anvil
        .client
        .call(deployment.deployer, &Deployer::deploymentsCall {}, BlockNumberOrTag::Latest)
        .await
        .unwrap();
    assert_eq!(count, U256::from(16));
}

#[tokio::test]
async fn it_takes_one_block_and_counts_what_an_earlier_life_left_in_the_pool() {
    let Some(anvil) = Anvil::start(&["--no-mining"]).await else { return };
    let account = anvil.sender(0).address();
    let plan = Plan::prepare(Intent::devnet(900, 901), &anvil.client, account).await.unwrap();
    let transactions = plan.steps.len() as u64 + 1;
    let life = || {
        let (plan, sender) = (plan.clone(), anvil.sender(0));
        tokio::spawn(async move { apply(&plan, &sender, None, |_| {}).await })
    };
    let all_wait = async || {
        while anvil.pending().await < transactions {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let first = life();
    all_wait().await;
    first.abort();
    let second = life();
    tokio::time::sleep(Duration::from_millis(300)).await;
    all_wait().await;
    anvil.mine(1).await;
    let deployment = second.await.unwrap().unwrap();
    assert!(inspect(&anvil.client, &deployment).await.unwrap().is_sound());
    let latest = BlockNumberOrTag::Latest;
    assert_eq!(anvil.client.nonce(account, latest).await.unwrap(), transactions);
    assert_eq!(anvil.client.latest().await.unwrap().number, 1);
}

#[tokio::test]
async fn a_stale_plan_another_account_and_another_state_are_refused() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    let (sender, other) = (anvil.sender(0), anvil.sender(1));
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("deploy.json");
    let plan =
        Plan::prepare(Intent::devnet(900, 901), &anvil.client, sender.address()).await.unwrap();
    let refused = |result: Result<Deployment, Error>| match result {
        Err(Error::Deploy(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        refused(apply(&plan, &other, None, |_| {}).await),
        DeployError::OtherAccount { .. }
    ));

    sender.send(Call { to: Some(Address::ZERO), ..Call::default() }).await.unwrap();
    assert!(matches!(
        refused(apply(&plan, &sender, Some(&state), |_| {}).await),
        DeployError::NonceUsed { planned: 0, actual: 1, .. }
    ));

    let another =
        Plan::prepare(Intent::devnet(900, 902), &anvil.client, sender.address()).await.unwrap();
    let error = refused(apply(&another, &sender, Some(&state), |_| {}).await);
    assert!(error.to_string().contains("another L2 chain id"), "{error}");
    let error =
        Plan::prepare(Intent::devnet(7, 901), &anvil.client, sender.address()).await.unwrap_err();
    assert!(matches!(error, Error::WrongChain { expected: 7, actual: 900 }));
}

#[tokio::test]
async fn a_refused_call_says_why() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    let deployment = deploy(&anvil).await;
    let call = Inbox::postBatchCall {
        daType: 1,
        prevAcc: Default::default(),
        qEnd: 0,
        queueAcc: Default::default(),
        blockCount: 1,
        aux: Default::default(),
    };
    let error =
        anvil.sender(0).send(Call::to(deployment.contracts.inbox, &call)).await.unwrap_err();
    assert!(error.to_string().contains("is not the batcher"), "{error}");
    anvil.fund(anvil.sender(101).address()).await;
    let error =
        anvil.sender(101).send(Call::to(deployment.contracts.inbox, &call)).await.unwrap_err();
    assert!(error.to_string().contains("rebuild it on"), "{error}");
}

#[tokio::test]
async fn an_l1_that_cannot_verify_is_found_out_before_anything_is_sent() {
    let Some(anvil) = Anvil::start(&[]).await else { return };
    let sender = anvil.sender(100);
    anvil.fund(sender.address()).await;
    let latest = BlockNumberOrTag::Latest;
    let refused = async |intent| {
        let error = Plan::prepare(intent, &anvil.client, sender.address()).await.unwrap_err();
        assert_eq!(anvil.client.nonce(sender.address(), latest).await.unwrap(), 0);
        error
    };
    let mut starks = Intent::devnet_of(Family::Zk, 900, 901).unwrap();
    starks.proofs.as_mut().unwrap().verifier = Some(ProofVerifier::Stark);
    let testnet =
        "profile = \"testnet\"\nl1-chain-id = 900\nl2-chain-id = 901\n[proofs]\npolicy = \"safe\"";
    let testnet = Intent::from_toml(testnet, sender.address()).unwrap();
    for intent in [starks, testnet] {
        let error = refused(intent).await;
        assert!(matches!(error, Error::Deploy(DeployError::NoStark)), "{error}");
        assert!(error.to_string().contains("name it in the intent"), "{error}");
    }
    let named = |verifier| {
        let mut intent = Intent::devnet_of(Family::Hybrid, 900, 901).unwrap();
        intent.proofs.as_mut().unwrap().verifier = Some(ProofVerifier::Named(verifier));
        intent
    };
    let error = refused(named(Address::repeat_byte(1))).await;
    assert!(error.to_string().contains("there is no code"), "{error}");
    // On a development L1 OpenVM's contract comes with the others.
    let intent = Intent::devnet_of(Family::Zk, 900, 902).unwrap();
    let plan = Plan::prepare(intent, &anvil.client, sender.address()).await.unwrap();
    let chosen = plan.seed.intent.proofs.unwrap().verifier;
    assert_eq!(chosen, Some(ProofVerifier::Development));

    // A verifier that is there needs no precompile.
    let other = deploy(&anvil).await;
    let intent = named(other.contracts.query_game);
    let plan = Plan::prepare(intent, &anvil.client, sender.address()).await.unwrap();
    let deployment = apply(&plan, &sender, None, |_| {}).await.unwrap();
    assert_eq!(deployment.contracts.proofs.unwrap().verifier, other.contracts.query_game);
    let inspection = inspect(&anvil.client, &deployment).await.unwrap();
    assert_eq!(inspection.differences().count(), 0, "{inspection}");
}
