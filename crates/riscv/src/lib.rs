//! The machine of the fault proof: the off-chain twin of the contract `RiscVStep` (`docs/spec/fault-proof.md`, section 2).
//!
//! A [`Program`] is an ELF file. A [`Machine`] runs it, a hundred million instructions a second and more, with its memory committed to by a Merkle tree that
//! costs only what has changed since it was last asked for. A [`Trace`] answers the questions of a dispute: the 256 states that divide an interval, and the
//! [`StepWitness`] of a single instruction, which is all that the contract needs to execute it.
//!
//! Every instruction is written down twice: in `step.rs` one at a time as the specification reads, in `fast.rs` decoded in advance. They are tested against each
//! other and against the contract.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod code;
mod environment;
mod fast;
mod machine;
mod memory;
mod program;
mod state;
mod step;
pub mod trace;
mod tree;
mod witness;
mod zeros;

pub use machine::{Machine, MissingPreimage, Snapshot};
pub use memory::Memory;
pub use mezz_primitives::Preimages;
pub use program::{Program, ProgramError};
pub use state::State;
pub use trace::Trace;
pub use tree::{MemoryProof, Tree};
pub use witness::{Opening, Openings, StepWitness, element_point};
