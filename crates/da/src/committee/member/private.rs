//! Private chains: sealed payloads come in, are opened to be checked, are kept and shown sealed.

use super::{
    State,
    read::{Shown, parse, unknown},
    refusal::{Client, Refusal},
};
use crate::{
    Error,
    committee::{
        ChainServed, InboxId, MemberConfig, MemberFault, SealedStore,
        wire::{ACCESS, RecordList, proven},
    },
    private::{AccessKey, AccessPublicKey, SealedHead, SealedPayload},
};
use alloy::primitives::{Address, B256};
use axum::{
    Extension, Json,
    extract::{self, Path},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use mezz_primitives::Certificate;
use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering::Relaxed},
};

/// What a member has for private chains.
#[derive(Debug)]
pub(super) struct Private {
    pub(super) key: AccessKey,
    pub(super) store: SealedStore,
}

/// Who asks for something sealed, as far as it is shown.
#[derive(Debug, Clone, Copy)]
struct Asker {
    /// The access key that was proven.
    access: Option<AccessPublicKey>,
    /// Whether it is a listed reader or another member: it may copy what is sealed, whoever opens it.
    listed: bool,
}

impl Private {
    pub(super) fn open(config: &MemberConfig) -> Result<Option<Self>, Error> {
        let Some(file) = &config.private_key_file else { return Ok(None) };
        let key = AccessKey::read(file)?;
        let store = SealedStore::open(config.data.join("sealed"), config.store)?;
        Ok(Some(Self { key, store }))
    }

    /// A sealed payload, if it is that of a certificate, and if this member and whoever must read it can.
    pub(super) fn admit(
        &self,
        chain: &ChainServed,
        certificate: &Certificate,
        bytes: &[u8],
    ) -> Result<SealedPayload, Refusal> {
        let refused = |error| Refusal::bad_request("unsealed", format!("{error}: seal it again"));
        let sealed = SealedPayload::decode(bytes).map_err(refused)?;
        let context = sealed.context();
        let here = (context.inbox.l1_chain_id, context.inbox.inbox, context.payload);
        if here != (chain.l1_chain_id, chain.inbox, certificate.payload)
            || context.batch_index != certificate.batch_index
        {
            let message = "the body is not the sealed payload that the certificate names";
            return Err(Refusal::bad_request("wrong-payload", message));
        }
        let readers: Vec<_> = sealed.readers().collect();
        if let Some(missing) = chain.must_read.iter().find(|key| !readers.contains(key)) {
            let message = format!(
                "{missing} must be a reader of each payload of this chain: list it in the access file"
            );
            return Err(Refusal::bad_request("missing-reader", message));
        }
        sealed.verify(&self.key).map_err(refused)?;
        Ok(sealed)
    }

    /// The same of a peer's copy, which comes without the batcher's word: it is of the batch that was signed for, and whoever it names,
    /// and must read it, can.
    pub(super) fn check_copy(
        &self,
        sealed: &SealedPayload,
        inbox: InboxId,
        batch_index: u64,
        must_read: Option<&BTreeSet<AccessPublicKey>>,
    ) -> Result<(), MemberFault> {
        let context = sealed.context();
        if (context.inbox, context.batch_index) != (inbox, batch_index) {
            return Err(MemberFault::WrongBytes);
        }
        let readers: BTreeSet<_> = sealed.readers().collect();
        if must_read.is_some_and(|must_read| !must_read.is_subset(&readers)) {
            return Err(MemberFault::Malformed("its copy is not sealed for all who must read"));
        }
        sealed.verify(&self.key).map(drop).map_err(MemberFault::Sealed)
    }
}

pub(super) async fn sealed(
    extract::State(state): extract::State<Arc<State>>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
    Path(payload_hash): Path<String>,
) -> Response {
    show(&state, &client, &uri, &headers, move |private, asker| {
        let hash = parse(&payload_hash)?;
        let head = private.store.head(hash);
        asker.may_read(head.as_ref())?;
        let sealed = private.store.get(hash).ok_or_else(unknown)?;
        Ok(binary(sealed.encode()))
    })
    .await
}

pub(super) async fn record(
    extract::State(state): extract::State<Arc<State>>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
    Path((payload_hash, tenant)): Path<(String, String)>,
) -> Response {
    show(&state, &client, &uri, &headers, move |private, asker| {
        let (hash, tenant) = (parse(&payload_hash)?, parse_key(&tenant)?);
        asker.must_be(tenant)?;
        let sealed = private.store.get(hash).ok_or_else(unknown)?;
        let record = sealed.record(tenant).ok_or_else(unknown)?;
        Ok(binary(record.encode()))
    })
    .await
}

pub(super) async fn records(
    extract::State(state): extract::State<Arc<State>>,
    Extension(client): Extension<Client>,
    uri: Uri,
    headers: HeaderMap,
    Path((tenant, from)): Path<(String, String)>,
) -> Response {
    show(&state, &client, &uri, &headers, move |private, asker| {
        let tenant = parse_key(&tenant)?;
        let from = from.parse().map_err(|_| {
            Refusal::bad_request("malformed", "a batch is a decimal number, from 0")
        })?;
        asker.must_be(tenant)?;
        let all = private.store.records(tenant, from);
        let more = all.len() > RecordList::MOST;
        let records = all.into_iter().take(RecordList::MOST).collect();
        Ok((Json(RecordList { records, more }).into_response(), 0))
    })
    .await
}

