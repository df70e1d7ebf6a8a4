//! `mezz resync`: the derived state is wiped and rebuilt from L1 alone.

use super::{committee::Members, deploy::bar, run, up};
use crate::{
    args::ResyncArgs,
    files::{self, DataDir},
    output::{Failure, Output},
};
use mezz_devnet::{Devnet, Mining};
use mezz_l1::{Client, deploy::Deployment};
use mezz_node::{
    Build, CommitteeAccess, DisputeLimits, Node, NodeConfig, PoolLimits, Role, foreign_batch,
};
use mezz_storage::Store;
use serde_json::json;
use std::{collections::BTreeSet, fs, path::Path, time::Duration};
use tokio::sync::watch;

pub(crate) async fn run(args: &ResyncArgs, output: Output) -> Result<(), Failure> {
    let here = DataDir(args.here.datadir.clone());
    let deployment = files::rollup(
        &here.join("rollup.json"),
        "give the --datadir of a chain that was started before",
    )?;
    let _running = here.take()?;
    let (end, ended) = watch::channel(false);
    let embedded = match &args.l1 {
        Some(_) => None,
        None => Some(embedded(&here.join("l1"), ended).await?),
    };
    let (l1, beacon) = match (&embedded, &args.l1) {
        (Some((_, url)), _) => (url.clone(), Some(url.clone())),
        (None, url) => (url.clone().unwrap_or_default(), args.beacon.clone()),
    };
    let client = Client::connect_to(&l1, beacon.as_deref(), deployment.config.l1_chain_id).await?;
    up::stands(&client, &deployment).await?;
    if let Some(batch) = foreign_batch(&client, &deployment.contracts, Build::own()).await? {
        return Err(Failure::failed(format!(
            "from batch {batch} on the chain's program is of a version that this mezz cannot execute: nothing was changed. Rebuild it with `mezz node` on an empty data directory: run the mezz of each version in turn, the next when one says that it does not have it"
        )));
    }

    // The old chain stands aside until the new one is complete: nothing is lost if this is interrupted.
    let (path, aside) = (here.join("l2"), here.aside());
    if path.exists() && !aside.exists() {
        fs::rename(&path, &aside)?;
    } else if path.exists() {
        fs::remove_dir_all(&path)?;
    }
    let store = up::open_l2(&deployment, Some(&path))?;
    let members = Members::start(&deployment, &client, &here.join("members")).await?;
    let access = members.as_ref().map(|members| members.access(up::BATCHER));
    let config = config(&deployment, &path, access.unwrap_or_default());
    let node = Node::start(config, store.clone(), client).await?;
    let head = follow(&node, output).await?;
    node.stop().await;
    if let Some(members) = members {
        members.stop().await;
    }
    let Comparison { compared, different, unpublished, unsigned, unreadable } =
        compare(&deployment, &aside, &store, head)?;
    let _ = end.send(true);
    if let Some((devnet, _)) = embedded {
        devnet.stop().await;
    }
    if let Some(number) = different {
        let kept = here.join(&format!("l2.different-at-{number}"));
        fs::rename(&aside, &kept)?;
        return Err(Failure::failed(format!(
            "block {number} rebuilt from L1 differs from the one before; the old chain is kept in {}: unpublished blocks or a damaged store",
            kept.display()
        )));
    }
    let mut text = format!("rebuilt {head} blocks from L1");
    if let Some(reason) = unreadable {
        let kept = here.join(&format!("l2.unreadable-after-{head}"));
        fs::rename(&aside, &kept)?;
        text += &format!(
            "; the old ones cannot be read ({reason})\nand are kept in {}",
            kept.display()
        );
        let value = json!({ "blocks": head, "compared": 0, "unpublished": null, "kept": kept });
        return output.answer(text, &value);
    }
    text += &format!("; {compared} compared with the old ones, all equal");
    if unsigned > 0 && unpublished == 0 {
        let kept = here.join(&format!("l2.with-signatures-up-to-{head}"));
        fs::rename(&aside, &kept)?;
        text += &format!(
            "\n{unsigned} transactions were posted without signatures: these, and the hashes under which their senders know\nthem, are in the old chain only, which is kept in {}",
            kept.display()
        );
    } else if unpublished > 0 {
        let kept = here.join(&format!("l2.unpublished-after-{head}"));
        fs::rename(&aside, &kept)?;
        text += &format!(
            "\n{unpublished} newer blocks with transactions were not on L1 yet: they are kept in {}",
            kept.display()
        );
    } else if aside.exists() {
        fs::remove_dir_all(&aside)?;
    }
    output
        .answer(text, &json!({ "blocks": head, "compared": compared, "unpublished": unpublished, "unsigned": unsigned }))
}

