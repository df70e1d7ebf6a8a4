//! The transaction manager of one account.
//!
//! It keeps no state: the nonce comes from the chain at each send, so after a restart the first transaction takes the place of
//! whatever an earlier process left in the pools. It sends one transaction at a time, or a row that was given as one, and while
//! these are on their way only they are signed again, with higher fees; so there are never two different transactions for one
//! nonce from one process.
//!
//! What to do next is decided by [`Flight`], a value that knows neither network nor clock.

mod flight;
#[cfg(test)]
mod tests;

pub use flight::{FeePolicy, Fees, Flight, Rejection, Sight, Step};

use crate::{BlockRef, Client, Error, Revert};
use alloy::{
    consensus::{
        SignableTransaction, TxEip1559, TxEip4844, TxEip4844WithSidecar,
        transaction::RlpEcdsaEncodableTx,
    },
    eips::{BlockId, BlockNumberOrTag, eip7594::BlobTransactionSidecarEip7594},
    network::TxSigner,
    primitives::{Address, B256, Bytes, Signature, TxKind, U256},
    rpc::types::{TransactionReceipt, TransactionRequest},
};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Gas of one transaction at most (EIP-7825).
pub const TRANSACTION_GAS_MAX: u64 = 1 << 24;

/// Whoever signs for the account: a local key, or a key in a vault.
pub type Signer = Arc<dyn TxSigner<Signature> + Send + Sync>;

/// How an account sends.
#[derive(Debug, Clone, Copy)]
pub struct SenderConfig {
    /// Fees.
    pub fees: FeePolicy,
    /// Added to what the endpoint estimates, per cent.
    pub gas_margin: u64,
    /// Pause between two looks at the chain.
    pub poll: Duration,
    /// When to give up waiting for inclusion; the transaction may still be included.
    pub timeout: Duration,
}

impl Default for SenderConfig {
    fn default() -> Self {
        Self {
            fees: FeePolicy::default(),
            gas_margin: 20,
            poll: Duration::from_millis(500),
            timeout: Duration::from_secs(600),
        }
    }
}

/// What a transaction is to do.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The contract; `None` creates one.
    pub to: Option<Address>,
    /// Calldata or init code.
    pub data: Bytes,
    /// Wei.
    pub value: U256,
    /// Blobs with their cell proofs.
    pub blobs: Option<BlobTransactionSidecarEip7594>,
}

impl Call {
    /// Calls a function of a contract.
    pub fn to<C: alloy::sol_types::SolCall>(contract: Address, call: &C) -> Self {
        Self { to: Some(contract), data: call.abi_encode().into(), ..Self::default() }
    }

    /// The same with `value` wei.
    pub fn with_value(self, value: U256) -> Self {
        Self { value, ..self }
    }

    /// The same with blobs.
    pub fn with_blobs(self, blobs: BlobTransactionSidecarEip7594) -> Self {
        Self { blobs: Some(blobs), ..self }
    }
}

/// Sends the transactions of one account, one call or one row of calls at a time.
pub struct Sender {
    client: Client,
    signer: Signer,
    config: SenderConfig,
    busy: Mutex<()>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("account", &self.address())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The versions of one transaction that were signed.
struct Versions {
    gas: u64,
    hashes: Vec<B256>,
    raw: Bytes,
}

/// A transaction on its way.
struct Flying<'a> {
    call: &'a Call,
    flight: Flight,
    versions: Versions,
}

impl Sender {
    /// A sender for the signer's account.
    pub fn new(client: Client, signer: Signer, config: SenderConfig) -> Self {
        Self { client, signer, config, busy: Mutex::new(()) }
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.signer.address()
    }

    /// The endpoint.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Gas that `call` needs, with the margin; an error says why it would revert.
    pub async fn estimate(&self, call: &Call) -> Result<u64, Error> {
        let estimate = self.client.estimate_gas(&self.request(call).await?).await?;
        let padded = estimate.saturating_add(estimate.saturating_mul(self.config.gas_margin) / 100);
        Ok(padded.min(TRANSACTION_GAS_MAX).max(estimate))
    }

