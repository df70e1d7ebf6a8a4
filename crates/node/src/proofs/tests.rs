//! Leases and proofs, with a real proof of the committed program.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use super::{
    Desk, Outcome, Refused, Run,
    desk::Verified,
    leases::{LEASE, Said},
    signatures::{Signatures, cut, rows, without},
};
use crate::Metrics;
use alloy::{eips::Encodable2718, network::TxSignerSync};
use alloy_consensus::{SignableTransaction, TxEip1559};
use alloy_primitives::B256;
use mezz_evm::SignedTransaction;
use mezz_primitives::{ContentId, Statement};
use mezz_settlement::{Proven, Proving};
use std::{fs, sync::Arc, time::Duration};
use tempfile::TempDir;

const PROOF: &[u8] = include_bytes!("../../../../programs/zk/fixtures/claim.proof");
const SAYS: &str = include_str!("../../../../programs/zk/fixtures/claim.proof.json");
const START: Duration = Duration::ZERO;

fn statement() -> Statement {
    serde_json::from_str(SAYS).unwrap()
}

/// The run of a claim of batches `n0..n0 + 2`, which is that of the proof if it begins so.
fn run(n0: u64, boot: B256) -> Run {
    let parent = ContentId(B256::with_last_byte(n0 as u8));
    Run { proving: Proving { of: Proven::Claim(parent), n0, n1: n0 + 2 }, boot }
}

/// Three runs, the second of which there is a proof of.
fn runs() -> [Run; 3] {
    [run(0, B256::with_last_byte(1)), run(2, statement().boot), run(4, B256::with_last_byte(3))]
}

/// What a worker says of the run.
fn about(run: Run) -> Statement {
    Statement { boot: run.boot, ..statement() }
}

fn said(run: Run) -> Said {
    Said { id: about(run).hash(), progress: 0.5, seconds_left: Some(100) }
}

struct Office {
    desk: Desk,
    metrics: Arc<Metrics>,
    folder: TempDir,
}

impl Office {
    fn open() -> Self {
        Self::reopen(tempfile::tempdir().unwrap())
    }

    fn reopen(folder: TempDir) -> Self {
        let metrics = Arc::new(Metrics::default());
        let desk = Desk::open(folder.path().join("proofs"), metrics.clone()).unwrap();
        Self { desk, metrics, folder }
    }

    fn give(&self, worker: &str, statement: &Statement, proof: &[u8]) -> Result<(), Refused> {
        let right = self::statement().result;
        let run = runs()[1];
        let verified = Verified::stark(statement.hash(), proof);
        self.desk.give((run, right), statement, worker, (proof, verified), START + LEASE / 2)
    }
}

#[test]
fn each_run_has_one_worker() {
    let office = Office::open();
    let [first, second, third] = runs();
    for (worker, expected) in
        [("a", Some(first)), ("b", Some(second)), ("a", Some(third)), ("c", None)]
    {
        assert_eq!(office.desk.take(&runs(), worker, START), expected, "{worker}");
    }
    // A lease that runs out is taken up, in the order of urgency.
    assert_eq!(office.desk.take(&runs(), "c", LEASE), Some(first));
}

#[test]
fn a_lease_that_is_renewed_holds() {
    let office = Office::open();
    let [first, ..] = runs();
    let renew = |worker, now| office.desk.renew(&[first], &about(first), worker, said(first), now);
    assert_eq!(office.desk.take(&[first], "a", START), Some(first));
    let mut now = START;
    for _ in 0..5 {
        now += LEASE - Duration::from_secs(1);
        assert_eq!(renew("a", now), Outcome::Done(first));
        assert_eq!(renew("b", now), Outcome::Leased);
        assert_eq!(office.desk.take(&[first], "b", now), None);
    }
    let lease = office.desk.lease(&first, now).unwrap();
    assert_eq!((lease.id, lease.progress), (Some(about(first).hash()), 0.5));
    assert_eq!((lease.seconds_left, lease.since), (Some(100), START));
    // Late, but nobody else has it: work is not thrown away.
    now += 2 * LEASE;
    assert_eq!(office.desk.lease(&first, now), None);
    assert_eq!(renew("a", now), Outcome::Done(first));
    // Late, and somebody else has it.
    now += 2 * LEASE;
    assert_eq!(office.desk.take(&[first], "b", now), Some(first));
    assert_eq!(renew("a", now), Outcome::Leased);
}

