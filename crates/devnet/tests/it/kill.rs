//! A killed process loses no block that anybody was told of.

use crate::common::{ALICE, NOBODY, World, config, transfer};
use alloy::{
    primitives::B256,
    providers::{Provider, ProviderBuilder},
};
use mezz_devnet::{DevnetConfig, Mining};
use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

const FOLDER: &str = "MEZZ_DEVNET_VICTIM";
const ROUNDS: u64 = 5;

fn automatic(folder: &Path) -> DevnetConfig {
    DevnetConfig { datadir: Some(folder.to_owned()), ..config(Mining::Automatic) }
}

#[tokio::test]
#[ignore = "the process that the test below kills"]
async fn victim() {
    let folder = env::var_os(FOLDER).expect("the folder is given by the test that kills this");
    let world = World::start(automatic(folder.as_ref())).await;
    println!("\nserving {}", world.url);
    std::future::pending::<()>().await;
}

/// This test binary again, as a server.
fn spawn(folder: &Path) -> (Child, String) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["kill::victim", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url =
        lines.find_map(|line| line.unwrap().strip_prefix("serving ").map(str::to_owned)).unwrap();
    (child, url)
}

#[tokio::test]
async fn announced_blocks_survive_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut announced: Vec<(B256, B256)> = Vec::new();
    for round in 0..ROUNDS {
        let (mut child, url) = spawn(folder.path());
        let provider = ProviderBuilder::new().connect_http(url.parse().unwrap());
        let nonce = provider.get_transaction_count(ALICE).await.unwrap();
        assert!(nonce >= announced.len() as u64);
        let killer = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100 + 73 * round));
            child.kill().unwrap();
            child.wait().unwrap();
        });
        for nonce in nonce.. {
            let raw = transfer(0, nonce, NOBODY, 20).await;
            let Ok(sent) = provider.send_raw_transaction(&raw).await else { break };
            // In automatic mining the answer comes after the block.
            let Ok(receipt) = provider.get_transaction_receipt(*sent.tx_hash()).await else {
                break;
            };
            announced.push((*sent.tx_hash(), receipt.unwrap().block_hash.unwrap()));
        }
        killer.join().unwrap();
    }
    assert!(announced.len() as u64 >= ROUNDS);
    let world = World::start(automatic(folder.path())).await;
    for (hash, block) in announced {
        assert_eq!(world.receipt(hash).await.unwrap().block_hash, Some(block));
    }
    world.stop().await;
}
