//! Validity proofs as the chain has them: who takes them, what they are worth, what verifies them.

use super::{Finding, Reader};
use crate::{
    Error,
    contracts::{ClaimManager, ProgramRegistry},
    deploy::{Deployment, Profile, artifacts, layout::Part, plan::program_key, verifier::fault},
};
use alloy::primitives::{Address, B256, U256};
use mezz_primitives::ProofConfig;

/// The views that are compared.
mod views {
    #![allow(missing_docs, reason = "the names are those of the functions in contracts/src")]
    use alloy::sol;

    sol! {
        function claimManager() external view returns (address);
        function programs() external view returns (address);
        function pauseController() external view returns (address);
        function policy() external view returns (uint8);
        function wait() external view returns (uint64);
        function proverTimeout() external view returns (uint64);
        function brokenAt(uint256 version) external view returns (uint64);
        function alarm() external view returns (address);
    }
}

impl Reader<'_> {
    /// What takes proofs and raises the alarm; nobody in a chain without.
    pub(super) async fn proofs(&mut self, deployment: &Deployment) -> Result<(), Error> {
        let (c, config) = (&deployment.contracts, &deployment.config);
        let router = c.proofs.map_or(Address::ZERO, |proofs| proofs.router);
        let manager = c.claim_manager;
        self.compare("claimManager.proofs", manager, ClaimManager::proofsCall {}, router).await?;
        let alarm = views::alarmCall {};
        self.compare("pauseController.alarm", c.pause_controller, alarm, router).await?;
        let verifier = c.proofs.map_or(Address::ZERO, |proofs| proofs.verifier);
        self.version(deployment, verifier).await?;
        let Some(rules) = &config.proofs else { return Ok(()) };
        self.router(deployment, router, rules).await?;
        self.verifier(deployment, verifier).await
    }

    async fn router(
        &mut self,
        deployment: &Deployment,
        at: Address,
        rules: &ProofConfig,
    ) -> Result<(), Error> {
        let c = &deployment.contracts;
        self.compare("router.claimManager", at, views::claimManagerCall {}, c.claim_manager)
            .await?;
        self.compare("router.programs", at, views::programsCall {}, c.program_registry).await?;
        let pauses = views::pauseControllerCall {};
        self.compare("router.pauseController", at, pauses, c.pause_controller).await?;
        self.compare("router.policy", at, views::policyCall {}, rules.policy as u8).await?;
        self.compare("router.wait", at, views::waitCall {}, rules.wait).await?;
        let timeout = views::proverTimeoutCall {};
        self.compare("router.proverTimeout", at, timeout, rules.prover_timeout).await?;
        // Nobody may change it, but two proofs that contradict each other do.
        let broken = views::brokenAtCall { version: U256::ZERO };
        self.compare_changeable("router.brokenAt the first version", at, broken, 0).await
    }

    /// What proofs of the first version are verified with.
    async fn version(&mut self, deployment: &Deployment, verifier: Address) -> Result<(), Error> {
        let key = if verifier.is_zero() { B256::ZERO } else { program_key() };
        let registry = deployment.contracts.program_registry;
        let first = ProgramRegistry::programOfCall { version: U256::ZERO };
        let found = match self.client.call(registry, &first, self.at).await {
            Ok(found) => Ok((found.key, found.verifier)),
            Err(error @ (Error::Malformed { .. } | Error::Reverted(_))) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        let said = |value: fn((B256, Address)) -> String| match &found {
            Ok(found) => value(*found),
            Err(error) => error.clone(),
        };
        let (keys, verifiers) =
            (said(|found| found.0.to_string()), said(|found| found.1.to_string()));
        for (what, expected, actual) in [
            ("programs: the first key", key.to_string(), keys),
            ("programs: the first verifier", verifier.to_string(), verifiers),
        ] {
            let (what, agrees) = (what.to_owned(), actual == expected);
            self.findings.push(Finding { what, expected, actual, agrees, changeable: false });
        }
        Ok(())
    }

    /// A verifier of the table is looked at with the rest; one that was named must be OpenVM's in production, and a contract elsewhere.
    async fn verifier(&mut self, deployment: &Deployment, at: Address) -> Result<(), Error> {
        let layout = deployment.layout();
        if [Part::StarkVerifier, Part::Halo2Verifier].map(|part| layout.at(part)).contains(&at) {
            return Ok(());
        }
        let difference = match fault(self.client, deployment.profile, at, self.at.into()).await {
            Err(error @ (Error::Malformed { .. } | Error::Reverted(_))) => Some(error.to_string()),
            found => found?,
        };
        let expected = match deployment.profile {
            Profile::Production => "this program's, over parameters of a ceremony",
            Profile::Devnet | Profile::Testnet => "any",
        };
        self.findings.push(Finding {
            what: format!("{} code", artifacts::HALO2_VERIFIER.name),
            expected: expected.into(),
            agrees: difference.is_none(),
            actual: difference.unwrap_or_else(|| at.to_string()),
            changeable: false,
        });
        Ok(())
    }
}
