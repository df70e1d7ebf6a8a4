//! The precompile of the embedded L1 that verifies validity proofs (`docs/spec/validity-proof.md`, section 3).
//!
//! The proven program has no part in it: it is compiled where the feature `stark` is on, which the program's builds leave off.

use crate::{Chain, Evm, Layer};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use mezz_verify::Verifier;
use revm::{
    Database,
    precompile::{
        Precompile, PrecompileHalt, PrecompileId, PrecompileOutput, PrecompileResult,
        PrecompileSpecId, Precompiles,
    },
    primitives::OnceLock,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Where the precompile is.
pub const STARK_PRECOMPILE: Address = address!("00000000000000000000000000000000004D5A01");
/// What the precompile is called in `eth_config`.
pub const STARK_PRECOMPILE_NAME: &str = "MEZZANINE_STARK";
/// Gas of a verification, which takes about 15 ms: as much as what the gas of other precompiles buys in that time.
pub const STARK_GAS: u64 = 1_000_000;
/// Gas of an answer that needs no verification.
const ANSWER_GAS: u64 = 3_000;

/// Verifies proofs of the committed program.
fn verifier() -> &'static Verifier {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    VERIFIER.get_or_init(Verifier::committed)
}

/// Ethereum's precompiles, and ours.
fn embedded() -> &'static Precompiles {
    static EMBEDDED: OnceLock<Precompiles> = OnceLock::new();
    EMBEDDED.get_or_init(|| {
        let mut all = ethereum().clone();
        let id = PrecompileId::Custom(STARK_PRECOMPILE_NAME.into());
        all.extend([Precompile::new(id, STARK_PRECOMPILE, run)]);
        all
    })
}

fn ethereum() -> &'static Precompiles {
    Precompiles::new(PrecompileSpecId::from_spec_id(Chain::SPEC))
}

/// The precompiles of a layer: Ethereum's, on the embedded L1 also the one that verifies proofs.
pub fn precompiles(layer: Layer) -> &'static Precompiles {
    match layer {
        Layer::One => embedded(),
        Layer::Two => ethereum(),
    }
}

/// An EVM with the precompiles of a layer. Whoever executes for a chain builds it by this.
pub fn with_precompiles<DB: Database, I>(mut evm: Evm<DB, I>, layer: Layer) -> Evm<DB, I> {
    evm.precompiles.precompiles = precompiles(layer);
    evm
}

/// What the precompile does with an input.
enum Asked<'a> {
    /// Who it is.
    Name,
    /// Whether this proof shows that the program puts out this statement.
    Proof(B256, &'a [u8]),
    /// Nothing that it could know.
    Nothing,
}

fn asked(input: &[u8]) -> Asked<'_> {
    if input == name().as_slice() {
        return Asked::Name;
    }
    match input.split_first_chunk::<32>().map(|(key, rest)| (key, rest.split_first_chunk::<32>())) {
        Some((key, Some((statement, proof))))
            if *key == verifier().program_key().0 && !proof.is_empty() =>
        {
            Asked::Proof(statement.into(), proof)
        }
        _ => Asked::Nothing,
    }
}

/// `DOMAIN_STARK`.
fn name() -> B256 {
    keccak256("mezzanine.stark.v1")
}

/// What revm calls.
fn run(input: &[u8], gas_limit: u64, reservoir: u64) -> PrecompileResult {
    let asked = asked(input);
    let gas = if matches!(asked, Asked::Proof(..)) { STARK_GAS } else { ANSWER_GAS };
    if gas > gas_limit {
        return Ok(PrecompileOutput::halt(PrecompileHalt::OutOfGas, reservoir));
    }
    let answer = match asked {
        Asked::Name => keccak256([name(), name()].concat()).into(),
        Asked::Proof(statement, proof) if verifies(statement, proof) => {
            B256::from(U256::from(1)).into()
        }
        Asked::Proof(..) | Asked::Nothing => Bytes::new(),
    };
    Ok(PrecompileOutput::new(gas, answer, reservoir))
}

/// Whether the proof is one. Bytes that the proof system's code does not expect are none, and must not end the chain.
fn verifies(statement: B256, proof: &[u8]) -> bool {
    let verified = catch_unwind(AssertUnwindSafe(|| verifier().verify(statement, proof)));
    matches!(verified, Ok(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: &[u8] = include_bytes!("../../../programs/zk/fixtures/claim.proof");
    const CLAIM_SAYS: &str = include_str!("../../../programs/zk/fixtures/claim.proof.json");

    fn call(input: &[u8]) -> (Vec<u8>, u64) {
        let output = run(input, u64::MAX, 0).unwrap();
        assert!(output.is_success());
        (output.bytes.to_vec(), output.gas_used)
    }

    #[test]
    fn it_is_there_on_the_embedded_l1_only() {
        assert!(precompiles(Layer::One).contains(&STARK_PRECOMPILE));
        assert!(!precompiles(Layer::Two).contains(&STARK_PRECOMPILE));
        assert_eq!(precompiles(Layer::One).len(), precompiles(Layer::Two).len() + 1);
    }

    #[test]
    fn it_says_who_it_is_and_takes_nothing_for_a_proof() {
        let (answer, gas) = call(name().as_slice());
        assert_eq!(answer, keccak256([name().0, name().0].concat()).0);
        assert_eq!(gas, ANSWER_GAS);
        let key = verifier().program_key();
        let inputs: [&[u8]; 6] = [
            &[],
            &[0; 32],
            &[0; 64],
            &[key.0, [0; 32]].concat(),
            &key.0[..31],
            &[name().0, name().0].concat(),
        ];
        for input in inputs {
            assert_eq!(call(input), (Vec::new(), ANSWER_GAS));
        }
    }

    #[test]
    fn a_proof_is_verified_for_its_gas() {
        let statement: mezz_primitives::Statement = serde_json::from_str(CLAIM_SAYS).unwrap();
        let (key, statement) = (verifier().program_key(), statement.hash());
        let input = [key.as_slice(), statement.as_slice(), CLAIM].concat();
        assert_eq!(call(&input), (B256::from(U256::from(1)).to_vec(), STARK_GAS));
        assert!(run(&input, STARK_GAS - 1, 0).unwrap().is_halt());
        for place in [0, 40, 64, input.len() - 1] {
            let mut other = input.clone();
            other[place] ^= 1;
            assert_eq!(call(&other).0, Vec::<u8>::new(), "byte {place}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 64, ..Default::default() })]
        #[test]
        fn no_bytes_end_it(noise: Vec<u8>, cut in 0..CLAIM.len(), at in 0..CLAIM.len(), byte: u8) {
            let key = verifier().program_key();
            let mut altered = CLAIM.to_vec();
            altered[at] = altered[at].wrapping_add(byte.max(1));
            for proof in [&noise, &CLAIM[..cut], &altered] {
                let input = [key.as_slice(), &[7; 32], proof].concat();
                proptest::prop_assert_eq!(call(&input).0, Vec::<u8>::new());
            }
        }
    }
}
