//! Typed reads of one L1 endpoint.
//!
//! Only transport errors are tried again here; an answer, even a refusal, is an answer. What must be consistent is read at a block
//! hash, so that an endpoint behind a load balancer either has that block or says so.

mod beacon;
mod probe;

pub use beacon::Beacon;
pub use probe::Capabilities;

use crate::{Error, Revert};
use alloy::{
    consensus::BlockHeader,
    eips::{BlockId, BlockNumberOrTag, eip7840::BlobParams},
    primitives::{Address, B256, Bloom, Bytes, U256},
    rpc::{
        client::{ClientBuilder, RpcClient},
        json_rpc::{ErrorPayload, RpcError, RpcRecv, RpcSend},
        types::{Block, FeeHistory, Filter, Log, TransactionReceipt, TransactionRequest},
    },
    sol_types::SolCall,
    transports::{TransportError, http::reqwest, ws::WsConnect},
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};

/// Longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a request is sent before it fails.
const ATTEMPTS_MAX: u32 = 6;
/// Pause before the second attempt; doubled for each further one.
const BACK_OFF: Duration = Duration::from_millis(100);
/// Headers asked for in one JSON-RPC batch.
const HEADERS_PER_BATCH: u64 = 50;

/// A block of the L1, by number and hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlockRef {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
}

impl fmt::Display for BlockRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.number, self.hash)
    }
}

/// What is needed of an L1 block's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Hash of the block before.
    pub parent: B256,
    /// Timestamp, seconds.
    pub time: u64,
    /// Wei per gas.
    pub base_fee: u64,
    /// Wei per blob gas, by the newest blob schedule; zero on an L1 without blobs.
    pub blob_base_fee: u128,
    /// Gas limit of the block.
    pub gas_limit: u64,
    /// Which addresses and topics the block's logs may have.
    pub logs_bloom: Bloom,
    /// Root of the beacon block before, on an L1 with a beacon chain.
    pub parent_beacon_root: Option<B256>,
}

impl Head {
    /// Number and hash.
    pub const fn id(&self) -> BlockRef {
        BlockRef { number: self.number, hash: self.hash }
    }
}

impl From<Block> for Head {
    fn from(block: Block) -> Self {
        let header = &block.header;
        Self {
            number: header.number(),
            hash: header.hash,
            parent: header.parent_hash(),
            time: header.timestamp(),
            base_fee: header.base_fee_per_gas().unwrap_or_default(),
            blob_base_fee: header
                .excess_blob_gas()
                .map_or(0, |excess| BlobParams::bpo2().calc_blob_fee(excess)),
            gas_limit: header.gas_limit(),
            logs_bloom: header.logs_bloom(),
            parent_beacon_root: header.parent_beacon_block_root(),
        }
    }
}

/// What the next block of the L1 costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prices {
    /// Wei per gas that are burnt.
    pub base_fee: u128,
    /// Wei per gas that others give the proposer.
    pub tip: u128,
    /// Wei per blob gas; `None` on an L1 without blobs.
    pub blob_base_fee: Option<u128>,
}

