//! The run that a validity proof is about (`docs/spec/validity-proof.md`).

use crate::{
    Missing, Run,
    batches::Batches,
    blobs::{FieldElement, Whole},
    oracle::Oracle,
};
use alloc::vec::Vec;
use alloy_primitives::B256;
use mezz_primitives::{
    CLAIM_ENTRIES, OutputHash, Preimages, ProofKind, SignaturesBoot, Statement, vector_root,
};

/// Runs the program as [`crate::run`] does, over one span or over all of a claim, and says what it has come to.
///
/// Or looks for the signatures of batches that were posted without, and comes to `boot` itself.
///
/// Each blob is read whole, and opened with the arithmetic of `F`. A claim's batches are decoded once for all its spans.
pub fn prove<F: FieldElement>(
    kind: ProofKind,
    boot: B256,
    oracle: &impl Preimages,
) -> Result<Statement, Missing> {
    let whole = Whole::<_, F>::new(oracle);
    let oracle = Oracle(&whole);
    let result = match kind {
        ProofKind::Span => {
            let mut run = Run::new(boot, oracle)?;
            run.advance()?;
            run.output.hash().0
        }
        ProofKind::Claim => vector_root(&entries(&mut Run::new(boot, oracle)?)?),
        ProofKind::Signatures => {
            let SignaturesBoot { chain_id, acc, start, end } =
                oracle.read(boot, SignaturesBoot::decode)?;
            Batches::between(oracle, chain_id, acc, start..end)?.check_signatures()?;
            boot
        }
    };
    Ok(Statement { kind, boot, result, openings: whole.into_openings() })
}

/// The outputs after each span: the last one again and again where the claim has come to its end.
fn entries<P: Preimages>(run: &mut Run<'_, P>) -> Result<[OutputHash; CLAIM_ENTRIES], Missing> {
    let mut entries = Vec::with_capacity(CLAIM_ENTRIES);
    while entries.len() < CLAIM_ENTRIES && !run.is_over() {
        run.advance()?;
        entries.push(run.output.hash());
    }
    if !run.is_over() {
        return Err(Missing::Vector);
    }
    entries.resize(CLAIM_ENTRIES, run.output.hash());
    Ok(entries.try_into().expect("resized above; qed"))
}
