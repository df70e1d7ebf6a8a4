//! The program against the node's way of coming to the same outputs.

#![allow(clippy::unwrap_used, reason = "test code")]

#[allow(dead_code, reason = "the engine's own tests use all of it")]
#[path = "../../../evm/tests/it/common/mod.rs"]
mod rollup;

mod altered;
mod committee;
mod costs;
mod dispute;
mod guest;
mod machine;
mod proofs;
mod scenes;
mod signatures;
mod spans;
mod totality;
mod world;
mod zk;
