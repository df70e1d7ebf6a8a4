//! What a prover says of its machine, and whether that keeps pace with a chain.

use crate::output::Failure;
use mezz_primitives::ChainConfig;
use serde::Deserialize;
use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};
use tokio::process::Command;

/// How long a prover may take to look at its machine: it measures for a second.
const PATIENCE: Duration = Duration::from_secs(60);
/// The slowest blocks of a chain, in seconds.
pub(super) const BLOCK_TIME_MAX: u64 = 12;
/// The longest time between two claims that is advised, in seconds.
const CLAIM_INTERVAL_MAX: f64 = 3_600.0;
/// How much of the time a prover that keeps pace may be busy: the rest is for transfers.
const BUSY: f64 = 0.8;

/// What `mezz-prover doctor --json` says, as far as a chain needs it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Machine {
    wrap: Wrap,
    seconds: Option<Seconds>,
}

/// Whether it can wrap proofs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Wrap {
    ready: bool,
    says: String,
}

/// What proofs take, about.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
struct Seconds {
    claim: f64,
    block: f64,
    wrap: Option<f64>,
}

/// What a chain asks of its prover.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand {
    /// Seconds between two blocks.
    block_time: f64,
    /// Seconds between two claims.
    claim_interval: u64,
    /// Seconds after which a claim is final without its proof.
    final_after: u64,
    /// Whether a claim waits for its proof, for as long as a new chain wishes.
    waits: bool,
    /// Whether L1 takes wrapped proofs.
    wrapped: bool,
}

impl Demand {
    /// That of a chain, run with these times; none without validity proofs.
    pub(crate) fn of(config: &ChainConfig, times: (f64, u64), wrapped: bool) -> Option<Self> {
        let rules = config.proofs?;
        let (block_time, claim_interval) = times;
        let (window, waits) = (config.windows.claim_window, rules.decides());
        let final_after = if waits { rules.prover_timeout.max(window) } else { window };
        Some(Self { block_time, claim_interval, final_after, waits, wrapped })
    }

    /// Blocks of a claim.
    fn blocks(&self) -> f64 {
        (self.claim_interval as f64 / self.block_time).floor().max(1.0)
    }
}

impl Machine {
    /// Asks a prover.
    pub(crate) async fn ask(program: &Path, wrap: Option<&Path>) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        command.args(["doctor", "--json"]).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(wrap) = wrap {
            command.arg("--wrap").arg(wrap);
        }
        let failed = |reason: String| {
            Failure::failed(format!(
                "{} does not say what this machine can prove: {reason}; it must be a mezz-prover of the same sources (`make prover`)",
                program.display()
            ))
        };
        let answer = tokio::time::timeout(PATIENCE, command.output()).await;
        let answer = answer.map_err(|_| failed("it does not answer".into()))?;
        let Output { status, stdout, stderr } =
            answer.map_err(|error| failed(error.to_string()))?;
        if !status.success() {
            return Err(failed(format!(
                "{status}: {}",
                String::from_utf8_lossy(&stderr).lines().next().unwrap_or_default()
            )));
        }
        serde_json::from_slice(&stdout).map_err(|error| failed(error.to_string()))
    }

    /// Refuses an L1 that takes only what this prover cannot make.
    pub(crate) fn check(&self, wrapped: bool) -> Result<(), Failure> {
        if !wrapped || self.wrap.ready {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "this L1 verifies wrapped proofs only, and the prover cannot wrap: {}; --prover-wrap names the folder of its parameters and keys",
            self.wrap.says
        )))
    }

    /// What to say where this machine does not keep pace with a chain, and which times it could keep.
    pub(crate) fn too_slow(&self, demand: &Demand) -> Option<String> {
        let seconds = self.seconds?;
        let takes = seconds.takes(demand.blocks(), demand.wrapped);
        let late = takes > demand.final_after as f64;
        if !late && takes <= demand.claim_interval as f64 {
            return None;
        }
        let mut text = format!(
            "warning: this machine takes about {takes:.0} s to prove a claim of {} empty blocks. Such a claim comes each {} s, and is final without its proof after {} s: most will be. ",
            demand.blocks(),
            demand.claim_interval,
            demand.final_after
        );
        match seconds.advised(demand.wrapped) {
            Some((interval, timeout)) => {
                text += &format!(
                    "It keeps pace with --block-time {BLOCK_TIME_MAX} --claim-interval {interval}"
                );
                if !demand.waits {
                    text += ", but no claim of this family waits for its proof: those of zk do";
                } else if demand.final_after < timeout {
                    text += &format!(
                        ", if claims wait for longer: --prover-timeout {timeout}, for a new chain"
                    );
                }
            }
            None => {
                text += &format!(
                    "It keeps pace with no chain, not even with blocks of {BLOCK_TIME_MAX} s: let provers on other machines help (prover/README.md)"
                );
            }
        }
        Some(text)
    }
}

impl Seconds {
    /// How long the proof of a claim takes.
    fn takes(&self, blocks: f64, wrapped: bool) -> f64 {
        self.fixed(wrapped) + self.block * (blocks - 1.0)
    }

    /// How much of that each claim takes.
    fn fixed(&self, wrapped: bool) -> f64 {
        self.claim + if wrapped { self.wrap.unwrap_or_default() } else { 0.0 }
    }

