//! `GET /v1/payloads/…`: what is kept, for whoever may read it.

use super::{
    State,
    refusal::{Client, Refusal},
};
use crate::committee::{
    Description, Reads, read_request,
    wire::{READ_TIME_TOLERANCE, SIGNATURE, TIME, requester},
};
use alloy::primitives::{Address, B256};
use axum::{
    Extension, Json,
    extract::{self, Path},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use std::sync::{Arc, atomic::Ordering::Relaxed};

/// A response, and the bytes of payload in it.
pub(super) type Shown = (Response, u64);

pub(super) async fn description(
    extract::State(state): extract::State<Arc<State>>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
    Path(payload_hash): Path<String>,
) -> Response {
    let find = move |state: &State| {
        let hash = parse(&payload_hash)?;
        state.refuse_sealed(hash)?;
        let (payload, chunk_hashes) = state.store.chunk_hashes(hash).ok_or_else(unknown)?;
        let expiry = state.store.kept(hash).and_then(|kept| kept.expiry);
        Ok((Json(Description { payload, chunk_hashes, expiry }).into_response(), 0))
    };
    show(&state, &client, &uri, &headers, find).await
}

pub(super) async fn chunk(
    extract::State(state): extract::State<Arc<State>>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
    Path((payload_hash, chunk)): Path<(String, String)>,
) -> Response {
    let find = move |state: &State| {
        let hash = parse(&payload_hash)?;
        let index = chunk.parse().map_err(|_| {
            Refusal::bad_request("malformed", "a chunk is a decimal number, from 0")
        })?;
        state.refuse_sealed(hash)?;
        let bytes = state.store.chunk(hash, index).ok_or_else(unknown)?;
        let length = bytes.len() as u64;
        let response = ([(header::CONTENT_TYPE, "application/octet-stream")], bytes);
        Ok((response.into_response(), length))
    };
    show(&state, &client, &uri, &headers, find).await
}

/// Checks who reads, finds what is read, and writes both into the audit log.
async fn show(
    state: &Arc<State>,
    client: &Client,
    uri: &Uri,
    headers: &HeaderMap,
    find: impl FnOnce(&State) -> Result<Shown, Refusal> + Send + 'static,
) -> Response {
    let key = state.reader(uri.path(), headers);
    let answer = match state.authorize(client, &key) {
        Err(refusal) => Err(refusal),
        Ok(()) => {
            let state = state.clone();
            let found = tokio::task::spawn_blocking(move || find(&state)).await;
            found.map_err(|_| Refusal::stopping()).flatten()
        }
    };
    if let Ok((_, bytes)) = &answer {
        state.metrics.reads.fetch_add(1, Relaxed);
        state.metrics.read_bytes.fetch_add(*bytes, Relaxed);
    }
    state.audited(client, key.ok().flatten(), format!("GET {}", uri.path()), answer)
}

impl State {
    /// Whose key signed the request; `None` if no key did.
    pub(super) fn reader(
        &self,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Option<Address>, Refusal> {
        let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
        let Some(signature) = signature else { return Ok(None) };
        requester(self.read_hash(path, headers)?, signature).map(Some).ok_or_else(|| {
            Refusal::unauthorized("unsigned", format!("the header {SIGNATURE} holds no signature"))
        })
    }

    /// What is signed, or proven, to read a path now.
    pub(super) fn read_hash(&self, path: &str, headers: &HeaderMap) -> Result<B256, Refusal> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(time) = text(TIME).and_then(|time| time.parse::<u64>().ok()) else {
            let message =
                format!("a signed request must have the header {TIME}, in seconds since 1970");
            return Err(Refusal::unauthorized("unsigned", message));
        };
        let now = self.clock.now();
        if now.abs_diff(time) > READ_TIME_TOLERANCE {
            let message = format!(
                "the request was signed at {time}, and it is {now} here: set the clock, and sign each request anew"
            );
            return Err(Refusal::unauthorized("stale", message));
        }
        Ok(read_request(self.signer.address(), time, path))
    }

    /// Whether somebody may read.
    fn authorize(
        &self,
        client: &Client,
        key: &Result<Option<Address>, Refusal>,
    ) -> Result<(), Refusal> {
        let access = self.access();
        if access.reads == Reads::Open
            || client.names.iter().any(|name| access.names.contains(name))
        {
            return Ok(());
        }
        match key {
            Err(Refusal { status, code, message }) => {
                Err(Refusal::new(*status, code, message.clone()))
            }
            Ok(None) => Err(Refusal::unauthorized(
                "unsigned",
                "payloads are shown to listed readers only: sign the request",
            )),
            Ok(Some(key)) if access.readers.contains(key) || self.is_peer(*key) => Ok(()),
            Ok(Some(key)) => Err(Refusal::unauthorized(
                "unknown-reader",
                format!("{key} is not a reader here: give the member's operator this address"),
            )),
        }
    }

    /// Members hold the same payloads: what one lost the others show it.
    pub(super) fn is_peer(&self, key: Address) -> bool {
        self.config.peers.iter().any(|peer| peer.address == key)
    }
}

pub(super) fn parse(payload_hash: &str) -> Result<B256, Refusal> {
    payload_hash.parse().map_err(|_| {
        Refusal::bad_request("malformed", "a payload's hash is 0x and 64 hexadecimal digits")
    })
}

pub(super) fn unknown() -> Refusal {
    let message = "the member does not have it: ask another one";
    Refusal::new(StatusCode::NOT_FOUND, "unknown-payload", message)
}
