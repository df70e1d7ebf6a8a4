//! `POST /v1/certificates` and `POST /v1/sealed`: keep a payload as it is or sealed, and sign that it is kept.

use super::{
    State,
    refusal::{Client, Refusal},
};
use crate::{
    Error,
    committee::{
        BlsKey, ChainServed, InboxId, Scheme, Verdict,
        wire::{CERTIFICATE, CertificateHeader, PAYLOAD_BYTES_MAX, SIGNATURE, Signed, requester},
    },
    private::SEALED_BYTES_MAX,
};
use alloy::primitives::{Address, B256, keccak256};
use axum::{
    Extension, Json,
    body::Body,
    extract,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use mezz_primitives::{Certificate, PayloadId};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Bytes of a refused body that are read and dropped: a client that is still writing does not look at the answer.
const DRAINED_BYTES_MAX: usize = 4 * PAYLOAD_BYTES_MAX;

/// How a payload comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Sealed,
}

impl Form {
    const fn path(self) -> &'static str {
        match self {
            Self::Plain => "/v1/certificates",
            Self::Sealed => "/v1/sealed",
        }
    }

    const fn bytes_max(self) -> usize {
        match self {
            Self::Plain => PAYLOAD_BYTES_MAX,
            Self::Sealed => SEALED_BYTES_MAX,
        }
    }
}

/// A request whose sender may make it.
struct Request {
    inbox: InboxId,
    certificate: Certificate,
    scheme: Scheme,
    retention: u64,
    form: Form,
    /// The hash of what is sent, if it is sealed.
    sealed: Option<B256>,
}

pub(super) async fn certify(
    extract::State(state): extract::State<Arc<State>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answer(&state, &client, &headers, body, Form::Plain).await
}

pub(super) async fn certify_sealed(
    extract::State(state): extract::State<Arc<State>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answer(&state, &client, &headers, body, Form::Sealed).await
}

async fn answer(
    state: &Arc<State>,
    client: &Client,
    headers: &HeaderMap,
    body: Body,
    form: Form,
) -> Response {
    let start = Instant::now();
    let wait = Duration::from_secs(state.config.limits.body_seconds);
    let (key, request) = state.admit(headers, form);
    let keep_max = if request.is_ok() { form.bytes_max() } else { 0 };
    let body = tokio::time::timeout(wait, read(body, keep_max)).await;
    let answer = match (request, body) {
        (Err(refusal), _) => Err(refusal),
        (Ok(_), Err(_elapsed)) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "slow",
            format!("the payload must be here within {} s", wait.as_secs()),
        )),
        (Ok(_), Ok(Err(refusal))) => Err(refusal),
        (Ok(request), Ok(Ok(payload))) => sign(state, request, payload).await,
    };
    match answer {
        Ok(signed) => {
            state.metrics.count_signature(start.elapsed());
            Json(signed).into_response()
        }
        Err(refusal) => state.audited(client, key, format!("POST {}", form.path()), Err(refusal)),
    }
}

impl State {
    /// Whether the request may be made, by its headers alone; and whose it is.
    fn admit(
        &self,
        headers: &HeaderMap,
        form: Form,
    ) -> (Option<Address>, Result<Request, Refusal>) {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let header = text(CERTIFICATE).and_then(|text| serde_json::from_str(text).ok());
        let right = |header: &CertificateHeader| header.sealed.is_some() == (form == Form::Sealed);
        let Some(header) = header.filter(right) else {
            let message =
                format!("the header {CERTIFICATE} must be there and hold the certificate as JSON");
            return (None, Err(Refusal::bad_request("malformed", message)));
        };
        let key = text(SIGNATURE).and_then(|signature| requester(header.request(), signature));
        let Some(key) = key else {
            let message =
                format!("the header {SIGNATURE} must hold the batcher's signature of the request");
            return (None, Err(Refusal::unauthorized("unsigned", message)));
        };
        (Some(key), self.admit_key(key, header, form))
    }

    fn admit_key(
        &self,
        key: Address,
        header: CertificateHeader,
        form: Form,
    ) -> Result<Request, Refusal> {
        let CertificateHeader { inbox, certificate, scheme, sealed } = header;
        let unknown = || {
            let message = format!(
                "{key} may not ask for certificates here: give the member's operator the batcher's address"
            );
            Refusal::unauthorized("unknown-batcher", message)
        };
        if !self.chains.values().any(|chain| chain.batchers.contains(&key)) {
            return Err(unknown());
        }
        let Some(chain) = self.chains.get(&inbox) else {
            let InboxId { l1_chain_id, inbox } = inbox;
            let message = format!(
                "inbox {inbox} of L1 {l1_chain_id} is not served here: check chain id and inbox on both sides"
            );
            return Err(Refusal::bad_request("unknown-chain", message));
        };
        if !chain.batchers.contains(&key) {
            return Err(unknown());
        }
        check_form(chain, form)?;
        self.check_expiry(chain, certificate.expiry)?;
        self.bls_key_for(scheme)?;
        Ok(Request { inbox, certificate, scheme, retention: chain.retention, form, sealed })
    }

    /// The BLS key, if one is needed; a refusal if there is none.
    fn bls_key_for(&self, scheme: Scheme) -> Result<Option<&BlsKey>, Refusal> {
        match (scheme, &self.bls_key) {
            (Scheme::Secp256k1, _) => Ok(None),
            (Scheme::Bls, Some(key)) => Ok(Some(key)),
            (Scheme::Bls, None) => {
                let message = "this member has no BLS key: its operator must set bls-key-file, and register the key on L1";
                Err(Refusal::bad_request("no-bls-key", message.to_owned()))
            }
        }
    }

