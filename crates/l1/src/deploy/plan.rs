//! Everything that a deployment will do, known before it begins.

use super::{
    CommitteeIntent, DeployError, Genesis, Governance, Intent, Profile, ProofIntent, ProofVerifier,
    Roles,
    artifacts::{self, Artifact},
    check, genesis,
    layout::{Layout, Part},
    verifier,
};
use crate::{Client, Error, Prices, TRANSACTION_GAS_MAX};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Address, B256, Bytes, U256, aliases::U24, utils::format_ether},
    sol,
    sol_types::SolValue,
};
use mezz_primitives::{
    ChainConfig, Contracts, Fallback, GenesisId, ProgramId, ProofPolicy, release,
};
use mezz_riscv::Program;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::LazyLock};

/// All that a plan follows from. The state file keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Seed {
    /// What is wanted.
    pub intent: Intent,
    /// The account that deploys.
    pub account: Address,
    /// Its nonce when it creates the factory.
    pub nonce: u64,
    /// Timestamp of the L2 genesis.
    pub genesis_time: u64,
    /// The program that decides disputes.
    pub program: ProgramId,
    /// What L1 knows the zkVM's build of it by; zero in a chain without validity proofs.
    #[serde(default, skip_serializing_if = "B256::is_zero")]
    pub key: B256,
}

/// The program that this version of Mezzanine decides disputes with.
pub fn program() -> ProgramId {
    static PROGRAM: LazyLock<ProgramId> = LazyLock::new(|| {
        let program = Program::parse(mezz_program::ELF)
            .expect("the program is part of this one and tested; qed");
        ProgramId { memory: program.memory_root(), pc: program.entry() }
    });
    *PROGRAM
}

/// What L1 knows the zkVM's build of that program by.
pub fn program_key() -> B256 {
    static KEY: LazyLock<B256> = LazyLock::new(|| {
        let file: KeyFile = serde_json::from_str(KEY_FILE)
            .expect("the file is part of this program and tested; qed");
        file.program_key
    });
    *KEY
}

/// What `mezz-prover key` writes of the committed program.
const KEY_FILE: &str = include_str!("../../../../programs/zk/key.json");

/// What is read of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyFile {
    program_key: B256,
}

/// One contract that will be created.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// The contract.
    pub contract: &'static str,
    /// Where it will be.
    pub address: Address,
    /// Estimate of the gas.
    pub gas: u64,
    /// Creation code with the constructor's arguments.
    #[serde(skip)]
    pub(super) init_code: Bytes,
    /// What the code must be afterwards.
    #[serde(skip)]
    pub(super) artifact: &'static Artifact,
}

/// Everything that a deployment will do.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What it follows from.
    pub seed: Seed,
    /// The factory, created by the account itself.
    pub factory: PlannedStep,
    /// What the factory creates, in order.
    pub steps: Vec<PlannedStep>,
    /// The chain's parameters.
    pub config: ChainConfig,
    /// Addresses on L1.
    pub contracts: Contracts,
    /// Makes likenesses of L2 tokens on L1.
    pub l1_mintable_erc20_factory: Address,
    /// The L2 genesis.
    pub genesis: GenesisId,
    /// Estimate of all gas.
    pub gas: u64,
    /// Estimate of the cost in wei, where the prices are known.
    pub cost: Option<U256>,
}

impl Plan {
    /// Plans a deployment from an account as it is on the L1 now, with the cost at the prices of now.
    pub async fn prepare(
        mut intent: Intent,
        client: &Client,
        account: Address,
    ) -> Result<Self, Error> {
        if client.chain_id() != intent.l1_chain_id {
            return Err(Error::WrongChain {
                expected: intent.l1_chain_id,
                actual: client.chain_id(),
            });
        }
        // Once more: the fields of an intent may have been set by hand.
        let mut refusals = check::check(&intent);
        refusals.extend(check::check_account(intent.profile, account));
        if !refusals.is_empty() {
            return Err(DeployError::Refused(refusals).into());
        }
        let mut key = B256::ZERO;
        if let Some(proofs) = &mut intent.proofs {
            proofs.verifier =
                Some(verifier::choose(client, intent.profile, proofs.verifier).await?);
            key = program_key();
        }
        let nonce = client.nonce(account, BlockNumberOrTag::Latest).await?;
        let genesis_time = match intent.genesis_time {
            Some(time) => time,
            None => client.latest().await?.time,
        };
        let plan =
            Self::new(Seed { intent, account, nonce, genesis_time, program: program(), key });
        Ok(plan.priced(&client.prices().await?))
    }

