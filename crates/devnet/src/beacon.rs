//! The beacon API that rollups read blobs from: `/eth/v1/…`.
//!
//! A block id is `head`, `genesis`, `finalized`, a slot, or `0x` with 32 bytes: a beacon root, or the hash of an execution
//! block. A slot has [`SECONDS_PER_SLOT`], so `slot = (timestamp - genesis_time) / SECONDS_PER_SLOT` finds a block's slot as on
//! any beacon node; most slots are empty. A number is always a slot, never an execution block's number.

mod header;
mod sidecars;

pub(crate) use header::{BeaconHeader, SECONDS_PER_SLOT};

use crate::{Error, backend::VERSION, blobs::KeptBlob, shared::Shared};
use alloy::{
    consensus::Transaction as _,
    primitives::{B256, hex},
};
use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header as http_header},
    response::{IntoResponse, Response},
    routing::get,
};
use mezz_evm::BLOB_PARAMS;
use mezz_storage::Block;
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers of the beacon API.
type Answer = Result<Response, Failure>;

/// The beacon API over a devnet.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/eth/v1/beacon/genesis", get(genesis))
        .route("/eth/v1/beacon/headers", get(headers))
        .route("/eth/v1/beacon/headers/{id}", get(header_of))
        .route("/eth/v1/beacon/blobs/{id}", get(blobs))
        .route("/eth/v1/beacon/blob_sidecars/{id}", get(blob_sidecars))
        .route("/eth/v1/config/spec", get(spec))
        .route("/eth/v1/config/fork_schedule", get(fork_schedule))
        .route("/eth/v1/config/deposit_contract", get(deposit_contract))
        .route(
            "/eth/v1/node/version",
            get(async || Json(json!({ "data": { "version": VERSION } }))),
        )
        .route("/eth/v1/node/syncing", get(syncing))
        .route("/eth/v1/node/health", get(async || StatusCode::OK))
        .with_state(shared)
}

/// An error in the words of the beacon API.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    message: String,
}

impl Failure {
    fn bad_request(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }

    fn not_found(message: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, message: message.into() }
    }

    fn internal(message: impl ToString) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, message: message.to_string() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::internal(error)
    }
}

impl From<mezz_storage::Error> for Failure {
    fn from(error: mezz_storage::Error) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "code": self.status.as_u16(), "message": self.message })))
            .into_response()
    }
}

async fn genesis(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "data": {
        "genesis_time": shared.genesis_time().to_string(),
        "genesis_validators_root": B256::ZERO,
        "genesis_fork_version": FORK_VERSION,
    } }))
}

/// There is one fork, from the beginning.
const FORK_VERSION: &str = "0x06000000";
const FORK_NAME: &str = "fulu";
const SLOTS_PER_EPOCH: u64 = 32;

async fn spec(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let max = BLOB_PARAMS.max_blob_count.to_string();
    Json(json!({ "data": {
        "CONFIG_NAME": "mezz-devnet",
        "PRESET_BASE": "mainnet",
        "SECONDS_PER_SLOT": SECONDS_PER_SLOT.to_string(),
        "SLOT_DURATION_MS": (SECONDS_PER_SLOT * 1_000).to_string(),
        "SLOTS_PER_EPOCH": SLOTS_PER_EPOCH.to_string(),
        "MIN_GENESIS_TIME": shared.genesis_time().to_string(),
        "GENESIS_DELAY": "0",
        "GENESIS_FORK_VERSION": FORK_VERSION,
        "ALTAIR_FORK_EPOCH": "0",
        "BELLATRIX_FORK_EPOCH": "0",
        "CAPELLA_FORK_EPOCH": "0",
        "DENEB_FORK_EPOCH": "0",
        "ELECTRA_FORK_EPOCH": "0",
        "FULU_FORK_EPOCH": "0",
        "FULU_FORK_VERSION": FORK_VERSION,
        "MAX_BLOBS_PER_BLOCK": max,
        "MAX_BLOBS_PER_BLOCK_ELECTRA": max,
        "BLOB_SCHEDULE": [{ "EPOCH": "0", "MAX_BLOBS_PER_BLOCK": max }],
        "NUMBER_OF_COLUMNS": "128",
        // Blobs are never deleted.
        "MIN_EPOCHS_FOR_BLOB_SIDECARS_REQUESTS": "4294967295",
        "MIN_EPOCHS_FOR_DATA_COLUMN_SIDECARS_REQUESTS": "4294967295",
        "DEPOSIT_CHAIN_ID": shared.chain.id.to_string(),
        "DEPOSIT_NETWORK_ID": shared.chain.id.to_string(),
        "DEPOSIT_CONTRACT_ADDRESS": DEPOSIT_CONTRACT,
    } }))
}

