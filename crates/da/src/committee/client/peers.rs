//! Chunks of payloads from whoever has them.

use super::{ClientMetrics, ClientTls, Endpoint, MemberAnswer, MemberFault, Waits};
use crate::{
    Error,
    committee::{
        CertificateSigner, Clock, Description, read_request,
        wire::{ANSWER_BYTES_MAX, Refused, SIGNATURE, TIME, chunk_path, payload_path},
    },
};
use alloy::{
    hex,
    primitives::{Address, B256, keccak256},
    transports::http::reqwest::{
        Certificate, Client, Identity, RequestBuilder, StatusCode, Url, redirect::Policy,
    },
};
use futures::{StreamExt, future::join_all, stream::FuturesUnordered};
use mezz_primitives::{PayloadId, encode_chunk_hashes};
use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

/// For a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Members that can be asked for chunks. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Peers {
    pub(super) endpoints: Arc<[(Address, Url)]>,
    pub(super) requester: Option<Arc<dyn CertificateSigner>>,
    pub(super) http: Client,
    pub(super) waits: Waits,
    pub(crate) metrics: Arc<ClientMetrics>,
    pub(super) clock: Clock,
}

/// What an audit of one member found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// Who was asked.
    pub member: Address,
    /// For which payload.
    pub payload: PayloadId,
    /// For which of its chunks.
    pub chunk: usize,
    /// How long the answer took.
    pub took: Duration,
    /// What is wrong with the answer; `None` if it is the chunk.
    pub fault: Option<MemberFault>,
}

/// A request that is ready to be sent.
pub(super) struct Asked {
    pub(super) request: RequestBuilder,
    /// The longest answer that is read.
    pub(super) bytes_max: usize,
}

impl Peers {
    pub(crate) fn new(
        endpoints: Vec<Endpoint>,
        requester: Option<Arc<dyn CertificateSigner>>,
        tls: Option<&ClientTls>,
    ) -> Result<Self, Error> {
        let metrics = ClientMetrics::of(endpoints.iter().map(|endpoint| endpoint.address));
        let endpoints: Result<Arc<[_]>, Error> = endpoints
            .into_iter()
            .map(|endpoint| Ok((endpoint.address, parse_url(&endpoint.url)?)))
            .collect();
        Ok(Self {
            endpoints: endpoints?,
            requester,
            http: http_client(tls)?,
            waits: Waits::default(),
            metrics: Arc::new(metrics),
            clock: Clock::default(),
        })
    }

    /// The same with another clock.
    pub(crate) fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    pub(super) fn url(&self, member: Address) -> Option<&Url> {
        self.endpoints.iter().find(|(address, _)| *address == member).map(|(_, url)| url)
    }

    /// A payload, chunk by chunk, from whoever shows it.
    pub(crate) async fn fetch(&self, payload: &PayloadId) -> Result<Vec<u8>, Error> {
        let withheld = |answers| {
            self.metrics.withheld.fetch_add(1, Relaxed);
            Error::Withheld { payload: *payload, answers }
        };
        let turn = rand::random_range(0..self.endpoints.len().max(1));
        let hashes =
            self.race(turn, |member| self.chunk_hashes(member, payload)).await.map_err(withheld)?;
        let chunks = hashes.iter().enumerate().map(|(index, hash)| {
            self.race(turn + index, move |member| self.chunk(member, payload, index, *hash))
        });
        let mut bytes = Vec::with_capacity(payload.payload_length as usize);
        for chunk in join_all(chunks).await {
            bytes.extend(chunk.map_err(withheld)?);
        }
        self.metrics.fetched.fetch_add(1, Relaxed);
        Ok(bytes)
    }

