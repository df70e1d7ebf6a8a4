//! A program and a machine so small that everybody can compute them: what the rules need of the real ones, and no more.
//!
//! Outputs and states are not hashed but packed into 32 bytes, so whoever sees one knows its preimage; a byte says where nobody does.

use crate::{
    game::{Game, Machine, Path, Rules, honest::Oracle},
    random::mix,
};
use alloy_primitives::B256;

/// Byte 0: what it is.
const OUTPUT: u8 = 1;
const STATE: u8 = 2;

/// What each batch holds, and how the machine runs it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Toy {
    entries: usize,
    depth: usize,
    span: u64,
    /// For each number of batches: their blocks, and a digest of their data.
    batches: Vec<(u64, u64)>,
}

/// The state after one block: byte 1 is set where nobody knows the preimage.
#[derive(Debug, Clone, Copy)]
struct Output {
    unknown: bool,
    number: u64,
    value: u64,
}

#[derive(Debug, Clone, Copy)]
struct State {
    exited: bool,
    /// The program waits for a preimage that nobody knows.
    stuck: bool,
    /// The span is empty: the output is the start.
    idle: bool,
    unknown: bool,
    pc: u16,
    length: u16,
    number: u64,
    value: u64,
    boot: u64,
}

impl Toy {
    pub(crate) fn new(rules: &Rules) -> Self {
        Self { entries: rules.entries, depth: rules.depth, span: rules.span, batches: vec![(0, 7)] }
    }

    pub(crate) fn genesis() -> B256 {
        Output { unknown: false, number: 0, value: 1 }.pack()
    }

    /// The next batch, with so many blocks and this data.
    pub(crate) fn post(&mut self, blocks: u64, data: u64) {
        let (before, digest) = self.batches[self.batches.len() - 1];
        self.batches.push((before + blocks, mix(digest ^ data)));
    }

    /// The right outputs after `start`, for a claim up to batch `n1`; `None` before the inbox holds it.
    pub(crate) fn outputs(&self, n1: u64, start: B256) -> Option<Vec<B256>> {
        self.batches.get(n1 as usize)?;
        let mut output = start;
        let next = |_| {
            output = self.run(n1, output).unwrap_or(output);
            output
        };
        Some((0..self.entries).map(next).collect())
    }

    /// The states from which an answer at `path` is right, if the span begins at `start` (an output).
    pub(crate) fn trace(&self, n1: u64, start: B256, path: Path) -> Vec<B256> {
        let indices = path.indices();
        let inner = indices.iter().enumerate().skip(1);
        let from: u64 = inner.map(|(depth, index)| u64::from(*index) * self.stride(depth)).sum();
        let begin = self.forward(self.initial(n1, start), from);
        self.vector(begin, indices.len())
    }

    /// The answer of so deep a path that begins in this state.
    pub(crate) fn vector(&self, begin: B256, length: usize) -> Vec<B256> {
        let mut state = begin;
        let next = |_| {
            state = self.forward(state, self.stride(length));
            state
        };
        (0..self.entries).map(next).collect()
    }

    /// A state that has halted with any output at all.
    pub(crate) fn halted(output: B256) -> B256 {
        let Output { unknown, number, value } =
            Output::unpack(output).unwrap_or(Output { unknown: true, number: 0, value: 0 });
        let state = State {
            exited: true,
            stuck: false,
            idle: false,
            unknown,
            pc: 9,
            length: 9,
            number,
            value,
            boot: 0,
        };
        state.pack()
    }

    /// An output with another value; `unknown` if nobody shall know its preimage.
    pub(crate) fn other_output(output: B256, value: u64, unknown: bool) -> B256 {
        let number = Output::unpack(output).map_or(0, |output| output.number);
        Output { unknown, number, value }.pack()
    }

    /// A state with another value; of no kind at all if `unknown`.
    pub(crate) fn other_state(state: B256, value: u64, unknown: bool) -> B256 {
        let mut changed = state;
        changed.0[16..24].copy_from_slice(&value.to_be_bytes());
        if unknown {
            changed.0[0] = 0xff;
        }
        changed
    }