    /// Times between two claims, and until claims wait no longer, with which the slowest blocks are proven in time, if there are any.
    fn advised(&self, wrapped: bool) -> Option<(u64, u64)> {
        let left = BUSY - self.block / BLOCK_TIME_MAX as f64;
        let interval = round_up(self.fixed(wrapped) / left, 60);
        if left <= 0.0 || interval as f64 > CLAIM_INTERVAL_MAX {
            return None;
        }
        // The claim before it may be in work when a claim comes.
        let both = 2.0 * self.takes(interval as f64 / BLOCK_TIME_MAX as f64, wrapped);
        Some((interval, round_up(both, 300).max(1_800)))
    }
}

/// The next multiple of `step`.
fn round_up(seconds: f64, step: u64) -> u64 {
    (seconds.max(1.0) as u64).div_ceil(step).saturating_mul(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(claim: f64, block: f64) -> Machine {
        let wrap = Wrap { ready: false, says: "no parameters".into() };
        Machine { wrap, seconds: Some(Seconds { claim, block, wrap: Some(1_900.0) }) }
    }

    const fn demand(block_time: f64, claim_interval: u64, final_after: u64) -> Demand {
        Demand { block_time, claim_interval, final_after, waits: true, wrapped: false }
    }

    #[test]
    fn a_machine_that_keeps_pace_is_not_warned_of() {
        // 110 s and 19 blocks of 5 s: 205 s.
        let slow = machine(110.0, 5.0);
        let check = |demand: Demand, warns: bool| {
            assert_eq!(slow.too_slow(&demand).is_some(), warns, "{demand:?}")
        };
        check(demand(12.0, 240, 1_800), false);
        check(demand(12.0, 240, 200), true);
        check(demand(12.0, 192, 1_800), false);
        check(demand(12.0, 168, 1_800), true);
        check(demand(1.0, 4, 90), true);
        check(demand(1.0, 240, 1_800), true);
        let fast = machine(3.0, 0.1);
        assert_eq!(fast.too_slow(&demand(1.0, 4, 90)), None);
        let unknown = Machine { seconds: None, ..slow };
        assert_eq!(unknown.too_slow(&demand(1.0, 4, 90)), None);
    }

    #[test]
    fn what_is_advised_is_not_warned_of() {
        for (claim, block) in [(110.0, 5.0), (150.0, 8.0), (20.0, 1.0), (3.0, 0.1)] {
            for wrapped in [false, true] {
                let machine = machine(claim, block);
                let advised = machine.seconds.expect("it has them").advised(wrapped);
                let Some((interval, timeout)) = advised else {
                    assert!(wrapped, "each of these keeps pace with something");
                    continue;
                };
                let demand = Demand { wrapped, ..demand(12.0, interval, timeout) };
                assert_eq!(machine.too_slow(&demand), None, "{demand:?}");
            }
        }
    }

    #[test]
    fn the_warning_says_what_to_give() {
        let text = machine(110.0, 5.0).too_slow(&demand(1.0, 4, 90)).expect("it is too slow");
        assert!(text.contains("about 125 s to prove a claim of 4 empty blocks"), "{text}");
        assert!(text.contains("--block-time 12 --claim-interval 300"), "{text}");
        assert!(text.contains("--prover-timeout 1800"), "{text}");
        let text = machine(110.0, 5.0).too_slow(&demand(1.0, 4, 1_800)).expect("it is too slow");
        assert!(!text.contains("--prover-timeout"), "claims wait as long as they must: {text}");
        let hybrid = Demand { waits: false, ..demand(1.0, 4, 40) };
        let text = machine(110.0, 5.0).too_slow(&hybrid).expect("it is too slow");
        assert!(!text.contains("--prover-timeout"), "{text}");
        let text = machine(110.0, 11.0).too_slow(&demand(1.0, 4, 90)).expect("it is too slow");
        assert!(text.contains("no chain"), "{text}");
    }

    #[test]
    fn what_cannot_wrap_is_refused_where_l1_wants_it() {
        let machine = machine(1.0, 1.0);
        assert!(machine.check(false).is_ok());
        let refused = machine.check(true).expect_err("there are no parameters");
        assert_eq!(refused.code, 4);
        assert!(refused.message.contains("no parameters"), "{}", refused.message);
        let ready = Wrap { ready: true, says: String::new() };
        assert!(Machine { wrap: ready, ..machine }.check(true).is_ok());
    }

    /// The names of mezz-prover's answer.
    #[test]
    fn a_report_is_read() {
        let report = r#"{ "cores": 2, "threads": 2, "vectors": "AVX-512", "memoryMib": 24000, "freeMib": 20000,
            "gpu": "none", "memoryCapMib": 8192, "segmentsFit": true, "memoryCapMostMib": 18720,
            "wrap": { "built": false, "ready": false, "says": "no parameters" },
            "seconds": { "cellsPerSecond": 2.6e6, "claim": 110.0, "block": 5.0, "transfer": 3.0, "wrap": 1900.0, "wrapKeys": 500.0 } }"#;
        let read: Machine = serde_json::from_str(report).expect("it is one");
        assert_eq!(read, machine(110.0, 5.0));
    }
}