#[test]
fn a_job_that_a_reorg_took_away_is_dropped() {
    let office = Office::open();
    let [first, ..] = runs();
    office.desk.take(&[first], "a", START).unwrap();
    let moved = Run { boot: B256::with_last_byte(9), ..first };
    let renewed = office.desk.renew(&[moved], &about(first), "a", said(first), START);
    assert_eq!(renewed, Outcome::Unwanted);
    // The same claim on other batches is another job, and free.
    assert_eq!(office.desk.take(&[moved], "b", START), Some(moved));
    office.desk.tidy(&[moved], &[first], START);
    assert_eq!(office.desk.lease(&first, START), None);
    assert_eq!(office.metrics.proofs_proving.get(), 1);
    assert_eq!(office.metrics.proofs_wanted.get(), 0);
}

#[test]
fn a_proof_is_taken_once_and_from_anybody() {
    let office = Office::open();
    let run = runs()[1];
    office.desk.take(&[run], "a", START).unwrap();
    office.give("b", &statement(), PROOF).unwrap();
    office.give("a", &statement(), PROOF).unwrap();
    assert_eq!(office.metrics.proofs.get(), 1);
    assert_eq!(office.desk.shelf().proof(&run), Some((statement(), PROOF.to_vec())));
    assert_eq!(office.desk.take(&[run], "c", 2 * LEASE), None);
    let renewed = office.desk.renew(&[run], &statement(), "a", said(run), START);
    assert_eq!(renewed, Outcome::Unwanted);
    // After a reorg the claim is another one, of which there is no proof.
    let moved = Run { boot: B256::with_last_byte(9), ..run };
    assert_eq!(office.desk.shelf().proof(&moved), None);
    assert_eq!(office.desk.take(&[moved], "c", START), Some(moved));
}

#[test]
fn how_long_a_proof_took_is_counted() {
    let office = Office::open();
    office.desk.take(&runs()[1..], "a", START).unwrap();
    office.give("a", &statement(), PROOF).unwrap();
    assert_eq!(office.metrics.proof_seconds.get(), LEASE.as_secs() / 2);
}

#[test]
fn a_wrong_proof_is_refused() {
    let office = Office::open();
    let run = runs()[1];
    office.desk.take(&[run], "a", START).unwrap();
    let mut altered = PROOF.to_vec();
    altered[1000] ^= 1;
    let other = Statement { result: B256::with_last_byte(7), ..statement() };
    let more = Statement { openings: Vec::new(), ..statement() };
    for (statement, proof) in [
        (&statement(), &altered[..]),
        (&statement(), &PROOF[1..]),
        (&statement(), &[]),
        (&other, PROOF),
        (&more, PROOF),
    ] {
        let refused = office.give("b", statement, proof).unwrap_err();
        assert!(refused.to_string().contains("the proof is wrong"), "{refused}");
        // Somebody else's lease is not touched by it.
        assert!(office.desk.lease(&run, START).is_some());
        assert!(!office.desk.shelf().has(&run));
    }
    assert_eq!(office.metrics.proofs_refused.get(), 5);
    office.give("a", &statement(), &altered).unwrap_err();
    assert!(office.desk.lease(&run, START).is_none());
    assert_eq!(office.metrics.proofs.get(), 0);
}

