//! What is refused of validity proofs (`docs/spec/validity-proof.md`, "Parameters").

use super::{DAY, HOUR, MAINNET, Refusal, bounds};
use crate::deploy::{
    Intent, Profile, ProofIntent, ProofVerifier,
    intent::{ProofsFile, Signatures},
};
use mezz_primitives::ProofPolicy;

/// Refuses times of another policy than the one that is written: nothing would come of them.
pub(in crate::deploy) fn misplaced(file: &ProofsFile) -> impl Iterator<Item = Refusal> {
    let policy = file.policy();
    let out = || "left out".to_owned();
    bounds([
        (
            file.guard.is_none() || policy == ProofPolicy::Fast,
            "proofs.guard",
            out(),
            "it belongs to the policy fast; safe has fast-window, step-only neither",
        ),
        (
            file.fast_window.is_none() || policy == ProofPolicy::Safe,
            "proofs.fast-window",
            out(),
            "it belongs to the policy safe; fast has guard, step-only neither",
        ),
        (
            file.signatures_timeout.is_none() || file.signatures == Some(Signatures::Proved),
            "proofs.signatures-timeout",
            "left out".to_owned(),
            "it belongs to signatures = \"proved\"",
        ),
        (
            file.prover_timeout.is_none_or(|timeout| timeout == 0) || policy == ProofPolicy::Fast,
            "proofs.prover-timeout",
            "left out, or 0".to_owned(),
            "only with the policy fast does a claim wait for its proof",
        ),
    ])
}

/// How soon a claim may be final by a proof, where proofs make it so, and what the payment's delay covers.
pub(super) fn finality(intent: &Intent) -> Option<(u64, &'static str)> {
    let rules = intent.proofs?.rules;
    match rules.policy {
        ProofPolicy::StepOnly => None,
        ProofPolicy::Safe => Some((rules.wait, "it covers proofs.fast-window")),
        ProofPolicy::Fast => Some((rules.wait, "it covers proofs.guard")),
    }
}

/// The name of the wait of a policy in an intent.
const fn wait(policy: ProofPolicy) -> &'static str {
    match policy {
        ProofPolicy::Fast => "proofs.guard",
        ProofPolicy::Safe | ProofPolicy::StepOnly => "proofs.fast-window",
    }
}

/// The longest that a batch waits for a proof of its signatures.
pub(super) fn signatures_timeout(intent: &Intent) -> u64 {
    intent.proofs.and_then(|proofs| proofs.signatures).map_or(0, |rules| rules.timeout)
}

/// What is wrong with the proofs that are wanted.
pub(super) fn check(intent: &Intent, wanted: &ProofIntent) -> Vec<Refusal> {
    let (window, rules) = (intent.windows.claim_window, &wanted.rules);
    let waits = rules.prover_timeout > 0;
    let signatures = wanted.signatures.map(|rules| rules.timeout);
    let careful = intent.profile == Profile::Production;
    let mut refusals: Vec<Refusal> = bounds([
        (
            signatures.is_none_or(|timeout| (1..=u32::MAX.into()).contains(&timeout)),
            "proofs.signatures-timeout",
            format!("between 1 and {} s", u32::MAX),
            "a batch without signatures waits that long for their proof",
        ),
        (
            signatures.is_none_or(|timeout| !careful || timeout >= 6 * HOUR),
            "proofs.signatures-timeout",
            format!("at least {} s", 6 * HOUR),
            "in an outage of the provers batches would lose what their users were promised",
        ),
        (
            (1..=window).contains(&rules.wait),
            wait(rules.policy),
            format!("between 1 and {window} s"),
            "a proof makes a claim final sooner than claim-window, and never at once",
        ),
        (
            !waits || rules.policy == ProofPolicy::Fast,
            "proofs.prover-timeout",
            "left out, or 0".into(),
            "only with the policy fast does a claim wait for its proof",
        ),
        (
            !waits || rules.prover_timeout >= window,
            "proofs.prover-timeout",
            format!("at least {window} s, or 0"),
            "below claim-window it has no effect; 0 says that proofs are optional",
        ),
        (
            rules.prover_timeout <= u32::MAX.into(),
            "proofs.prover-timeout",
            format!("at most {} s", u32::MAX),
            "the contract takes no longer one",
        ),
    ])
    .collect();
    let others_money = intent.profile == Profile::Production;
    let named = matches!(wanted.verifier, Some(ProofVerifier::Named(_)));
    refusals.extend(bounds([
        (
            named || !(others_money || intent.l1_chain_id == MAINNET),
            "proofs.verifier",
            "the address of a Halo2Verifier".into(),
            "STARKs are verified by the embedded L1 only, which is no place for other people's money, and under development parameters anybody can prove anything",
        ),
        (
            wanted.verifier != Some(ProofVerifier::Development)
                || intent.profile == Profile::Devnet
                || others_money,
            "proofs.verifier",
            "another than \"development\"".into(),
            "under development parameters anybody can prove anything",
        ),
    ]));
    if others_money {
        refusals.extend(care(wanted));
    }
    refusals
}

/// What other people's money asks for.
fn care(wanted: &ProofIntent) -> impl Iterator<Item = Refusal> {
    let rules = &wanted.rules;
    bounds([
        (
            rules.policy != ProofPolicy::Fast || rules.wait >= HOUR,
            "proofs.guard",
            format!("at least {HOUR} s"),
            "whoever sees a false proof must be able to prove the truth before it is final",
        ),
        (
            rules.policy != ProofPolicy::Safe || rules.wait >= DAY,
            "proofs.fast-window",
            format!("at least {DAY} s"),
            "a challenger may be kept from L1 that long",
        ),
    ])
}
