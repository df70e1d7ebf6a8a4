//! What a proof makes public, against the verifying key and the statement.

use crate::{Circuit, Decoded, Digest, Error, F, VerifyingKey, digest};
use alloy_primitives::B256;
use openvm_stark_backend::p3_field::{PrimeCharacteristicRing as _, PrimeField32 as _};

/// Tables of the last circuit: what it says of the circuits verified, of the run, of deferred computations; and the constraints of its children.
const VERIFIED: usize = 0;
const RUN: usize = 1;
const DEFERRED: usize = 2;
const CHILDREN: usize = 3;

/// What the recursive circuit says of itself among the circuits of the tree.
const RECURSIVE: F = F::TWO;
/// Proofs of proofs of the recursive circuit: as many as its own counter holds.
const DEPTH_MAX: u32 = 256;
/// Which of the machine's address spaces holds the public values; the first is 1.
const PUBLIC_SPACE: u64 = 3;
/// Values in a leaf of the memory.
const LEAF: usize = 8;

/// Reads values in a row.
struct Fields<'a>(&'a [F]);

impl Fields<'_> {
    fn one(&mut self) -> Result<F, Error> {
        let (first, rest) = self.0.split_first().ok_or(Error::Public("values are missing"))?;
        self.0 = rest;
        Ok(*first)
    }

    fn digest(&mut self) -> Result<Digest, Error> {
        let (first, rest) =
            self.0.split_first_chunk().ok_or(Error::Public("values are missing"))?;
        self.0 = rest;
        Ok(*first)
    }

    fn circuit(&mut self) -> Result<Circuit, Error> {
        Ok(Circuit { constraints: self.digest()?, key: self.digest()? })
    }

    fn end(self) -> Result<(), Error> {
        ensure(self.0.is_empty(), "it has more values than proofs of this program have")
    }
}

fn ensure(holds: bool, otherwise: &'static str) -> Result<(), Error> {
    holds.then_some(()).ok_or(Error::Public(otherwise))
}

/// Returns if the proof, which is right, is one of the program of `key` that puts out `statement`.
pub(crate) fn check(key: &VerifyingKey, statement: B256, proof: &Decoded) -> Result<(), Error> {
    let table = |index: usize| {
        let values = proof.inner.public_values.get(index);
        values.map(|values| Fields(values)).ok_or(Error::Public("a table is missing"))
    };
    check_circuits(key, table(VERIFIED)?, proof)?;
    let memory = check_run(key, table(RUN)?)?;
    table(DEFERRED)?.end()?;
    check_values(key, statement, proof, memory)
}

/// All circuits that were verified are those of the key.
fn check_circuits(
    key: &VerifyingKey,
    mut values: Fields<'_>,
    proof: &Decoded,
) -> Result<(), Error> {
    ensure(values.one()? == RECURSIVE, "it is no proof of the last circuit")?;
    ensure(values.circuit()? == key.machine, "it is of another machine")?;
    ensure(values.circuit()? == key.leaf, "its first circuit is another")?;
    ensure(values.circuit()? == key.internal, "its second circuit is another")?;
    let depth = values.one()?.as_canonical_u32();
    ensure((1..=DEPTH_MAX).contains(&depth), "it is too deep")?;
    let recursive = values.circuit()?;
    values.end()?;
    // At depth one it verified proofs of the circuit below, and says nothing of itself.
    let nothing = Circuit { constraints: [F::ZERO; 8], key: [F::ZERO; 8] };
    let (said, child) =
        if depth == 1 { (nothing, key.internal) } else { (key.recursive, key.recursive) };
    ensure(recursive == said, "its last circuit is another")?;
    let children = proof.inner.trace_vdata.get(CHILDREN).and_then(Option::as_ref);
    let constraints = children.and_then(|table| table.cached_commitments.first());
    ensure(constraints == Some(&child.constraints), "it verified proofs of another circuit")
}

/// The program ran from its start to a good end; gives the root of the memory then.
fn check_run(key: &VerifyingKey, mut values: Fields<'_>) -> Result<Digest, Error> {
    let (instructions, start, _end) = (values.digest()?, values.one()?, values.one()?);
    let (code, has_ended) = (values.one()?, values.one()?);
    let (before, after) = (values.digest()?, values.digest()?);
    values.end()?;
    let mut first = [F::ZERO; 8];
    first[0] = start;
    let begin = digest::compress(&digest::hash(&instructions), &digest::hash(&before));
    let program = digest::compress(&begin, &digest::hash(&first));
    ensure(program == key.program, "it is of another program")?;
    ensure(has_ended == F::ONE && code == F::ZERO, "the program did not come to an end")?;
    Ok(after)
}

/// The public values are in that memory, and are the statement.
fn check_values(
    key: &VerifyingKey,
    statement: B256,
    proof: &Decoded,
    memory: Digest,
) -> Result<(), Error> {
    let said = proof.values.iter().map(|value| value.as_canonical_u32());
    ensure(said.eq(statement.0.map(u32::from)), "it says another statement")?;
    let mut nodes: Vec<Digest> =
        proof.values.as_chunks::<LEAF>().0.iter().map(digest::hash).collect();
    let levels = nodes.len().ilog2();
    while nodes.len() > 1 {
        nodes =
            nodes.as_chunks().0.iter().map(|[left, right]| digest::compress(left, right)).collect();
    }
    ensure(nodes == [proof.root], "the statement is not what was committed to")?;
    let (above, within) = key.memory_heights;
    ensure(
        proof.siblings.len() == (above + within - levels) as usize,
        "the way to the memory's root has another length",
    )?;
    let mut position = (PUBLIC_SPACE - 1) << (within - levels);
    let root = proof.siblings.iter().fold(proof.root, |node, sibling| {
        let is_right = position & 1 != 0;
        position >>= 1;
        if is_right { digest::compress(sibling, &node) } else { digest::compress(&node, sibling) }
    });
    ensure(root == memory, "the statement is not in the memory at the end")
}
