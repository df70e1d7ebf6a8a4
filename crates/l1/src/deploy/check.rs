//! What is refused, and what to change.

mod proofs;

pub(super) use proofs::misplaced;

use super::{CommitteeIntent, DemandersIntent, Intent, Profile, dev_key};
use alloy::primitives::{Address, U256, utils::format_ether};
use mezz_primitives::{BLOCK_GAS_MIN, CommitteeConfig, Fallback, SPAN_GAS_MAX};
use std::fmt;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Ethereum's chain id.
const MAINNET: u64 = 1;
/// Time between two claims.
const CLAIM_INTERVAL: u64 = HOUR;
/// Batches between the announcement of a version of the program and its first: two hours, at one each minute.
const PROGRAM_NOTICE: u64 = 120;
/// Bonds that a stake is worth at least: ten times the six that refute a claim.
const STAKE_BONDS: u64 = 60;
/// Between a claim's finality and payment.
const AIR_GAP: u64 = 12 * HOUR;
/// Members of a data committee at least, but on a devnet.
const COMMITTEE_MIN: usize = 3;
/// Indices of the well-known mnemonic whose accounts are refused.
const DEV_ACCOUNTS: [std::ops::Range<u32>; 2] = [0..20, 100..130];

/// One thing that an intent may not ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A production deployment must say it.
    Missing(&'static str),
    /// A value is out of its bounds.
    Bounds {
        /// The field in the intent.
        field: &'static str,
        /// What it must be.
        must: String,
        /// Why.
        because: &'static str,
    },
    /// A role has an address that it must not have.
    Role {
        /// The role.
        role: &'static str,
        /// What is wrong with its address.
        is: &'static str,
    },
    /// Two roles share an account.
    Shared {
        /// One role.
        role: &'static str,
        /// The other.
        with: &'static str,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(field) => {
                write!(f, "{field} is not set: a production deployment has no default for it")
            }
            Self::Bounds { field, must, because } => write!(f, "{field} must be {must}: {because}"),
            Self::Role { role, is } => write!(f, "{role} {is}: use another"),
            Self::Shared { role, with } => {
                write!(f, "{role} and {with} are one account: use two")
            }
        }
    }
}

/// Everything that is wrong with an intent.
pub(super) fn check(intent: &Intent) -> Vec<Refusal> {
    let mut refusals = sense(intent);
    if let Some(wanted) = &intent.committee {
        refusals.extend(committee(intent, wanted));
    }
    if let Some(wanted) = &intent.proofs {
        refusals.extend(proofs::check(intent, wanted));
    }
    if intent.profile == Profile::Production {
        refusals.extend(care(intent));
        refusals.extend(accounts(intent));
    }
    refusals
}

/// What no deployment can do without: the constructors would refuse it, or the chain could not be proven.
fn sense(intent: &Intent) -> Vec<Refusal> {
    let (w, g, fees) = (&intent.windows, &intent.governance, &intent.fees);
    let gas_max = SPAN_GAS_MAX / intent.span.max(1);
    let forced = w.force_delay.saturating_add(w.force_grace);
    let table = [
        (
            intent.l1_chain_id != MAINNET || intent.profile == Profile::Production,
            "profile",
            "\"production\" on Ethereum itself".into(),
            "the others' windows are too short for other people's money",
        ),
        (
            intent.l1_chain_id != intent.l2_chain_id,
            "l2-chain-id",
            "another than l1-chain-id".into(),
            "a transaction for one chain would be valid on both",
        ),
        (intent.l2_chain_id > 0, "l2-chain-id", "above 0".into(), "zero is no chain"),
        (intent.span > 0, "span", "above 0".into(), "a claim's entries are that many blocks apart"),
        (
            (BLOCK_GAS_MIN..=gas_max).contains(&fees.gas_limit),
            "fees.gas-limit",
            format!("between {BLOCK_GAS_MIN} and {gas_max}"),
            "a block must take all its messages, and a span of blocks must stay provable",
        ),
        (
            (2..=10_000).contains(&fees.eip1559_denominator),
            "fees.eip1559-denominator",
            "between 2 and 10000".into(),
            "the base fee could not move, or would jump",
        ),
        (
            (1..=100).contains(&fees.eip1559_elasticity),
            "fees.eip1559-elasticity",
            "between 1 and 100".into(),
            "it divides the gas limit",
        ),
        (
            fees.min_base_fee <= 1_000_000_000_000,
            "fees.min-base-fee",
            "at most 1000 gwei".into(),
            "nobody could pay it",
        ),
        (
            w.force_delay > 0,
            "windows.force-delay",
            "above 0".into(),
            "the batcher needs time to see a message",
        ),
        (
            w.permissionless_delay > forced,
            "windows.permissionless-delay",
            format!("above {forced} s"),
            "it begins after force-delay and force-grace",
        ),
        (
            g.timelock_delay > 0,
            "governance.timelock-delay",
            "above 0".into(),
            "changes must be announced",
        ),
        (
            g.pause_max > 0 && g.pause_cooldown > 0,
            "governance.pause-max and pause-cooldown",
            "above 0".into(),
            "a pause without them would mean nothing",
        ),
        (
            g.program_notice > 0,
            "governance.program-notice",
            "above 0".into(),
            "a version must begin with a batch that nobody has posted",
        ),
    ];
    let mut refusals: Vec<Refusal> = bounds(table).collect();
    refusals.extend(disputable(intent));
    refusals.extend(zero_roles(intent));
    refusals
}

