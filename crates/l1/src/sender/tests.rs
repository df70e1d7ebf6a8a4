use super::*;
use crate::Prices;

const GWEI: u128 = 1_000_000_000;
const PRICES: Prices = Prices { base_fee: 10 * GWEI, tip: GWEI, blob_base_fee: Some(4) };

fn sight(head: u64, nonce: u64) -> Sight {
    Sight { head, nonce, included: None, prices: PRICES }
}

fn flight(blobs: bool) -> Flight {
    Flight::new(FeePolicy::default(), 7, 100, &PRICES, blobs)
}

fn included(head: u64, number: u64) -> Sight {
    Sight { included: Some(BlockRef { number, hash: B256::repeat_byte(1) }), ..sight(head, 8) }
}

#[test]
fn the_first_offer_outlives_a_doubled_base_fee() {
    let fees = flight(true).fees();
    assert_eq!(fees, Fees { max_fee: 21 * GWEI, tip: GWEI, blob_fee: Some(8) });
    assert_eq!(flight(false).fees().blob_fee, None);
}

#[test]
fn fees_rise_after_patience_by_what_pools_ask_for() {
    for blobs in [false, true] {
        let mut flight = flight(blobs);
        assert_eq!(flight.observe(&sight(102, 7)), Step::Wait);
        let before = flight.fees();
        assert_eq!(flight.observe(&sight(103, 7)), Step::Sign);
        let after = flight.fees();
        let factor = if blobs { 200 } else { 110 };
        assert!(
            after.max_fee * 100 >= before.max_fee * factor
                && after.tip * 100 >= before.tip * factor
        );
        assert!(after.blob_fee.unwrap_or(0) >= 2 * before.blob_fee.unwrap_or(0));
        assert_eq!(flight.observe(&sight(103, 7)), Step::Wait, "patience begins again");
    }
}

#[test]
fn fees_stop_at_the_limit_and_the_transaction_is_sent_again() {
    let mut flight = flight(false);
    let mut head = 100;
    let last = loop {
        head += 3;
        match flight.observe(&sight(head, 7)) {
            Step::Sign => assert!(flight.fees().max_fee <= FeePolicy::default().max_fee),
            step => break step,
        }
    };
    assert_eq!(last, Step::Resend);
    assert!(head < 100 + 3 * 60, "the limit is reached in a bounded number of steps");
}

#[test]
fn the_market_may_jump_over_the_usual_step() {
    let mut flight = flight(false);
    let dear = Sight { prices: Prices { base_fee: 100 * GWEI, ..PRICES }, ..sight(103, 7) };
    assert_eq!(flight.observe(&dear), Step::Sign);
    assert_eq!(flight.fees().max_fee, 201 * GWEI);
}

#[test]
fn inclusion_counts_once_deep_enough() {
    let policy = FeePolicy { confirmations: 3, ..FeePolicy::default() };
    let mut flight = Flight::new(policy, 7, 100, &PRICES, false);
    assert_eq!(flight.observe(&included(101, 101)), Step::Wait);
    assert_eq!(flight.observe(&included(102, 101)), Step::Wait);
    assert!(
        matches!(flight.observe(&included(103, 101)), Step::Included(block) if block.number == 101)
    );
}

#[test]
fn nobody_bids_for_a_nonce_that_cannot_come() {
    let mut flight = flight(true);
    let offered = flight.fees();
    // Transactions 5 and 6 were taken out of L1's blocks.
    for head in 100..103 {
        assert_eq!(flight.observe(&sight(head, 5)), Step::Wait);
    }
    // They came back in time.
    assert_eq!(flight.observe(&sight(102, 7)), Step::Wait);
    assert_eq!(flight.observe(&sight(103, 7)), Step::Sign);
    let raised = flight.fees();
    assert_ne!(raised, offered);
    for head in 104..107 {
        assert_eq!(flight.observe(&sight(head, 6)), Step::Wait);
    }
    assert_eq!(flight.observe(&sight(107, 6)), Step::Unmade);
    assert_eq!(flight.fees(), raised);
}

#[test]
fn a_reorganisation_sends_it_again_at_once() {
    let policy = FeePolicy { confirmations: 3, ..FeePolicy::default() };
    let mut flight = Flight::new(policy, 7, 100, &PRICES, false);
    assert_eq!(flight.observe(&included(101, 101)), Step::Wait);
    assert_eq!(flight.observe(&sight(101, 7)), Step::Resend);
    assert_eq!(flight.observe(&sight(101, 7)), Step::Wait);
}

#[test]
fn a_used_nonce_without_receipt_is_lost_only_if_it_lasts() {
    let mut flight = flight(false);
    for _ in 0..3 {
        assert_eq!(flight.observe(&sight(101, 8)), Step::Wait);
    }
    assert_eq!(flight.observe(&sight(101, 7)), Step::Wait, "the endpoint was ahead of itself");
    for _ in 0..3 {
        assert_eq!(flight.observe(&sight(101, 8)), Step::Wait);
    }
    assert_eq!(flight.observe(&sight(101, 8)), Step::Replaced);
}

#[test]
fn rejections_are_read_and_answered() {
    let check = |message: &str, rejection: Rejection, step: Step| {
        assert_eq!(Rejection::read(message), rejection, "{message}");
        assert_eq!(flight(false).rejected(rejection, &sight(100, 7)), step, "{message}");
    };
    check("already known", Rejection::Known, Step::Wait);
    check("transaction already imported", Rejection::Known, Step::Wait);
    check("nonce too low: next nonce 8, tx nonce 7", Rejection::NonceUsed, Step::Wait);
    check("replacement transaction underpriced", Rejection::Underpriced, Step::Sign);
    check("max fee per gas less than block base fee", Rejection::Underpriced, Step::Sign);
    check("address already reserved", Rejection::Busy, Step::Wait);
    check("txpool is full", Rejection::Busy, Step::Wait);
    check("insufficient funds for gas * price + value", Rejection::Funds, Step::Funds);
    check("invalid sender", Rejection::Invalid, Step::Invalid);
}

proptest::proptest! {
    /// Whatever the L1 says, fees never fall, never pass the limit, and the nonce stays.
    #[test]
    fn fees_are_monotonic_and_bounded(sights in proptest::collection::vec((0..200u64, 5..9u64, 0..10_000u128, proptest::bool::ANY), 1..60), blobs: bool) {
        let mut flight = flight(blobs);
        for (head, nonce, gwei, rejected) in sights {
            let prices = Prices { base_fee: gwei * GWEI, ..PRICES };
            let sight = Sight { prices, ..sight(head, nonce) };
            let before = flight.fees();
            if rejected { flight.rejected(Rejection::Underpriced, &sight); } else { flight.observe(&sight); }
            let (after, policy) = (flight.fees(), FeePolicy::default());
            proptest::prop_assert!(after.max_fee >= before.max_fee && after.tip >= before.tip && after.blob_fee >= before.blob_fee);
            proptest::prop_assert!(after.max_fee <= policy.max_fee && after.tip <= after.max_fee);
            proptest::prop_assert!(after.blob_fee.unwrap_or(0) <= policy.max_blob_fee);
            proptest::prop_assert_eq!(flight.nonce(), 7);
        }
    }
}
