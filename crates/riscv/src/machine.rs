//! A program that runs.

use alloy_primitives::B256;

use crate::{
    Memory, MemoryProof, Preimages, Program, State, Tree, environment::Environment, fast, step,
};

/// What the program asked for and nobody knows: fetch it and go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum MissingPreimage {
    /// The bytes with a keccak256 hash.
    #[error("no preimage of keccak256 {0}: find it and run on")]
    Keccak(B256),
    /// A field element of a blob.
    #[error("no element {index} of blob {blob}: find the blob and run on")]
    Element {
        /// The blob's versioned hash.
        blob: B256,
        /// Which element.
        index: u32,
    },
}

/// A machine between two steps.
#[derive(Debug)]
pub struct Machine {
    /// Its `memory` is that of the last commit.
    state: State,
    memory: Memory,
    environment: Environment,
    steps: u64,
}

/// A machine at a moment of its run: cheap to keep and to copy.
#[derive(Debug, Clone)]
pub struct Snapshot {
    state: State,
    tree: Tree,
    steps: u64,
}

impl Machine {
    /// A machine before its first step.
    pub fn new(program: &Program, boot: B256) -> Self {
        Self::from(&program.start(boot))
    }

    /// Makes so many steps, or fewer if the program ends before; the number of steps made.
    ///
    /// # Errors
    ///
    /// [`MissingPreimage`] if the next step needs what `preimages` does not have. The steps before it are made: [`Machine::steps`] counts them.
    pub fn run(&mut self, steps: u64, preimages: &impl Preimages) -> Result<u64, MissingPreimage> {
        let mut left = steps;
        while left > 0 && !self.state.is_exited() {
            let fast = fast::run(&mut self.state, &mut self.memory, left);
            self.steps += fast;
            left -= fast;
            if left > 0 {
                self.step(preimages)?;
                left -= 1;
            }
        }
        Ok(steps - left)
    }

    /// Makes one step the plain way, which [`Machine::run`] must agree with. The step of a machine whose program has ended changes nothing and is not counted.
    ///
    /// # Errors
    ///
    /// [`MissingPreimage`] if the step needs what `preimages` does not have.
    pub fn step(&mut self, preimages: &impl Preimages) -> Result<(), MissingPreimage> {
        if !self.state.is_exited() {
            step::step(&mut self.state, &mut self.memory, &mut self.environment, preimages)?;
            self.steps += 1;
        }
        Ok(())
    }

    /// Steps made since the machine was new.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// What the run ended with, if it has ended.
    pub fn exit_code(&self) -> Option<u8> {
        self.state.is_exited().then_some(self.state.code)
    }

    /// What the program says that it has computed.
    pub const fn output(&self) -> B256 {
        self.state.output
    }

    /// The memory.
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The state. Costs the hashing of what has been stored since this or [`Machine::snapshot`] was last called.
    pub fn state(&mut self) -> &State {
        self.state.memory = self.memory.root();
        &self.state
    }

    /// This moment, to come back to. Costs what [`Machine::state`] does.
    pub fn snapshot(&mut self) -> Snapshot {
        let state = self.state().clone();
        Snapshot { state, tree: self.memory.commit().clone(), steps: self.steps }
    }

    /// Goes to another moment, of this run or any other. Costs as much as the memories differ.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.state = snapshot.state.clone();
        self.memory.restore(&snapshot.tree);
        self.steps = snapshot.steps;
    }

    pub(crate) fn prove(&mut self, address: u32) -> MemoryProof {
        self.memory.prove(address)
    }

    pub(crate) const fn parts(&mut self) -> (&State, &Memory, &mut Environment) {
        (&self.state, &self.memory, &mut self.environment)
    }
}

impl Snapshot {
    /// A machine in any state, whose memory is `tree`.
    pub fn new(mut state: State, tree: Tree) -> Self {
        state.memory = tree.root();
        Self { state, tree, steps: 0 }
    }

    /// The state.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The memory.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Steps made since the machine was new.
    pub const fn steps(&self) -> u64 {
        self.steps
    }
}

impl From<&Snapshot> for Machine {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            state: snapshot.state.clone(),
            memory: Memory::new(&snapshot.tree),
            environment: Environment::default(),
            steps: snapshot.steps,
        }
    }
}