/// Finds who asks and what is asked for, and writes both into the audit log.
async fn show(
    state: &Arc<State>,
    client: &Client,
    uri: &Uri,
    headers: &HeaderMap,
    find: impl FnOnce(&Private, Asker) -> Result<Shown, Refusal> + Send + 'static,
) -> Response {
    let key = state.reader(uri.path(), headers);
    let access = state.access_key(uri.path(), headers);
    let (signer, shown_key) = (key.as_ref().ok().copied().flatten(), access.as_ref().ok().copied());
    let answer = match (key, access) {
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        (Ok(key), Ok(access)) => {
            let asker = Asker { access, listed: state.is_listed(client, key) };
            let state = state.clone();
            let found = tokio::task::spawn_blocking(move || {
                let private = state.private.as_ref().ok_or_else(unknown)?;
                find(private, asker)
            });
            found.await.map_err(|_| Refusal::stopping()).flatten()
        }
    };
    if let Ok((_, bytes)) = &answer {
        state.metrics.reads.fetch_add(1, Relaxed);
        state.metrics.read_bytes.fetch_add(*bytes, Relaxed);
    }
    let request = format!("GET {}", uri.path());
    state.audited_access(client, signer, shown_key.flatten(), request, answer)
}

impl State {
    /// Whose access key is shown; `None` if none is.
    fn access_key(
        &self,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Option<AccessPublicKey>, Refusal> {
        let Some(header) = headers.get(ACCESS).and_then(|value| value.to_str().ok()) else {
            return Ok(None);
        };
        let private = self.private.as_ref().ok_or_else(unknown)?;
        let request = self.read_hash(path, headers)?;
        let proven = proven(&private.key, request, header).ok_or_else(|| {
            let message = format!(
                "the header {ACCESS} holds no proof for this member's key {}: read it at /v1/member, and prove anew",
                private.key.public()
            );
            Refusal::unauthorized("unproven", message)
        })?;
        if self.access().deny.contains(&proven) {
            let message = format!("{proven} is denied here: ask the member's operator why");
            return Err(Refusal::new(StatusCode::FORBIDDEN, "denied", message));
        }
        Ok(Some(proven))
    }

    /// Whether it is another member, or a reader on the lists.
    fn is_listed(&self, client: &Client, key: Option<Address>) -> bool {
        let access = self.access();
        client.names.iter().any(|name| access.names.contains(name))
            || key.is_some_and(|key| access.readers.contains(&key) || self.is_peer(key))
    }

    /// A refusal if a payload is here in sealed form: it is read elsewhere.
    pub(super) fn refuse_sealed(&self, payload_hash: B256) -> Result<(), Refusal> {
        let sealed = self.private.as_ref().and_then(|private| private.store.kept(payload_hash));
        let Some(_) = sealed else { return Ok(()) };
        let message = format!(
            "this payload is sealed: read it at /v1/sealed/{payload_hash} with an access key that the operator lists as a reader (mezz node --access-key FILE)"
        );
        Err(Refusal::new(StatusCode::FORBIDDEN, "sealed", message))
    }
}

impl Asker {
    /// Whether it may have a sealed payload. That one is missing is told to whoever shows a key: a reader must not take it for being no reader.
    fn may_read(&self, head: Option<&SealedHead>) -> Result<(), Refusal> {
        if self.listed {
            return Ok(());
        }
        let Some(access) = self.access else { return Err(unproven()) };
        match head {
            None => Err(unknown()),
            Some(head) if head.readers.contains_key(&access) => Ok(()),
            Some(_) => {
                let message = format!(
                    "{access} is not a reader of this payload: the operator lists readers in the access file, for batches to come"
                );
                Err(Refusal::new(StatusCode::FORBIDDEN, "not-a-reader", message))
            }
        }
    }

    fn must_be(&self, tenant: AccessPublicKey) -> Result<(), Refusal> {
        match self.access {
            None => Err(unproven()),
            Some(access) if access == tenant => Ok(()),
            Some(_) => {
                let message = "records are shown to their tenant only: prove the key in the path";
                Err(Refusal::new(StatusCode::FORBIDDEN, "not-a-reader", message))
            }
        }
    }
}

fn unproven() -> Refusal {
    let message = format!("sealed payloads are shown to their readers: send the header {ACCESS}");
    Refusal::unauthorized("unproven", message)
}

fn parse_key(text: &str) -> Result<AccessPublicKey, Refusal> {
    text.parse().map_err(|_| {
        Refusal::bad_request("malformed", "an access key is 0x and 64 hexadecimal digits")
    })
}

fn binary(bytes: Vec<u8>) -> Shown {
    let length = bytes.len() as u64;
    (([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(), length)
}
