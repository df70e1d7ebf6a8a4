//! Which contracts a deployment has, in which order, and so where (`contracts/README.md`, "Deployment").

use super::{
    ProofVerifier,
    artifacts::{self, Artifact},
};
use alloy::primitives::Address;
use mezz_primitives::{
    ChainConfig, CommitteeContracts, Contracts, Fallback, ProofContracts, SignaturesContracts,
};

/// One contract that the factory creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Timelock,
    PauseController,
    SystemConfig,
    CalldataDa,
    BlobDa,
    Inbox,
    CommitteeRegistry,
    CommitteeDa,
    Demanders,
    DaChallenge,
    SealedInbox,
    DisputeGameFactory,
    ClaimManager,
    Portal,
    L1CrossDomainMessenger,
    L1StandardBridge,
    L1Erc721Bridge,
    L1MintableErc20Factory,
    RiscVStep,
    QueryGame,
    ProgramRegistry,
    StarkVerifier,
    OpenVmHalo2Verifier,
    Halo2Verifier,
    ProofRouter,
    SignatureProofs,
    EscapeHatch,
}

/// All of them, in the order of their creation.
const PARTS: [Part; 27] = [
    Part::Timelock,
    Part::PauseController,
    Part::SystemConfig,
    Part::CalldataDa,
    Part::BlobDa,
    Part::Inbox,
    Part::CommitteeRegistry,
    Part::CommitteeDa,
    Part::Demanders,
    Part::DaChallenge,
    Part::SealedInbox,
    Part::DisputeGameFactory,
    Part::ClaimManager,
    Part::Portal,
    Part::L1CrossDomainMessenger,
    Part::L1StandardBridge,
    Part::L1Erc721Bridge,
    Part::L1MintableErc20Factory,
    Part::RiscVStep,
    Part::QueryGame,
    Part::ProgramRegistry,
    Part::StarkVerifier,
    Part::OpenVmHalo2Verifier,
    Part::Halo2Verifier,
    Part::ProofRouter,
    Part::SignatureProofs,
    Part::EscapeHatch,
];

impl Part {
    /// Whether only a chain with a data committee has it.
    const fn is_of_committee(self) -> bool {
        matches!(
            self,
            Self::CommitteeRegistry | Self::CommitteeDa | Self::DaChallenge | Self::EscapeHatch
        )
    }
}

/// The contracts of one deployment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    factory: Address,
    committee: Option<Fallback>,
    /// Whether only some may demand payloads.
    private: bool,
    proofs: Option<ProofVerifier>,
    /// Whether batches may lack signatures.
    signatures: bool,
}

impl Layout {
    /// What a factory at this address creates.
    pub(super) fn new(
        factory: Address,
        config: &ChainConfig,
        private: bool,
        proofs: Option<ProofVerifier>,
    ) -> Self {
        let committee = config.committee.as_ref().map(|rules| rules.fallback);
        Self { factory, committee, private, proofs, signatures: config.signatures.is_some() }
    }

    /// What it has, in the order of creation.
    pub(super) fn parts(self) -> impl Iterator<Item = Part> {
        PARTS.into_iter().filter(move |part| self.has(*part))
    }

    fn has(self, part: Part) -> bool {
        match part {
            Part::StarkVerifier => self.proofs == Some(ProofVerifier::Stark),
            Part::OpenVmHalo2Verifier | Part::Halo2Verifier => {
                self.proofs == Some(ProofVerifier::Development)
            }
            Part::ProofRouter => self.proofs.is_some(),
            Part::SignatureProofs => self.signatures,
            Part::SealedInbox => self.is_sealed(),
            Part::Demanders => self.private,
            part => self.committee.is_some() || !part.is_of_committee(),
        }
    }

    /// Whether batches count once they are decided, and not by being posted.
    const fn is_sealed(self) -> bool {
        self.committee.is_some() || self.signatures
    }

    /// Where a contract is; the zero address if this deployment does not have it.
    pub(super) fn at(self, part: Part) -> Address {
        let step = self.parts().position(|known| known == part);
        step.map_or(Address::ZERO, |step| self.factory.create(step as u64 + 1))
    }