#[test]
fn a_restart_finds_what_is_there() {
    let office = Office::open();
    office.give("a", &statement(), PROOF).unwrap();
    let (run, folder) = (runs()[1], office.folder.path().join("proofs"));
    let file = folder.join(format!("{:x}.proof.json", statement().hash()));
    let text = fs::read_to_string(&file).unwrap();
    // Foreign, damaged, misnamed, unfinished.
    fs::write(folder.join("notes.txt"), "nothing").unwrap();
    fs::write(folder.join("half.proof.json"), &text[..text.len() / 2]).unwrap();
    fs::write(folder.join("copy.proof.json"), &text).unwrap();
    fs::write(folder.join("half.proof.unfinished"), &text[..9]).unwrap();
    let office = Office::reopen(office.folder);
    assert_eq!(office.desk.shelf().all().len(), 1);
    assert_eq!(office.desk.shelf().proof(&run), Some((statement(), PROOF.to_vec())));
    assert!(!folder.join("half.proof.unfinished").exists());
    assert!(folder.join("notes.txt").exists());
    // One bit of the proof itself.
    let at = text.rfind("\"proof\":\"0x").unwrap() + 2000;
    let bit = if &text[at..=at] == "0" { "1" } else { "0" };
    fs::write(&file, format!("{}{bit}{}", &text[..at], &text[at + 1..])).unwrap();
    assert_eq!(office.desk.shelf().proof(&run), None);
    let office = Office::reopen(office.folder);
    assert!(office.desk.shelf().all().is_empty());
    assert_eq!(office.desk.take(&[run], "a", START), Some(run));
}

#[test]
fn what_is_of_no_use_is_removed() {
    let office = Office::open();
    office.give("a", &statement(), PROOF).unwrap();
    office.desk.shelf().remove(statement().hash());
    assert!(office.desk.shelf().all().is_empty());
    let office = Office::reopen(office.folder);
    assert!(office.desk.shelf().all().is_empty());
}

/// What is leased while somebody looks what is wanted is not taken for unwanted.
#[test]
fn a_lease_goes_only_if_it_was_looked_at() {
    let office = Office::open();
    let [first, second, third] = runs();
    office.desk.take(&[first], "a", START).unwrap();
    let seen = office.desk.leases(START);
    assert_eq!(seen, [(first, true)]);
    office.desk.take(&[second], "b", START).unwrap();
    let gone: Vec<Run> = seen.into_iter().map(|(run, _)| run).collect();
    office.desk.tidy(&[second, third], &gone, START);
    assert_eq!(office.desk.lease(&first, START), None);
    assert!(office.desk.lease(&second, START).is_some());
    let counted = (office.metrics.proofs_proving.get(), office.metrics.proofs_wanted.get());
    assert_eq!(counted, (1, 1));
}

/// Batches whose signatures are wanted go together; what a worker has stays as it is.
#[test]
fn signatures_are_proven_in_rows() {
    let one = |index: u64| Proving::signatures(index, index + 1);
    let claim = Proving { of: Proven::Claim(ContentId(B256::ZERO)), n0: 0, n1: 9 };
    let wanted = |indices: &[u64]| -> Vec<_> {
        indices.iter().map(|index| one(*index)).chain([claim]).collect()
    };
    let row = Proving::signatures;
    let rows = |indices: &[u64], live: &[Proving]| rows(wanted(indices), live, |_| true);
    assert_eq!(rows(&[1, 2, 3, 5], &[]), [row(1, 4), row(5, 6), claim]);
    // One has 1 to 3: the next gets what has come since, and nothing of it.
    assert_eq!(rows(&[1, 2, 3, 4, 5], &[row(1, 4)]), [row(1, 4), row(4, 6), claim]);
    // It is too late for 1: the rest of it is proven all the same.
    assert_eq!(rows(&[2, 3, 4, 5], &[row(1, 4)]), [row(1, 4), row(4, 6), claim]);
    // No proof is about more than a worker can do in one piece.
    let many: Vec<u64> = (0..70).collect();
    assert_eq!(rows(&many, &[]), [row(0, 32), row(32, 64), row(64, 70), claim]);
}

