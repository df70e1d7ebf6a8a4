//! The model test of the fault proof: seeded adversaries against the honest strategy, under the rules of `docs/spec/fault-proof.md`.
//!
//! Every run is a seed, and a failure prints the command that replays it. Section 6 of that page says what is checked and which changes of the rules are
//! noticed.

#[allow(
    dead_code,
    unreachable_pub,
    reason = "the library's module, compiled once more with the mutations that only tests have"
)]
#[path = "../../src/game/mod.rs"]
mod game;

mod adversaries;
mod checks;
mod mutations;
mod random;
mod scenarios;
mod search;
mod simulation;
mod toy;
mod world;