    fn check_expiry(&self, chain: &ChainServed, expiry: u64) -> Result<(), Refusal> {
        let earliest = self.clock.now().saturating_add(chain.retention);
        let latest = earliest.saturating_add(chain.expiry_slack);
        if (earliest..=latest).contains(&expiry) {
            return Ok(());
        }
        let message = format!(
            "the expiry {expiry} must be between {earliest} and {latest}: check the clocks, and that the retention of {} s is that of the contract",
            chain.retention
        );
        Err(Refusal::bad_request("expiry", message))
    }
}

/// Stores, syncs, writes into the log, syncs, signs; in this order.
async fn sign(state: &Arc<State>, request: Request, payload: Vec<u8>) -> Result<Signed, Refusal> {
    let Request { inbox, certificate, scheme, .. } = request;
    let keeper = state.clone();
    let kept = tokio::task::spawn_blocking(move || keep(&keeper, &request, &payload));
    kept.await.map_err(|_| Refusal::stopping())??;
    let signature = match state.bls_key_for(scheme)? {
        Some(key) => key.sign(certificate.digest(inbox.l1_chain_id, inbox.inbox)).encode().into(),
        None => {
            let signature = state.signer.sign_certificate(inbox, &certificate).await;
            signature.map_err(|error| Refusal::internal(&error))?.into()
        }
    };
    Ok(Signed { member: state.signer.address(), signature })
}

/// A payload of a private chain comes sealed, and no other does: what is not to be read must not come to a disk by mistake.
fn check_form(chain: &ChainServed, form: Form) -> Result<(), Refusal> {
    let (code, message) = match (chain.private, form) {
        (true, Form::Plain) => {
            ("sealed-only", "the chain is private: seal the payload and send it to /v1/sealed")
        }
        (false, Form::Sealed) => (
            "not-private",
            "the chain is not private here: send the payload to /v1/certificates, or have the member's operator set private = true",
        ),
        _ => return Ok(()),
    };
    Err(Refusal::bad_request(code, message))
}

fn keep(state: &State, request: &Request, body: &[u8]) -> Result<(), Refusal> {
    let Request { inbox, certificate, retention, form, sealed, .. } = request;
    if sealed.is_some_and(|sealed| keccak256(body) != sealed) {
        let message = "the body is not the sealed payload whose hash was signed";
        return Err(Refusal::bad_request("wrong-payload", message));
    }
    let store: Box<dyn FnOnce() -> Result<(), Error>> = match (form, &state.private) {
        (Form::Plain, _) if PayloadId::of(body) != Some(certificate.payload) => {
            let message = format!(
                "the {} bytes of the body are not the payload that the certificate names",
                body.len()
            );
            return Err(Refusal::bad_request("wrong-payload", message));
        }
        (Form::Plain, _) => Box::new(|| state.store.put_until(body, certificate.expiry).map(drop)),
        (Form::Sealed, Some(private)) => {
            let sealed = private.admit(&state.chains[inbox], certificate, body)?;
            let expiry = Some(certificate.expiry);
            Box::new(move || private.store.put(&sealed, expiry, &private.key).map(drop))
        }
        (Form::Sealed, None) => return Err(no_access_key()),
    };
    let internal = |error: Error| Refusal::internal(&error);
    let now = state.clock.now();
    if let Some(verdict) = state.signatures.objection(*inbox, certificate, *retention, now) {
        return judge(verdict);
    }
    store().map_err(|error| match error {
        // Whoever was a reader of what may be certified by now stays one.
        Error::SealedOtherwise { .. } => {
            Refusal::new(StatusCode::CONFLICT, "conflict", error.to_string())
        }
        error => internal(error),
    })?;
    let signatures = &state.signatures;
    let recorded = signatures.record_sealed(*inbox, certificate, *sealed, *retention, now);
    judge(recorded.map_err(internal)?)
}

/// A configuration with a private chain and no key is refused at the start.
fn no_access_key() -> Refusal {
    Refusal::bad_request("not-private", "this member has no key that opens sealed payloads")
}

fn judge(verdict: Verdict) -> Result<(), Refusal> {
    let (code, message) = match verdict {
        Verdict::Recorded => return Ok(()),
        Verdict::Conflict { first, until } => (
            "conflict",
            format!(
                "payload {} was signed for this place: ask for that one, or for another after {until}",
                first.payload.payload_hash
            ),
        ),
        Verdict::TooEarly { until } => (
            "too-early",
            format!("the member lost its log of signatures, and signs nothing before {until}"),
        ),
    };
    Err(Refusal::new(StatusCode::CONFLICT, code, message))
}

/// Reads a body; of one that is too long no more than a client would have to write in vain.
async fn read(mut body: Body, keep_max: usize) -> Result<Vec<u8>, Refusal> {
    let mut kept = Vec::new();
    let mut total = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|_| Refusal::bad_request("malformed", "the body broke off: send it again"))?;
        let Ok(bytes) = frame.into_data() else { continue };
        total += bytes.len();
        if total <= keep_max {
            kept.extend_from_slice(&bytes);
        } else if total > keep_max.max(DRAINED_BYTES_MAX) {
            break;
        }
    }
    if total > keep_max {
        let message = format!(
            "the body is over the limit of {} bytes: make smaller batches",
            keep_max.max(PAYLOAD_BYTES_MAX)
        );
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message));
    }
    Ok(kept)
}