/// What the game needs to be one.
fn disputable(intent: &Intent) -> Vec<Refusal> {
    let w = &intent.windows;
    let (finality, covers) = finality(intent);
    bounds([
        (
            w.claim_window >= w.dispute_clock,
            "windows.claim-window",
            format!("at least {} s", w.dispute_clock),
            "whoever is censored for dispute-clock must still be in time to doubt a claim",
        ),
        (
            w.dispute_clock >= w.dispute_grace,
            "windows.dispute-clock",
            format!("at least {} s", w.dispute_grace),
            "the grace is what is left when the clock has run down",
        ),
        (
            w.dispute_grace > 0,
            "windows.dispute-grace",
            "above 0".into(),
            "the last moves of a dispute could not be made in time",
        ),
        (
            w.proof_maturity >= finality,
            "windows.proof-maturity",
            format!("at least {finality} s"),
            covers,
        ),
        (
            intent.bond > U256::ZERO,
            "bond-gwei",
            "above 0".into(),
            "doubts would cost their maker nothing, and a claim's owner an answer each",
        ),
        (
            intent.stake >= intent.bond.saturating_mul(U256::from(STAKE_BONDS)),
            "stake-gwei",
            format!("at least {STAKE_BONDS} times bond-gwei"),
            "a false claim must cost far more than the six bonds that refute it",
        ),
    ])
    .collect()
}

/// How soon a claim may be final, and what `proof-maturity` covers by being that long.
fn finality(intent: &Intent) -> (u64, &'static str) {
    match proofs::finality(intent) {
        None => (intent.windows.claim_window, "it covers claim-window"),
        Some((wait, covers)) => (wait, covers),
    }
}