/// One endpoint of one L1. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    rpc: RpcClient,
    endpoint: String,
    /// With whatever secret is in it: never shown.
    url: String,
    beacon: Option<Beacon>,
    capabilities: Capabilities,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.0.endpoint)
            .field("capabilities", &self.0.capabilities)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to an endpoint (`http`, `https`, `ws` or `wss`) and finds out what it can do.
    pub async fn connect(url: &str, beacon: Option<&str>) -> Result<Self, Error> {
        let wrong = || Error::Url { url: url.to_owned() };
        let parsed = reqwest::Url::parse(url).map_err(|_| wrong())?;
        // The path of a provider's URL is often a secret: only the host is ever shown.
        let endpoint = match (parsed.host_str(), parsed.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(wrong()),
        };
        let secret = parsed.to_string();
        let failed = |what: &str, error: &dyn std::error::Error| Error::Unreachable {
            endpoint: endpoint.clone(),
            method: what.to_owned(),
            reason: cause(error).replace(&secret, &endpoint),
        };
        let rpc = match parsed.scheme() {
            "http" | "https" => {
                let http = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build();
                let http = http.map_err(|error| failed("the first request", &error))?;
                ClientBuilder::default().http_with_client(http, parsed)
            }
            "ws" | "wss" => ClientBuilder::default()
                .ws(WsConnect::new(url))
                .await
                .map_err(|error| failed("the WebSocket handshake", &error))?,
            _ => return Err(wrong()),
        };
        let capabilities = Capabilities::default();
        let mut inner = Inner { rpc, endpoint, url: secret, beacon: None, capabilities };
        if let Some(beacon) = beacon {
            inner.beacon = Some(Beacon::connect(beacon).await?);
        }
        let mut probing = Self(Arc::new(inner));
        let capabilities = probe::probe(&probing).await?;
        Arc::get_mut(&mut probing.0).expect("nobody else has it yet; qed").capabilities =
            capabilities;
        Ok(probing)
    }

    /// As [`Self::connect`], and refuses an L1 with another chain id.
    pub async fn connect_to(url: &str, beacon: Option<&str>, chain_id: u64) -> Result<Self, Error> {
        let client = Self::connect(url, beacon).await?;
        let actual = client.chain_id();
        if actual != chain_id {
            return Err(Error::WrongChain { expected: chain_id, actual });
        }
        Ok(client)
    }

    /// Host and port of the endpoint, fit for logs.
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// What the endpoint can do.
    pub fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    /// The L1's chain id.
    pub fn chain_id(&self) -> u64 {
        self.0.capabilities.chain_id
    }

    /// The beacon endpoint.
    pub fn beacon(&self) -> Option<&Beacon> {
        self.0.beacon.as_ref()
    }

    /// The head, or the safe or finalized block; `None` where the endpoint has no such block (yet).
    pub async fn head(&self, tag: BlockNumberOrTag) -> Result<Option<Head>, Error> {
        let block: Option<Block> = self.request("eth_getBlockByNumber", (tag, false)).await?;
        Ok(block.map(Head::from))
    }

    /// The newest block.
    pub async fn latest(&self) -> Result<Head, Error> {
        self.head(BlockNumberOrTag::Latest)
            .await?
            .ok_or_else(|| Error::Unknown("its latest block".into()))
    }

    /// The header of a block that the endpoint has, on whatever branch.
    pub async fn header_by_hash(&self, hash: B256) -> Result<Option<Head>, Error> {
        let block: Option<Block> = self.request("eth_getBlockByHash", (hash, false)).await?;
        Ok(block.map(Head::from))
    }

    /// The header with this number on the chain of now.
    pub async fn header(&self, number: u64) -> Result<Option<Head>, Error> {
        self.head(number.into()).await
    }

    /// The headers `from..=to` of the chain of now, as far as the endpoint has them; fewer if it ends before.
    pub async fn headers(&self, from: u64, to: u64) -> Result<Vec<Head>, Error> {
        let mut headers = Vec::with_capacity((to + 1).saturating_sub(from) as usize);
        let mut next = from;
        while next <= to {
            let last = to.min(next + HEADERS_PER_BATCH - 1);
            let batch = self.header_batch(next, last).await?;
            let complete = batch.len() as u64 == last + 1 - next;
            headers.extend(batch);
            if !complete {
                break;
            }
            next = last + 1;
        }
        Ok(headers)
    }

    async fn header_batch(&self, from: u64, to: u64) -> Result<Vec<Head>, Error> {
        let method = "eth_getBlockByNumber";
        if from == to {
            return Ok(self.header(from).await?.into_iter().collect());
        }
        let answers: Vec<Option<Block>> = self
            .attempts(method, || async {
                let mut batch = self.0.rpc.new_batch();
                let waiting = (from..=to)
                    .map(|number| {
                        batch.add_call::<_, Option<Block>>(
                            method,
                            &(BlockNumberOrTag::Number(number), false),
                        )
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                batch.send().await?;
                futures::future::try_join_all(waiting).await
            })
            .await?;
        Ok(answers.into_iter().map_while(|block| block.map(Head::from)).collect())
    }

    /// The logs of these contracts in one block, by its hash: an endpoint without that block refuses.
    pub async fn logs_at(&self, block: B256, contracts: &[Address]) -> Result<Vec<Log>, Error> {
        self.request(
            "eth_getLogs",
            (Filter::new().at_block_hash(block).address(contracts.to_vec()),),
        )
        .await
    }

    /// The logs of these contracts in the blocks `from..=to` of the chain of now.
    pub async fn logs(&self, from: u64, to: u64, contracts: &[Address]) -> Result<Vec<Log>, Error> {
        self.request(
            "eth_getLogs",
            (Filter::new().from_block(from).to_block(to).address(contracts.to_vec()),),
        )
        .await
    }

    /// Calls a function of a contract at one block.
    pub async fn call<C: SolCall>(
        &self,
        to: Address,
        call: &C,
        at: impl Into<BlockId>,
    ) -> Result<C::Return, Error> {
        let request = TransactionRequest::default().to(to).input(call.abi_encode().into());
        let answer: Bytes = self.request("eth_call", (request, at.into())).await?;
        C::abi_decode_returns(&answer).map_err(|error| Error::Malformed {
            endpoint: self.endpoint().to_owned(),
            method: format!("eth_call of {} at {to}", C::SIGNATURE),
            reason: format!("{error}; is the contract deployed there?"),
        })
    }

    /// What a call would use, or why it would revert.
    pub async fn estimate_gas(&self, request: &TransactionRequest) -> Result<u64, Error> {
        let gas: U256 =
            self.request("eth_estimateGas", (request, BlockNumberOrTag::Latest)).await?;
        Ok(gas.saturating_to())
    }

    /// Transactions of an account that are in blocks (`Latest`), or also waiting (`Pending`).
    pub async fn nonce(&self, account: Address, at: impl Into<BlockId>) -> Result<u64, Error> {
        let nonce: U256 = self.request("eth_getTransactionCount", (account, at.into())).await?;
        Ok(nonce.saturating_to())
    }

    /// Wei of an account.
    pub async fn balance(&self, account: Address, at: impl Into<BlockId>) -> Result<U256, Error> {
        self.request("eth_getBalance", (account, at.into())).await
    }

    /// Code of an account.
    pub async fn code(&self, account: Address, at: impl Into<BlockId>) -> Result<Bytes, Error> {
        self.request("eth_getCode", (account, at.into())).await
    }

    /// The receipt of a transaction that is in a block.
    pub async fn receipt(&self, hash: B256) -> Result<Option<TransactionReceipt>, Error> {
        self.request("eth_getTransactionReceipt", (hash,)).await
    }

    /// Hands a signed transaction to the endpoint.
    pub async fn send_raw_transaction(&self, raw: &Bytes) -> Result<B256, Error> {
        self.request("eth_sendRawTransaction", (raw,)).await
    }

    /// What the next block costs.
    pub async fn prices(&self) -> Result<Prices, Error> {
        let history: FeeHistory = self
            .request("eth_feeHistory", (U256::from(10), BlockNumberOrTag::Latest, [50.0]))
            .await?;
        let mut tips: Vec<u128> =
            history.reward.iter().flatten().filter_map(|block| block.first().copied()).collect();
        tips.sort_unstable();
        Ok(Prices {
            base_fee: history.next_block_base_fee().unwrap_or_default(),
            tip: tips.get(tips.len() / 2).copied().unwrap_or_default(),
            blob_base_fee: history
                .next_block_blob_base_fee()
                .filter(|_| self.0.capabilities.blobs)
                .map(|fee| fee.max(1)),
        })
    }

    /// One request of any kind; only a transport that fails makes it be sent again.
    pub async fn request<P: RpcSend + Clone, R: RpcRecv>(
        &self,
        method: &'static str,
        params: P,
    ) -> Result<R, Error> {
        self.attempts(method, || self.0.rpc.request::<P, R>(method, params.clone()).into_future())
            .await
    }

    async fn attempts<R, F>(
        &self,
        method: &'static str,
        request: impl Fn() -> F,
    ) -> Result<R, Error>
    where
        F: Future<Output = Result<R, TransportError>>,
    {
        let mut pause = BACK_OFF;
        for attempt in 1.. {
            let error = match tokio::time::timeout(ANSWER_TIMEOUT, request()).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => self.error(method, error),
                Err(_) => self.unreachable(method, "no answer in 30 s"),
            };
            if attempt == ATTEMPTS_MAX || !matches!(error, Error::Unreachable { .. }) {
                return Err(error);
            }
            tracing::debug!(method, attempt, %error, "asking the L1 again");
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        unreachable!("the last attempt returned; qed")
    }

    fn error(&self, method: &str, error: TransportError) -> Error {
        let (endpoint, method) = (self.endpoint().to_owned(), method.to_owned());
        match error {
            RpcError::ErrorResp(payload) if is_busy(&payload) => {
                Error::Unreachable { endpoint, method, reason: payload.message.into_owned() }
            }
            RpcError::ErrorResp(payload) => match revert_data(&payload) {
                Some(data) => Error::Reverted(Revert::new(data)),
                None => Error::Refused {
                    endpoint,
                    method,
                    code: payload.code,
                    message: payload.message.into_owned(),
                },
            },
            RpcError::Transport(error) => self.unreachable(&method, &cause(&error)),
            other => Error::Malformed { endpoint, method, reason: shorten(&other.to_string()) },
        }
    }

    fn unreachable(&self, method: &str, reason: &str) -> Error {
        Error::Unreachable {
            endpoint: self.endpoint().to_owned(),
            method: method.to_owned(),
            reason: shorten(&reason.replace(&self.0.url, self.endpoint())),
        }
    }
}

/// An endpoint that asks to be left alone for a while.
fn is_busy(payload: &ErrorPayload) -> bool {
    let message = payload.message.to_lowercase();
    payload.code == 429
        || ["rate limit", "too many requests", "compute units"]
            .iter()
            .any(|words| message.contains(words))
}

/// The return data of a reverted call, empty when it had none.
fn revert_data(payload: &ErrorPayload) -> Option<Bytes> {
    let data = payload.as_revert_data();
    let reverted = payload.code == 3 || payload.message.to_lowercase().contains("revert");
    data.or_else(|| reverted.then(Bytes::new))
}

/// The first cause of an error, which says more than what it led to.
fn cause(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn shorten(text: &str) -> String {
    text.chars().take(300).collect()
}
