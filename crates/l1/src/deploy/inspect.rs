//! Reads a deployment back from the chain and compares.

mod proofs;

use super::{Deployment, artifacts, layout::Part};
use crate::{
    BlockRef, Client, Error,
    contracts::{
        ClaimManager, CommitteeDa, CommitteeRegistry, CrossDomainMessenger, DaChallenge, Demanders,
        DisputeGameFactory, Erc721Bridge, EscapeHatch, Inbox, MintableErc20Factory,
        PauseController, Portal, ProgramRegistry, QueryGame, SealedInbox, SignatureProofs,
        StandardBridge, SystemConfig, TimelockController,
    },
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolCall,
};
use mezz_primitives::{Output, ProofConfig, ProofPolicy, genesis_content_id};
use serde::Serialize;
use std::fmt::{self, Display};

/// One thing that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What, as `contract.field`.
    pub what: String,
    /// What the deployment says.
    pub expected: String,
    /// What the chain says.
    pub actual: String,
    /// Whether they agree.
    pub agrees: bool,
    /// Whether governance may have changed it since.
    pub changeable: bool,
}

/// A deployment as the chain has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The L1 block that was looked at.
    pub block: BlockRef,
    /// Everything that was compared.
    pub findings: Vec<Finding>,
}

impl Inspection {
    /// Whether nothing differs but what governance may change.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.agrees || finding.changeable)
    }

    /// What differs.
    pub fn differences(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.agrees)
    }
}

impl Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "L1 block {}", self.block.number)?;
        for finding in &self.findings {
            let mark = match (finding.agrees, finding.changeable) {
                (true, _) => "ok",
                (false, true) => "set",
                (false, false) => "WRONG",
            };
            row(f, mark, &finding.what, &finding.actual)?;
            if !finding.agrees {
                row(f, "", "  in the deployment file", &finding.expected)?;
            }
        }
        let differences = self.differences().count();
        write!(f, "{} compared, {differences} different", self.findings.len())
    }
}

/// One line where the value fits beside its name in 80 columns, further ones below where it does not.
fn row(f: &mut fmt::Formatter<'_>, mark: &str, what: &str, value: &str) -> fmt::Result {
    const NAME: usize = 30;
    const BESIDE: usize = 43;
    const BELOW: usize = 72;
    if what.chars().count() <= NAME && value.chars().count() <= BESIDE {
        return writeln!(f, "{mark:<5} {what:<NAME$} {value}");
    }
    writeln!(f, "{mark:<5} {what}")?;
    let characters: Vec<char> = value.chars().collect();
    for part in characters.chunks(BELOW) {
        writeln!(f, "        {}", part.iter().collect::<String>())?;
    }
    Ok(())
}

/// Compares a deployment with the chain at its newest block: code, wiring, parameters, owners.
pub async fn inspect(client: &Client, deployment: &Deployment) -> Result<Inspection, Error> {
    let block = client.latest().await?.id();
    let mut reader = Reader { client, at: block.hash, findings: Vec::new() };
    reader.codes(deployment).await?;
    reader.wiring(deployment).await?;
    reader.data_availability(deployment).await?;
    reader.committee(deployment).await?;
    reader.sealing(deployment).await?;
    reader.directory(deployment).await?;
    reader.parameters(deployment).await?;
    reader.configuration(deployment).await?;
    reader.proofs(deployment).await?;
    reader.claims(deployment).await?;
    Ok(Inspection { block, findings: reader.findings })
}