    /// Asks each member for a random chunk of a random payload.
    pub(crate) async fn audit(&self, payloads: &[PayloadId]) -> Vec<Audit> {
        let audits = (0..self.endpoints.len()).filter_map(|member| {
            let payload = *payloads.get(rand::random_range(0..payloads.len().max(1)))?;
            let chunk = rand::random_range(0..payload.chunks()?);
            Some(self.audit_one(member, payload, chunk))
        });
        join_all(audits).await
    }

    async fn audit_one(&self, index: usize, payload: PayloadId, chunk: usize) -> Audit {
        let start = Instant::now();
        let shown = async {
            let hashes = self.chunk_hashes(index, &payload).await?;
            self.chunk(index, &payload, chunk, hashes[chunk]).await
        };
        let fault = shown.await.err();
        let member = self.endpoints[index].0;
        self.metrics.count_audit(member, fault.is_none());
        Audit { member, payload, chunk, took: start.elapsed(), fault }
    }

    /// Asks one member after the other, from the `turn`th on, the next one when one fails or is slow; the first good answer counts.
    pub(super) async fn race<'a, T, F>(
        &self,
        turn: usize,
        ask: impl Fn(usize) -> F + 'a,
    ) -> Result<T, Vec<MemberAnswer>>
    where
        F: Future<Output = Result<T, MemberFault>> + 'a,
    {
        let count = self.endpoints.len();
        let mut next = (0..count).map(|step| (turn + step) % count);
        let mut asked = FuturesUnordered::new();
        let mut answers = Vec::new();
        loop {
            if let Some(index) = next.next() {
                let answer = ask(index);
                asked.push(async move { (index, answer.await) });
            }
            let hedge = async {
                match next.len() {
                    0 => std::future::pending().await,
                    _ => tokio::time::sleep(self.waits.hedge).await,
                }
            };
            tokio::select! {
                answered = asked.next() => match answered {
                    None => return Err(answers),
                    Some((_, Ok(value))) => return Ok(value),
                    Some((index, Err(fault))) => {
                        let member = self.endpoints[index].0;
                        tracing::debug!(%member, %fault, "a member did not show what it was asked for");
                        answers.push(MemberAnswer { member, fault });
                    }
                },
                () = hedge => {}
            }
        }
    }

    /// The hashes of a payload's chunks, checked against the payload's.
    async fn chunk_hashes(
        &self,
        index: usize,
        payload: &PayloadId,
    ) -> Result<Vec<B256>, MemberFault> {
        let path = payload_path(payload.payload_hash);
        let answer = self.get(index, &path, ANSWER_BYTES_MAX).await?;
        let Description { chunk_hashes, .. } = serde_json::from_slice(&answer)
            .map_err(|_| MemberFault::Malformed("its answer describes no payload"))?;
        let right = keccak256(encode_chunk_hashes(&chunk_hashes)) == payload.payload_hash
            && payload.chunks() == Some(chunk_hashes.len());
        right.then_some(chunk_hashes).ok_or(MemberFault::WrongBytes)
    }

    /// A chunk, checked against its hash.
    async fn chunk(
        &self,
        index: usize,
        payload: &PayloadId,
        chunk: usize,
        hash: B256,
    ) -> Result<Vec<u8>, MemberFault> {
        let length = payload.chunk_length(chunk);
        let path = chunk_path(payload.payload_hash, chunk);
        let answer = self.get(index, &path, length).await.and_then(|bytes| {
            let right = bytes.len() == length && keccak256(&bytes) == hash;
            right.then_some(bytes).ok_or(MemberFault::WrongBytes)
        });
        self.metrics.count_chunk(self.endpoints[index].0, answer.is_ok());
        answer
    }

    async fn get(
        &self,
        index: usize,
        path: &str,
        bytes_max: usize,
    ) -> Result<Vec<u8>, MemberFault> {
        let request = self.signed_get(index, path, self.clock.now()).await?;
        Asked { request, bytes_max }.answer(self.waits.chunk).await
    }

    /// A request to read a path, signed if there is a key for that.
    pub(super) async fn signed_get(
        &self,
        index: usize,
        path: &str,
        time: u64,
    ) -> Result<RequestBuilder, MemberFault> {
        let (member, url) = &self.endpoints[index];
        let request = self.http.get(join(url, path));
        let Some(key) = &self.requester else { return Ok(request) };
        let signature = key
            .sign_request(read_request(*member, time, path))
            .await
            .map_err(|error| MemberFault::Unreachable(error.to_string()))?;
        Ok(request.header(TIME, time).header(SIGNATURE, hex::encode_prefixed(signature)))
    }
}