    /// Sends `call` and waits until it is in a block. A transaction that reverted is an error with the contract's reason.
    ///
    /// Dropping the future, and [`Error::Timeout`], leave the transaction where it is: it may still be included, or the next
    /// one takes its nonce. Whoever sends must therefore look at the chain, not remember what it sent.
    pub async fn send(&self, call: Call) -> Result<TransactionReceipt, Error> {
        let _one_at_a_time = self.busy.lock().await;
        let gas = self.estimate(&call).await?;
        let calls = [(call, gas)];
        let (mut flying, head) = self.launch(&calls).await?;
        let flying = flying.pop().expect("one was launched; qed");
        Ok(self.land(flying, head).await?.0)
    }

    /// Sends calls with consecutive nonces, all of them before the first is in a block, and waits for each in turn; `landed` hears
    /// of it. Each brings its gas: what one needs cannot be estimated before those above it have happened.
    ///
    /// An error is that of the first call which did not do; those below it stay where they are, as after [`Self::send`].
    pub async fn send_together(
        &self,
        calls: &[(Call, u64)],
        mut landed: impl FnMut(usize),
    ) -> Result<(), Error> {
        let _one_at_a_time = self.busy.lock().await;
        let (flying, mut head) = self.launch(calls).await?;
        for (index, flying) in flying.into_iter().enumerate() {
            head = self.land(flying, head).await?.1;
            landed(index);
        }
        Ok(())
    }

    /// Sends calls that do not depend on each other with consecutive nonces, all of them before the first is in a block: what became of
    /// each. One that would revert or cannot be paid is not sent, and one that reverts does not hold up the others.
    ///
    /// An error is that of L1 itself, after which calls may be where they are, as after [`Self::send`].
    pub async fn send_each(
        &self,
        calls: Vec<Call>,
    ) -> Result<Vec<Result<TransactionReceipt, Error>>, Error> {
        let _one_at_a_time = self.busy.lock().await;
        let mut sight = self.sight().await?;
        let mut flying = Vec::new();
        for call in &calls {
            let flight = match self.estimate(call).await {
                Ok(gas) => self.take_off(call, gas, &sight).await,
                Err(error) => Err(error),
            };
            if let Err(error @ Error::Unreachable { .. }) = flight {
                return Err(error);
            }
            sight.nonce += u64::from(flight.is_ok());
            flying.push(flight);
        }
        let (mut outcomes, mut head) = (Vec::new(), sight.head);
        for flight in flying {
            let landed = match flight {
                Ok(flying) => self.land(flying, head).await,
                Err(error) => Err(error),
            };
            outcomes.push(landed.map(|(receipt, seen)| {
                head = seen;
                receipt
            }));
        }
        Ok(outcomes)
    }