    /// What a contract's code must be.
    pub(super) fn artifact(self, part: Part) -> &'static Artifact {
        match part {
            Part::Timelock => &artifacts::TIMELOCK,
            Part::PauseController => &artifacts::PAUSE_CONTROLLER,
            Part::SystemConfig => &artifacts::SYSTEM_CONFIG,
            // Where nothing may become public nothing can be posted to L1.
            Part::CalldataDa | Part::BlobDa if self.committee == Some(Fallback::Stop) => {
                &artifacts::NO_DA
            }
            Part::CalldataDa => &artifacts::CALLDATA_DA,
            Part::BlobDa => &artifacts::BLOB_DA,
            Part::Inbox => &artifacts::INBOX,
            Part::CommitteeRegistry => &artifacts::COMMITTEE_REGISTRY,
            Part::CommitteeDa => &artifacts::COMMITTEE_DA,
            Part::Demanders => &artifacts::DEMANDERS,
            Part::DaChallenge => &artifacts::DA_CHALLENGE,
            Part::SealedInbox => &artifacts::SEALED_INBOX,
            Part::DisputeGameFactory => &artifacts::DISPUTE_GAME_FACTORY,
            Part::ClaimManager => &artifacts::CLAIM_MANAGER,
            Part::Portal => &artifacts::PORTAL,
            Part::L1CrossDomainMessenger => &artifacts::L1_CROSS_DOMAIN_MESSENGER,
            Part::L1StandardBridge => &artifacts::L1_STANDARD_BRIDGE,
            Part::L1Erc721Bridge => &artifacts::L1_ERC721_BRIDGE,
            Part::L1MintableErc20Factory => &artifacts::L1_MINTABLE_ERC20_FACTORY,
            Part::RiscVStep => &artifacts::RISC_V_STEP,
            Part::QueryGame => &artifacts::QUERY_GAME,
            Part::ProgramRegistry => &artifacts::PROGRAM_REGISTRY,
            Part::StarkVerifier => &artifacts::STARK_VERIFIER,
            Part::OpenVmHalo2Verifier => &artifacts::OPENVM_HALO2_VERIFIER,
            Part::Halo2Verifier => &artifacts::HALO2_VERIFIER,
            Part::ProofRouter => &artifacts::PROOF_ROUTER,
            Part::SignatureProofs => &artifacts::SIGNATURE_PROOFS,
            Part::EscapeHatch => &artifacts::ESCAPE_HATCH,
        }
    }

    /// The batches that claims are about.
    pub(super) fn claimed(self) -> Address {
        self.at(if self.is_sealed() { Part::SealedInbox } else { Part::Inbox })
    }

    /// Who tells the portal what is final.
    pub(super) fn settlement(self) -> Address {
        self.at(if self.committee.is_some() { Part::EscapeHatch } else { Part::ClaimManager })
    }

    /// Who tells inbox, portal and messenger what is paused.
    pub(super) fn pauses(self) -> Address {
        self.at(if self.committee.is_some() { Part::EscapeHatch } else { Part::PauseController })
    }

    /// What verifies proofs; the zero address where there are none.
    pub(super) fn verifier(self) -> Address {
        match self.proofs {
            Some(ProofVerifier::Named(verifier)) => verifier,
            Some(ProofVerifier::Development) => self.at(Part::Halo2Verifier),
            Some(ProofVerifier::Stark) | None => self.at(Part::StarkVerifier),
        }
    }

    /// The addresses that a node needs.
    pub(super) fn contracts(self) -> Contracts {
        Contracts {
            portal: self.at(Part::Portal),
            dispute_game_factory: self.at(Part::DisputeGameFactory),
            l1_standard_bridge: self.at(Part::L1StandardBridge),
            l1_cross_domain_messenger: self.at(Part::L1CrossDomainMessenger),
            l1_erc721_bridge: self.at(Part::L1Erc721Bridge),
            inbox: self.at(Part::Inbox),
            claim_manager: self.at(Part::ClaimManager),
            query_game: self.at(Part::QueryGame),
            program_registry: self.at(Part::ProgramRegistry),
            system_config: self.at(Part::SystemConfig),
            pause_controller: self.at(Part::PauseController),
            timelock: self.at(Part::Timelock),
            committee: self.committee.map(|_| CommitteeContracts {
                registry: self.at(Part::CommitteeRegistry),
                committee_da: self.at(Part::CommitteeDa),
                challenges: self.at(Part::DaChallenge),
                sealed_inbox: self.at(Part::SealedInbox),
                escape_hatch: self.at(Part::EscapeHatch),
                demanders: self.private.then(|| self.at(Part::Demanders)),
            }),
            proofs: self.proofs.map(|_| ProofContracts {
                router: self.at(Part::ProofRouter),
                verifier: self.verifier(),
            }),
            signatures: self.signatures.then(|| SignaturesContracts {
                sealed_inbox: self.at(Part::SealedInbox),
                proofs: self.at(Part::SignatureProofs),
            }),
        }
    }
}