/// Nobody deposits here.
const DEPOSIT_CONTRACT: &str = "0x0000000000000000000000000000000000000000";

async fn fork_schedule() -> Json<Value> {
    Json(
        json!({ "data": [{ "previous_version": FORK_VERSION, "current_version": FORK_VERSION, "epoch": "0" }] }),
    )
}

async fn deposit_contract(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(
        json!({ "data": { "chain_id": shared.chain.id.to_string(), "address": DEPOSIT_CONTRACT } }),
    )
}

async fn syncing(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let slot = shared.beacon_header(&shared.head()).slot;
    Json(json!({ "data": {
        "head_slot": slot.to_string(),
        "sync_distance": "0",
        "is_syncing": false,
        "is_optimistic": false,
        "el_offline": false,
    } }))
}

/// `headers?slot=&parent_root=`: the head's, or the one that fits both.
async fn headers(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Answer {
    let values = |name| query_values(query.as_deref(), name);
    let parent = values("parent_root").first().map(|root| root.parse::<B256>()).transpose();
    let parent = parent
        .map_err(|_| Failure::bad_request("parent_root must be 0x and 64 hexadecimal digits"))?;
    let slot = values("slot").first().cloned();
    blocking(move || {
        let child = |parent: B256| {
            let parent = shared.block_by_beacon_root(parent)?;
            parent
                .map(|parent| Ok(shared.store.block(parent.header.number + 1)?))
                .transpose()
                .map(Option::flatten)
        };
        let block = match (slot, parent) {
            (None, None) => Some(shared.head()),
            (Some(slot), _) => find(&shared, &slot)?,
            (None, Some(parent)) => child(parent).map_err(|error: Error| Failure::from(error))?,
        };
        let fits = |block: &Arc<Block>| {
            parent.is_none_or(|parent| block.header.parent_beacon_block_root == Some(parent))
        };
        let block = block.filter(fits).ok_or_else(|| Failure::not_found("no block fits"))?;
        Ok(Json(envelope(&shared, &block, json!([header_entry(&shared, &block)]))).into_response())
    })
    .await
}

async fn header_of(State(shared): State<Arc<Shared>>, Path(id): Path<String>) -> Answer {
    blocking(move || {
        let block = resolve(&shared, &id)?;
        Ok(Json(envelope(&shared, &block, header_entry(&shared, &block))).into_response())
    })
    .await
}

/// The blobs of a block, all or those of some versioned hashes: as JSON, or as bytes one after the other.
async fn blobs(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let wanted: Result<Vec<B256>, _> = query_values(query.as_deref(), "versioned_hashes")
        .iter()
        .map(|hash| hash.parse())
        .collect();
    let wanted = wanted.map_err(|_| {
        Failure::bad_request("versioned_hashes must be 0x and 64 hexadecimal digits each")
    })?;
    blocking(move || {
        let block = resolve(&shared, &id)?;
        let blobs = blobs_of(&shared, &block)?;
        let chosen = blobs
            .iter()
            .filter(|(hash, _)| wanted.is_empty() || wanted.contains(hash))
            .map(|(_, kept)| &kept.blob);
        if wants_bytes(&headers) {
            return Ok(bytes(chosen.flat_map(|blob| blob.iter().copied()).collect()));
        }
        let data: Vec<_> = chosen.map(|blob| hex::encode_prefixed(blob.as_slice())).collect();
        Ok(Json(envelope(&shared, &block, json!(data))).into_response())
    })
    .await
}

/// The older form, one entry for each blob with its proof: `indices` chooses some.
async fn blob_sidecars(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let wanted: Result<Vec<usize>, _> =
        query_values(query.as_deref(), "indices").iter().map(|index| index.parse()).collect();
    let wanted = wanted.map_err(|_| Failure::bad_request("indices must be numbers"))?;
    blocking(move || {
        let block = resolve(&shared, &id)?;
        let header = shared.beacon_header(&block);
        let sidecars = blobs_of(&shared, &block)?
            .into_iter()
            .enumerate()
            .filter(|(index, _)| wanted.is_empty() || wanted.contains(index))
            .map(|(index, (_, kept))| {
                sidecars::Sidecar::new(index, &kept, header).map_err(Failure::internal)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if wants_bytes(&headers) {
            return Ok(bytes(sidecars.iter().flat_map(sidecars::Sidecar::ssz).collect()));
        }
        let mut answer = envelope(&shared, &block, json!(sidecars));
        answer["version"] = FORK_NAME.into();
        Ok(Json(answer).into_response())
    })
    .await
}

/// The blobs of a block in the order of its transactions, each with its versioned hash.
fn blobs_of(shared: &Shared, block: &Block) -> Result<Vec<(B256, Arc<KeptBlob>)>, Failure> {
    let hashes = block.transactions.iter().flat_map(|transaction| {
        transaction.transaction.blob_versioned_hashes().unwrap_or_default()
    });
    hashes
        .map(|hash| match shared.blobs.get(*hash)? {
            Some(kept) => Ok((*hash, kept)),
            None => Err(Failure::internal(format!("the blob {hash} is not on disk"))),
        })
        .collect()
}

/// The block that an id names.
fn resolve(shared: &Shared, id: &str) -> Result<Arc<Block>, Failure> {
    find(shared, id)?.ok_or_else(|| {
        Failure::not_found(format!(
            "no block at {id:?}: an empty slot, or one that is not in the chain"
        ))
    })
}

fn find(shared: &Shared, id: &str) -> Result<Option<Arc<Block>>, Failure> {
    Ok(match id {
        "head" => Some(shared.head()),
        "genesis" => Some(shared.store.genesis()),
        "finalized" => shared.store.block(shared.heads().finalized)?,
        "justified" => shared.store.block(shared.heads().safe)?,
        _ if id.starts_with("0x") => {
            let root: B256 = id
                .parse()
                .map_err(|_| Failure::bad_request("a root is 0x and 64 hexadecimal digits"))?;
            match shared.block_by_beacon_root(root)? {
                Some(block) => Some(block),
                None => shared.store.block_by_hash(root)?,
            }
        }
        _ => {
            let wrong = |_| {
                Failure::bad_request(format!(
                    "{id:?} is no block id: head, genesis, finalized, a slot, or a 0x root"
                ))
            };
            shared.block_at_slot(id.parse().map_err(wrong)?)?
        }
    })
}

fn header_entry(shared: &Shared, block: &Block) -> Value {
    let header = shared.beacon_header(block);
    json!({ "root": header.root(), "canonical": true, "header": sidecars::signed(&header) })
}

fn envelope(shared: &Shared, block: &Block, data: Value) -> Value {
    json!({ "execution_optimistic": false, "finalized": shared.is_finalized(block), "data": data })
}

fn wants_bytes(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(http_header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    accept.trim_start().starts_with("application/octet-stream")
}

fn bytes(body: Vec<u8>) -> Response {
    ([(http_header::CONTENT_TYPE, "application/octet-stream"), (VERSION_HEADER, FORK_NAME)], body)
        .into_response()
}

const VERSION_HEADER: http_header::HeaderName =
    http_header::HeaderName::from_static("eth-consensus-version");

/// The values of a query parameter: repeated, or with commas between.
fn query_values(query: Option<&str>, name: &str) -> Vec<String> {
    let pairs = query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let values = pairs
        .filter(|(key, _)| *key == name)
        .flat_map(|(_, values)| values.split(',').flat_map(|part| part.split("%2C")));
    values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

/// Runs what reads files or computes proofs where it may block.
async fn blocking(work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
}

#[cfg(test)]
mod tests {
    use super::query_values;

    #[test]
    fn query_values_repeat_or_have_commas() {
        let query = Some("versioned_hashes=0x01&indices=1,2%2C3&versioned_hashes=0x02&indices=");
        assert_eq!(query_values(query, "versioned_hashes"), ["0x01", "0x02"]);
        assert_eq!(query_values(query, "indices"), ["1", "2", "3"]);
        assert!(query_values(None, "indices").is_empty());
    }
}
