//! The engine on whole blocks: fees, deposits, witnesses, and what Ethereum publishes for execution clients.

#![allow(clippy::unwrap_used, reason = "test code")]

mod common;
mod deposits;
mod fees;
mod parsers;
mod published_chain;
mod state_tests;
mod witness_blocks;