/// What a data committee needs to be one.
fn committee(intent: &Intent, wanted: &CommitteeIntent) -> Vec<Refusal> {
    let (w, rules, members) = (&intent.windows, &wanted.rules, &wanted.committee.members);
    // Who stakes only once the chain has waited for a proof in vain comes later by that.
    let waits = intent.proofs.map_or(0, |proofs| proofs.rules.prover_timeout);
    // Both verdicts about a batch run from its posting.
    let shown = rules.challenge_window.saturating_add(rules.answer_window);
    let sealed = shown.max(proofs::signatures_timeout(intent));
    let slowest = [sealed, w.claim_window, waits]
        .into_iter()
        .fold(0, u64::saturating_add)
        .saturating_add(w.dispute_clock.saturating_mul(2))
        .saturating_add(w.dispute_grace.saturating_mul(10));
    let fault = wanted.committee.fault();
    let mut refusals: Vec<Refusal> = bounds([
        (
            fault.is_none(),
            "committee.members, threshold and mandatory",
            format!("those of a committee that {}", fault.unwrap_or_default()),
            "no contract would take it; one with more than 20 members is proposed later, as the next epoch",
        ),
        (
            members.len() >= COMMITTEE_MIN || intent.profile == Profile::Devnet,
            "committee.members",
            format!("at least {COMMITTEE_MIN}"),
            "with fewer one member that fails stops or frees the chain",
        ),
        (
            rules.challenge_window > 0 && rules.answer_window > 0,
            "committee.rules.challenge-window and answer-window",
            "above 0".into(),
            "what is kept back could not be demanded, or not be shown in time",
        ),
        (
            rules.bond_per_chunk > U256::ZERO,
            "committee.rules.bond-per-chunk-gwei",
            "above 0".into(),
            "demands would cost their maker nothing, and members the gas of an answer",
        ),
        (
            rules.overlap <= rules.rotation_delay,
            "committee.rules.overlap",
            format!("at most {} s", rules.rotation_delay),
            "more than two committees would sign at once",
        ),
        (
            rules.freeze_delay > slowest,
            "committee.rules.freeze-delay",
            format!("above {slowest} s"),
            "so long attackers can keep a claim from being confirmed, and the chain must outlive that",
        ),
        (
            rules.retention >= rules.freeze_delay.saturating_add(7 * DAY),
            "committee.rules.retention",
            format!("at least {} s", rules.freeze_delay.saturating_add(7 * DAY)),
            "users must find their branches for a week after the end",
        ),
    ])
    .collect();
    if let Some(allowed) = &wanted.demanders {
        refusals.extend(demanders(intent, rules, allowed));
    }
    if intent.profile == Profile::Production {
        refusals.extend(bounds([
            (
                rules.challenge_window >= DAY,
                "committee.rules.challenge-window",
                format!("at least {DAY} s"),
                "a watcher may be kept from L1 that long",
            ),
            (
                rules.answer_window >= DAY,
                "committee.rules.answer-window",
                format!("at least {DAY} s"),
                "a member may be kept from L1 that long",
            ),
            (
                rules.rotation_delay >= 7 * DAY,
                "committee.rules.rotation-delay",
                format!("at least {} s", 7 * DAY),
                "whoever does not trust the next members must be able to leave before",
            ),
        ]));
        let named: Vec<_> =
            members.iter().map(|member| ("a member of the committee", *member)).collect();
        refusals.extend(known(&named));
    }
    refusals
}

/// What a chain needs on which only some may make payloads public.
fn demanders(intent: &Intent, rules: &CommitteeConfig, wanted: &DemandersIntent) -> Vec<Refusal> {
    let longest = rules.challenge_window.max(intent.windows.claim_window);
    let attributed = intent.proofs.is_some_and(|proofs| proofs.signatures.is_some());
    bounds([
        (
            !attributed,
            "proofs.signatures",
            "\"posted\", the default, where [committee] has demanders".to_owned(),
            "blocks without signatures can be guessed, and their hashes tell who guesses right",
        ),
        (
            rules.fallback == Fallback::Stop,
            "committee.rules.fallback",
            "\"stop\"".to_owned(),
            "who may make payloads public is said in committee.demanders, and posting to L1 does",
        ),
        (
            wanted.delay > longest,
            "committee.demanders-delay",
            format!("above {longest} s"),
            "who is removed must still be able to demand what is posted, and to doubt what is claimed",
        ),
        (
            wanted.first.iter().all(|who| !who.is_zero()),
            "committee.demanders",
            "no zero address".to_owned(),
            "nobody has its key",
        ),
    ])
    .collect()
}

