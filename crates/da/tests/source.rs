//! Payloads through real KZG, the archive, and endpoints that lie.

#![allow(clippy::unwrap_used, reason = "test code")]

use alloy::{
    eips::{
        eip4844::{Blob, kzg_to_versioned_hash},
        eip7594::CELLS_PER_EXT_BLOB,
    },
    hex,
    primitives::{B256, keccak256},
    rpc::types::Block,
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use mezz_da::{Archive, DataSource, Error};
use mezz_derive::{BLOB_CAPACITY, to_blobs};
use mezz_l1::{Client, Remedy};
use mezz_primitives::{Accumulator, BatchHeader, DaType, blobs_hash};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use tempfile::TempDir;

/// The L1 block of the batch, and its time.
const BLOCK: u64 = 17;
const TIME: u64 = GENESIS_TIME + 12 * SLOT + 5;
const GENESIS_TIME: u64 = 1_700_000_000;
const SLOT: u64 = 4_242;

/// How the L1 behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// A beacon node: blobs by slot.
    Slots,
    /// As `anvil`: no slots, blobs by block number.
    Numbers,
    /// An old beacon node, which knows only sidecars.
    Sidecars,
    /// Gives other blobs than those asked for.
    Liar,
    /// Gives what is no blob.
    Garbage,
    /// Has forgotten the blobs.
    Withholder,
    /// Does not know the block.
    Stale,
}

/// An L1 endpoint and its beacon endpoint, in one server.
struct L1 {
    manner: Manner,
    blobs: Vec<Blob>,
    requests: AtomicUsize,
}

impl L1 {
    /// Serves; gives a client of it and of its beacon endpoint.
    async fn serve(manner: Manner, blobs: Vec<Blob>) -> (Arc<Self>, Client) {
        let (l1, url) = Self::listen(manner, blobs).await;
        (l1, Client::connect(&url, Some(&url)).await.unwrap())
    }

