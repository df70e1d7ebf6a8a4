//! What L1 must be shown so that it can make a step itself.

use alloc::{vec, vec::Vec};
use alloy_primitives::{B256, Bytes, U256, uint};

use crate::{
    Machine, MissingPreimage, Preimages, State,
    environment::{self, A0, Need},
    step::{self, Access},
};

/// Why a field element is what it is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// KZG commitment to the blob.
    pub commitment: [u8; 48],
    /// KZG proof of the element at its point.
    pub proof: [u8; 48],
}

/// Whoever can open blobs.
pub trait Openings {
    /// The opening of field element `index` of the blob with this versioned hash.
    fn opening(&self, blob: B256, index: u32) -> Option<Opening>;
}

/// Where element `index` of a blob lies: the argument at which the blob's polynomial has the element as its value.
///
/// # Panics
///
/// If a blob has no such element.
pub fn element_point(index: u32) -> B256 {
    assert!(index < ELEMENTS, "a blob has {ELEMENTS} elements");
    let exponent = index.reverse_bits() >> (u32::BITS - ELEMENTS.ilog2());
    ROOT_OF_UNITY.pow_mod(U256::from(exponent), MODULUS).into()
}

const ELEMENTS: u32 = 4096;
/// The field of a blob's elements, and its 4096th root of unity (EIP-4844).
const MODULUS: U256 =
    uint!(0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001_U256);
const ROOT_OF_UNITY: U256 =
    uint!(39033254847818212395286706435128746857159659164139250548781411570340225835782_U256);

/// The arguments of the contract's `step`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepWitness {
    /// The state before the step.
    pub state: [u8; State::SIZE],
    /// Openings of the instruction and of its data, each a leaf and 27 siblings.
    pub proof: Vec<B256>,
    /// The preimage, or the opening of the blob's element and the element.
    pub aux: Bytes,
}

impl Machine {
    /// The witness of the next step.
    ///
    /// # Errors
    ///
    /// [`MissingPreimage`] if the step needs what `preimages` or `openings` does not have.
    pub fn witness(
        &mut self,
        preimages: &impl Preimages,
        openings: &impl Openings,
    ) -> Result<StepWitness, MissingPreimage> {
        let encoded = self.state().encode();
        let (state, memory, environment) = self.parts();
        let pc = state.pc;
        let mut aux = Bytes::new();
        let addresses = match step::access(state, memory) {
            _ if state.is_exited() => vec![],
            Access::Misaligned => vec![],
            Access::Instruction => vec![pc],
            Access::Data(address) => vec![pc, address],
            Access::Call => {
                let pointer = state.register(A0);
                let need = environment::need(state, memory);
                aux = match need {
                    Some(Need::Preimage(key)) => environment.preimage(key, preimages)?.clone(),
                    Some(Need::Element(blob, index)) => {
                        open_element(blob, index, preimages, openings)?
                    }
                    Some(Need::Nothing) | None => Bytes::new(),
                };
                if need.is_some() { vec![pc, pointer] } else { vec![pc] }
            }
        };
        // Of a step that traps or halts the contract looks at less than this.
        let proof = addresses.into_iter().flat_map(|address| self.prove(address).words()).collect();
        Ok(StepWitness { state: encoded, proof, aux })
    }
}

/// Commitment, opening proof and element.
fn open_element(
    blob: B256,
    index: u32,
    preimages: &impl Preimages,
    openings: &impl Openings,
) -> Result<Bytes, MissingPreimage> {
    let missing = MissingPreimage::Element { blob, index };
    let element = preimages.element(blob, index).ok_or(missing)?;
    let opening = openings.opening(blob, index).ok_or(missing)?;
    Ok([&opening.commitment[..], &opening.proof, &element].concat().into())
}
