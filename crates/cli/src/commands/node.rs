//! `mezz node`: a node of an existing deployment.

use super::{keys, run, up};
use crate::{
    args::{MemberTlsArgs, NodeArgs},
    files::{self, DataDir},
    output::{Failure, Output},
};
use mezz_da::{CertificateSigner, ClientTls, Endpoint, private::AccessKey};
use mezz_l1::{Client, Signer, deploy::Deployment};
use mezz_node::{Build, CommitteeAccess, DisputeLimits, Node, NodeConfig, PoolLimits, Role};
use mezz_rpc::{Limits, access::AccessList};
use serde_json::json;
use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

/// Pause between two looks at the access file.
pub(super) const ACCESS_RELOAD: Duration = Duration::from_secs(60);

pub(crate) async fn run(args: NodeArgs, output: Output) -> Result<(), Failure> {
    let roles = roles(&args.roles)?;
    let key = |text: &Option<String>, role: Role| -> Result<Option<Signer>, Failure> {
        match text {
            Some(text) => Ok(Some(Arc::new(keys::read(text)?) as Signer)),
            None if roles.contains(&role) => Err(Failure::usage(format!(
                "the {0} needs a key: give --{0}-key, or leave it out of --roles",
                role.as_str()
            ))),
            None => Ok(None),
        }
    };
    let batcher = key(&args.batcher_key, Role::Batcher)?;
    let proposer = key(&args.proposer_key, Role::Proposer)?;
    let challenger = key(&args.challenger_key, Role::Challenger)?;
    let rollup = args.rollup.clone().unwrap_or_else(|| args.here.datadir.join("rollup.json"));
    let deployment = files::rollup(
        &rollup,
        "give --rollup with the rollup.json that `mezz deploy apply` wrote",
    )?;
    let private = is_private(&deployment);
    refuse_open_rpc(&args, private)?;
    let here = DataDir::create(&args.here.datadir)?;
    let _running = here.take()?;
    here.refuse_half_resynced()?;
    let client =
        Client::connect_to(&args.l1, args.beacon.as_deref(), deployment.config.l1_chain_id).await?;
    run::warn_of_missing(&client);
    let access = access_list(&args)?;
    let l2_listener = run::listen(args.host, args.l2_port, "--l2-port").await?;
    let metrics_host = metrics_host(&args, private);
    let metrics_listener = run::listen(metrics_host, args.metrics_port, "--metrics-port").await?;
    let config = NodeConfig {
        chain: deployment.config.clone(),
        contracts: deployment.contracts,
        start_block: deployment.start_block,
        batcher,
        proposer,
        challenger,
        committee: committee(&args, &deployment, access.as_ref())?,
        dry_run: args.dry_run,
        disputes: DisputeLimits::default(),
        build: Build::own(),
        roles,
        directory: here.join("l2"),
        block_time: Duration::from_secs_f64(args.block_time),
        pool: PoolLimits::default(),
        l1_poll: Duration::from_secs(1),
        confirmations: args.confirmations,
        batch_interval: args.batch_interval,
        batch_bytes: 500_000,
        claim_interval: args.claim_interval,
        admin: args.rpc_admin,
        provers: args.provers,
        finalized_lag: 64,
    };
    let (end, ended) = watch::channel(false);
    let store = up::open_l2(&deployment, Some(&here.join("l2")))?;
    let node = Node::start(config, store, client).await?;
    let routes = axum::Router::new();
    // Whoever opens a page on this machine is not who may read a private chain.
    let limits = Limits { browsers: !private || access.is_some(), ..Limits::default() };
    let l2 = run::serve_for(access, limits, node.backend(), l2_listener, routes, ended.clone())?;
    let metrics = run::serve_metrics(node.metrics(), l2.rpc.clone(), metrics_listener, ended)?;
    let (rpc, scrape) =
        (format!("http://{}", l2.address), format!("http://{}/metrics", metrics.address));
    run::announce(
        output,
        output.answer(
            format!(
                "node of chain {} at {rpc}, metrics at {scrape}",
                deployment.config.l2_chain_id
            ),
            &json!({ "rpc": rpc, "metrics": scrape }),
        ),
    );
    let ended = run::until_the_end(&node).await;
    output.note("stopping: writing what was promised to disk");
    node.stop().await;
    let _ = end.send(true);
    for task in [l2.task, metrics.task] {
        let _ = tokio::time::timeout(Duration::from_secs(3), task).await;
    }
    ended
}

