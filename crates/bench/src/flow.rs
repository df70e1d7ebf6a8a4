//! A load on its way: sent over many connections, awaited until it is in blocks.

use crate::{
    server::Server,
    wallet::{Load, SENDERS, Wallet},
    wire::{Connection, Mode},
};
use alloy::primitives::{Bytes, U64, U256, hex};
use eyre::{Result, bail, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long transactions may take until they are in a block.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two questions whether they are.
const POLL: Duration = Duration::from_millis(50);

/// A chain whose senders have ether.
pub(crate) struct Chain {
    pub(crate) wallet: Wallet,
    pub(crate) control: Connection,
    url: String,
    /// The senders' next nonce.
    nonce: u64,
}

/// When a load was where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage {
    /// From the first request to the block with the last transaction.
    pub(crate) sealed: Duration,
    /// The first and the last block that may hold some of it.
    pub(crate) blocks: (u64, u64),
}

impl Chain {
    /// Connects and gives every sender ether.
    pub(crate) async fn prepare(server: &Server) -> Result<Self> {
        let mut control = Connection::open(&server.url, Mode::Single).await?;
        let chain: U64 = serde_json::from_value(control.call("eth_chainId", json!([])).await?)?;
        let wallet = Wallet::new(chain.to())?;
        let mut chain = Self { wallet, control, url: server.url.clone(), nonce: 0 };
        chain.wait_for_ether().await?;
        let nonce = quantity(
            &mut chain.control,
            "eth_getTransactionCount",
            json!([chain.wallet.rich(), "latest"]),
        )
        .await?;
        let endowments = chain.wallet.endowments(nonce)?;
        chain.pass(&requests(&endowments, 1, Mode::Batch), SENDERS, Mode::Batch).await?;
        Ok(chain)
    }

    /// Waits until the deposits of a new chain have arrived.
    async fn wait_for_ether(&mut self) -> Result<()> {
        let (began, account) = (Instant::now(), self.wallet.rich());
        while began.elapsed() < PATIENCE {
            let balance = self.control.call("eth_getBalance", json!([account, "latest"])).await?;
            if serde_json::from_value::<U256>(balance)? > U256::ZERO {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("{account} has no ether after {} seconds", PATIENCE.as_secs())
    }

    /// Turns half of the senders' ether into tokens.
    pub(crate) async fn wrap(&mut self) -> Result<()> {
        let wraps = self.wallet.wraps(self.nonce)?;
        self.nonce += 1;
        self.pass(&requests(&wraps, 1, Mode::Batch), SENDERS, Mode::Batch).await?;
        Ok(())
    }

    /// Signs the next transfers of all senders; `count` is a multiple of their number.
    pub(crate) fn sign(&mut self, load: Load, count: usize) -> Result<Vec<Bytes>> {
        ensure!(
            count.is_multiple_of(SENDERS),
            "the number of transactions must be a multiple of {SENDERS}"
        );
        let transfers = self.wallet.transfers(load, self.nonce, count)?;
        self.nonce += (count / SENDERS) as u64;
        Ok(transfers)
    }

    /// Sends prepared requests, one queue for each connection, and waits until all `count` transactions are in blocks.
    pub(crate) async fn pass(
        &mut self,
        queues: &[Vec<Vec<u8>>],
        count: usize,
        mode: Mode,
    ) -> Result<Passage> {
        let first = self.head().await? + 1;
        let connections =
            try_join_all(queues.iter().map(|_| Connection::open(&self.url, mode))).await?;
        let began = Instant::now();
        try_join_all(
            connections.into_iter().zip(queues).map(|(connection, queue)| drain(connection, queue)),
        )
        .await?;
        let last = self.sealed(first, count).await?;
        Ok(Passage { sealed: began.elapsed(), blocks: (first, last) })
    }

    /// The newest block.
    pub(crate) async fn head(&mut self) -> Result<u64> {
        quantity(&mut self.control, "eth_blockNumber", json!([])).await
    }

    /// Waits until the blocks from `first` on hold `count` transactions; gives the last of them.
    async fn sealed(&mut self, first: u64, count: usize) -> Result<u64> {
        let (began, mut next, mut found) = (Instant::now(), first, 0);
        while began.elapsed() < PATIENCE {
            let head = self.head().await?;
            while next <= head {
                found += self.transactions_in(next).await?;
                if found >= count as u64 {
                    return Ok(next);
                }
                next += 1;
            }
            tokio::time::sleep(POLL).await;
        }
        bail!("{found} of {count} transactions are in blocks after {} seconds", PATIENCE.as_secs())
    }

    /// How many transactions a block holds.
    pub(crate) async fn transactions_in(&mut self, block: u64) -> Result<u64> {
        quantity(
            &mut self.control,
            "eth_getBlockTransactionCountByNumber",
            json!([U64::from(block)]),
        )
        .await
    }

    /// Waits until L1 holds the batch with a block.
    pub(crate) async fn safe(&mut self, block: u64) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let safe = self.control.call("eth_getBlockByNumber", json!(["safe", false])).await?;
            let safe: U64 = serde_json::from_value(safe["number"].clone())?;
            if safe.to::<u64>() >= block {
                return Ok(());
            }
            tokio::time::sleep(POLL * 4).await;
        }
        bail!("block {block} is not on L1 after {} seconds", PATIENCE.as_secs())
    }
}

/// A number that a method answers.
pub(crate) async fn quantity(
    connection: &mut Connection,
    method: &str,
    params: Value,
) -> Result<u64> {
    Ok(serde_json::from_value::<U64>(connection.call(method, params).await?)?.to())
}

/// Sends one request after the other.
async fn drain(mut connection: Connection, queue: &[Vec<u8>]) -> Result<()> {
    for request in queue {
        let answer = connection.ask(request).await?;
        if answer.windows(7).any(|window| window == b"\"error\"") {
            bail!(
                "a transaction was refused: {}",
                String::from_utf8_lossy(&answer[..answer.len().min(400)])
            );
        }
    }
    Ok(())
}

/// Requests for each connection. A sender keeps to one connection, so that its nonces arrive in order.
pub(crate) fn requests(
    transactions: &[Bytes],
    connections: usize,
    mode: Mode,
) -> Vec<Vec<Vec<u8>>> {
    let mut queues = vec![Vec::new(); connections];
    for (position, transaction) in transactions.iter().enumerate() {
        queues[position % connections].push(request("eth_sendRawTransaction", transaction));
    }
    let pack = |queue: Vec<String>| match mode {
        Mode::Batch => queue
            .chunks(mode.calls())
            .map(|calls| format!("[{}]", calls.join(",")).into_bytes())
            .collect(),
        Mode::Single | Mode::Websocket => queue.into_iter().map(String::into_bytes).collect(),
    };
    queues.into_iter().map(pack).collect()
}

/// The JSON of one call with a transaction.
pub(crate) fn request(method: &str, transaction: &Bytes) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":["{}"]}}"#,
        hex::encode_prefixed(transaction)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_transaction_is_sent_once_and_a_sender_keeps_its_connection() {
        let transactions: Vec<_> = (0..100_u8).map(|byte| Bytes::from(vec![byte])).collect();
        for (mode, each) in [(Mode::Single, 50), (Mode::Batch, 1)] {
            let queues = requests(&transactions, 2, mode);
            assert_eq!(queues.iter().map(Vec::len).collect::<Vec<_>>(), [each, each]);
            let odd = String::from_utf8(queues[1].concat()).unwrap();
            assert!(odd.contains("0x63") && !odd.contains("0x62"));
        }
    }
}
