//! The compiled contracts, committed in `contracts/artifacts`.

use alloy::primitives::{Bytes, hex};
use serde::Deserialize;

/// One compiled contract.
#[derive(Debug)]
pub(super) struct Artifact {
    /// Name of the contract.
    pub(super) name: &'static str,
    json: &'static str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Code {
    bytecode: String,
    deployed_bytecode: String,
}

impl Artifact {
    /// Code that runs once and returns the contract; the constructor's arguments follow it.
    pub(super) fn creation(&self) -> Bytes {
        decode(&self.code().bytecode)
    }

    /// Code of the contract, with zeros where immutables go.
    pub(super) fn runtime(&self) -> Bytes {
        decode(&self.code().deployed_bytecode)
    }

    fn code(&self) -> Code {
        serde_json::from_str(self.json)
            .expect("the artifact is part of this program and tested; qed")
    }

    /// Why `code` on the chain is not this contract; `None` if it is.
    pub(super) fn differs(&self, code: &[u8]) -> Option<String> {
        let template = self.runtime();
        if code.is_empty() {
            return Some("there is no code".into());
        }
        if code.len() != template.len() {
            return Some(format!("it has {} bytes instead of {}", code.len(), template.len()));
        }
        // A byte that is not zero in the template is no part of an immutable.
        let place = code
            .iter()
            .zip(template.iter())
            .position(|(actual, expected)| *expected != 0 && actual != expected)?;
        Some(format!("byte {place} is another"))
    }
}

fn decode(code: &str) -> Bytes {
    hex::decode(code).expect("the artifact is part of this program and tested; qed").into()
}

macro_rules! artifacts {
    ($($constant:ident = $name:literal),* $(,)?) => {
        $(pub(super) const $constant: Artifact = Artifact {
            name: $name,
            json: include_str!(concat!("../../../../contracts/artifacts/", $name, ".json")),
        };)*
        /// All of them.
        #[cfg(test)]
        pub(super) const ALL: &[Artifact] = &[$($constant),*];
    };
}

artifacts! {
    DEPLOYER = "Deployer",
    TIMELOCK = "TimelockController",
    PAUSE_CONTROLLER = "PauseController",
    SYSTEM_CONFIG = "SystemConfig",
    CALLDATA_DA = "CalldataDa",
    BLOB_DA = "BlobDa",
    NO_DA = "NoDa",
    INBOX = "Inbox",
    COMMITTEE_REGISTRY = "CommitteeRegistry",
    COMMITTEE_DA = "CommitteeDa",
    DA_CHALLENGE = "DaChallenge",
    DEMANDERS = "Demanders",
    SEALED_INBOX = "SealedInbox",
    SIGNATURE_PROOFS = "SignatureProofs",
    DISPUTE_GAME_FACTORY = "DisputeGameFactory",
    CLAIM_MANAGER = "ClaimManager",
    PORTAL = "Portal",
    L1_CROSS_DOMAIN_MESSENGER = "L1CrossDomainMessenger",
    L1_STANDARD_BRIDGE = "L1StandardBridge",
    L1_ERC721_BRIDGE = "L1ERC721Bridge",
    L1_MINTABLE_ERC20_FACTORY = "L1MintableERC20Factory",
    RISC_V_STEP = "RiscVStep",
    QUERY_GAME = "QueryGame",
    PROGRAM_REGISTRY = "ProgramRegistry",
    STARK_VERIFIER = "StarkVerifier",
    OPENVM_HALO2_VERIFIER = "OpenVmHalo2Verifier",
    HALO2_VERIFIER = "Halo2Verifier",
    PROOF_ROUTER = "ProofRouter",
    ESCAPE_HATCH = "EscapeHatch",
}

/// The L2 predeploys and preinstalls (`contracts/README-l2.md`).
pub(super) const L2_GENESIS: &str = include_str!("../../../../contracts/artifacts/l2-genesis.json");
