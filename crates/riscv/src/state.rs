//! The state of the machine as the contract sees it: 263 bytes.

use alloy_primitives::{B256, keccak256};
use mezz_primitives::domain;

/// Everything that a step depends on, memory by its root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct State {
    /// Root of the memory.
    pub memory: B256,
    /// Hash of what the program is run on.
    pub boot: B256,
    /// What the program says that it has computed.
    pub output: B256,
    /// Hash of the preimage or blob that is selected.
    pub key: B256,
    /// What is selected: 1 a preimage of keccak256, 2 a blob.
    pub kind: u8,
    /// Bytes of it that have been read.
    pub offset: u32,
    /// Address of the next instruction.
    pub pc: u32,
    /// Not zero: the run is over, and every further step leaves the state as it is.
    pub exited: u8,
    /// What the run ended with.
    pub code: u8,
    /// x1 to x31.
    pub registers: [u32; 31],
}

impl State {
    /// Bytes of [`State::encode`].
    pub const SIZE: usize = 263;
    /// The code of a run that ended with an instruction that cannot be executed.
    pub const TRAPPED: u8 = 255;

    /// Register x0 to x31; x0 is zero.
    ///
    /// # Panics
    ///
    /// If there is no such register.
    pub const fn register(&self, number: usize) -> u32 {
        if number == 0 { 0 } else { self.registers[number - 1] }
    }

    /// Writes register x1 to x31; x0 stays zero.
    ///
    /// # Panics
    ///
    /// If there is no such register.
    pub const fn set_register(&mut self, number: usize, value: u32) {
        if number != 0 {
            self.registers[number - 1] = value;
        }
    }

    /// Whether the run is over.
    pub const fn is_exited(&self) -> bool {
        self.exited != 0
    }

    /// Ends the run because of an instruction that cannot be executed.
    pub(crate) const fn trap(&mut self) {
        self.exited = 1;
        self.code = Self::TRAPPED;
    }

    /// The state's bytes, integers big-endian.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let mut rest = bytes.as_mut_slice();
        let mut put = |field: &[u8]| {
            let (head, tail) = core::mem::take(&mut rest).split_at_mut(field.len());
            head.copy_from_slice(field);
            rest = tail;
        };
        for word in [self.memory, self.boot, self.output, self.key] {
            put(word.as_slice());
        }
        put(&[self.kind]);
        put(&self.offset.to_be_bytes());
        put(&self.pc.to_be_bytes());
        put(&[self.exited, self.code]);
        for register in self.registers {
            put(&register.to_be_bytes());
        }
        bytes
    }

    /// The inverse of [`State::encode`]: any 263 bytes are a state.
    pub fn decode(bytes: &[u8; Self::SIZE]) -> Self {
        let (words, rest) = bytes.split_at(4 * 32);
        let word = |index: usize| B256::from_slice(&words[32 * index..][..32]);
        let number =
            |at: usize| u32::from_be_bytes([rest[at], rest[at + 1], rest[at + 2], rest[at + 3]]);
        Self {
            memory: word(0),
            boot: word(1),
            output: word(2),
            key: word(3),
            kind: rest[0],
            offset: number(1),
            pc: number(5),
            exited: rest[9],
            code: rest[10],
            registers: core::array::from_fn(|index| number(11 + 4 * index)),
        }
    }

    /// What the game calls this state.
    pub fn hash(&self) -> B256 {
        let mut bytes = [0; 32 + Self::SIZE];
        bytes[..32].copy_from_slice(domain::STATE.as_slice());
        bytes[32..].copy_from_slice(&self.encode());
        keccak256(bytes)
    }
}