    /// The plan that follows from a seed: the same seed always gives the same plan.
    pub fn new(seed: Seed) -> Self {
        let intent = &seed.intent;
        let factory = seed.account.create(seed.nonce);
        let rules = intent.committee.as_ref().map(|committee| committee.rules);
        let private = intent.committee.as_ref().is_some_and(|wanted| wanted.demanders.is_some());
        let verifier = intent.proofs.map(|proofs| proofs.verifier.unwrap_or(ProofVerifier::Stark));
        let config = ChainConfig {
            l2_chain_id: intent.l2_chain_id,
            l1_chain_id: intent.l1_chain_id,
            genesis_time: seed.genesis_time,
            span: intent.span,
            stake: intent.stake,
            bond: intent.bond,
            fees: intent.fees,
            windows: intent.windows,
            committee: rules,
            proofs: intent.proofs.as_ref().map(|proofs| proofs.rules),
            signatures: intent.proofs.and_then(|proofs| proofs.signatures),
        };
        let layout = Layout::new(factory, &config, private, verifier);
        let contracts = layout.contracts();
        let genesis = genesis(&config, &contracts, &intent.roles);
        let steps: Vec<PlannedStep> = layout
            .parts()
            .map(|part| {
                let arguments = arguments(part, &seed, layout, &genesis);
                PlannedStep::new(layout.artifact(part), layout.at(part), &arguments)
            })
            .collect();
        let factory = PlannedStep::new(&artifacts::DEPLOYER, factory, &seed.account.abi_encode());
        let gas = factory.gas + steps.iter().map(|step| step.gas).sum::<u64>();
        Self {
            genesis: genesis.id(),
            factory,
            steps,
            config,
            contracts,
            l1_mintable_erc20_factory: layout.at(Part::L1MintableErc20Factory),
            gas,
            cost: None,
            seed,
        }
    }

    /// The plan with its cost at these prices.
    pub fn priced(mut self, prices: &Prices) -> Self {
        self.cost = Some(U256::from(self.gas) * U256::from(prices.base_fee + prices.tip));
        self
    }

    /// Who may do what.
    pub const fn roles(&self) -> &Roles {
        &self.seed.intent.roles
    }

    /// How careful it is.
    pub const fn profile(&self) -> Profile {
        self.seed.intent.profile
    }

    /// Delays of governance.
    pub const fn governance(&self) -> &Governance {
        &self.seed.intent.governance
    }

    /// An error unless `other` is the same deployment.
    pub(super) fn same_as(&self, other: &Seed) -> Result<(), String> {
        let seed = &self.seed;
        let table = [
            (seed.account == other.account, "another account"),
            (seed.intent.l1_chain_id == other.intent.l1_chain_id, "another L1"),
            (seed.intent.l2_chain_id == other.intent.l2_chain_id, "another L2 chain id"),
            (seed.intent == other.intent, "other parameters"),
            (seed == other, "another nonce or genesis time"),
        ];
        match table.iter().find(|(same, _)| !same) {
            Some((_, difference)) => Err((*difference).to_owned()),
            None => Ok(()),
        }
    }
}

impl PlannedStep {
    fn new(artifact: &'static Artifact, address: Address, arguments: &[u8]) -> Self {
        let init_code: Bytes = [&artifact.creation(), arguments].concat().into();
        let gas = gas(&init_code, artifact.runtime().len());
        Self { contract: artifact.name, address, gas, init_code, artifact }
    }

