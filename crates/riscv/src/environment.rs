//! What `ECALL` does: the machine's five ways to the world outside.

use alloy_primitives::{B256, Bytes, keccak256};

use crate::{Memory, MissingPreimage, Preimages, State};

/// What may be selected.
pub(crate) mod kind {
    /// A preimage of keccak256.
    pub(crate) const PREIMAGE: u8 = 1;
    /// A blob.
    pub(crate) const BLOB: u8 = 2;
}

/// Bytes of a blob.
pub(crate) const BLOB_SIZE: u32 = 131_072;

/// The register of the first argument and the result.
pub(crate) const A0: usize = 10;
const A1: usize = 11;
const A7: usize = 17;

/// The environment remembers the preimage that was last used, so that it is not searched for each 32 bytes of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    last: Option<(B256, Bytes)>,
}

/// A call that is known and well-formed, and what of the world it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Nothing,
    /// The whole preimage.
    Preimage(B256),
    /// A field element of a blob.
    Element(B256, u32),
}

impl Environment {
    /// Executes `ECALL`. If a preimage is missing, nothing has changed.
    pub(crate) fn call(
        &mut self,
        state: &mut State,
        memory: &mut Memory,
        preimages: &impl Preimages,
    ) -> Result<(), MissingPreimage> {
        let (number, pointer, kind) = (state.register(A7), state.register(A0), state.register(A1));
        if number == 0 {
            state.exited = 1;
            state.code = pointer as u8;
            return Ok(());
        }
        let Some(need) = need(state, memory) else {
            state.trap();
            return Ok(());
        };
        match number {
            1 => memory.set(pointer, state.boot.0),
            2 => {
                let length = match need {
                    Need::Preimage(key) => self.preimage(key, preimages)?.len() as u32,
                    Need::Nothing | Need::Element(..) => BLOB_SIZE,
                };
                state.key = memory.get(pointer).into();
                state.kind = kind as u8;
                state.offset = 0;
                state.set_register(A0, length);
            }
            3 => {
                let bytes = match need {
                    Need::Preimage(key) => {
                        slice(self.preimage(key, preimages)?, state.offset as usize)
                    }
                    Need::Element(blob, index) => preimages
                        .element(blob, index)
                        .ok_or(MissingPreimage::Element { blob, index })?,
                    Need::Nothing => [0; 32],
                };
                memory.set(pointer, bytes);
                state.offset = state.offset.wrapping_add(32);
            }
            _ => state.output = memory.get(pointer).into(),
        }
        state.pc = state.pc.wrapping_add(4);
        Ok(())
    }

    /// The bytes with this hash.
    pub(crate) fn preimage(
        &mut self,
        key: B256,
        preimages: &impl Preimages,
    ) -> Result<&Bytes, MissingPreimage> {
        if self.last.as_ref().is_none_or(|(last, _)| *last != key) {
            // Other bytes would give states that the contract does not agree with: none are better.
            let known = preimages.keccak(key).filter(|bytes| keccak256(bytes) == key);
            self.last = Some((key, known.ok_or(MissingPreimage::Keccak(key))?));
        }
        self.last.as_ref().map(|(_, bytes)| bytes).ok_or(MissingPreimage::Keccak(key))
    }
}

/// What the call that `state` stands at needs; `None` if it traps.
pub(crate) fn need(state: &State, memory: &Memory) -> Option<Need> {
    let (number, pointer) = (state.register(A7), state.register(A0));
    if number != 0 && !pointer.is_multiple_of(32) {
        return None;
    }
    match (number, state.register(A1)) {
        (0 | 1 | 4, _) => Some(Need::Nothing),
        (2, 1) => Some(Need::Preimage(memory.get(pointer).into())),
        (2, 2) => Some(Need::Nothing),
        (3, _) => match state.kind {
            kind::PREIMAGE => Some(Need::Preimage(state.key)),
            kind::BLOB if state.offset < BLOB_SIZE => {
                Some(Need::Element(state.key, state.offset / 32))
            }
            kind::BLOB => Some(Need::Nothing),
            _ => None,
        },
        _ => None,
    }
}

/// 32 bytes from `offset`, zeros past the end.
fn slice(bytes: &[u8], offset: usize) -> [u8; 32] {
    let rest = bytes.get(offset..).unwrap_or_default();
    let mut word = [0; 32];
    let length = rest.len().min(32);
    word[..length].copy_from_slice(&rest[..length]);
    word
}