    /// Steps between two entries of an answer to a path of this length.
    fn stride(&self, length: usize) -> u64 {
        (self.entries as u64).pow((self.depth - 1).saturating_sub(length) as u32)
    }

    fn forward(&self, state: B256, steps: u64) -> B256 {
        (0..steps).fold(state, |state, _| self.step(state).unwrap_or(state))
    }

    fn run(&self, n1: u64, start: B256) -> Option<B256> {
        self.output(self.forward(self.initial(n1, start), self.stride(0)))
    }
}

impl Machine for Toy {
    fn initial(&self, n1: u64, start: B256) -> B256 {
        let (end, digest) = self.batches.get(n1 as usize).copied().unwrap_or((0, 0));
        let known = Output::unpack(start).filter(|start| !start.unknown);
        let (number, value) = known.map_or((0, 0), |start| (start.number, start.value));
        let boot = mix(digest ^ mix(value ^ (number << 32)));
        let idle = number >= end;
        let state = State {
            exited: false,
            stuck: known.is_none(),
            idle,
            unknown: false,
            pc: 0,
            length: if idle { 1 } else { 1 + (boot % self.stride(0)) as u16 },
            number: if idle { number } else { end.min(number + self.span) },
            value,
            boot,
        };
        state.pack()
    }

    fn output(&self, state: B256) -> Option<B256> {
        let State { unknown, number, value, .. } =
            State::unpack(state).filter(|state| state.exited)?;
        Some(Output { unknown, number, value }.pack())
    }

    fn step(&self, state: B256) -> Option<B256> {
        let mut state = State::unpack(state).filter(|state| !state.stuck)?;
        if !state.exited {
            if !state.idle {
                state.value = mix(state.value ^ state.boot ^ u64::from(state.pc));
            }
            state.pc += 1;
            state.exited = state.pc >= state.length;
        }
        Some(state.pack())
    }
}

impl Oracle for Toy {
    fn claim(&self, game: &Game, parent: u64) -> Option<Vec<B256>> {
        let parent = game.content(parent)?;
        self.outputs(parent.child_n1, parent.end)
    }

    fn answer(&self, game: &Game, parent: u64, path: Path) -> Option<Vec<B256>> {
        let above = game.content(parent)?;
        let right = self.outputs(above.child_n1, above.end)?;
        let index = usize::from(*path.indices().first()?);
        let start = if index == 0 { above.end } else { right[index - 1] };
        Some(self.trace(above.child_n1, start, path))
    }
}

impl Output {
    fn pack(self) -> B256 {
        let mut bytes = [0; 32];
        bytes[0] = OUTPUT;
        bytes[1] = self.unknown.into();
        bytes[8..16].copy_from_slice(&self.number.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.value.to_be_bytes());
        bytes.into()
    }

    fn unpack(bytes: B256) -> Option<Self> {
        (bytes[0] == OUTPUT).then(|| Self {
            unknown: bytes[1] != 0,
            number: number(&bytes[8..16]),
            value: number(&bytes[16..24]),
        })
    }
}

impl State {
    fn pack(self) -> B256 {
        let mut bytes = [0; 32];
        bytes[0] = STATE;
        bytes[1] = u8::from(self.exited)
            | u8::from(self.stuck) << 1
            | u8::from(self.idle) << 2
            | u8::from(self.unknown) << 3;
        bytes[2..4].copy_from_slice(&self.pc.to_be_bytes());
        bytes[4..6].copy_from_slice(&self.length.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.number.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.value.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.boot.to_be_bytes());
        bytes.into()
    }

    fn unpack(bytes: B256) -> Option<Self> {
        (bytes[0] == STATE).then(|| Self {
            exited: bytes[1] & 1 != 0,
            stuck: bytes[1] & 2 != 0,
            idle: bytes[1] & 4 != 0,
            unknown: bytes[1] & 8 != 0,
            pc: number(&bytes[2..4]) as u16,
            length: number(&bytes[4..6]) as u16,
            number: number(&bytes[8..16]),
            value: number(&bytes[16..24]),
            boot: number(&bytes[24..32]),
        })
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