    /// Gas that its transaction is sent with before it can be estimated.
    pub(super) fn gas_limit(&self) -> u64 {
        (self.gas + self.gas / 5).min(TRANSACTION_GAS_MAX)
    }

    /// Why the code at the address is not that of this step.
    pub(super) fn check(&self, code: &[u8]) -> Result<(), DeployError> {
        match self.artifact.differs(code) {
            None => Ok(()),
            Some(reason) => Err(DeployError::WrongCode {
                contract: self.contract,
                address: self.address,
                reason,
            }),
        }
    }
}

/// Gas of a creation: transaction, calldata (EIP-7623's floor is never the higher here), init code words, stored code, and an allowance for the
/// constructor and the factory.
fn gas(init_code: &[u8], runtime: usize) -> u64 {
    const CONSTRUCTOR: u64 = 250_000;
    let calldata: u64 = init_code.iter().map(|byte| if *byte == 0 { 4 } else { 16 }).sum();
    let words = 2 * init_code.len().div_ceil(32) as u64;
    53_000 + calldata + words + 200 * runtime as u64 + CONSTRUCTOR
}

mod constructors {
    #![allow(missing_docs, reason = "the names are those of the constructors in contracts/src")]
    use super::sol;

    sol! {
        struct SystemConfigAddresses {
            address inbox; address optimismPortal; address disputeGameFactory; address l1CrossDomainMessenger; address l1StandardBridge;
            address l1ERC721Bridge; address optimismMintableERC20Factory;
        }
        struct SystemConfigConfiguration {
            uint64 gasLimit; uint32 basefeeScalar; uint32 blobbasefeeScalar; uint32 operatorFeeScalar; uint64 operatorFeeConstant;
            uint32 eip1559Denominator; uint32 eip1559Elasticity; uint64 minBaseFee; address batcher; address unsafeBlockSigner;
        }
        struct SystemConfigParameters {
            address owner; address operator; uint64 l2ChainId; uint32 span; SystemConfigAddresses addresses; SystemConfigConfiguration configuration;
        }
        struct InboxParameters {
            address portal; address systemConfig; address pauseController; address calldataDa; address blobDa; address committeeDa;
            uint64 l2ChainId; uint32 span; uint64 forceDelay; uint64 forceGrace; uint64 permissionlessDelay; bool unsignedBatches;
        }
        struct ClaimManagerParameters {
            address inbox; address games; address referee; address programs; address proofs; address treasury; uint256 stake; uint64 window;
            uint64 genesisTimestamp; bytes32 genesisOutputRoot;
        }
        struct QueryGameParameters {
            address claimManager; address inbox; address step; uint64 clock; uint64 grace; uint256 bond; address demanders;
        }
        struct PortalParameters {
            address inbox; address settlement; address systemConfig; address pauseController; address disputeGameFactory; uint64 proofMaturityDelay;
        }
        struct Program { bytes32 memoryRoot; bytes32 key; address verifier; uint32 pc; uint64 activation; }
        struct ProgramRegistryParameters { address owner; address inbox; uint64 notice; Program program; bytes32 release; }
        struct ProofRouterParameters {
            address claimManager; address programs; address pauseController; uint8 policy; uint64 wait; uint64 proverTimeout;
        }
        struct CommitteeRegistryParameters {
            address owner; address pauseController; uint64 rotationDelay; uint64 overlap; uint64 retention; address[] members; uint8 threshold; uint24 mandatory;
        }
        struct EscapeHatchParameters {
            address claimManager; address inbox; address portal; address messenger; address standardBridge; address pauseController; address registry;
            address challenges; uint64 freezeDelay;
        }
    }
}

use constructors as c;