/// L1 takes no proof about two versions of the program.
#[test]
fn a_row_ends_where_a_version_does() {
    let row = Proving::signatures;
    let wanted = (0..6).map(|index| row(index, index + 1)).collect();
    let is_one = |row: &Proving| row.n1 <= 4 || row.n0 >= 4;
    assert_eq!(rows(wanted, &[], is_one), [row(0, 4), row(4, 6)]);
}

#[test]
fn a_row_is_no_more_than_one_batch_may_hold() {
    let row = Proving::signatures;
    let most = 1 << 17;
    for (transactions, n1) in [
        ([0; 4], 14),
        ([most, 0, 0, 0], 14),
        ([most, 1, 0, 0], 11),
        ([most / 2, most / 2, 1, 0], 12),
        ([most / 2, most / 2 + 1, 0, 0], 11),
        ([2 * most, 0, 0, 0], 11),
    ] {
        assert_eq!(cut(row(10, 14), &transactions), row(10, n1), "{transactions:?}");
    }
}

/// Batches whose signatures nobody has hold up no others.
#[test]
fn a_row_goes_round_what_nobody_can_prove() {
    let row = Proving::signatures;
    for ((from, to), rest) in [
        ((12, 13), Some((10, 12))),
        ((13, 14), Some((10, 13))),
        ((10, 12), Some((12, 14))),
        ((10, 14), None),
        // Another L1 may stand here meanwhile.
        ((14, 15), None),
        ((8, 10), None),
    ] {
        let rest = rest.map(|(n0, n1)| row(n0, n1));
        assert_eq!(without(row(10, 14), from, to), rest, "{from}..{to}");
    }
}

/// What workers say that they have takes no end of room.
#[test]
fn leases_that_were_not_given_are_bounded() {
    let office = Office::open();
    let renew = |index: u64, now| {
        let run = run(0, B256::from(alloy_primitives::U256::from(index)));
        office.desk.renew(&[run], &about(run), "a", said(run), now) == Outcome::Done(run)
    };
    let most = (0..1_000).take_while(|index| renew(*index, START)).count() as u64;
    assert_eq!(most, 256);
    assert!(renew(0, START), "what it has it keeps");
    assert!(renew(1_000, START + LEASE), "what ran out makes room");
}

/// Of all transactions of the chain only those are kept that stand in the row.
#[test]
fn signatures_are_looked_for_by_what_stands_in_the_batch() {
    let key = mezz_l1::deploy::dev_key(1);
    let transaction = |nonce: u64| {
        let mut transaction = TxEip1559 { chain_id: 901, nonce, ..TxEip1559::default() };
        let signature = key.sign_transaction_sync(&mut transaction).unwrap();
        let bytes = transaction.into_signed(signature).encoded_2718();
        SignedTransaction::decode(bytes).unwrap()
    };
    let all: Vec<_> = (0..9).map(transaction).collect();
    let standing = |index: usize| all[index].clone().attribute().standing().clone();
    let row = [standing(3), standing(5), standing(3)];
    let mut signatures = Signatures::of(row.iter());
    assert_eq!(signatures.all(&row), None);
    // Who derived it from a batch without does not know it either.
    let unsigned = SignedTransaction::decode_recovered(row[0].clone(), all[3].sender).unwrap();
    signatures.know_all(&[unsigned]);
    signatures.know_all(&all[..5]);
    assert_eq!(signatures.all(&row), None);
    assert!(signatures.all(&row[..1]).is_some());
    signatures.know_all(&all[5..]);
    let found = signatures.all(&row).unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0], found[2]);
    assert_ne!(found[0], found[1]);
    assert_eq!(signatures.all(&[standing(4)]), None, "nothing else is kept");
}