impl Asked {
    /// The body of the answer, if it is one of success and not too long.
    pub(super) async fn answer(self, wait: Duration) -> Result<Vec<u8>, MemberFault> {
        let Self { request, bytes_max } = self;
        let answer = async {
            let unreachable = |error: alloy::transports::http::reqwest::Error| {
                MemberFault::Unreachable(causes(&error.without_url()))
            };
            let mut response = request.send().await.map_err(unreachable)?;
            let status = response.status();
            let limit = if status == StatusCode::OK { bytes_max } else { ANSWER_BYTES_MAX };
            let mut body = Vec::new();
            while let Some(part) = response.chunk().await.map_err(unreachable)? {
                if body.len() + part.len() > limit {
                    return Err(MemberFault::Malformed("its answer is too long"));
                }
                body.extend_from_slice(&part);
            }
            match status {
                StatusCode::OK => Ok(body),
                status => Err(refused(status.as_u16(), &body)),
            }
        };
        tokio::time::timeout(wait, answer).await.unwrap_or(Err(MemberFault::Silent(wait)))
    }
}

fn refused(status: u16, body: &[u8]) -> MemberFault {
    /// Of what a stranger says, characters.
    const MESSAGE_MAX: usize = 300;
    let Ok(Refused { code, message }) = serde_json::from_slice(body) else {
        return MemberFault::Refused { status, code: "?".to_owned(), message: String::new() };
    };
    let shorten =
        |text: String| text.chars().filter(|c| !c.is_control()).take(MESSAGE_MAX).collect();
    MemberFault::Refused { status, code: shorten(code), message: shorten(message) }
}

/// An error with what caused it: the outermost alone says "error sending request" of everything.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Reads the address of a member.
pub(crate) fn parse_url(url: &str) -> Result<Url, Error> {
    let parsed = Url::parse(url).ok().filter(|parsed| {
        matches!(parsed.scheme(), "http" | "https") && parsed.has_host() && parsed.query().is_none()
    });
    parsed.ok_or_else(|| Error::MemberUrl { url: url.to_owned() })
}

/// A path below a member's address.
pub(super) fn join(url: &Url, path: &str) -> Url {
    let mut joined = url.clone();
    joined.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
    joined
}

/// An HTTP client that follows nobody elsewhere.
pub(crate) fn http_client(tls: Option<&ClientTls>) -> Result<Client, Error> {
    let mut builder = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT_TIMEOUT);
    let mut used = Path::new("the system's certificates");
    if let Some(tls) = tls {
        if let Some(path) = &tls.ca {
            let authorities = Certificate::from_pem_bundle(&read(path)?).map_err(wrong(path))?;
            builder = builder.tls_certs_only(authorities);
            used = path;
        }
        if let Some(path) = &tls.certificate {
            let key = tls.key.as_deref().unwrap_or(path);
            let pem = [read(path)?, read(key)?].join(&b'\n');
            builder = builder.identity(Identity::from_pem(&pem).map_err(wrong(path))?);
            used = path;
        }
    }
    builder.build().map_err(wrong(used))
}

fn wrong<E: std::error::Error + 'static>(path: &Path) -> impl FnOnce(E) -> Error {
    let path = path.to_owned();
    move |error| Error::Tls { path, reason: causes(&error) }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::Tls { path: path.to_owned(), reason: error.to_string() })
}