/// The arguments of a contract's constructor.
fn arguments(part: Part, seed: &Seed, layout: Layout, genesis: &Genesis) -> Vec<u8> {
    let intent = &seed.intent;
    let (roles, windows, governance) = (&intent.roles, &intent.windows, &intent.governance);
    let contracts = layout.contracts();
    match part {
        // Only the owner proposes; once the delay has passed anybody may execute.
        Part::Timelock => (
            U256::from(governance.timelock_delay),
            vec![roles.owner],
            vec![Address::ZERO],
            Address::ZERO,
        )
            .abi_encode_params(),
        Part::PauseController => {
            // Nobody raises an alarm where there are no validity proofs.
            let (longest, cooldown) = (governance.pause_max, governance.pause_cooldown);
            let alarm = layout.at(Part::ProofRouter);
            (roles.guardian, roles.owner, longest, cooldown, alarm).abi_encode_params()
        }
        Part::SystemConfig => {
            system_config(intent, &contracts, layout.at(Part::L1MintableErc20Factory))
        }
        Part::CalldataDa
        | Part::BlobDa
        | Part::RiscVStep
        | Part::StarkVerifier
        | Part::OpenVmHalo2Verifier => Vec::new(),
        Part::Halo2Verifier => layout.at(Part::OpenVmHalo2Verifier).abi_encode(),
        Part::Inbox => inbox(intent, layout),
        Part::DisputeGameFactory => contracts.claim_manager.abi_encode(),
        Part::ClaimManager => c::ClaimManagerParameters {
            inbox: layout.claimed(),
            games: contracts.dispute_game_factory,
            referee: contracts.query_game,
            programs: contracts.program_registry,
            proofs: layout.at(Part::ProofRouter),
            treasury: roles.treasury,
            stake: intent.stake,
            window: windows.claim_window,
            genesisTimestamp: genesis.header.timestamp,
            genesisOutputRoot: genesis.output_root(),
        }
        .abi_encode(),
        Part::Portal => c::PortalParameters {
            inbox: contracts.inbox,
            settlement: layout.settlement(),
            systemConfig: contracts.system_config,
            pauseController: layout.pauses(),
            disputeGameFactory: contracts.dispute_game_factory,
            proofMaturityDelay: windows.proof_maturity,
        }
        .abi_encode(),
        Part::L1CrossDomainMessenger => (contracts.portal, layout.pauses()).abi_encode_params(),
        Part::L1StandardBridge | Part::L1Erc721Bridge => {
            contracts.l1_cross_domain_messenger.abi_encode()
        }
        Part::L1MintableErc20Factory => contracts.l1_standard_bridge.abi_encode(),
        Part::QueryGame => c::QueryGameParameters {
            claimManager: contracts.claim_manager,
            inbox: layout.claimed(),
            step: layout.at(Part::RiscVStep),
            clock: windows.dispute_clock,
            grace: windows.dispute_grace,
            bond: intent.bond,
            demanders: layout.at(Part::Demanders),
        }
        .abi_encode(),
        Part::ProgramRegistry => c::ProgramRegistryParameters {
            owner: contracts.timelock,
            inbox: contracts.inbox,
            notice: governance.program_notice,
            program: c::Program {
                memoryRoot: seed.program.memory,
                key: seed.key,
                verifier: layout.verifier(),
                pc: seed.program.pc,
                activation: 0,
            },
            release: release(seed.program, seed.key),
        }
        .abi_encode(),
        Part::ProofRouter => proof_router(intent, &contracts),
        Part::SealedInbox => {
            let signatures = layout.at(Part::SignatureProofs);
            (contracts.inbox, layout.at(Part::DaChallenge), signatures).abi_encode_params()
        }
        Part::SignatureProofs => {
            let timeout = intent.proofs.and_then(|proofs| proofs.signatures).map(|it| it.timeout);
            let (router, sealed) = (layout.at(Part::ProofRouter), layout.at(Part::SealedInbox));
            (router, sealed, timeout.unwrap_or_default()).abi_encode_params()
        }
        Part::CommitteeRegistry
        | Part::CommitteeDa
        | Part::Demanders
        | Part::DaChallenge
        | Part::EscapeHatch => committee_arguments(part, intent, layout),
    }
}

