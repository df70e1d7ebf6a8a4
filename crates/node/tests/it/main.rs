//! A node on a devnet: what must hold when processes die, L1 is reorganised, the sequencer is gone or somebody posts garbage.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[allow(dead_code, reason = "the tests of L1's client use all of it")]
#[path = "../../../l1/tests/it/anvil.rs"]
mod anvil;
mod committee;
mod dead;
mod disputes;
mod fresh;
mod garbage;
mod journal;
mod kill;
mod pool;
mod private;
mod proofs;
mod provers;
mod proving;
mod reorg;
mod signatures;
mod upgrade;
mod user;
mod verifier;
mod world;