    /// Signs the calls and hands them to the pool; also the head when that was done.
    async fn launch<'a>(&self, calls: &'a [(Call, u64)]) -> Result<(Vec<Flying<'a>>, u64), Error> {
        let mut sight = self.sight().await?;
        let head = sight.head;
        let mut all = Vec::with_capacity(calls.len());
        for (call, gas) in calls {
            all.push(self.take_off(call, *gas, &sight).await?);
            sight.nonce += 1;
        }
        Ok((all, head))
    }

    /// What L1 says before anything is sent.
    async fn sight(&self) -> Result<Sight, Error> {
        let nonce = self.client.nonce(self.address(), BlockNumberOrTag::Latest).await?;
        let head = self.client.latest().await?.number;
        Ok(Sight { head, nonce, included: None, prices: self.client.prices().await? })
    }

    /// Signs a call with the nonce of `sight` and hands it to the pool.
    async fn take_off<'a>(
        &self,
        call: &'a Call,
        gas: u64,
        sight: &Sight,
    ) -> Result<Flying<'a>, Error> {
        let (policy, blobs) = (self.config.fees, call.blobs.is_some());
        let mut flying = Flying {
            call,
            flight: Flight::new(policy, sight.nonce, sight.head, &sight.prices, blobs),
            versions: Versions { gas, hashes: Vec::new(), raw: Bytes::new() },
        };
        self.hand_over(&mut flying, sight, Step::Sign).await?;
        Ok(flying)
    }

    /// Hands a transaction to the pool, signed anew where the step says so, until there is nothing to do but wait.
    async fn hand_over(
        &self,
        flying: &mut Flying<'_>,
        sight: &Sight,
        mut step: Step,
    ) -> Result<(), Error> {
        while matches!(step, Step::Sign | Step::Resend) {
            if step == Step::Sign {
                self.sign(flying.call, &flying.flight, &mut flying.versions).await?;
            }
            step = match self.client.send_raw_transaction(&flying.versions.raw).await {
                Ok(_) => Step::Wait,
                Err(error) => self.rejected(&mut flying.flight, sight, error)?,
            };
        }
        Ok(())
    }

    /// Waits until a transaction is in a block, whose turn came at `head`; also the head that was seen last.
    async fn land(
        &self,
        mut flying: Flying<'_>,
        head: u64,
    ) -> Result<(TransactionReceipt, u64), Error> {
        flying.flight.turn(head);
        let mut pause = Duration::from_millis(5).min(self.config.poll);
        let began = Instant::now();
        loop {
            if began.elapsed() > self.config.timeout {
                let hash = flying.versions.hashes.last().copied().unwrap_or_default();
                return Err(Error::Timeout { hash, seconds: began.elapsed().as_secs() });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(self.config.poll);
            let sight = self.look(&flying.versions).await?;
            match flying.flight.observe(&sight) {
                Step::Wait => {}
                step @ (Step::Sign | Step::Resend) => {
                    self.hand_over(&mut flying, &sight, step).await?;
                }
                Step::Included(block) => {
                    let receipt = self.receipt(flying.call, &flying.versions, block).await?;
                    return Ok((receipt, sight.head));
                }
                Step::Replaced => {
                    let nonce = flying.flight.nonce();
                    return Err(Error::Replaced { account: self.address(), nonce });
                }
                Step::Unmade => {
                    let nonce = flying.flight.nonce();
                    return Err(Error::Unmade { account: self.address(), nonce });
                }
                Step::Funds | Step::Invalid => {
                    unreachable!("`rejected` returns these as errors; qed")
                }
            }
        }
    }

    /// The call as `eth_estimateGas` and `eth_call` take it: with the hashes of its blobs, without the blobs.
    async fn request(&self, call: &Call) -> Result<TransactionRequest, Error> {
        let mut request = TransactionRequest::default()
            .from(self.address())
            .value(call.value)
            .input(call.data.clone().into());
        request.to = Some(call.to.map_or(TxKind::Create, TxKind::Call));
        if let Some(blobs) = &call.blobs {
            // Endpoints check whether the account could pay: the offer must be one that will be made.
            let prices = self.client.prices().await?;
            request.blob_versioned_hashes = Some(blobs.versioned_hashes().collect());
            request.max_fee_per_blob_gas = self.config.fees.offer(&prices, true).blob_fee;
        }
        Ok(request)
    }

    async fn sign(
        &self,
        call: &Call,
        flight: &Flight,
        versions: &mut Versions,
    ) -> Result<(), Error> {
        let (fees, chain_id) = (flight.fees(), self.client.chain_id());
        let mut raw = Vec::new();
        let hash = match (&call.blobs, call.to) {
            (Some(blobs), to) => {
                let tx = TxEip4844 {
                    chain_id,
                    nonce: flight.nonce(),
                    gas_limit: versions.gas,
                    max_fee_per_gas: fees.max_fee,
                    max_priority_fee_per_gas: fees.tip,
                    to: to.unwrap_or_default(),
                    value: call.value,
                    blob_versioned_hashes: blobs.versioned_hashes().collect(),
                    max_fee_per_blob_gas: fees.blob_fee.unwrap_or(1),
                    input: call.data.clone(),
                    ..TxEip4844::default()
                };
                let mut tx = TxEip4844WithSidecar::from_tx_and_sidecar(tx, blobs.clone());
                let signature = self.signature(&mut tx).await?;
                tx.eip2718_encode(&signature, &mut raw);
                tx.tx.tx_hash(&signature)
            }
            (None, to) => {
                let mut tx = TxEip1559 {
                    chain_id,
                    nonce: flight.nonce(),
                    gas_limit: versions.gas,
                    max_fee_per_gas: fees.max_fee,
                    max_priority_fee_per_gas: fees.tip,
                    to: to.map_or(TxKind::Create, TxKind::Call),
                    value: call.value,
                    input: call.data.clone(),
                    ..TxEip1559::default()
                };
                let signature = self.signature(&mut tx).await?;
                tx.eip2718_encode(&signature, &mut raw);
                tx.tx_hash(&signature)
            }
        };
        tracing::debug!(account = %self.address(), nonce = flight.nonce(), %hash, max_fee = fees.max_fee, blob_fee = fees.blob_fee, "signed");
        versions.hashes.push(hash);
        versions.raw = raw.into();
        Ok(())
    }

    async fn signature(
        &self,
        tx: &mut dyn SignableTransaction<Signature>,
    ) -> Result<Signature, Error> {
        let signed = self.signer.sign_transaction(tx).await;
        signed
            .map_err(|error| Error::Signing { account: self.address(), reason: error.to_string() })
    }

    /// What follows from an error of the pool; errors of the network itself are left to the next look.
    fn rejected(&self, flight: &mut Flight, sight: &Sight, error: Error) -> Result<Step, Error> {
        let message = match &error {
            Error::Refused { message, .. } => message.clone(),
            Error::Unreachable { .. } => return Ok(Step::Wait),
            _ => return Err(error),
        };
        match flight.rejected(Rejection::read(&message), sight) {
            Step::Funds => Err(Error::InsufficientFunds { account: self.address(), message }),
            Step::Invalid => Err(error),
            step => {
                tracing::debug!(account = %self.address(), nonce = flight.nonce(), message, ?step, "the pool did not take it");
                Ok(step)
            }
        }
    }

    async fn look(&self, versions: &Versions) -> Result<Sight, Error> {
        // The nonce first: a transaction included between the two questions then shows up as included.
        let nonce = self.client.nonce(self.address(), BlockNumberOrTag::Latest).await?;
        let mut included = None;
        for hash in versions.hashes.iter().rev() {
            if let Some(TransactionReceipt {
                block_number: Some(number),
                block_hash: Some(hash),
                ..
            }) = self.client.receipt(*hash).await?
            {
                included = Some(BlockRef { number, hash });
                break;
            }
        }
        let head = self.client.latest().await?.number;
        Ok(Sight { head, nonce, included, prices: self.client.prices().await? })
    }

    /// The receipt of the version that is in `block`; a failed one becomes an error with the reason.
    async fn receipt(
        &self,
        call: &Call,
        versions: &Versions,
        block: BlockRef,
    ) -> Result<TransactionReceipt, Error> {
        for hash in versions.hashes.iter().rev() {
            match self.client.receipt(*hash).await? {
                Some(receipt) if receipt.status() => return Ok(receipt),
                Some(_) => return Err(self.reason(call, block).await),
                None => continue,
            }
        }
        Err(Error::Inconsistent(format!("the receipt of a transaction in block {block} is gone")))
    }

    /// Why a transaction failed: it is called again on the state it met, as nearly as an endpoint can.
    async fn reason(&self, call: &Call, block: BlockRef) -> Error {
        let again = async {
            let request = self.request(call).await?;
            self.client.request::<_, Bytes>("eth_call", (request, BlockId::hash(block.hash))).await
        };
        match again.await {
            Err(error @ Error::Reverted(_)) => error,
            _ => Error::Reverted(Revert::new(Bytes::new())),
        }
    }
}