    /// Serves; gives its address.
    async fn listen(manner: Manner, blobs: Vec<Blob>) -> (Arc<Self>, String) {
        let l1 = Arc::new(Self { manner, blobs, requests: AtomicUsize::new(0) });
        let router = Router::new()
            .route("/", post(rpc))
            .route(
                "/eth/v1/beacon/genesis",
                get(|| async { Json(json!({"data": {"genesis_time": GENESIS_TIME.to_string()}})) }),
            )
            .route("/eth/v1/config/spec", get(spec))
            .route("/eth/v1/beacon/{endpoint}/{id}", get(blobs_at))
            .with_state(l1.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (l1, url)
    }

    fn answer(&self, endpoint: &str, id: u64) -> Option<Value> {
        self.requests.fetch_add(1, Relaxed);
        let here = match self.manner {
            Manner::Slots => endpoint == "blobs" && id == SLOT,
            Manner::Sidecars => endpoint == "blob_sidecars" && id == SLOT,
            _ => endpoint == "blobs" && id == BLOCK,
        };
        let blob = |blob: &Blob| match self.manner {
            Manner::Liar => hex::encode_prefixed(another(blob)),
            Manner::Garbage => hex::encode_prefixed(&blob[1..]),
            _ => hex::encode_prefixed(blob),
        };
        let blobs = self.blobs.iter().filter(|_| self.manner != Manner::Withholder).map(blob);
        let data: Value = match endpoint {
            "blobs" => blobs.collect(),
            _ => blobs.map(|blob| json!({"index": "0", "blob": blob, "kzg_commitment": "0x00", "kzg_proof": "0x00"})).collect(),
        };
        here.then(|| json!({"execution_optimistic": false, "finalized": false, "data": data}))
    }
}

/// The blob with one byte changed.
fn another(blob: &Blob) -> Blob {
    let mut other = *blob;
    other[31] ^= 1;
    other
}

async fn spec(State(l1): State<Arc<L1>>) -> Result<Json<Value>, StatusCode> {
    match l1.manner {
        Manner::Slots | Manner::Sidecars => Ok(Json(json!({"data": {"SECONDS_PER_SLOT": "12"}}))),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

async fn blobs_at(
    State(l1): State<Arc<L1>>,
    Path((endpoint, id)): Path<(String, u64)>,
) -> Result<Json<Value>, StatusCode> {
    l1.answer(&endpoint, id).map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn rpc(State(l1): State<Arc<L1>>, Json(request): Json<Value>) -> Json<Value> {
    let mut block: Block = Block::default();
    (block.header.inner.number, block.header.inner.timestamp, block.header.inner.excess_blob_gas) =
        (BLOCK, TIME, Some(0));
    let by_number = request["params"][0].as_str().is_some_and(|tag| tag.starts_with("0x"));
    let result = match request["method"].as_str().unwrap() {
        "eth_chainId" => json!("0x1"),
        "eth_getLogs" => json!([]),
        "eth_getBlockByNumber" if by_number && l1.manner == Manner::Stale => Value::Null,
        "eth_getBlockByNumber" => json!(block),
        _ => json!("l1"),
    };
    Json(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}))
}

fn header(da_type: DaType, da_hash: B256) -> BatchHeader {
    BatchHeader {
        unsigned: false,
        version: 1,
        da_type,
        index: 3,
        prev_acc: Accumulator(B256::ZERO),
        da_hash,
        q_start: 0,
        q_end: 0,
        queue_acc: B256::ZERO,
        first_block: 1,
        block_count: 1,
        l1_block: BLOCK,
        l1_time: TIME,
    }
}

/// A batch in blobs: its payload, its event and its blobs.
struct Posted {
    payload: Vec<u8>,
    header: BatchHeader,
    aux: Vec<u8>,
    blobs: Vec<Blob>,
}

fn post_batch(payload: Vec<u8>) -> Posted {
    let blobs = to_blobs(&payload).unwrap();
    let blobs: Vec<Blob> = blobs.iter().map(|blob| Blob::from_slice(&blob[..])).collect();
    let hashes: Vec<B256> = blobs.iter().map(versioned_hash).collect();
    let header = header(DaType::Blobs, blobs_hash(&hashes));
    Posted { payload, header, aux: bytes(&hashes), blobs }
}

fn versioned_hash(blob: &Blob) -> B256 {
    let blob = c_kzg::Blob::new(blob.0);
    let commitment = c_kzg::ethereum_kzg_settings(0).blob_to_kzg_commitment(&blob).unwrap();
    kzg_to_versioned_hash(commitment.to_bytes().as_slice())
}

fn bytes(hashes: &[B256]) -> Vec<u8> {
    hashes.iter().flatten().copied().collect()
}

fn source() -> (TempDir, DataSource) {
    let directory = TempDir::new().unwrap();
    let source = DataSource::open(directory.path().join("blobs")).unwrap();
    (directory, source)
}

#[tokio::test]
async fn blobs_are_fetched_in_every_shape_and_kept() {
    let posted = post_batch((0..BLOB_CAPACITY + 9).map(|index| (index % 251) as u8).collect());
    assert_eq!(posted.blobs.len(), 2);
    // The order on L1 is not ours to rely on, and other batches' blobs are in the block too.
    let mut on_l1 = vec![Blob::default()];
    on_l1.extend(posted.blobs.iter().rev());
    for manner in [Manner::Slots, Manner::Numbers, Manner::Sidecars] {
        let (l1, client) = L1::serve(manner, on_l1.clone()).await;
        let (_directory, source) = source();
        for _ in 0..2 {
            let fetched = source.fetch(&client, &posted.header, &posted.aux).await.unwrap();
            assert_eq!(fetched.as_ref(), Some(&posted.payload), "{manner:?}");
        }
        let requests = l1.requests.swap(0, Relaxed);
        assert!((1..=4).contains(&requests), "{manner:?}: {requests} requests");
        source.fetch(&client, &posted.header, &posted.aux).await.unwrap();
        assert_eq!(l1.requests.load(Relaxed), 0, "the archive has them");
    }
}

#[tokio::test]
async fn what_a_liar_gives_is_not_believed() {
    let posted = post_batch(vec![7; 1_000]);
    for manner in [Manner::Liar, Manner::Garbage, Manner::Withholder] {
        let (_, client) = L1::serve(manner, posted.blobs.clone()).await;
        let (_directory, source) = source();
        let error = source.fetch(&client, &posted.header, &posted.aux).await.unwrap_err();
        assert!(
            matches!(error, Error::L1(mezz_l1::Error::BlobsMissing { block: BLOCK, .. })),
            "{manner:?}: {error}"
        );
        assert_eq!(error.remedy(), Remedy::Retry);
        assert_eq!(source.archive().get(B256::from_slice(&posted.aux)), None);
    }
    let (_, client) = L1::serve(Manner::Stale, posted.blobs.clone()).await;
    let (_directory, source) = source();
    let error = source.fetch(&client, &posted.header, &posted.aux).await.unwrap_err();
    assert!(matches!(error, Error::BlockMissing { index: 3, block: BLOCK }), "{error}");
}

#[tokio::test]
async fn an_event_that_contradicts_the_header_is_not_believed() {
    let (l1, client) = L1::serve(Manner::Numbers, vec![]).await;
    let (_directory, source) = source();
    let calldata = header(DaType::Calldata, keccak256(b"payload"));
    assert_eq!(
        source.fetch(&client, &calldata, b"payload").await.unwrap(),
        Some(b"payload".to_vec())
    );
    let hashes = vec![B256::repeat_byte(1)];
    let blobs = header(DaType::Blobs, blobs_hash(&hashes));
    let longer = [&bytes(&hashes)[..], &[0]].concat();
    for (header, aux) in [
        (&calldata, &b"payloae"[..]),
        (&calldata, b""),
        (&blobs, b""),
        (&blobs, &[1; 64]),
        (&blobs, &longer),
    ] {
        let error = source.fetch(&client, header, aux).await.unwrap_err();
        assert!(matches!(error, Error::Hash { index: 3, .. }), "{error}");
    }
    for da_type in [DaType::None, DaType::Unknown(4)] {
        assert_eq!(source.fetch(&client, &header(da_type, B256::ZERO), b"").await.unwrap(), None);
    }
    assert_eq!(l1.requests.load(Relaxed), 0);
}

#[tokio::test]
async fn badly_packed_blobs_are_no_payload() {
    let good = post_batch(vec![7; 100]);
    let mut blob = good.blobs[0];
    blob[131_071] = 1;
    let hash = versioned_hash(&blob);
    let (_, client) = L1::serve(Manner::Numbers, vec![blob]).await;
    let (_directory, source) = source();
    let header = header(DaType::Blobs, blobs_hash(&[hash]));
    assert_eq!(source.fetch(&client, &header, hash.as_slice()).await.unwrap(), None);
}

#[tokio::test]
async fn without_a_beacon_endpoint_the_archive_serves_or_the_error_says_what_to_do() {
    let posted = post_batch(vec![7; 100]);
    let (_, url) = L1::listen(Manner::Numbers, vec![]).await;
    let client = Client::connect(&url, None).await.unwrap();
    let (_directory, source) = source();
    let error = source.fetch(&client, &posted.header, &posted.aux).await.unwrap_err();
    assert!(
        matches!(error, Error::NoBeacon { .. }) && error.to_string().contains("beacon endpoint"),
        "{error}"
    );
    assert_eq!(error.remedy(), Remedy::Stop);
    source.archive().put(B256::from_slice(&posted.aux), &posted.blobs[0]).unwrap();
    assert_eq!(
        source.fetch(&client, &posted.header, &posted.aux).await.unwrap(),
        Some(posted.payload)
    );
}

#[test]
fn a_sidecar_is_valid_and_kept() {
    let (_directory, source) = source();
    let sidecar = source.sidecar(&vec![0xab; BLOB_CAPACITY]).unwrap();
    let hashes: Vec<B256> = sidecar.versioned_hashes().collect();
    assert_eq!((sidecar.blobs.len(), sidecar.cell_proofs.len()), (2, 2 * CELLS_PER_EXT_BLOB));
    sidecar.validate(&hashes, c_kzg::ethereum_kzg_settings(0)).unwrap();
    for (hash, blob) in hashes.iter().zip(&sidecar.blobs) {
        assert_eq!(source.archive().get(*hash).as_deref(), Some(blob));
    }
    let length = mezz_derive::PAYLOAD_BLOBS_MAX + 1;
    assert!(
        matches!(source.sidecar(&vec![0; length]), Err(Error::TooLong { length: given }) if given == length)
    );
}

#[test]
fn a_damaged_file_is_no_blob() {
    let directory = TempDir::new().unwrap();
    let archive = Archive::open(directory.path()).unwrap();
    let posted = post_batch(vec![1; 50]);
    let (hash, blob) = (B256::from_slice(&posted.aux), posted.blobs[0]);
    assert_eq!(archive.get(hash), None);
    archive.put(hash, &blob).unwrap();
    let path = directory.path().join(format!("{hash}.bin"));
    assert_eq!(std::fs::read(&path).unwrap(), blob.as_slice());
    for damaged in [&blob[1..], &another(&blob)[..], &[0xff; 131_072], &[]] {
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(archive.get(hash), None);
    }
    archive.put(hash, &blob).unwrap();
    assert_eq!(archive.get(hash).as_deref(), Some(&blob));
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        1,
        "nothing unfinished is left"
    );

    std::fs::remove_dir_all(directory.path()).unwrap();
    let error = archive.put(hash, &blob).unwrap_err();
    assert!(matches!(error, Error::Archive { .. }) && error.remedy() == Remedy::Retry, "{error}");
}