/// The same of those that only a chain with a data committee has.
fn committee_arguments(part: Part, intent: &Intent, layout: Layout) -> Vec<u8> {
    let Some(CommitteeIntent { committee, rules, demanders }) = &intent.committee else {
        return Vec::new();
    };
    let contracts = layout.contracts();
    match part {
        Part::CommitteeRegistry => c::CommitteeRegistryParameters {
            owner: contracts.timelock,
            pauseController: contracts.pause_controller,
            rotationDelay: rules.rotation_delay,
            overlap: rules.overlap,
            retention: rules.retention,
            members: committee.members.clone(),
            threshold: committee.threshold,
            mandatory: U24::from(committee.mandatory),
        }
        .abi_encode(),
        Part::CommitteeDa => layout.at(Part::CommitteeRegistry).abi_encode(),
        Part::Demanders => {
            let (first, delay) = demanders
                .as_ref()
                .map_or((Vec::new(), 0), |wanted| (wanted.first.clone(), wanted.delay));
            (contracts.timelock, delay, first).abi_encode_params()
        }
        Part::DaChallenge => (
            contracts.inbox,
            rules.challenge_window,
            rules.answer_window,
            rules.bond_per_chunk,
            layout.at(Part::Demanders),
        )
            .abi_encode_params(),
        Part::EscapeHatch => c::EscapeHatchParameters {
            claimManager: contracts.claim_manager,
            inbox: contracts.inbox,
            portal: contracts.portal,
            messenger: contracts.l1_cross_domain_messenger,
            standardBridge: contracts.l1_standard_bridge,
            pauseController: contracts.pause_controller,
            registry: layout.at(Part::CommitteeRegistry),
            challenges: layout.at(Part::DaChallenge),
            freezeDelay: rules.freeze_delay,
        }
        .abi_encode(),
        _ => Vec::new(),
    }
}

fn proof_router(intent: &Intent, contracts: &Contracts) -> Vec<u8> {
    let Some(ProofIntent { rules, .. }) = &intent.proofs else { return Vec::new() };
    let parameters = c::ProofRouterParameters {
        claimManager: contracts.claim_manager,
        programs: contracts.program_registry,
        pauseController: contracts.pause_controller,
        policy: rules.policy as u8,
        wait: rules.wait,
        proverTimeout: rules.prover_timeout,
    };
    parameters.abi_encode()
}

fn inbox(intent: &Intent, layout: Layout) -> Vec<u8> {
    let windows = &intent.windows;
    let parameters = c::InboxParameters {
        portal: layout.at(Part::Portal),
        systemConfig: layout.at(Part::SystemConfig),
        pauseController: layout.pauses(),
        calldataDa: layout.at(Part::CalldataDa),
        blobDa: layout.at(Part::BlobDa),
        committeeDa: layout.at(Part::CommitteeDa),
        l2ChainId: intent.l2_chain_id,
        span: span(intent),
        forceDelay: windows.force_delay,
        forceGrace: windows.force_grace,
        permissionlessDelay: windows.permissionless_delay,
        unsignedBatches: intent.proofs.is_some_and(|proofs| proofs.signatures.is_some()),
    };
    parameters.abi_encode()
}

fn system_config(
    intent: &Intent,
    contracts: &Contracts,
    l1_mintable_erc20_factory: Address,
) -> Vec<u8> {
    let fees = &intent.fees;
    let parameters = c::SystemConfigParameters {
        owner: contracts.timelock,
        operator: intent.roles.operator,
        l2ChainId: intent.l2_chain_id,
        span: span(intent),
        addresses: c::SystemConfigAddresses {
            inbox: contracts.inbox,
            optimismPortal: contracts.portal,
            disputeGameFactory: contracts.dispute_game_factory,
            l1CrossDomainMessenger: contracts.l1_cross_domain_messenger,
            l1StandardBridge: contracts.l1_standard_bridge,
            l1ERC721Bridge: contracts.l1_erc721_bridge,
            optimismMintableERC20Factory: l1_mintable_erc20_factory,
        },
        configuration: c::SystemConfigConfiguration {
            gasLimit: fees.gas_limit,
            basefeeScalar: fees.base_fee_scalar,
            blobbasefeeScalar: fees.blob_base_fee_scalar,
            operatorFeeScalar: fees.operator_fee_scalar,
            operatorFeeConstant: fees.operator_fee_constant,
            eip1559Denominator: fees.eip1559_denominator,
            eip1559Elasticity: fees.eip1559_elasticity,
            minBaseFee: fees.min_base_fee,
            batcher: intent.roles.batcher,
            unsafeBlockSigner: intent.roles.sequencer,
        },
    };
    parameters.abi_encode()
}