/// How it reaches the data committee.
fn committee(
    args: &NodeArgs,
    deployment: &Deployment,
    access: Option<&AccessList>,
) -> Result<CommitteeAccess, Failure> {
    if deployment.config.committee.is_some() && args.members.is_empty() {
        return Err(Failure::usage(
            "this chain's data lie with a committee: say where its members are with --member ADDRESS=URL",
        ));
    }
    let key = args.reader_key.as_ref().or(args.batcher_key.as_ref());
    let requester = key.map(|key| keys::read(key)).transpose()?;
    let members = args.members.iter().cloned();
    Ok(CommitteeAccess {
        members: members.map(|(address, url)| Endpoint { address, url }).collect(),
        requester: requester.map(|key| Arc::new(key) as Arc<dyn CertificateSigner>),
        tls: tls(&args.member_tls),
        audit_interval: Duration::from_secs(args.audit_interval),
        must_read: args.must_read,
        access_key: args.access_key.as_deref().map(AccessKey::read).transpose()?,
        access_list: access.cloned(),
    })
}

/// Whether L1 knows a chain as private: only listed ones may demand its payloads.
fn is_private(deployment: &Deployment) -> bool {
    deployment.contracts.committee.is_some_and(|committee| committee.demanders.is_some())
}

/// Where metrics are served: how much goes on in a private chain is its operator's to know.
fn metrics_host(args: &NodeArgs, private: bool) -> IpAddr {
    let usual = if private { Ipv4Addr::LOCALHOST.into() } else { args.host };
    args.metrics_host.unwrap_or(usual)
}

/// A node of a private chain shows all of it over RPC, unless an access file says who sees what.
fn refuse_open_rpc(args: &NodeArgs, private: bool) -> Result<(), Failure> {
    let guarded = args.access.is_some() || args.rpc_unrestricted || args.host.is_loopback();
    if !private || guarded {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "this chain is private, and without --access FILE whoever reaches {} reads all of it: give --access, listen on 127.0.0.1, or say --rpc-unrestricted where a network of its own protects the port",
        args.host
    )))
}

/// Who reads what, from a file that is read again each minute.
fn access_list(args: &NodeArgs) -> Result<Option<AccessList>, Failure> {
    let Some(path) = &args.access else { return Ok(None) };
    let list = AccessList::read(path).map_err(|error| Failure::usage(error.to_string()))?;
    tokio::spawn(list.clone().keep_up(ACCESS_RELOAD));
    Ok(Some(list))
}

/// TLS towards members, where it is not that of the public web.
pub(super) fn tls(args: &MemberTlsArgs) -> Option<ClientTls> {
    let tls = ClientTls {
        ca: args.member_ca.clone(),
        certificate: args.member_cert.clone(),
        key: args.member_cert_key.clone(),
    };
    (tls.ca.is_some() || tls.certificate.is_some()).then_some(tls)
}

/// The roles by name. Every node watches.
fn roles(names: &[String]) -> Result<BTreeSet<Role>, Failure> {
    let mut roles = BTreeSet::from([Role::Watcher]);
    for name in names {
        let role = Role::ALL.into_iter().find(|role| role.as_str() == name);
        roles.insert(role.ok_or_else(|| {
            Failure::usage(format!(
                "there is no role `{name}`; the roles are sequencer, batcher, proposer, challenger, watcher"
            ))
        })?);
    }
    Ok(roles)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, Command, More};
    use clap::Parser;

    fn args(more: &[&str]) -> NodeArgs {
        let said = ["mezz", "node", "--l1", "http://127.0.0.1:1"].into_iter();
        match Args::try_parse_from(said.chain(more.iter().copied())).expect("it is said so").command
        {
            Command::More(More::Node(args)) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_private_chain_is_not_shown_by_oversight() {
        let open = ["--host", "0.0.0.0"];
        let refused = refuse_open_rpc(&args(&open), true).expect_err("it is open");
        assert!(refused.message.contains("--rpc-unrestricted"), "{}", refused.message);
        let with = |more: &[&str]| args(&[&open[..], more].concat());
        for guarded in [with(&["--access", "a.toml"]), with(&["--rpc-unrestricted"]), args(&[])] {
            assert!(refuse_open_rpc(&guarded, true).is_ok());
        }
        assert!(refuse_open_rpc(&args(&open), false).is_ok(), "what is public is served");
        assert!(metrics_host(&args(&open), true).is_loopback());
        assert!(!metrics_host(&args(&open), false).is_loopback());
        assert!(!metrics_host(&with(&["--metrics-host", "10.0.0.1"]), true).is_loopback());
    }
}
