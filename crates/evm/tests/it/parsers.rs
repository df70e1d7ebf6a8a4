//! What comes from outside: any bytes are answered, and what is taken is canonical.

use crate::{
    common::{cases, mint, sign, transfer},
    deposits::{ALICE, BOB, blob_transaction},
};
use alloy_primitives::{B256, Bytes, keccak256};
use mezz_evm::{PartialState, SignedTransaction, Witness, flz_compress_len};
use proptest::{collection::vec, prelude::*, sample::Index};
use revm::DatabaseRef;

fn bytes(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..length), vec(0xc0_u8..0xc4, 0..length)]
}

/// Decodes and looks whether the same bytes come back.
fn check(bytes: Vec<u8>) {
    if let Ok(decoded) = SignedTransaction::decode(bytes.clone()) {
        assert_eq!(decoded.bytes, bytes);
        let again = SignedTransaction::new(decoded.transaction.clone(), decoded.sender);
        assert_eq!((again.bytes, again.hash), (decoded.bytes.clone(), decoded.hash));
        let _ = decoded.environment();
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn any_transaction(kind in 0_u8..5, rest in bytes(200)) {
        check(rest.clone());
        check([&[kind], &rest[..]].concat());
        check([&[0x7e], &rest[..]].concat());
    }

    #[test]
    fn a_transaction_with_bytes_changed(which in 0..3, flips in vec(any::<(Index, u8)>(), 1..4), cut in any::<Option<Index>>()) {
        let mut bytes = match which {
            0 => sign(0, transfer(1, BOB, 5)),
            1 => mint(ALICE, 3),
            _ => blob_transaction(),
        }
        .to_vec();
        check(bytes.clone());
        for (position, byte) in flips {
            *position.get_mut(&mut bytes[..]) ^= byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        check(bytes);
    }

    #[test]
    fn any_witness(nodes in vec(bytes(120), 0..6), codes in vec(bytes(60), 0..3), headers in vec(bytes(120), 0..3)) {
        let all = |parts: &[Vec<u8>]| parts.iter().cloned().map(Bytes::from).collect::<Vec<_>>();
        let witness = Witness { state: all(&nodes), codes: all(&codes), keys: Vec::new(), headers: all(&headers) };
        let root = nodes.first().map_or(B256::ZERO, keccak256);
        let state = PartialState::from_witness(root, &witness);
        let _ = state.basic_ref(ALICE);
        let _ = state.storage_ref(ALICE, Default::default());
        for code in &codes {
            let _ = state.code_by_hash_ref(keccak256(code));
        }
        let parent = headers.last().map_or(B256::ZERO, keccak256);
        let _ = state.with_ancestors(parent, &witness.headers);
    }

    /// FastLZ writes at most one byte more for each 32.
    #[test]
    fn any_data_has_a_compressed_length(data in prop_oneof![bytes(2_000), vec(0_u8..2, 0..9_000)]) {
        let length = flz_compress_len(&data) as usize;
        prop_assert!(length <= data.len() + data.len() / 32 + 1, "{length} of {}", data.len());
    }
}
