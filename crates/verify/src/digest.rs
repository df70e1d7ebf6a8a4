//! Hashes in the field, as OpenVM's memory and commitments use them.

use crate::{Digest, F};
use alloy_primitives::{B256, U256, U512};
use openvm_stark_backend::p3_field::{PrimeCharacteristicRing as _, PrimeField32 as _};
use openvm_stark_sdk::config::baby_bear_poseidon2::poseidon2_compress_with_capacity;

/// The hash of two.
pub(crate) fn compress(left: &Digest, right: &Digest) -> Digest {
    poseidon2_compress_with_capacity(*left, *right).0
}

/// The hash of one, as of leaves.
pub(crate) fn hash(digest: &Digest) -> Digest {
    compress(digest, &[F::ZERO; 8])
}

/// The hash of any number of them: each takes the place of the first half of the state.
pub(crate) fn hash_all<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> Digest {
    let start = ([F::ZERO; 8], [F::ZERO; 8]);
    digests
        .into_iter()
        .fold(start, |(_, capacity), digest| poseidon2_compress_with_capacity(*digest, capacity))
        .0
}

/// The digits of a number in base `p`, the lowest first, as 32 bytes.
pub(crate) fn to_bytes(digest: &Digest) -> B256 {
    let order = U512::from(F::ORDER_U32);
    let number = digest
        .iter()
        .rev()
        .fold(U512::ZERO, |number, digit| number * order + U512::from(digit.as_canonical_u32()));
    B256::from(number.to::<U256>())
}