async fn embedded(path: &Path, ended: run::Stop) -> Result<(Devnet, String), Failure> {
    if !path.exists() {
        return Err(Failure::usage(format!(
            "{} is not there, so the chain was on another L1: give it with --l1 and --beacon",
            path.display()
        )));
    }
    let devnet = up::start_l1(Some(path.to_owned()), Mining::Manual)?;
    let listener = run::listen([127, 0, 0, 1].into(), 0, "--l1").await?;
    let served = run::serve(devnet.backend(), listener, devnet.beacon_router(), ended)?;
    Ok((devnet, format!("http://{}", served.address)))
}

fn config(deployment: &Deployment, path: &Path, committee: CommitteeAccess) -> NodeConfig {
    NodeConfig {
        chain: deployment.config.clone(),
        contracts: deployment.contracts,
        start_block: deployment.start_block,
        roles: BTreeSet::from([Role::Watcher]),
        directory: path.to_owned(),
        block_time: Duration::from_secs(1),
        pool: PoolLimits::default(),
        l1_poll: Duration::from_millis(200),
        confirmations: 0,
        batch_interval: u64::MAX,
        batch_bytes: u64::MAX,
        claim_interval: u64::MAX,
        admin: false,
        provers: false,
        finalized_lag: 64,
        batcher: None,
        proposer: None,
        challenger: None,
        committee,
        dry_run: false,
        disputes: DisputeLimits::default(),
        build: Build::own(),
    }
}

/// Waits until every batch on L1 is derived; the last block.
async fn follow(node: &Node, output: Output) -> Result<u64, Failure> {
    let bar = bar(output, 0);
    loop {
        if let Some(failure) = node.failure() {
            return Err(Failure::failed(failure));
        }
        let progress = node.progress();
        bar.set_length(progress.posted);
        bar.set_position(progress.derived);
        bar.set_message("batches");
        if progress.caught_up && progress.derived == progress.posted {
            bar.finish_and_clear();
            return Ok(node.heads().safe);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The new blocks beside the old ones.
#[derive(Default)]
struct Comparison {
    compared: u64,
    /// The first that differs.
    different: Option<u64>,
    /// Blocks of the old chain with transactions of users that L1 does not have.
    unpublished: u64,
    /// Transactions whose signatures the old chain has and L1 has not.
    unsigned: u64,
    /// Why there is nothing to compare with: a store of another version, or a damaged one.
    unreadable: Option<String>,
}

/// Compares the new blocks with those of the old store, as far as both go.
fn compare(
    deployment: &Deployment,
    aside: &Path,
    store: &Store,
    head: u64,
) -> Result<Comparison, Failure> {
    if !aside.join("chain").exists() {
        return Ok(Comparison::default());
    }
    let old = match up::open_l2(deployment, Some(aside)) {
        Ok(old) => old,
        Err(failure) => {
            return Ok(Comparison { unreadable: Some(failure.message), ..Comparison::default() });
        }
    };
    let (last, mut unsigned) = (head.min(old.head().number), 0);
    for number in 1..=last {
        let hash = |store: &Store| store.block(number).map(|block| block.map(|block| block.hash));
        if hash(&old)? != hash(store)? {
            let compared = number - 1;
            return Ok(Comparison { compared, different: Some(number), ..Comparison::default() });
        }
        unsigned += match deployment.config.signatures {
            Some(_) => signed(&old, number)?.saturating_sub(signed(store, number)?),
            None => 0,
        };
    }
    let mut unpublished = 0;
    for number in head + 1..=old.head().number {
        let users = old.block(number)?.is_some_and(|block| {
            block.transactions.iter().any(|transaction| !transaction.is_deposit())
        });
        unpublished += u64::from(users);
    }
    Ok(Comparison { compared: last, unpublished, unsigned, ..Comparison::default() })
}

/// Transactions of a block whose signatures are known.
fn signed(store: &Store, number: u64) -> Result<u64, Failure> {
    let block = store.block(number)?;
    let signed = block.iter().flat_map(|block| &block.transactions);
    Ok(signed.filter(|transaction| !transaction.is_unsigned()).count() as u64)
}