struct Reader<'a> {
    client: &'a Client,
    at: B256,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    async fn compare<C: SolCall>(
        &mut self,
        what: &str,
        at: Address,
        call: C,
        expected: C::Return,
    ) -> Result<(), Error>
    where
        C::Return: Display + PartialEq,
    {
        self.read(what, at, call, expected, false).await
    }

    async fn compare_changeable<C: SolCall>(
        &mut self,
        what: &str,
        at: Address,
        call: C,
        expected: C::Return,
    ) -> Result<(), Error>
    where
        C::Return: Display + PartialEq,
    {
        self.read(what, at, call, expected, true).await
    }

    async fn read<C: SolCall>(
        &mut self,
        what: &str,
        at: Address,
        call: C,
        expected: C::Return,
        changeable: bool,
    ) -> Result<(), Error>
    where
        C::Return: Display + PartialEq,
    {
        let (actual, agrees) = match self.client.call(at, &call, self.at).await {
            Ok(actual) => (actual.to_string(), actual == expected),
            // Not our contract: that is a finding, not a failure.
            Err(error @ (Error::Malformed { .. } | Error::Reverted(_))) => {
                (error.to_string(), false)
            }
            Err(error) => return Err(error),
        };
        self.findings.push(Finding {
            what: what.to_owned(),
            expected: expected.to_string(),
            actual,
            agrees,
            changeable,
        });
        Ok(())
    }

    async fn codes(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let layout = deployment.layout();
        let parts = layout.parts().map(|part| (layout.at(part), layout.artifact(part)));
        let contracts: Vec<_> =
            [(deployment.deployer, &artifacts::DEPLOYER)].into_iter().chain(parts).collect();
        for (address, artifact) in contracts {
            let difference = artifact.differs(&self.client.code(address, self.at).await?);
            self.findings.push(Finding {
                what: format!("{} code", artifact.name),
                expected: "this program's".into(),
                agrees: difference.is_none(),
                actual: difference.unwrap_or_else(|| address.to_string()),
                changeable: false,
            });
        }
        Ok(())
    }

    async fn wiring(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let (c, layout) = (&deployment.contracts, deployment.layout());
        self.compare("inbox.portal", c.inbox, Inbox::portalCall {}, c.portal).await?;
        self.compare("inbox.systemConfig", c.inbox, Inbox::systemConfigCall {}, c.system_config)
            .await?;
        self.compare(
            "inbox.pauseController",
            c.inbox,
            Inbox::pauseControllerCall {},
            layout.pauses(),
        )
        .await?;
        self.compare("portal.inbox", c.portal, Portal::inboxCall {}, c.inbox).await?;
        self.compare("portal.settlement", c.portal, Portal::settlementCall {}, layout.settlement())
            .await?;
        self.compare("portal.systemConfig", c.portal, Portal::systemConfigCall {}, c.system_config)
            .await?;
        self.compare(
            "portal.pauseController",
            c.portal,
            Portal::pauseControllerCall {},
            layout.pauses(),
        )
        .await?;
        self.compare(
            "portal.disputeGameFactory",
            c.portal,
            Portal::disputeGameFactoryCall {},
            c.dispute_game_factory,
        )
        .await?;
        let claimed = layout.claimed();
        self.compare("claimManager.inbox", c.claim_manager, ClaimManager::inboxCall {}, claimed)
            .await?;
        self.compare("queryGame.inbox", c.query_game, QueryGame::inboxCall {}, claimed).await?;
        let doubters = c.committee.and_then(|at| at.demanders).unwrap_or_default();
        self.compare("queryGame.demanders", c.query_game, QueryGame::demandersCall {}, doubters)
            .await?;
        self.compare(
            "claimManager.games",
            c.claim_manager,
            ClaimManager::gamesCall {},
            c.dispute_game_factory,
        )
        .await?;
        self.compare(
            "disputeGameFactory.claimManager",
            c.dispute_game_factory,
            DisputeGameFactory::claimManagerCall {},
            c.claim_manager,
        )
        .await?;
        self.compare(
            "messenger.portal",
            c.l1_cross_domain_messenger,
            CrossDomainMessenger::portalCall {},
            c.portal,
        )
        .await?;
        self.compare(
            "messenger.pauseController",
            c.l1_cross_domain_messenger,
            CrossDomainMessenger::PAUSECall {},
            layout.pauses(),
        )
        .await?;
        self.compare(
            "mintableERC20Factory.bridge",
            deployment.l1_mintable_erc20_factory,
            MintableErc20Factory::bridgeCall {},
            c.l1_standard_bridge,
        )
        .await?;
        self.compare(
            "standardBridge.messenger",
            c.l1_standard_bridge,
            StandardBridge::messengerCall {},
            c.l1_cross_domain_messenger,
        )
        .await?;
        self.compare(
            "erc721Bridge.messenger",
            c.l1_erc721_bridge,
            Erc721Bridge::messengerCall {},
            c.l1_cross_domain_messenger,
        )
        .await?;
        self.compare("systemConfig.inbox", c.system_config, SystemConfig::inboxCall {}, c.inbox)
            .await?;
        self.compare(
            "systemConfig.optimismPortal",
            c.system_config,
            SystemConfig::optimismPortalCall {},
            c.portal,
        )
        .await
    }

    /// Who says what a batch commits to. The factory's own, so that nothing can be posted whose data nobody has.
    async fn data_availability(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let inbox = deployment.contracts.inbox;
        let layout = deployment.layout();
        let (calldata, blobs) = (layout.at(Part::CalldataDa), layout.at(Part::BlobDa));
        self.compare("inbox.calldataDa", inbox, Inbox::calldataDaCall {}, calldata).await?;
        self.compare("inbox.blobDa", inbox, Inbox::blobDaCall {}, blobs).await?;
        let committee = layout.at(Part::CommitteeDa);
        self.compare("inbox.committeeDa", inbox, Inbox::committeeDaCall {}, committee).await
    }

    /// The data committee: who certifies, what may be demanded, and the way out.
    async fn committee(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let (c, config) = (&deployment.contracts, &deployment.config);
        let Some((rules, at)) = config.committee.as_ref().zip(c.committee) else { return Ok(()) };
        let (registry, challenges) = (at.registry, at.challenges);
        self.compare(
            "committeeDa.registry",
            at.committee_da,
            CommitteeDa::registryCall {},
            registry,
        )
        .await?;
        self.compare("registry.owner", registry, CommitteeRegistry::ownerCall {}, c.timelock)
            .await?;
        self.compare(
            "registry.rotationDelay",
            registry,
            CommitteeRegistry::rotationDelayCall {},
            rules.rotation_delay,
        )
        .await?;
        self.compare(
            "registry.overlap",
            registry,
            CommitteeRegistry::overlapCall {},
            rules.overlap,
        )
        .await?;
        self.compare(
            "registry.retention",
            registry,
            CommitteeRegistry::retentionCall {},
            rules.retention,
        )
        .await?;
        self.compare_changeable(
            "registry.epochCount",
            registry,
            CommitteeRegistry::epochCountCall {},
            1,
        )
        .await?;
        self.compare("daChallenge.inbox", challenges, DaChallenge::inboxCall {}, c.inbox).await?;
        self.compare(
            "daChallenge.challengeWindow",
            challenges,
            DaChallenge::challengeWindowCall {},
            rules.challenge_window,
        )
        .await?;
        self.compare(
            "daChallenge.answerWindow",
            challenges,
            DaChallenge::answerWindowCall {},
            rules.answer_window,
        )
        .await?;
        self.compare(
            "daChallenge.bondPerChunk",
            challenges,
            DaChallenge::bondPerChunkCall {},
            rules.bond_per_chunk,
        )
        .await?;
        let demanders = at.demanders.unwrap_or_default();
        self.compare("daChallenge.demanders", challenges, DaChallenge::demandersCall {}, demanders)
            .await?;
        if let Some(demanders) = at.demanders {
            self.compare("demanders.owner", demanders, Demanders::ownerCall {}, c.timelock).await?;
        }
        let hatch = at.escape_hatch;
        self.compare(
            "escapeHatch.freezeDelay",
            hatch,
            EscapeHatch::freezeDelayCall {},
            rules.freeze_delay,
        )
        .await?;
        self.compare_changeable("escapeHatch.frozen", hatch, EscapeHatch::frozenCall {}, false)
            .await
    }

    /// The batches that are decided, and proofs of signatures.
    async fn sealing(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let (c, config) = (&deployment.contracts, &deployment.config);
        let unsigned = config.signatures.is_some();
        self.compare("inbox.unsignedBatches", c.inbox, Inbox::unsignedBatchesCall {}, unsigned)
            .await?;
        let Some(sealed) = c.sealed_inbox() else { return Ok(()) };
        let challenges = c.committee.map_or(Address::ZERO, |committee| committee.challenges);
        let proofs = c.signatures.map_or(Address::ZERO, |signatures| signatures.proofs);
        self.compare("sealedInbox.inbox", sealed, SealedInbox::inboxCall {}, c.inbox).await?;
        self.compare("sealedInbox.challenges", sealed, SealedInbox::challengesCall {}, challenges)
            .await?;
        self.compare("sealedInbox.signatures", sealed, SealedInbox::signaturesCall {}, proofs)
            .await?;
        let Some((rules, router)) = config.signatures.zip(c.proofs.map(|it| it.router)) else {
            return Ok(());
        };
        self.compare("signatureProofs.router", proofs, SignatureProofs::routerCall {}, router)
            .await?;
        self.compare("signatureProofs.inbox", proofs, SignatureProofs::inboxCall {}, c.inbox)
            .await?;
        self.compare(
            "signatureProofs.timeout",
            proofs,
            SignatureProofs::timeoutCall {},
            rules.timeout,
        )
        .await
    }

    /// The addresses that tools take from the system config.
    async fn directory(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let c = &deployment.contracts;
        let at = c.system_config;
        self.compare(
            "systemConfig.disputeGameFactory",
            at,
            SystemConfig::disputeGameFactoryCall {},
            c.dispute_game_factory,
        )
        .await?;
        self.compare(
            "systemConfig.messenger",
            at,
            SystemConfig::l1CrossDomainMessengerCall {},
            c.l1_cross_domain_messenger,
        )
        .await?;
        self.compare(
            "systemConfig.standardBridge",
            at,
            SystemConfig::l1StandardBridgeCall {},
            c.l1_standard_bridge,
        )
        .await?;
        self.compare(
            "systemConfig.erc721Bridge",
            at,
            SystemConfig::l1ERC721BridgeCall {},
            c.l1_erc721_bridge,
        )
        .await?;
        self.compare(
            "systemConfig.mintableERC20Factory",
            at,
            SystemConfig::optimismMintableERC20FactoryCall {},
            deployment.l1_mintable_erc20_factory,
        )
        .await
    }

    /// The game's clocks, its bond and its program.
    async fn game(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let (game, config) = (deployment.contracts.query_game, &deployment.config);
        let w = &config.windows;
        self.compare("queryGame.clock", game, QueryGame::clockCall {}, w.dispute_clock).await?;
        self.compare("queryGame.grace", game, QueryGame::graceCall {}, w.dispute_grace).await?;
        self.compare("queryGame.bond", game, QueryGame::bondCall {}, config.bond).await?;
        self.programs(deployment).await
    }

    /// The versions of the program: the first is fixed, and the timelock may have announced more.
    async fn programs(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let (c, at) = (&deployment.contracts, deployment.contracts.program_registry);
        self.compare("claimManager.programs", c.claim_manager, ClaimManager::programsCall {}, at)
            .await?;
        self.compare("queryGame.programs", c.query_game, QueryGame::programsCall {}, at).await?;
        self.compare("programs.owner", at, ProgramRegistry::ownerCall {}, c.timelock).await?;
        self.compare("programs.inbox", at, ProgramRegistry::inboxCall {}, c.inbox).await?;
        let notice = deployment.governance.program_notice;
        self.compare("programs.notice", at, ProgramRegistry::noticeCall {}, notice).await?;
        let first = ProgramRegistry::programOfCall { version: U256::ZERO };
        let ours = super::plan::program();
        let (actual, agrees) = match self.client.call(at, &first, self.at).await {
            Ok(found) => (
                found.memoryRoot.to_string(),
                (found.memoryRoot, found.pc) == (ours.memory, ours.pc),
            ),
            Err(error @ (Error::Malformed { .. } | Error::Reverted(_))) => {
                (error.to_string(), false)
            }
            Err(error) => return Err(error),
        };
        self.findings.push(Finding {
            what: "programs: the first version".into(),
            expected: ours.memory.to_string(),
            actual,
            agrees,
            changeable: false,
        });
        let one = U256::from(1);
        self.compare_changeable(
            "programs.versionCount",
            at,
            ProgramRegistry::versionCountCall {},
            one,
        )
        .await
    }

    /// What nobody can change.
    async fn parameters(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let (c, config, roles) = (&deployment.contracts, &deployment.config, &deployment.roles);
        let (w, g) = (&config.windows, &deployment.governance);
        let span = u32::try_from(config.span).unwrap_or(u32::MAX);
        self.compare("inbox.l2ChainId", c.inbox, Inbox::l2ChainIdCall {}, config.l2_chain_id)
            .await?;
        self.compare("inbox.span", c.inbox, Inbox::spanCall {}, span).await?;
        // A config of another chain or span would bound the gas of another chain's claims.
        self.compare(
            "systemConfig.l2ChainId",
            c.system_config,
            SystemConfig::l2ChainIdCall {},
            U256::from(config.l2_chain_id),
        )
        .await?;
        self.compare("systemConfig.span", c.system_config, SystemConfig::spanCall {}, span).await?;
        self.compare("inbox.forceDelay", c.inbox, Inbox::forceDelayCall {}, w.force_delay).await?;
        self.compare("inbox.forceGrace", c.inbox, Inbox::forceGraceCall {}, w.force_grace).await?;
        self.compare(
            "inbox.permissionlessDelay",
            c.inbox,
            Inbox::permissionlessDelayCall {},
            w.permissionless_delay,
        )
        .await?;
        self.compare(
            "claimManager.window",
            c.claim_manager,
            ClaimManager::windowCall {},
            w.claim_window,
        )
        .await?;
        self.compare(
            "claimManager.referee",
            c.claim_manager,
            ClaimManager::refereeCall {},
            c.query_game,
        )
        .await?;
        self.game(deployment).await?;
        self.compare(
            "claimManager.treasury",
            c.claim_manager,
            ClaimManager::treasuryCall {},
            roles.treasury,
        )
        .await?;
        self.compare(
            "portal.proofMaturityDelaySeconds",
            c.portal,
            Portal::proofMaturityDelaySecondsCall {},
            U256::from(w.proof_maturity),
        )
        .await?;
        // Each as the file says, but do they go together? A payment before a claim can be final could be one against a false claim.
        let finality = match config.proofs {
            Some(ProofConfig { policy: ProofPolicy::Safe | ProofPolicy::Fast, wait, .. }) => wait,
            Some(_) | None => w.claim_window,
        };
        self.findings.push(Finding {
            what: "portal: proofs outlast windows".into(),
            expected: format!("at least {finality} s"),
            actual: format!("{} s", w.proof_maturity),
            agrees: w.proof_maturity >= finality,
            changeable: false,
        });
        self.compare(
            "pauseController.council",
            c.pause_controller,
            PauseController::councilCall {},
            roles.owner,
        )
        .await?;
        self.compare(
            "pauseController.pauseMax",
            c.pause_controller,
            PauseController::pauseMaxCall {},
            g.pause_max,
        )
        .await?;
        self.compare(
            "pauseController.cooldown",
            c.pause_controller,
            PauseController::cooldownCall {},
            g.pause_cooldown,
        )
        .await?;
        self.compare("systemConfig.owner", c.system_config, SystemConfig::ownerCall {}, c.timelock)
            .await?;
        self.compare(
            "systemConfig.startBlock",
            c.system_config,
            SystemConfig::startBlockCall {},
            U256::from(deployment.start_block),
        )
        .await
    }

    /// What governance may have changed since.
    async fn configuration(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let (c, fees, roles) = (&deployment.contracts, &deployment.config.fees, &deployment.roles);
        let at = c.system_config;
        self.compare_changeable(
            "systemConfig.operator",
            at,
            SystemConfig::operatorCall {},
            roles.operator,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.batcher",
            at,
            SystemConfig::batcherCall {},
            roles.batcher,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.unsafeBlockSigner",
            at,
            SystemConfig::unsafeBlockSignerCall {},
            roles.sequencer,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.gasLimit",
            at,
            SystemConfig::gasLimitCall {},
            fees.gas_limit,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.basefeeScalar",
            at,
            SystemConfig::basefeeScalarCall {},
            fees.base_fee_scalar,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.blobbasefeeScalar",
            at,
            SystemConfig::blobbasefeeScalarCall {},
            fees.blob_base_fee_scalar,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.operatorFeeScalar",
            at,
            SystemConfig::operatorFeeScalarCall {},
            fees.operator_fee_scalar,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.operatorFeeConstant",
            at,
            SystemConfig::operatorFeeConstantCall {},
            fees.operator_fee_constant,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.eip1559Denominator",
            at,
            SystemConfig::eip1559DenominatorCall {},
            fees.eip1559_denominator,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.eip1559Elasticity",
            at,
            SystemConfig::eip1559ElasticityCall {},
            fees.eip1559_elasticity,
        )
        .await?;
        self.compare_changeable(
            "systemConfig.minBaseFee",
            at,
            SystemConfig::minBaseFeeCall {},
            fees.min_base_fee,
        )
        .await?;
        self.compare_changeable(
            "pauseController.guardian",
            c.pause_controller,
            PauseController::guardianCall {},
            roles.guardian,
        )
        .await?;
        let delay = U256::from(deployment.governance.timelock_delay);
        self.compare_changeable(
            "timelock.getMinDelay",
            c.timelock,
            TimelockController::getMinDelayCall {},
            delay,
        )
        .await?;
        let role = keccak256("PROPOSER_ROLE");
        let proposer = TimelockController::hasRoleCall { role, account: roles.owner };
        self.compare_changeable("timelock: owner may propose", c.timelock, proposer, true).await
    }

    /// The first claim must be our own genesis: everything that is ever paid goes on from it.
    async fn claims(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let genesis = deployment.l2_genesis();
        let output = Output {
            version: 1,
            chain_id: deployment.config.l2_chain_id,
            inbox_index: 0,
            block_in_batch: 0,
            queue_index: 0,
            number: 0,
            timestamp: deployment.config.genesis_time,
            output_root: genesis.output_root(),
        };
        let id = genesis_content_id(&output);
        let call = ClaimManager::isFinalCall { contentId: id.0 };
        self.compare(
            "claimManager: L2 genesis is final",
            deployment.contracts.claim_manager,
            call,
            true,
        )
        .await?;
        let agrees = genesis.id() == deployment.genesis;
        self.findings.push(Finding {
            what: "L2 genesis".into(),
            expected: deployment.genesis.block_hash.to_string(),
            actual: genesis.id().block_hash.to_string(),
            agrees,
            changeable: false,
        });
        Ok(())
    }
}
