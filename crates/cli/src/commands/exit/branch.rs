//! An account's branch of the last confirmed state: what it takes to leave without anybody's help.

use super::Asset;
use crate::output::{Failure, ether};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    providers::Provider,
    rpc::types::EIP1186AccountProofResponse,
    sol_types::{SolCall, SolValue},
};
use mezz_l1::contracts::{Content, CrossDomainMessenger, Exit, LastOutput, StandardBridge};
use mezz_primitives::{
    ChainConfig, Contracts, op_output_root,
    predeploys::{ERC20_FACTORY, MESSAGE_PASSER, MESSENGER},
};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// What a node says of its chain.
#[derive(Debug, Deserialize)]
pub(super) struct Rollup {
    pub(super) chain: ChainConfig,
    pub(super) contracts: Contracts,
}

pub(super) async fn rollup(l2: &impl Provider) -> Result<Rollup, Failure> {
    Ok(l2.raw_request("mezz_chainConfig".into(), ()).await?)
}

/// What the output root of the last confirmed claim is the hash of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Preimage {
    state_root: B256,
    message_passer_root: B256,
    block_hash: B256,
}

impl Preimage {
    pub(super) fn root(&self) -> B256 {
        op_output_root(self.state_root, self.message_passer_root, self.block_hash)
    }
}

impl From<Preimage> for LastOutput {
    fn from(preimage: Preimage) -> Self {
        Self {
            version: B256::ZERO,
            stateRoot: preimage.state_root,
            messagePasserStorageRoot: preimage.message_passer_root,
            latestBlockhash: preimage.block_hash,
        }
    }
}

/// The branch of one token's balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenBranch {
    pub(super) l1_token: Address,
    pub(super) l2_token: Address,
    pub(super) balance: U256,
    /// The factory's word that it made the token for the one on L1.
    pub(super) deployment_proof: Vec<Bytes>,
    pub(super) token_proof: Vec<Bytes>,
    pub(super) balance_proof: Vec<Bytes>,
}

/// The file of `mezz exit prepare`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Branch {
    pub(super) l1_chain_id: u64,
    pub(super) l2_chain_id: u64,
    pub(super) account: Address,
    /// The claim, and the L2 block that it ends with.
    pub(super) claim: u64,
    pub(super) block: u64,
    pub(super) output: Preimage,
    pub(super) balance: U256,
    pub(super) account_proof: Vec<Bytes>,
    /// The factory's account, for tokens.
    pub(super) factory_proof: Vec<Bytes>,
    pub(super) tokens: Vec<TokenBranch>,
}

impl Branch {
    /// Reads a file.
    pub(super) fn load(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let bytes = fs::read(path).map_err(|error| {
            Failure::usage(format!(
                "{shown} cannot be read ({error}): make it with `mezz exit prepare`, or name it with --file"
            ))
        })?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Failure::usage(format!(
                "{shown} is no branch ({error}): make it with `mezz exit prepare`"
            ))
        })
    }

    /// Asks a node for the branch of an account in the state of a claim.
    pub(super) async fn fetch(
        l2: &impl Provider,
        rollup: &Rollup,
        account: Address,
        tokens: &[Address],
        (claim, content): (u64, &Content),
    ) -> Result<Self, Failure> {
        let number = content.number;
        let missing = || {
            Failure::not_running(format!(
                "the node does not have the state of L2 block {number} yet; try again"
            ))
        };
        let block = l2.get_block_by_number(number.into()).await?.ok_or_else(missing)?;
        let proof = async |address: Address, slots: Vec<B256>| {
            l2.get_proof(address, slots).number(number).await
        };
        let passer = proof(MESSAGE_PASSER, Vec::new()).await?;
        let output = Preimage {
            state_root: block.header.state_root,
            message_passer_root: passer.storage_hash,
            block_hash: block.header.hash,
        };
        if output.root() != content.outputRoot {
            return Err(Failure::failed(format!(
                "the node's block {number} is not that of the confirmed claim {claim}: it follows another chain; ask another node"
            )));
        }
        let own = proof(account, Vec::new()).await?;
        let factory =
            proof(ERC20_FACTORY, tokens.iter().map(|token| entry(*token)).collect()).await?;
        let mut branches = Vec::new();
        for (l2_token, deployment) in tokens.iter().zip(&factory.storage_proof) {
            let l1_token = Address::from_word(deployment.value.into());
            if l1_token.is_zero() {
                return Err(Failure::usage(format!(
                    "{l2_token} is no token that L2's factory made: it cannot leave; swap it, or take it over to its issuer"
                )));
            }
            let held = proof(*l2_token, vec![entry(account)]).await?;
            let (balance, balance_proof) = stored(&held);
            branches.push(TokenBranch {
                l1_token,
                l2_token: *l2_token,
                balance,
                deployment_proof: deployment.proof.clone(),
                token_proof: held.account_proof,
                balance_proof,
            });
        }
        Ok(Self {
            l1_chain_id: rollup.chain.l1_chain_id,
            l2_chain_id: rollup.chain.l2_chain_id,
            account,
            claim,
            block: number,
            output,
            balance: own.balance,
            account_proof: own.account_proof,
            factory_proof: factory.account_proof,
            tokens: branches,
        })
    }

    /// What there is to leave with.
    pub(super) fn assets(&self) -> impl Iterator<Item = Asset<'_>> {
        let ether = (!self.balance.is_zero()).then_some(Asset::Ether(self.balance));
        let tokens = self.tokens.iter().filter(|token| !token.balance.is_zero());
        ether.into_iter().chain(tokens.map(Asset::Token))
    }

    /// What it is, for people.
    pub(super) fn describe(&self, path: &Path) -> String {
        let mut text = format!(
            "branch of {} in claim {}, L2 block {}\n  {} ether\n",
            self.account,
            self.claim,
            self.block,
            ether(self.balance)
        );
        for token in &self.tokens {
            text += &format!("  {} of {}\n", token.balance, token.l1_token);
        }
        text + &format!("kept in {}", path.display())
    }
}

/// Where `key` lies in the mapping in slot 0.
fn entry(key: Address) -> B256 {
    keccak256((key, U256::ZERO).abi_encode())
}

fn stored(proof: &EIP1186AccountProofResponse) -> (U256, Vec<Bytes>) {
    proof
        .storage_proof
        .first()
        .map_or((U256::ZERO, Vec::new()), |entry| (entry.value, entry.proof.clone()))
}

/// Whether an exit is that of an account with this: what was given back of deposits looks much like it.
pub(super) fn is_of(exit: &Exit, account: Address, asset: Asset<'_>) -> bool {
    let token = match asset {
        Asset::Ether(balance) => return (exit.sender, exit.value) == (account, balance),
        Asset::Token(token) => token,
    };
    // As the bridge of L2 would say it, over the messengers.
    let Ok(relay) = CrossDomainMessenger::relayMessageCall::abi_decode(&exit.data) else {
        return false;
    };
    let Ok(paid) = StandardBridge::finalizeBridgeERC20Call::abi_decode(&relay.message) else {
        return false;
    };
    exit.sender == MESSENGER
        && (paid.remoteToken, paid.from, paid.amount) == (token.l2_token, account, token.balance)
}
