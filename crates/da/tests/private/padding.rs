//! Padding that nobody guesses, and that derivation does not look at.

use mezz_da::private::pad;
use mezz_derive::{Batch, BlockBody, Compressor, Expected, decode, encode};
use mezz_primitives::PayloadId;

#[test]
fn an_empty_batch_has_another_hash_each_time_and_decodes() {
    let blocks = vec![BlockBody { step: 1, ..BlockBody::default() }; 3];
    let batch = Batch { blocks, ..Batch::default() };
    let expected = Expected { chain_id: 901, block_count: 3, deposits: 0, unsigned: false };
    let payload = encode(&batch, 901, Compressor::Deflate).unwrap();
    let (one, other) = (pad(&payload).unwrap(), pad(&payload).unwrap());
    assert_ne!(
        PayloadId::of(&one).unwrap().payload_hash,
        PayloadId::of(&other).unwrap().payload_hash
    );
    for padded in [one, other] {
        assert_eq!(padded.len(), 4_096);
        assert_eq!(decode(&padded, &expected).as_ref(), Ok(&batch));
    }
}
