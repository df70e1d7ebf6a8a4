//! The decoders are total, and every encoding is the only one of what it says.

use crate::{key, sealed};
use mezz_da::committee::InboxId;
use mezz_da::private::{
    OwnTransaction, Recipients, Record, SealContext, SealedHead, SealedPayload, SealedRecord,
};
use mezz_primitives::PayloadId;
use proptest::prelude::*;

fn record() -> impl Strategy<Value = Record> {
    let transaction = (any::<u64>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(block_number, position, signed)| OwnTransaction {
            block_number,
            position,
            signed: signed.into(),
        });
    prop::collection::vec(transaction, 0..40).prop_map(|transactions| Record { transactions })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_sealed_is_opened(
        content_key: [u8; 32],
        payload in prop::collection::vec(any::<u8>(), 1..9_000),
        batch_index: u64,
        records in prop::collection::vec(record(), 0..4),
        readers in 1_u8..5,
    ) {
        let inbox = InboxId { l1_chain_id: 1, inbox: [7; 20].into() };
        let context = SealContext { inbox, batch_index, payload: PayloadId::of(&payload).unwrap() };
        let numbered = (100..).zip(records).map(|(number, record)| (key(number).public(), record));
        let recipients = Recipients {
            readers: (1..=readers).map(|number| key(number).public()).collect(),
            tenants: numbered.collect(),
        };
        let sealed = SealedPayload::seal(&content_key, context, &payload, &recipients).unwrap();
        let bytes = sealed.encode();
        let decoded = SealedPayload::decode(&bytes).unwrap();
        prop_assert_eq!(&decoded, &sealed);
        let head = SealedHead::decode(&bytes[..bytes.len().min(SealedHead::SIZE_MAX)]).unwrap();
        prop_assert_eq!(head.context, context);
        prop_assert_eq!(decoded.verify(&key(readers)).unwrap().payload, payload);
        for (number, (tenant, record)) in (100..).zip(recipients_in_order(&recipients)) {
            let own = decoded.record(tenant).unwrap();
            prop_assert_eq!(&SealedRecord::decode(&own.encode()).unwrap(), &own);
            prop_assert_eq!(own.open(&key(number)).unwrap(), record);
        }
    }
}

/// Tenants by number, which is not the order of their keys.
fn recipients_in_order(
    recipients: &Recipients,
) -> Vec<(mezz_da::private::AccessPublicKey, Record)> {
    let count = recipients.tenants.len() as u8;
    (100..100 + count)
        .map(|number| (key(number).public(), recipients.tenants[&key(number).public()].clone()))
        .collect()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = SealedRecord::decode(&bytes);
        let _ = SealedHead::decode(&bytes);
        if let Ok(read) = SealedPayload::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    /// Nearly right bytes: cut, lengthened or changed in some places.
    #[test]
    fn damaged_bytes_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        how in 0..3,
        head_only: bool,
    ) {
        let mut bytes = sealed().encode();
        let within = if head_only { 600 } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(within)] = value;
        }
        match how {
            1 => bytes.truncate(cut.index(bytes.len())),
            2 => bytes.extend([0; 33]),
            _ => {}
        }
        if let Ok(read) = SealedPayload::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
            let _ = read.verify(&key(1));
        }
        if let Ok(read) = SealedRecord::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes);
        }
    }
}