fn span(intent: &Intent) -> u32 {
    u32::try_from(intent.span).expect("the check bounds span times gas limit; qed")
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (config, windows, governance) = (&self.config, &self.config.windows, self.governance());
        writeln!(
            f,
            "{} rollup {} on L1 {}",
            self.profile(),
            config.l2_chain_id,
            config.l1_chain_id
        )?;
        writeln!(f, "deployed by {} from nonce {}\n", self.seed.account, self.seed.nonce)?;
        writeln!(f, "{:>4}  {:<23} {:<42}  {:>5}", "step", "contract", "address", "kgas")?;
        writeln!(
            f,
            "{:>4}  {:<23} {}  {:>5}",
            "",
            self.factory.contract,
            self.factory.address,
            self.factory.gas / 1000
        )?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(
                f,
                "{number:>4}  {:<23} {}  {:>5}",
                step.contract,
                step.address,
                step.gas / 1000
            )?;
        }
        let cost = self.cost.map_or_else(String::new, |cost| {
            format!(
                ", about {:.6} ether at the prices of now",
                format_ether(cost).parse().unwrap_or(0.0)
            )
        });
        writeln!(f, "      {} gas{cost}\n", self.gas)?;
        writeln!(f, "{:<34} {:>12}", "forced inclusion after", seconds(windows.force_delay))?;
        writeln!(
            f,
            "{:<34} {:>12}",
            "  without the batcher after further",
            seconds(windows.force_grace)
        )?;
        writeln!(
            f,
            "{:<34} {:>12}",
            "anybody may post after",
            seconds(windows.permissionless_delay)
        )?;
        writeln!(f, "{:<34} {:>12}", "a claim may be doubted for", seconds(windows.claim_window))?;
        writeln!(
            f,
            "{:<34} {:>12}",
            "  each side of a dispute has",
            seconds(windows.dispute_clock)
        )?;
        writeln!(
            f,
            "{:<34} {:>12}",
            "  and for each move at least",
            seconds(windows.dispute_grace)
        )?;
        writeln!(
            f,
            "{:<34} {:>12}",
            "a proven withdrawal is paid after",
            seconds(windows.proof_maturity)
        )?;
        writeln!(f, "{:<34} {:>12}", "governance waits", seconds(governance.timelock_delay))?;
        writeln!(f, "{:<34} {:>12}", "a pause lasts at most", seconds(governance.pause_max))?;
        writeln!(
            f,
            "{:<34} {:>12}",
            "a proposer stakes (ether)",
            trim(&format_ether(self.seed.intent.stake))
        )?;
        writeln!(
            f,
            "{:<34} {:>12}",
            "a doubt takes a bond of (ether)",
            trim(&format_ether(self.seed.intent.bond))
        )?;
        describe_roles(f, self.roles())?;
        if let Some(wanted) = &self.seed.intent.committee {
            describe_committee(f, wanted)?;
        }
        if let Some(wanted) = &self.seed.intent.proofs {
            describe_proofs(f, wanted)?;
        }
        writeln!(f, "\nL2 genesis {}", self.genesis.block_hash)?;
        write!(f, "program    {}", self.seed.program.memory)?;
        if !self.seed.key.is_zero() {
            write!(f, "\nits key    {}", self.seed.key)?;
        }
        Ok(())
    }
}

