//! The machine: instruction by instruction, at speed, in dispute, and against the contract.

#![allow(clippy::unwrap_used, reason = "test code")]

mod architecture;
mod assembler;
mod common;
mod contract;
mod environment;
mod instructions;
mod memory;
mod programs;
mod random;
mod trace;
