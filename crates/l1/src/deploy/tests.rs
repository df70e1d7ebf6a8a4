use super::verifier::{DEVELOPMENT_POINT, is_for_development};
use super::*;
use alloy::primitives::{B256, U256, address};
use mezz_evm::{L2Config, trie::StateTrie};
use mezz_primitives::predeploys::{L1_BLOCK, MESSAGE_PASSER};

const DEPLOYER: Address = address!("00000000000000000000000000000000000000dE");

fn plan(intent: Intent) -> Plan {
    let key = if intent.proofs.is_some() { program_key() } else { B256::ZERO };
    Plan::new(Seed {
        intent,
        account: DEPLOYER,
        nonce: 3,
        genesis_time: 1_700_000_000,
        program: super::plan::program(),
        key,
    })
}

const PRODUCTION: &str = r#"
    profile = "production"
    l1-chain-id = 1
    l2-chain-id = 4242
    span = 2
    stake-gwei = 10000000000
    bond-gwei = 100000000
    [roles]
    owner = "0x0000000000000000000000000000000000000a01"
    guardian = "0x0000000000000000000000000000000000000a02"
    operator = "0x0000000000000000000000000000000000000a03"
    batcher = "0x0000000000000000000000000000000000000a04"
    sequencer = "0x0000000000000000000000000000000000000a05"
    proposer = "0x0000000000000000000000000000000000000a06"
    treasury = "0x0000000000000000000000000000000000000a07"
    [windows]
    force-delay = 43200
    force-grace = 3600
    permissionless-delay = 86400
    claim-window = 432000
    dispute-clock = 259200
    dispute-grace = 21600
    proof-maturity = 475200
    [governance]
    timelock-delay = 1296000
    pause-max = 604800
    pause-cooldown = 2592000
    program-notice = 1440
"#;