/// What other people's money asks for: the recommended values, or more careful ones.
fn care(intent: &Intent) -> Vec<Refusal> {
    let (w, g) = (&intent.windows, &intent.governance);
    let forced = w.force_delay.saturating_add(w.force_grace);
    let disputed = w
        .claim_window
        .saturating_add(w.dispute_clock.saturating_mul(2))
        .saturating_add(w.dispute_grace.saturating_mul(10));
    // A claim waits for its proof while it is disputed, not after that.
    let waits = intent.proofs.map_or(0, |proofs| proofs.rules.prover_timeout);
    let worst_exit = forced
        .saturating_add(CLAIM_INTERVAL)
        .saturating_add(proofs::signatures_timeout(intent))
        .saturating_add(disputed.max(waits))
        .saturating_add(AIR_GAP);
    let stake = U256::from(10u64.pow(18)) * U256::from(10);
    let bond = U256::from(10u64.pow(17));
    let paid = finality(intent).0.saturating_add(AIR_GAP);
    let at_least = |seconds: u64| format!("at least {seconds} s");
    bounds([
        (w.force_delay >= 12 * HOUR, "windows.force-delay", at_least(12 * HOUR), "an outage of L1 or of the batcher must not make batches revert"),
        (w.force_delay <= 2 * DAY, "windows.force-delay", format!("at most {} s", 2 * DAY), "a censored user waits that long"),
        (w.force_grace >= HOUR, "windows.force-grace", at_least(HOUR), "the batcher needs it to catch up"),
        (w.permissionless_delay >= DAY, "windows.permissionless-delay", at_least(DAY), "a short outage must not open posting to everybody"),
        (w.permissionless_delay <= 7 * DAY, "windows.permissionless-delay", format!("at most {} s", 7 * DAY), "a dead batcher stops the chain that long"),
        (w.claim_window >= 5 * DAY, "windows.claim-window", at_least(5 * DAY), "a false claim must be refutable even while L1 is censored"),
        (w.dispute_clock >= 3 * DAY, "windows.dispute-clock", at_least(3 * DAY), "an honest party may be censored that long"),
        (w.dispute_grace >= 6 * HOUR, "windows.dispute-grace", at_least(6 * HOUR), "a trace must be computed again, and fees may spike"),
        (
            w.proof_maturity >= paid,
            "windows.proof-maturity",
            at_least(paid),
            "the time after which a claim may be final, and an air gap of 12 hours",
        ),
        (g.pause_max <= 7 * DAY, "governance.pause-max", format!("at most {} s", 7 * DAY), "nobody may hold other people's money longer"),
        (g.pause_cooldown >= 30 * DAY, "governance.pause-cooldown", at_least(30 * DAY), "pauses must not follow one another"),
        (
            g.timelock_delay >= worst_exit,
            "governance.timelock-delay",
            at_least(worst_exit),
            "everybody must be able to leave, against a censoring sequencer and through a dispute, before a change takes effect",
        ),
        (g.program_notice >= PROGRAM_NOTICE, "governance.program-notice", format!("at least {PROGRAM_NOTICE} batches"), "the sequencer must have switched before a version begins"),
        (intent.stake >= stake, "stake-gwei", format!("at least 10 ether ({} now)", format_ether(intent.stake)), "a false claim must cost more than delaying everybody is worth"),
        (intent.bond >= bond, "bond-gwei", format!("at least 0.1 ether ({} now)", format_ether(intent.bond)), "a doubt must cost more than the gas of its answer"),
    ])
    .collect()
}

fn accounts(intent: &Intent) -> Vec<Refusal> {
    let roles = roles(intent);
    let mut refusals = known(&roles);
    // Keys that lie on servers must not be keys that govern.
    let [owner, guardian, _, batcher, sequencer, proposer, _] = roles;
    for hot in [batcher, sequencer, proposer] {
        for cold in [owner, guardian] {
            if hot.1 == cold.1 {
                refusals.push(Refusal::Shared { role: hot.0, with: cold.0 });
            }
        }
    }
    refusals
}

/// What is wrong with the account that deploys.
pub(super) fn check_account(profile: Profile, account: Address) -> Vec<Refusal> {
    match profile {
        Profile::Devnet | Profile::Testnet => Vec::new(),
        Profile::Production => known(&[("the deploying account", account)]),
    }
}

fn known(accounts: &[(&'static str, Address)]) -> Vec<Refusal> {
    let known: Vec<Address> =
        DEV_ACCOUNTS.into_iter().flatten().map(|index| dev_key(index).address()).collect();
    let refused = accounts.iter().filter(|(_, address)| known.contains(address));
    let is = "is an account of the test mnemonic, whose key everybody has";
    refused.map(|(role, _)| Refusal::Role { role, is }).collect()
}

fn zero_roles(intent: &Intent) -> impl Iterator<Item = Refusal> {
    let zero = roles(intent).into_iter().filter(|(_, address)| address.is_zero());
    zero.map(|(role, _)| Refusal::Role { role, is: "is the zero address" })
}

fn roles(intent: &Intent) -> [(&'static str, Address); 7] {
    let roles = &intent.roles;
    [
        ("roles.owner", roles.owner),
        ("roles.guardian", roles.guardian),
        ("roles.operator", roles.operator),
        ("roles.batcher", roles.batcher),
        ("roles.sequencer", roles.sequencer),
        ("roles.proposer", roles.proposer),
        ("roles.treasury", roles.treasury),
    ]
}

fn bounds<const N: usize>(
    table: [(bool, &'static str, String, &'static str); N],
) -> impl Iterator<Item = Refusal> {
    table.into_iter().filter(|row| !row.0).map(|(_, field, must, because)| Refusal::Bounds {
        field,
        must,
        because,
    })
}
