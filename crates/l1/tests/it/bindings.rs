//! The bindings say what the compiled contracts say.

use alloy::{
    json_abi::JsonAbi,
    sol_types::{SolEventInterface, SolInterface},
};
use mezz_l1::{contracts as c, revert::Errors};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};

fn artifacts() -> PathBuf {
    PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../contracts/artifacts")
}

fn abi(name: &str) -> JsonAbi {
    let text = fs::read(artifacts().join(format!("{name}.json"))).unwrap();
    let mut artifact: Value = serde_json::from_slice(&text).unwrap();
    serde_json::from_value(artifact["abi"].take()).unwrap()
}

fn check_calls<C: SolInterface>(name: &str) {
    let abi = abi(name);
    let known: BTreeSet<[u8; 4]> = abi.functions().map(|function| function.selector().0).collect();
    for (place, selector) in C::selectors().enumerate() {
        assert!(known.contains(&selector), "function {place} ({selector:02x?}) of {name}");
    }
    assert!(C::COUNT > 0);
}

fn check_events<E: SolEventInterface>(name: &str, topics: &[[u8; 32]]) {
    let abi = abi(name);
    let known: BTreeSet<[u8; 32]> = abi.events().map(|event| event.selector().0).collect();
    for (place, topic) in topics.iter().enumerate() {
        assert!(known.contains(topic), "event {place} of {name}");
    }
    assert_eq!(topics.len(), E::COUNT);
}

#[test]
fn functions_are_those_of_the_contracts() {
    check_calls::<c::Inbox::InboxCalls>("Inbox");
    check_calls::<c::ClaimManager::ClaimManagerCalls>("ClaimManager");
    check_calls::<c::QueryGame::QueryGameCalls>("QueryGame");
    check_calls::<c::Portal::PortalCalls>("Portal");
    check_calls::<c::CrossDomainMessenger::CrossDomainMessengerCalls>("L1CrossDomainMessenger");
    check_calls::<c::StandardBridge::StandardBridgeCalls>("L1StandardBridge");
    check_calls::<c::MintableErc20Factory::MintableErc20FactoryCalls>("L1MintableERC20Factory");
    check_calls::<c::Erc721Bridge::Erc721BridgeCalls>("L1ERC721Bridge");
    check_calls::<c::DisputeGameFactory::DisputeGameFactoryCalls>("DisputeGameFactory");
    check_calls::<c::SystemConfig::SystemConfigCalls>("SystemConfig");
    check_calls::<c::PauseController::PauseControllerCalls>("PauseController");
    check_calls::<c::TimelockController::TimelockControllerCalls>("TimelockController");
    check_calls::<c::Deployer::DeployerCalls>("Deployer");
    check_calls::<c::ProgramRegistry::ProgramRegistryCalls>("ProgramRegistry");
    check_calls::<c::CommitteeRegistry::CommitteeRegistryCalls>("CommitteeRegistry");
    check_calls::<c::CommitteeDa::CommitteeDaCalls>("CommitteeDa");
    check_calls::<c::DaChallenge::DaChallengeCalls>("DaChallenge");
    check_calls::<c::SealedInbox::SealedInboxCalls>("SealedInbox");
    check_calls::<c::EscapeHatch::EscapeHatchCalls>("EscapeHatch");
    check_calls::<c::L2ToL1MessagePasser::L2ToL1MessagePasserCalls>("L2ToL1MessagePasser");
    check_calls::<c::GasPriceOracle::GasPriceOracleCalls>("GasPriceOracle");
    check_calls::<c::FeeVault::FeeVaultCalls>("BaseFeeVault");
}

#[test]
fn events_are_those_of_the_contracts() {
    check_events::<c::Inbox::InboxEvents>("Inbox", c::Inbox::InboxEvents::SELECTORS);
    check_events::<c::ClaimManager::ClaimManagerEvents>(
        "ClaimManager",
        c::ClaimManager::ClaimManagerEvents::SELECTORS,
    );
    check_events::<c::QueryGame::QueryGameEvents>(
        "QueryGame",
        c::QueryGame::QueryGameEvents::SELECTORS,
    );
    check_events::<c::Portal::PortalEvents>("Portal", c::Portal::PortalEvents::SELECTORS);
    check_events::<c::CrossDomainMessenger::CrossDomainMessengerEvents>(
        "L1CrossDomainMessenger",
        c::CrossDomainMessenger::CrossDomainMessengerEvents::SELECTORS,
    );
    check_events::<c::DisputeGameFactory::DisputeGameFactoryEvents>(
        "DisputeGameFactory",
        c::DisputeGameFactory::DisputeGameFactoryEvents::SELECTORS,
    );
    check_events::<c::SystemConfig::SystemConfigEvents>(
        "SystemConfig",
        c::SystemConfig::SystemConfigEvents::SELECTORS,
    );
    check_events::<c::PauseController::PauseControllerEvents>(
        "PauseController",
        c::PauseController::PauseControllerEvents::SELECTORS,
    );
    check_events::<c::Deployer::DeployerEvents>("Deployer", c::Deployer::DeployerEvents::SELECTORS);
    check_events::<c::ProgramRegistry::ProgramRegistryEvents>(
        "ProgramRegistry",
        c::ProgramRegistry::ProgramRegistryEvents::SELECTORS,
    );
    check_events::<c::CommitteeRegistry::CommitteeRegistryEvents>(
        "CommitteeRegistry",
        c::CommitteeRegistry::CommitteeRegistryEvents::SELECTORS,
    );
    check_events::<c::DaChallenge::DaChallengeEvents>(
        "DaChallenge",
        c::DaChallenge::DaChallengeEvents::SELECTORS,
    );
    check_events::<c::SealedInbox::SealedInboxEvents>(
        "SealedInbox",
        c::SealedInbox::SealedInboxEvents::SELECTORS,
    );
    check_events::<c::EscapeHatch::EscapeHatchEvents>(
        "EscapeHatch",
        c::EscapeHatch::EscapeHatchEvents::SELECTORS,
    );
    check_events::<c::L2ToL1MessagePasser::L2ToL1MessagePasserEvents>(
        "L2ToL1MessagePasser",
        c::L2ToL1MessagePasser::L2ToL1MessagePasserEvents::SELECTORS,
    );
}

#[test]
fn every_error_of_our_contracts_is_known() {
    let ours = [
        "Inbox",
        "ClaimManager",
        "QueryGame",
        "ProgramRegistry",
        "RiscVStep",
        "Portal",
        "SystemConfig",
        "PauseController",
        "DisputeGameFactory",
        "Deployer",
        "CalldataDa",
        "BlobDa",
        "NoDa",
        "CommitteeDa",
        "CommitteeRegistry",
        "DaChallenge",
        "SealedInbox",
        "EscapeHatch",
        "L1CrossDomainMessenger",
        "L1StandardBridge",
        "L1ERC721Bridge",
    ];
    let known: BTreeSet<[u8; 4]> = Errors::ErrorsErrors::selectors().collect();
    // Those of libraries that we use.
    let foreign = [
        "Ownable",
        "SafeERC20",
        "ReentrancyGuard",
        "TrieProof",
        "CloneArguments",
        "FailedDeployment",
        "InsufficientBalance",
        "RLP",
        "Create2",
        "ECDSA",
    ];
    for name in ours {
        for error in abi(name)
            .errors()
            .filter(|error| !foreign.iter().any(|word| error.name.starts_with(word)))
        {
            assert!(known.contains(&error.selector().0), "{} of {name}", error.signature());
        }
    }
}
