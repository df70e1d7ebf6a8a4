//! The libraries' ways to a signer lead here.

use crate::{keccak::keccak256, recover::signer};
use alloc::{sync::Arc, vec::Vec};
use alloy_consensus::crypto::{
    RecoveryError,
    backend::{CryptoProvider, install_default_provider},
};
use alloy_primitives::Address;
use revm::precompile::{
    Crypto, DefaultCrypto, PrecompileHalt,
    bls12_381::{G1Point, G1PointScalar, G2Point, G2PointScalar},
    install_crypto,
};

#[derive(Debug)]
struct Ours;

/// Before anything is recovered.
pub(crate) fn install() {
    // Neither can be there already: this is called once.
    let _ = install_default_provider(Arc::new(Ours));
    install_crypto(Ours);
}

impl CryptoProvider for Ours {
    fn recover_signer_unchecked(
        &self,
        signature: &[u8; 65],
        hash: &[u8; 32],
    ) -> Result<Address, RecoveryError> {
        let (rs, v) = signature.split_first_chunk().ok_or_else(RecoveryError::new)?;
        let signer = signer(rs, v == [1], hash).ok_or_else(RecoveryError::new)?;
        Ok(Address::from_slice(&signer[12..]))
    }

    fn verify_and_compute_signer_unchecked(
        &self,
        _: &[u8; 65],
        _: &[u8; 64],
        _: &[u8; 32],
    ) -> Result<Address, RecoveryError> {
        // Nothing in a block names the key of its signer.
        Err(RecoveryError::new())
    }
}

/// The rest is the library's. Its own methods once more would be 400 KB.
macro_rules! delegate {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $($argument: $kind),*) -> $result { DefaultCrypto.$name($($argument),*) })*
    };
}

impl Crypto for Ours {
    fn secp256k1_ecrecover(
        &self,
        signature: &[u8; 64],
        recovery_id: u8,
        hash: &[u8; 32],
    ) -> Result<[u8; 32], PrecompileHalt> {
        let mut signer = signer(signature, recovery_id == 1, hash)
            .ok_or(PrecompileHalt::Secp256k1RecoverFailed)?;
        signer[..12].fill(0);
        Ok(signer)
    }

    delegate! {
        fn sha256(input: &[u8]) -> [u8; 32];
        fn ripemd160(input: &[u8]) -> [u8; 32];
        fn bn254_g1_add(a: &[u8], b: &[u8]) -> Result<[u8; 64], PrecompileHalt>;
        fn bn254_g1_mul(point: &[u8], scalar: &[u8]) -> Result<[u8; 64], PrecompileHalt>;
        fn bn254_pairing_check(pairs: &[(&[u8], &[u8])]) -> Result<bool, PrecompileHalt>;
        fn modexp(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Result<Vec<u8>, PrecompileHalt>;
        fn blake2_compress(rounds: u32, h: &mut [u64; 8], m: &[u64; 16], t: &[u64; 2], last: bool) -> ();
        fn secp256r1_verify_signature(hash: &[u8; 32], signature: &[u8; 64], key: &[u8; 64]) -> bool;
        fn verify_kzg_proof(z: &[u8; 32], y: &[u8; 32], commitment: &[u8; 48], proof: &[u8; 48]) -> Result<(), PrecompileHalt>;
        fn bls12_381_g1_add(a: G1Point, b: G1Point) -> Result<[u8; 96], PrecompileHalt>;
        fn bls12_381_g1_msm(pairs: &mut dyn Iterator<Item = Result<G1PointScalar, PrecompileHalt>>) -> Result<[u8; 96], PrecompileHalt>;
        fn bls12_381_g2_add(a: G2Point, b: G2Point) -> Result<[u8; 192], PrecompileHalt>;
        fn bls12_381_g2_msm(pairs: &mut dyn Iterator<Item = Result<G2PointScalar, PrecompileHalt>>) -> Result<[u8; 192], PrecompileHalt>;
        fn bls12_381_pairing_check(pairs: &[(G1Point, G2Point)]) -> Result<bool, PrecompileHalt>;
        fn bls12_381_fp_to_g1(element: &[u8; 48]) -> Result<[u8; 96], PrecompileHalt>;
        fn bls12_381_fp2_to_g2(element: ([u8; 48], [u8; 48])) -> Result<[u8; 192], PrecompileHalt>;
    }
}

/// What `alloy_primitives::keccak256` calls.
#[unsafe(no_mangle)]
unsafe extern "C" fn native_keccak256(bytes: *const u8, length: usize, output: *mut u8) {
    // SAFETY: the caller has a slice of this length and room for a hash.
    unsafe {
        let hash = keccak256(core::slice::from_raw_parts(bytes, length));
        output.cast::<[u8; 32]>().write_unaligned(hash);
    }
}
