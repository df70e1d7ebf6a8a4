//! Answers that are not what was asked for.

use super::State;
use crate::{
    committee::{audit_log::AuditEntry, wire::Refused},
    private::AccessPublicKey,
};
use alloy::primitives::Address;
use axum::{
    Json,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use std::{net::IpAddr, sync::Arc};

/// Why not, and what to do.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) from: IpAddr,
    /// The DNS names in its certificate.
    pub(super) names: Arc<[String]>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(super) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the member is being stopped")
    }

    /// What went wrong on our side, for the operator in the log and for the client in short.
    pub(super) fn internal(error: &crate::Error) -> Self {
        if error.is_full() {
            tracing::error!(%error, "the member is full");
            let message = "the member has no room: tell its operator";
            return Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", message);
        }
        tracing::error!(%error, "a request failed");
        let message = "the member failed: tell its operator to look at its log";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Refused { code: self.code.to_owned(), message: self.message };
        (self.status, Json(body)).into_response()
    }
}

pub(super) async fn no_such_path(method: Method, uri: Uri) -> Refusal {
    let message = format!(
        "there is no {method} {}: see the section \"Member server\" of the specification",
        uri.path()
    );
    Refusal::new(StatusCode::NOT_FOUND, "unknown-path", message)
}

impl State {
    /// Writes a request into the audit log, and counts it if it was refused. What cannot be logged is not answered; of refusals of
    /// strangers so many are logged that they fill no disk.
    pub(super) fn audited(
        &self,
        client: &Client,
        key: Option<Address>,
        request: String,
        answer: Result<(Response, u64), Refusal>,
    ) -> Response {
        self.audited_access(client, key, None, request, answer)
    }

    /// The same of a request whose sender has shown an access key.
    pub(super) fn audited_access(
        &self,
        client: &Client,
        key: Option<Address>,
        access: Option<AccessPublicKey>,
        request: String,
        answer: Result<(Response, u64), Refusal>,
    ) -> Response {
        let (status, refused, bytes) = match &answer {
            Ok((response, bytes)) => (response.status(), None, *bytes),
            Err(refusal) => (refusal.status, Some(refusal.code.to_owned()), 0),
        };
        let stranger = refused.is_some() && !self.is_known(client, key, access);
        let entry = AuditEntry {
            time: self.clock.now(),
            from: client.from,
            key,
            access,
            names: client.names.to_vec(),
            request,
            status: status.as_u16(),
            refused,
            bytes,
            omitted: 0,
        };
        let logged = match stranger {
            true => self.audit_log.append_stranger(entry),
            false => self.audit_log.append(entry),
        };
        match logged.map_err(|error| Refusal::internal(&error)).and(answer) {
            Ok((response, _)) => response,
            Err(refusal) => {
                self.metrics.count_refusal(refusal.code);
                refusal.into_response()
            }
        }
    }

    /// Whether somebody is on any list here, or has a certificate. A key that is on none is as good as none: anybody can make new ones.
    fn is_known(
        &self,
        client: &Client,
        key: Option<Address>,
        access: Option<AccessPublicKey>,
    ) -> bool {
        let lists = self.access();
        let signs = |key: Address| {
            let asks = self.chains.values().any(|chain| chain.batchers.contains(&key));
            asks || lists.readers.contains(&key) || self.is_peer(key)
        };
        let reads = |access: AccessPublicKey| {
            let must_read = self.chains.values().any(|chain| chain.must_read.contains(&access));
            must_read || lists.deny.contains(&access)
        };
        !client.names.is_empty() || key.is_some_and(signs) || access.is_some_and(reads)
    }
}
