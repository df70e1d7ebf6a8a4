//! Blobs of past L1 blocks, from a beacon endpoint.
//!
//! A beacon node knows blocks by slot; `anvil` and others that have no slots take the number of the execution block. Both are
//! tried, by both endpoints that exist (`blobs`, and the older `blob_sidecars`). Whatever comes back is believed only if its KZG
//! commitment hashes to the versioned hash asked for.

use super::Head;
use crate::Error;
use alloy::{
    eips::eip4844::{Blob, kzg_to_versioned_hash},
    primitives::{B256, Bytes, map::B256Map},
    transports::http::reqwest::{self, StatusCode, Url},
};
use serde::{Deserialize, de::DeserializeOwned};
use std::time::Duration;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const ATTEMPTS_MAX: u32 = 4;
const BACK_OFF: Duration = Duration::from_millis(200);

/// A beacon API endpoint.
#[derive(Debug, Clone)]
pub struct Beacon {
    http: reqwest::Client,
    url: Url,
    slots: Option<Slots>,
}

/// How time becomes slots.
#[derive(Debug, Clone, Copy)]
struct Slots {
    genesis_time: u64,
    seconds: u64,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Genesis {
    genesis_time: String,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(rename = "SECONDS_PER_SLOT")]
    seconds_per_slot: String,
}

#[derive(Deserialize)]
struct Sidecar {
    blob: Bytes,
}

impl Beacon {
    /// Connects to a beacon API, for example `http://127.0.0.1:5052`.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        let wrong = || Error::Url { url: url.to_owned() };
        let mut parsed = Url::parse(url).map_err(|_| wrong())?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(wrong());
        }
        if !parsed.path().ends_with('/') {
            parsed.set_path(&format!("{}/", parsed.path()));
        }
        let http =
            reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build().map_err(|_| wrong())?;
        let mut beacon = Self { http, url: parsed, slots: None };
        let genesis: Option<Genesis> = beacon.get("eth/v1/beacon/genesis").await?;
        let spec: Option<Spec> = beacon.get("eth/v1/config/spec").await?;
        if let (Some(genesis), Some(spec)) = (genesis, spec) {
            let malformed = |reason: &str| Error::Malformed {
                endpoint: beacon.host(),
                method: "eth/v1/config/spec".into(),
                reason: reason.to_owned(),
            };
            let seconds = spec.seconds_per_slot.parse().ok().filter(|seconds| *seconds > 0);
            beacon.slots = Some(Slots {
                genesis_time: genesis
                    .genesis_time
                    .parse()
                    .map_err(|_| malformed("genesis_time is not a number"))?,
                seconds: seconds
                    .ok_or_else(|| malformed("SECONDS_PER_SLOT is not a positive number"))?,
            });
        }
        Ok(beacon)
    }

    /// The blobs with these versioned hashes, in that order, from the L1 block `head`.
    pub async fn blobs(&self, head: &Head, hashes: &[B256]) -> Result<Vec<Box<Blob>>, Error> {
        let slot =
            self.slots.map(|slots| head.time.saturating_sub(slots.genesis_time) / slots.seconds);
        let mut ids: Vec<u64> = slot.into_iter().chain([head.number]).collect();
        ids.dedup();
        let mut found = B256Map::<Box<Blob>>::default();
        let mut tried = Vec::new();
        for id in ids {
            for endpoint in ["blobs", "blob_sidecars"] {
                let path = format!("eth/v1/beacon/{endpoint}/{id}");
                let blobs: Vec<Bytes> = match endpoint {
                    "blobs" => self.get(&path).await?.unwrap_or_default(),
                    _ => {
                        let sidecars: Vec<Sidecar> = self.get(&path).await?.unwrap_or_default();
                        sidecars.into_iter().map(|sidecar| sidecar.blob).collect()
                    }
                };
                tried.push(format!("{path} has {} blobs", blobs.len()));
                // A commitment takes tens of milliseconds of CPU.
                let checked = tokio::task::spawn_blocking(move || {
                    blobs.iter().filter_map(|bytes| open(bytes)).collect::<Vec<_>>()
                });
                found.extend(checked.await.unwrap_or_default());
                if hashes.iter().all(|hash| found.contains_key(hash)) {
                    return Ok(hashes.iter().filter_map(|hash| found.get(hash).cloned()).collect());
                }
            }
        }
        Err(Error::BlobsMissing {
            block: head.number,
            reason: format!("{}, not all of those asked for", tried.join(", ")),
        })
    }

    /// Host and port: the path may hold a secret.
    fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// `None` where the endpoint says that it has no such thing.
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        let mut pause = BACK_OFF;
        let mut attempt = 1;
        loop {
            match self.get_once(path).await {
                Err(Error::Unreachable { .. }) if attempt < ATTEMPTS_MAX => {
                    tokio::time::sleep(pause).await;
                    (pause, attempt) = (pause * 2, attempt + 1);
                }
                answer => return answer,
            }
        }
    }

    async fn get_once<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        let url = self.url.join(path).map_err(|_| Error::Url { url: path.to_owned() })?;
        let unreachable = |reason: String| Error::Unreachable {
            endpoint: self.host(),
            method: path.to_owned(),
            reason,
        };
        let answer = self
            .http
            .get(url)
            .send()
            .await
            .map_err(|error| unreachable(super::cause(&error.without_url())))?;
        match answer.status() {
            StatusCode::BAD_REQUEST
            | StatusCode::NOT_FOUND
            | StatusCode::GONE
            | StatusCode::NOT_IMPLEMENTED => return Ok(None),
            status if !status.is_success() => {
                return Err(unreachable(format!("HTTP status {status}")));
            }
            _ => {}
        }
        let body = answer
            .bytes()
            .await
            .map_err(|error| unreachable(super::cause(&error.without_url())))?;
        let answer: Answer<T> =
            serde_json::from_slice(&body).map_err(|error| Error::Malformed {
                endpoint: self.host(),
                method: path.to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Some(answer.data))
    }
}

/// The blob in `bytes` under its versioned hash; `None` if it is none.
fn open(bytes: &[u8]) -> Option<(B256, Box<Blob>)> {
    let raw = c_kzg::Blob::from_bytes(bytes).ok()?;
    // No precomputation: it helps with cell proofs only.
    let commitment = c_kzg::ethereum_kzg_settings(0).blob_to_kzg_commitment(&raw).ok()?;
    Some((
        kzg_to_versioned_hash(commitment.to_bytes().as_slice()),
        Box::new(Blob::from_slice(bytes)),
    ))
}
