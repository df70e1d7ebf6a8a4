//! False proofs, shown to L1.

use crate::{Error, adversary::false_proof, drill::Running};
use alloy::{
    primitives::{B256, Bytes},
    sol_types::{SolCall, SolEvent},
};
use mezz_l1::{
    Call, Errors,
    contracts::{ProofRouter, ValidityProof},
};
use serde_json::Value;

/// Bytes of an aggregated STARK.
const PROOF_SIZE: usize = 267_271;
/// L1 blocks that are searched for somebody else's proof.
const SEARCHED: u64 = 5_000;

impl Running<'_> {
    /// Tries to have a wrong claim proven: by nothing, by garbage, and by a right proof of another claim, if L1 has seen one.
    pub(crate) async fn lie_to_the_verifier(&mut self, content: B256) -> Result<(), Error> {
        let router = self.drill.contracts.proofs.ok_or(Error::NoProofs)?.router;
        let nothing =
            ValidityProof { opened: B256::ZERO, openings: Bytes::new(), proof: Bytes::new() };
        let garbage = ValidityProof { proof: false_proof(PROOF_SIZE), ..nothing.clone() };
        for proof in [nothing, garbage].into_iter().chain(self.stolen().await?) {
            let call = ProofRouter::proveCall { content, proof };
            match self.send(Call::to(router, &call)).await {
                Ok(()) => self.believed += 1,
                // Any other refusal would say nothing about the proof.
                Err(Error::L1(mezz_l1::Error::Reverted(revert)))
                    if revert.is::<Errors::Verifier_Refused>() =>
                {
                    self.refused += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A proof that L1 has accepted, of another claim.
    async fn stolen(&self) -> Result<Option<ValidityProof>, Error> {
        let (client, contracts) = (&self.drill.client, self.drill.contracts);
        let router = contracts.proofs.ok_or(Error::NoProofs)?.router;
        let head = client.latest().await?.number;
        let logs = client.logs(head.saturating_sub(SEARCHED), head, &[router]).await?;
        let proven = logs
            .iter()
            .rev()
            .find(|log| log.topic0() == Some(&ProofRouter::ContentProven::SIGNATURE_HASH));
        let Some(hash) = proven.and_then(|log| log.transaction_hash) else { return Ok(None) };
        let transaction: Value = client.request("eth_getTransactionByHash", (hash,)).await?;
        let input: Bytes = serde_json::from_value(transaction["input"].clone()).unwrap_or_default();
        Ok(ProofRouter::proveCall::abi_decode(&input).ok().map(|call| call.proof))
    }
}