fn refusals(text: &str) -> Vec<String> {
    match Intent::from_toml(text, DEPLOYER) {
        Err(DeployError::Refused(refusals)) => refusals.iter().map(ToString::to_string).collect(),
        Ok(_) => Vec::new(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_artifacts_are_code() {
    for artifact in artifacts::ALL {
        let (creation, runtime) = (artifact.creation(), artifact.runtime());
        assert!(
            runtime.len() > 50 && runtime.len() <= 24_576 && creation.len() <= 49_152,
            "{}",
            artifact.name
        );
        assert_eq!(artifact.differs(&runtime), None);
        assert!(artifact.differs(&[]).is_some() && artifact.differs(&runtime[1..]).is_some());
        let mut other = runtime.to_vec();
        other[0] ^= 1;
        assert!(artifact.differs(&other).unwrap().contains("byte 0"));
    }
}

#[test]
fn the_defaults_pass() {
    let devnet = Intent::devnet(900, 901);
    assert_eq!(check::check(&devnet), []);
    assert_eq!((devnet.windows.claim_window, devnet.windows.proof_maturity), (40, 42));
    assert_eq!(devnet.roles.batcher, dev_key(101).address());
    assert_eq!(devnet.fees.gas_limit * devnet.span, 240_000_000);
    let testnet = Intent::from_toml("profile = \"testnet\"", DEPLOYER).unwrap();
    assert_eq!(testnet.roles.proposer, DEPLOYER);
    assert_eq!(refusals(PRODUCTION), Vec::<String>::new());
}

#[test]
fn the_documented_intent_passes() {
    let page = include_str!("../../../../contracts/README.md");
    let intent = page.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(refusals(intent), Vec::<String>::new());
    let intent_of = |text: &str| Intent::from_toml(text, DEPLOYER).unwrap();
    assert_eq!(intent_of(intent), intent_of(PRODUCTION));
    let proofs = page.split("```toml").nth(3).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(intent_of(&[intent, proofs].concat()), intent_of(&[PRODUCTION, PROOFS].concat()));
}

#[test]
fn production_has_no_defaults_for_the_protocol() {
    let missing = refusals("profile = \"production\"");
    assert_eq!(missing.len(), 23, "{missing:#?}");
    assert!(missing.iter().all(|refusal| refusal.contains("is not set")));
}

#[test]
fn production_refuses_what_is_unsafe_and_says_what_to_change() {
    let check = |from: &str, to: &str, words: &str| {
        assert!(PRODUCTION.contains(from), "{from}");
        let refused = refusals(&PRODUCTION.replace(from, to));
        assert!(refused.iter().any(|refusal| refusal.contains(words)), "{to}: {refused:#?}");
    };
    check(
        "claim-window = 432000",
        "claim-window = 431999",
        "windows.claim-window must be at least 432000 s",
    );
    check(
        "proof-maturity = 475200",
        "proof-maturity = 475199",
        "windows.proof-maturity must be at least 475200 s",
    );
    check("force-delay = 43200", "force-delay = 60", "windows.force-delay must be at least");
    check("force-grace = 3600", "force-grace = 0", "windows.force-grace must be at least");
    check(
        "permissionless-delay = 86400",
        "permissionless-delay = 50000",
        "windows.permissionless-delay must be at least",
    );
    check(
        "timelock-delay = 1296000",
        "timelock-delay = 1200000",
        "governance.timelock-delay must be at least 1260000 s",
    );
    check("pause-max = 604800", "pause-max = 604801", "governance.pause-max must be at most");
    check(
        "pause-cooldown = 2592000",
        "pause-cooldown = 60",
        "governance.pause-cooldown must be at least",
    );
    check("program-notice = 1440", "program-notice = 9", "governance.program-notice must be");
    check("stake-gwei = 10000000000", "stake-gwei = 1", "stake-gwei must be at least 10 ether");
    check("0000a04", "0000a01", "roles.batcher and roles.owner are one account");
    check(
        "0x0000000000000000000000000000000000000a02",
        "0x0000000000000000000000000000000000000000",
        "roles.guardian is the zero address",
    );
    let known = dev_key(101).address().to_string();
    check(
        "0x0000000000000000000000000000000000000a06",
        &known,
        "roles.proposer is an account of the test mnemonic",
    );
    check("span = 2", "span = 3", "fees.gas-limit must be between 96000000 and 83333333");
}

#[test]
fn a_devnet_on_ethereum_and_a_known_deployer_are_refused() {
    let refused = refusals("l1-chain-id = 1");
    assert!(refused[0].starts_with("profile must be \"production\""), "{refused:?}");
    assert_eq!(check::check_account(Profile::Devnet, dev_key(0).address()), []);
    assert_eq!(check::check_account(Profile::Production, DEPLOYER), []);
    assert_eq!(check::check_account(Profile::Production, dev_key(100).address()).len(), 1);
}

#[test]
fn an_intent_with_an_unknown_field_is_refused() {
    let error = Intent::from_toml("l2-chainid = 1", DEPLOYER).unwrap_err();
    assert!(error.to_string().contains("l2-chainid"), "{error}");
}

#[test]
fn a_plan_follows_from_its_seed_and_fits_a_terminal() {
    let one = plan(Intent::devnet(900, 901));
    let two = plan(Intent::devnet(900, 901));
    assert_eq!(serde_json::to_value(&one).unwrap(), serde_json::to_value(&two).unwrap());
    assert_eq!(one.factory.address, DEPLOYER.create(3));
    assert_eq!(one.contracts.timelock, one.factory.address.create(1));
    assert_eq!(one.steps[8].address, one.contracts.portal);
    let text = one
        .clone()
        .priced(&crate::Prices { base_fee: 30_000_000_000, tip: 0, blob_base_fee: None })
        .to_string();
    assert!(text.lines().all(|line| line.chars().count() < 80), "{text}");
    assert!(
        text.contains(&one.contracts.portal.to_string())
            && text.contains("40 s")
            && text.contains("ether"),
        "{text}"
    );
    for step in one.steps.iter().chain([&one.factory]) {
        assert!(step.gas < crate::TRANSACTION_GAS_MAX, "{} fits one transaction", step.contract);
    }
}

#[test]
fn the_genesis_holds_the_deployment_and_no_money() {
    let plan = plan(Intent::devnet(900, 901));
    let genesis = genesis(&plan.config, &plan.contracts, plan.roles());
    assert_eq!(genesis.id(), plan.genesis);
    assert!(
        genesis
            .alloc
            .accounts
            .values()
            .all(|account| account.info.as_ref().is_some_and(|info| info.balance.is_zero()))
    );

    let mut trie = StateTrie::default();
    trie.apply(&genesis.alloc).unwrap();
    assert_eq!(trie.root(), genesis.header.state_root);
    assert_eq!(
        trie.storage_root(MESSAGE_PASSER).unwrap(),
        genesis.header.withdrawals_root.unwrap()
    );
    let c = &plan.contracts;
    let known = [c.l1_cross_domain_messenger, c.portal, c.inbox, c.claim_manager, c.system_config];
    for (slot, contract) in (3..).zip(known) {
        let value = trie.storage(mezz_primitives::predeploys::MESSENGER, U256::from(slot)).unwrap();
        assert_eq!(B256::from(value), contract.into_word(), "slot {slot} of the messenger");
    }
    let fees = &plan.config.fees;
    for (slot, value) in L2Config::genesis_slots(fees) {
        assert_eq!(trie.storage(L1_BLOCK, slot).unwrap(), value);
    }
    assert_eq!(
        B256::from(trie.storage(L1_BLOCK, U256::from(4)).unwrap()),
        plan.roles().batcher.into_word()
    );

    let mut other = plan.config.clone();
    other.genesis_time += 1;
    assert_ne!(super::genesis(&other, &plan.contracts, plan.roles()).id(), plan.genesis);
}

#[test]
fn files_are_whole_or_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/rollup.json");
    let plan = plan(Intent::devnet(900, 901));
    file::save(&path, &plan.seed).unwrap();
    file::save(&path, &plan.seed).unwrap();
    assert_eq!(
        serde_json::to_value(Plan::resume(&path).unwrap()).unwrap(),
        serde_json::to_value(&plan).unwrap()
    );
    assert_eq!(
        std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1,
        "no temporary file stays"
    );
    let missing = file::load::<Seed>(&directory.path().join("nothing.json")).unwrap_err();
    assert!(missing.to_string().contains("nothing.json"), "{missing}");
}

const COMMITTEE: &str = r#"
    [committee]
    members = [
        "0x0000000000000000000000000000000000000c03",
        "0x0000000000000000000000000000000000000c01",
        "0x0000000000000000000000000000000000000c02",
    ]
    threshold = 2
    mandatory = ["0x0000000000000000000000000000000000000c03"]
    [committee.rules]
    challenge-window = 86400
    answer-window = 86400
    retention = 2592000
    rotation-delay = 604800
    overlap = 86400
    freeze-delay = 1814400
    bond-per-chunk-gwei = 100000000
    fallback = "stop"
"#;

#[test]
fn a_committee_is_deployed_as_it_is_written() {
    let text = [PRODUCTION, COMMITTEE].concat();
    assert_eq!(refusals(&text), Vec::<String>::new());
    let intent = Intent::from_toml(&text, DEPLOYER).unwrap();
    let wanted = intent.committee.clone().unwrap();
    assert!(wanted.committee.members.is_sorted());
    assert_eq!((wanted.committee.threshold, wanted.committee.mandatory), (2, 0b100));
    let plan = plan(intent);
    let names: Vec<_> = plan.steps.iter().map(|step| step.contract).collect();
    assert_eq!(names.len(), 21);
    assert_eq!(names.iter().filter(|name| **name == "NoDa").count(), 2, "nothing goes to L1");
    assert_eq!(plan.config.family(), mezz_primitives::Family::Optimium);
    let hatch = plan.contracts.committee.unwrap().escape_hatch;
    assert_eq!(
        plan.steps.last().map(|step| (step.contract, step.address)),
        Some(("EscapeHatch", hatch))
    );
    assert!(plan.to_string().lines().all(|line| line.chars().count() < 80), "{plan}");
    let devnet = Intent::devnet_of(mezz_primitives::Family::Optimium, 900, 901).unwrap();
    assert_eq!(check::check(&devnet), []);
    assert_eq!(devnet.committee.unwrap().committee.honest_of(), 2);
}

#[test]
fn a_committee_that_could_trap_somebody_is_refused() {
    let check = |from: &str, to: &str, words: &str| {
        assert!(COMMITTEE.contains(from), "{from}");
        let refused = refusals(&[PRODUCTION, &COMMITTEE.replace(from, to)].concat());
        assert!(refused.iter().any(|refusal| refusal.contains(words)), "{to}: {refused:#?}");
    };
    check("threshold = 2", "threshold = 4", "needs between one signature and all of them");
    check("0c03\"]", "0c04\"]", "mandatory members among its own");
    check("        \"0x0000000000000000000000000000000000000c01\",\n", "", "at least 3");
    check("challenge-window = 86400", "challenge-window = 60", "committee.rules.challenge-window");
    check("answer-window = 86400", "answer-window = 0", "committee.rules.answer-window");
    check("freeze-delay = 1814400", "freeze-delay = 1339200", "above 1339200 s");
    check("retention = 2592000", "retention = 2419199", "at least 2419200 s");
    check("rotation-delay = 604800", "rotation-delay = 60", "committee.rules.overlap");
    check("bond-per-chunk-gwei = 100000000", "bond-per-chunk-gwei = 0", "above 0");
    check("    fallback = \"stop\"\n", "", "committee.rules.fallback is not set");
    let member = dev_key(DEV_MEMBER).address().to_string();
    check("0x0000000000000000000000000000000000000c01", &member, "of the test mnemonic");
}

/// A production chain with validity proofs, verified by OpenVM's contract.
const PROOFS: &str = r#"
    [proofs]
    policy = "fast"
    guard = 3600
    prover-timeout = 604800
    verifier = "0x0000000000000000000000000000000000000b01"
"#;

const FAMILIES: [mezz_primitives::Family; 3] = [
    mezz_primitives::Family::Zk,
    mezz_primitives::Family::Hybrid,
    mezz_primitives::Family::Validium,
];

#[test]
fn the_key_is_that_of_the_committed_program() {
    assert_eq!(program_key(), mezz_verify::Verifier::committed().program_key());
}

#[test]
fn families_with_proofs_have_defaults_that_pass() {
    for family in FAMILIES {
        let intent = Intent::devnet_of(family, 900, 901).unwrap();
        assert_eq!(check::check(&intent), [], "{family}");
        let (rules, windows) = (intent.proofs.unwrap().rules, intent.windows);
        let timeout = if family == mezz_primitives::Family::Hybrid { 0 } else { 90 };
        assert_eq!((rules.wait, rules.prover_timeout), (10, timeout), "{family}");
        assert_eq!((windows.claim_window, windows.proof_maturity), (40, 12), "{family}");
        let plan = plan(intent);
        assert_eq!(plan.config.family(), family);
        assert!(plan.to_string().lines().all(|line| line.chars().count() < 80), "{plan}");
        assert!(plan.to_string().contains(&program_key().to_string()), "{plan}");
    }
    let testnet = "profile = \"testnet\"\n[proofs]\npolicy = \"safe\"";
    assert_eq!(refusals(testnet), Vec::<String>::new());
    let fast = Intent::from_toml("profile = \"testnet\"\n[proofs]\n", DEPLOYER).unwrap();
    assert_eq!(fast.proofs.unwrap().rules.prover_timeout, 4 * 3600);
}

#[test]
fn proofs_add_their_contracts_at_the_end_of_the_table() {
    use mezz_primitives::Family;
    let names = |intent| {
        let plan = plan(intent);
        let names: Vec<_> = plan.steps.iter().map(|step| step.contract).collect();
        (names, plan)
    };
    let (zk, plan) = names(Intent::devnet_of(Family::Zk, 900, 901).unwrap());
    assert_eq!(zk[15..], ["ProgramRegistry", "StarkVerifier", "ProofRouter"]);
    let proofs = plan.contracts.proofs.unwrap();
    assert_eq!((plan.steps[16].address, plan.steps[17].address), (proofs.verifier, proofs.router));
    let (validium, plan) = names(Intent::devnet_of(Family::Validium, 900, 901).unwrap());
    assert_eq!(validium[19..], ["ProgramRegistry", "StarkVerifier", "ProofRouter", "EscapeHatch"]);
    let hatch = plan.contracts.committee.unwrap().escape_hatch;
    assert_eq!(plan.steps[22].address, hatch);

    // Where the L1 verifies nothing itself, OpenVM's contract does, behind the one that the router asks.
    let mut any = Intent::devnet_of(Family::Zk, 900, 901).unwrap();
    any.proofs.as_mut().unwrap().verifier = Some(ProofVerifier::Development);
    let (any, plan) = names(any);
    assert_eq!(
        any[15..],
        ["ProgramRegistry", "OpenVmHalo2Verifier", "Halo2Verifier", "ProofRouter"]
    );
    assert_eq!(plan.steps[17].address, plan.contracts.proofs.unwrap().verifier);
    let generated = plan.steps[16].address;
    assert_eq!(plan.steps[17].init_code[plan.steps[17].init_code.len() - 20..], generated[..]);
    assert!(plan.to_string().contains("can prove anything"), "{plan}");
    assert!(plan.to_string().lines().all(|line| line.chars().count() < 80), "{plan}");

    // A verifier that was deployed before is no step.
    let mut named = Intent::devnet_of(Family::Zk, 900, 901).unwrap();
    let verifier = Address::repeat_byte(0xb1);
    named.proofs.as_mut().unwrap().verifier = Some(ProofVerifier::Named(verifier));
    let (named, plan) = names(named);
    assert_eq!(named[15..], ["ProgramRegistry", "ProofRouter"]);
    assert_eq!(plan.contracts.proofs.unwrap().verifier, verifier);
    assert_eq!(plan.steps[16].address, plan.contracts.proofs.unwrap().router);
    let router = plan.contracts.proofs.unwrap().router;
    let names_router =
        |step: &PlannedStep| step.init_code.windows(20).any(|bytes| bytes == router.as_slice());
    let naming: Vec<_> = plan.steps.iter().filter(|step| names_router(step)).collect();
    let naming: Vec<_> = naming.into_iter().map(|step| step.contract).collect();
    assert_eq!(naming, ["PauseController", "ClaimManager"]);
}

#[test]
fn a_state_file_from_before_proofs_is_read() {
    let plan = plan(Intent::devnet(900, 901));
    let mut file = serde_json::to_value(&plan.seed).unwrap();
    assert!(file.get("key").is_none() && file["intent"].get("proofs").is_none());
    assert_eq!(serde_json::from_value::<Seed>(file.clone()).unwrap(), plan.seed);
    file["key"] = serde_json::json!(program_key());
    assert_eq!(serde_json::from_value::<Seed>(file).unwrap().key, program_key());
}

#[test]
fn a_production_chain_with_proofs_pays_after_its_guard() {
    let sooner = PRODUCTION.replace("proof-maturity = 475200", "proof-maturity = 46800");
    assert_eq!(refusals(&[&sooner, PROOFS].concat()), Vec::<String>::new());
    assert_eq!(refusals(&sooner).len(), 2, "without proofs the window must be covered");
    let safe = "\n[proofs]\npolicy = \"safe\"\nfast-window = 86400\nverifier = \"0x0000000000000000000000000000000000000b01\"\n";
    let check = |maturity: u64, refused: usize| {
        let maturity = format!("proof-maturity = {maturity}");
        let text = PRODUCTION.replace("proof-maturity = 475200", &maturity);
        assert_eq!(refusals(&[&text, safe].concat()).len(), refused, "{maturity}");
    };
    check(129_600, 0);
    check(129_599, 1);
}

#[test]
fn proofs_that_would_be_worth_too_much_or_nothing_are_refused() {
    let check = |from: &str, to: &str, words: &str| {
        assert!(PROOFS.contains(from), "{from}");
        let refused = refusals(&[PRODUCTION, &PROOFS.replace(from, to)].concat());
        assert!(refused.iter().any(|refusal| refusal.contains(words)), "{to}: {refused:#?}");
    };
    check("guard = 3600", "guard = 3599", "proofs.guard must be at least 3600 s");
    check("guard = 3600", "guard = 0", "proofs.guard must be between 1 and 432000 s");
    check("guard = 3600", "guard = 432001", "proofs.guard must be between 1 and 432000 s");
    check("guard = 3600", "", "proofs.guard is not set");
    check("    policy = \"fast\"\n", "", "proofs.policy is not set");
    check("prover-timeout = 604800", "", "proofs.prover-timeout is not set");
    let (timeout, below) = ("prover-timeout = 604800", "prover-timeout = 431999");
    check(timeout, below, "proofs.prover-timeout must be at least 432000 s, or 0");
    check(timeout, "prover-timeout = 4294967296", "proofs.prover-timeout must be at most");
    check(
        "    verifier",
        "    # verifier",
        "proofs.verifier must be the address of a Halo2Verifier",
    );
    for word in ["development", "stark"] {
        let named = "\"0x0000000000000000000000000000000000000b01\"";
        let to = format!("\"{word}\"");
        check(named, &to, "proofs.verifier must be the address of a Halo2Verifier");
    }
    let testnet = "profile = \"testnet\"\n[proofs]\npolicy = \"safe\"\nverifier = \"development\"";
    assert!(refusals(testnet)[0].contains("another than \"development\""));
    let error = Intent::from_toml("[proofs]\nverifier = \"0x12\"", DEPLOYER).unwrap_err();
    assert!(error.to_string().contains("or the address of a Halo2Verifier"), "{error}");
    check("policy = \"fast\"", "policy = \"safe\"", "proofs.guard must be left out");
    check("policy = \"fast\"", "policy = \"safe\"", "proofs.prover-timeout must be left out, or 0");
    check("guard = 3600", "fast-window = 86400", "proofs.fast-window must be left out");
    check("policy = \"fast\"", "policy = \"step-only\"", "proofs.guard must be left out");
    let short = "policy = \"safe\"\n    fast-window = 86399\n    #";
    check(
        "policy = \"fast\"\n    guard = 3600\n    prover",
        short,
        "fast-window must be at least 86400 s",
    );
    // Whoever may be kept waiting for a proof needs that time to leave, too.
    let long = "prover-timeout = 1296000";
    check(timeout, long, "governance.timelock-delay must be at least");
    assert_eq!(
        refusals(&[PRODUCTION, &PROOFS.replace(timeout, "prover-timeout = 0")].concat()),
        Vec::<String>::new()
    );
    let unknown = Intent::from_toml("[proofs]\npolicy = \"slow\"", DEPLOYER).unwrap_err();
    assert!(unknown.to_string().contains("slow"), "{unknown}");
}

#[test]
fn a_private_chain_posts_signatures() {
    let committee = COMMITTEE.replace("freeze-delay = 1814400", "freeze-delay = 1944001").replace(
        "[committee.rules]",
        "demanders = [\"0x0000000000000000000000000000000000000d01\"]\n    demanders-delay = 604800\n    [committee.rules]",
    );
    let text = |signatures: &str| [PRODUCTION, &committee, PROOFS, signatures].concat();
    assert_eq!(refusals(&text("    signatures = \"posted\"\n")), Vec::<String>::new());
    let proved = "    signatures = \"proved\"\n    signatures-timeout = 14400\n";
    let refused = refusals(&text(proved));
    assert!(
        refused.iter().any(|it| it.contains("proofs.signatures must be \"posted\"")),
        "{refused:#?}"
    );
}

#[test]
fn a_validium_outlives_what_its_claims_wait_for() {
    let committee = COMMITTEE.replace("freeze-delay = 1814400", "freeze-delay = 1944000");
    let text = |committee: &str| [PRODUCTION, committee, PROOFS].concat();
    assert_eq!(refusals(&text(&committee.replace("1944000", "1944001"))), Vec::<String>::new());
    let refused = refusals(&text(&committee));
    assert!(refused[0].contains("freeze-delay must be above 1944000 s"), "{refused:#?}");
}

#[test]
fn development_parameters_are_known_by_their_point() {
    let ours = artifacts::OPENVM_HALO2_VERIFIER.runtime();
    assert!(is_for_development(&ours));
    // Compiled with other settings it has the same constants at other places.
    assert!(is_for_development(&[&ours[7..], &[0x5b; 3]].concat()));
    assert!(!is_for_development(&artifacts::HALO2_VERIFIER.runtime()));
    let mut other = ours.to_vec();
    for half in DEVELOPMENT_POINT {
        while let Some(place) = other.windows(32).position(|word| half == word) {
            other[place] ^= 1;
        }
    }
    assert!(!is_for_development(&other));
}
