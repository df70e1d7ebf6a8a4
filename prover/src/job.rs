//! One proof to make, from what a node gives.

use alloy_primitives::{B256, Bytes, U256, keccak256};
use eyre::{Result, WrapErr as _, eyre};
use mezz_primitives::Statement;
use mezz_program::ProofInput;
use openvm_sdk::{F, StdIn};
use std::path::Path;

/// A proof to make: what it will say, and what the program will be told.
pub struct Job {
    /// The hash of the input, by which what was done of the job is found again.
    pub id: B256,
    /// What the proof will say.
    pub statement: Statement,
    answers: Vec<Bytes>,
}

impl Job {
    /// Reads an input and runs the program on it natively.
    pub fn read(path: &Path) -> Result<Self> {
        let file = std::fs::read(path).wrap_err_with(|| path.display().to_string())?;
        Self::from_bytes(&file).wrap_err_with(|| path.display().to_string())
    }

    /// As [`Job::read`], of the file's bytes.
    pub fn from_bytes(file: &[u8]) -> Result<Self> {
        let input = ProofInput::decode(file).ok_or_else(|| {
            eyre!("this is no input of a proof: it must come from the node that asks for the proof")
        })?;
        let (statement, answers) = input.rehearse::<U256>()?;
        Ok(Self { id: keccak256(file), statement, answers })
    }

    /// What the program reads.
    pub fn stdin(&self) -> StdIn<F> {
        let mut stdin = StdIn::default();
        self.answers.iter().for_each(|answer| stdin.write_bytes(answer));
        stdin
    }
}