fn describe_roles(f: &mut fmt::Formatter<'_>, roles: &Roles) -> fmt::Result {
    writeln!(f)?;
    let table = [
        ("owner", roles.owner),
        ("guardian", roles.guardian),
        ("operator", roles.operator),
        ("batcher", roles.batcher),
        ("sequencer", roles.sequencer),
        ("proposer", roles.proposer),
        ("treasury", roles.treasury),
    ];
    for (role, address) in table {
        writeln!(f, "{role:<10} {address}")?;
    }
    Ok(())
}

fn describe_committee(f: &mut fmt::Formatter<'_>, wanted: &CommitteeIntent) -> fmt::Result {
    let CommitteeIntent { committee, rules, demanders } = wanted;
    let count = committee.members.len();
    writeln!(f, "\ndata committee: {} of {count} members sign", committee.threshold)?;
    writeln!(f, "  honest must be one of any {}", committee.honest_of())?;
    for (bit, member) in committee.members.iter().enumerate() {
        let must = if committee.mandatory >> bit & 1 == 1 { "  must sign" } else { "" };
        writeln!(f, "  {member}{must}")?;
    }
    let else_ = match rules.fallback {
        Fallback::L1 => "batches go to L1, public",
        Fallback::Stop => "batches wait",
    };
    writeln!(f, "{:<34} {else_:>12}", "  too few sign:")?;
    for (name, time) in [
        ("a batch may be demanded for", rules.challenge_window),
        ("  and must then be shown within", rules.answer_window),
        ("payloads are kept for", rules.retention),
        ("other members sign after", rules.rotation_delay),
        ("without a confirmed claim it ends in", rules.freeze_delay),
    ] {
        writeln!(f, "{name:<36} {:>10}", seconds(time))?;
    }
    if let Some(wanted) = demanders {
        writeln!(f, "payloads may be demanded, and so made public, by")?;
        for who in &wanted.first {
            writeln!(f, "  {who}")?;
        }
        writeln!(f, "{:<36} {:>10}", "  one that is removed may for", seconds(wanted.delay))?;
    }
    Ok(())
}

fn describe_proofs(f: &mut fmt::Formatter<'_>, wanted: &ProofIntent) -> fmt::Result {
    let ProofIntent { rules, verifier, signatures } = wanted;
    let (worth, wait) = match rules.policy {
        ProofPolicy::StepOnly => ("nothing: they are recorded", None),
        ProofPolicy::Safe => ("a shorter window", Some("a proven claim may be doubted for")),
        ProofPolicy::Fast => ("finality", Some("a proven claim is final after")),
    };
    writeln!(f, "\nvalidity proofs are worth {worth}")?;
    if let Some(name) = wait {
        writeln!(f, "{name:<34} {:>12}", seconds(rules.wait))?;
    }
    if rules.decides() {
        writeln!(f, "{:<34} {:>12}", "an unproven one not before", seconds(rules.prover_timeout))?;
    }
    if let Some(rules) = signatures {
        let name = "signatures may be proven, not posted, for";
        writeln!(f, "{name:<42} {:>4}", seconds(rules.timeout))?;
    }
    match verifier {
        None | Some(ProofVerifier::Stark) => {
            writeln!(f, "verified by the embedded L1 itself (StarkVerifier)")
        }
        Some(ProofVerifier::Development) => {
            writeln!(
                f,
                "verified by OpenVM's contract with development parameters:\nwhoever has this program can prove anything"
            )
        }
        Some(ProofVerifier::Named(verifier)) => writeln!(f, "verified by {verifier}"),
    }
}

fn trim(ether: &str) -> &str {
    ether.trim_end_matches('0').trim_end_matches('.')
}

fn seconds(seconds: u64) -> String {
    match seconds {
        s if s >= 86_400 && s % 3600 == 0 => format!("{} d {} h", s / 86_400, s % 86_400 / 3600),
        s if s >= 3600 && s % 60 == 0 => format!("{} h {} min", s / 3600, s % 3600 / 60),
        s => format!("{s} s"),
    }
}
