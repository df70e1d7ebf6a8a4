//! The cheaper of calldata and blobs.

use alloy::eips::eip4844::DATA_GAS_PER_BLOB;
use mezz_derive::blob_count;
use mezz_primitives::CALLDATA_MAX;

/// Gas of any transaction.
const TRANSACTION_GAS: u128 = 21_000;
/// Gas that `postBatch` takes beside its data, about.
const POST_GAS: u128 = 120_000;
/// Gas of a calldata byte that is not zero.
const BYTE_GAS: u128 = 16;
/// Least gas of a calldata byte that is not zero (EIP-7623).
const BYTE_GAS_FLOOR: u128 = 40;
/// Bytes of a versioned hash.
const HASH_BYTES: u128 = 32;

/// How to post a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// In the calldata of the transaction.
    Calldata,
    /// In blobs.
    Blobs,
}

/// The cheaper way to post a payload of this length, by wei per gas and wei per blob gas; `None` if it fits neither.
pub fn choose(
    payload_length: usize,
    base_fee: u128,
    blob_base_fee: Option<u128>,
    blobs_supported: bool,
) -> Option<Choice> {
    let calldata = (payload_length <= CALLDATA_MAX)
        .then(|| calldata_gas(payload_length).saturating_mul(base_fee));
    let blobs = blob_base_fee.filter(|_| blobs_supported).zip(blob_count(payload_length)).map(
        |(blob_base_fee, count)| {
            let gas = TRANSACTION_GAS + POST_GAS + BYTE_GAS * HASH_BYTES * count as u128;
            let blob_gas = u128::from(DATA_GAS_PER_BLOB) * count as u128;
            gas.saturating_mul(base_fee).saturating_add(blob_gas.saturating_mul(blob_base_fee))
        },
    );
    match (calldata, blobs) {
        (Some(calldata), Some(blobs)) if blobs < calldata => Some(Choice::Blobs),
        (Some(_), _) => Some(Choice::Calldata),
        (None, Some(_)) => Some(Choice::Blobs),
        (None, None) => None,
    }
}

/// Gas of posting a payload, most of whose bytes are not zero, as calldata.
const fn calldata_gas(payload_length: usize) -> u128 {
    let length = payload_length as u128;
    let (usual, floor) = (BYTE_GAS * length + POST_GAS, BYTE_GAS_FLOOR * length);
    TRANSACTION_GAS + if usual > floor { usual } else { floor }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mezz_derive::PAYLOAD_BLOBS_MAX;

    const GWEI: u128 = 1_000_000_000;

    fn check(length: usize, fees: (u128, Option<u128>), expected: Option<Choice>) {
        assert_eq!(choose(length, fees.0, fees.1, true), expected, "{length} bytes at {fees:?}");
    }

    #[test]
    fn the_cheaper_is_chosen() {
        check(50_000, (GWEI, Some(1)), Some(Choice::Blobs));
        check(50_000, (GWEI, Some(100 * GWEI)), Some(Choice::Calldata));
        check(50_000, (1, Some(u128::MAX)), Some(Choice::Calldata));
        check(50_000, (u128::MAX, Some(u128::MAX)), Some(Choice::Calldata));
        // A small batch beside an almost empty blob.
        check(200, (GWEI, Some(GWEI)), Some(Choice::Calldata));
        check(200, (GWEI, Some(1)), Some(Choice::Blobs));
    }

    #[test]
    fn the_only_possible_is_chosen() {
        check(50_000, (GWEI, None), Some(Choice::Calldata));
        check(CALLDATA_MAX + 1, (1, Some(100 * GWEI)), Some(Choice::Blobs));
        check(CALLDATA_MAX + 1, (1, None), None);
        check(PAYLOAD_BLOBS_MAX, (1, Some(1)), Some(Choice::Blobs));
        check(PAYLOAD_BLOBS_MAX + 1, (1, Some(1)), None);
        assert_eq!(choose(50_000, GWEI, Some(1), false), Some(Choice::Calldata));
        assert_eq!(choose(CALLDATA_MAX + 1, GWEI, Some(1), false), None);
    }

    #[test]
    fn calldata_gas_follows_eip_7623() {
        assert_eq!(calldata_gas(0), 21_000 + POST_GAS);
        assert_eq!(calldata_gas(5_000), 21_000 + POST_GAS + 80_000);
        assert_eq!(calldata_gas(90_000), 21_000 + 3_600_000);
    }
}
