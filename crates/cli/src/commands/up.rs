//! `mezz up`: a Layer 2 in one process, on an embedded Layer 1 or on another.

use super::{
    committee::Members,
    families, parties,
    prover::{self, Machine, Prover},
    run,
};
use crate::{
    args::UpArgs,
    files::{
        self, DataDir, DeploymentFile, DevAccount, L1Endpoints, L2Endpoints, write_atomically,
        write_for_owner,
    },
    output::{Failure, Output},
};
use alloy::{
    eips::BlockNumberOrTag,
    primitives::{Bytes, U256, utils::parse_ether},
    sol,
};
use mezz_devnet::{Devnet, DevnetConfig, Mining};
use mezz_l1::{
    Call, Client, Sender, SenderConfig,
    contracts::Portal,
    deploy::{Deployment, Intent, Plan, Signatures, apply, dev_key},
};
use mezz_node::{Build, CommitteeAccess, DisputeLimits, Node, NodeConfig, PoolLimits, Role};
use mezz_primitives::{Contracts, Family, ProofConfig, ProofPolicy};
use mezz_rpc::Limits;
use mezz_storage::{Genesis, Store};
use serde_json::json;
use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::watch};

/// Indices of the test mnemonic whose accounts deploy, post and claim on devnets: users' nonces are their own.
const OWNER: u32 = 100;
pub(crate) const BATCHER: u32 = 101;
const PROPOSER: u32 = 102;
const CHALLENGER: u32 = 103;
/// L2 chain id of a new chain.
const CHAIN_ID: u64 = 901;
/// Dev accounts that users get.
const USERS: u32 = 10;
/// Ether that each of them finds on L2.
const ENDOWMENT: &str = "500";
/// Gas of a plain payment.
const GIFT_GAS: u64 = 21_000;
/// How long a detached chain may take to be ready.
const READY: Duration = Duration::from_secs(120);

sol! {
    /// Many calls in one, with value (Multicall3).
    interface Multicall {
        struct Call3Value { address target; bool allowFailure; uint256 value; bytes callData; }
        struct Answer { bool success; bytes returnData; }
        function aggregate3Value(Call3Value[] calls) external payable returns (Answer[] answers);
    }
}

pub(crate) async fn run(args: Box<UpArgs>, output: Output) -> Result<(), Failure> {
    let family = args.family.unwrap_or(Family::Optimistic);
    if let Err(instead) = families::works(family) {
        return Err(Failure::refused(format!("`{family}` does not work yet: {instead}")));
    }
    let here = DataDir::create(&args.here.datadir)?;
    let running = here.take()?;
    if !args.ephemeral {
        here.refuse_half_resynced()?;
    }
    // What an earlier run wrote must not pass for this one's.
    let _ = std::fs::remove_file(here.join("deployment.json"));
    if args.detach {
        drop(running);
        return detach(&here, output).await;
    }
    foreground(&args, &here, output).await
}

/// Starts the same command again in the background and waits until it is ready.
async fn detach(here: &DataDir, output: Output) -> Result<(), Failure> {
    let log_path = here.join("mezz.log");
    let log = std::fs::File::create(&log_path)?;
    // What it says goes into the log, for people: this process answers with JSON.
    let ours = ["--detach", "--json"];
    let arguments = std::env::args_os()
        .skip(1)
        .filter(|argument| !ours.iter().any(|option| argument == option));
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command
        .args(arguments)
        .env_remove("MEZZ_DETACH")
        .env_remove("MEZZ_JSON")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    let began = Instant::now();
    while began.elapsed() < READY {
        if let Some(status) = child.try_wait()? {
            return Err(not_started(status, &log_path));
        }
        if let Ok(deployment) = here.deployment() {
            return output.answer(banner(&deployment, here, None), &deployment);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Failure::not_running(format!(
        "the chain is not ready after {} seconds; look at {}",
        READY.as_secs(),
        log_path.display()
    )))
}

/// Why the process in the background ended: its own last word and exit code.
fn not_started(status: ExitStatus, log_path: &Path) -> Failure {
    let log = std::fs::read_to_string(log_path).unwrap_or_default();
    let message = match log.rsplit_once("error: ") {
        Some((_, message)) => message.trim().to_owned(),
        None => format!("the chain did not start ({status}); look at {}", log_path.display()),
    };
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Failure { code, ..Failure::failed(message) }
}

/// Where things are kept.
struct Places {
    /// Stores; `None` keeps them in memory.
    chains: Option<PathBuf>,
    /// Journal and blobs.
    node: PathBuf,
    rollup: PathBuf,
    /// Removes everything at the end.
    _scratch: Option<tempfile::TempDir>,
}

impl Places {
    fn new(here: &DataDir, ephemeral: bool) -> Result<Self, Failure> {
        if !ephemeral {
            return Ok(Self {
                chains: Some(here.0.clone()),
                node: here.join("l2"),
                rollup: here.join("rollup.json"),
                _scratch: None,
            });
        }
        let scratch = tempfile::tempdir()?;
        Ok(Self {
            chains: None,
            node: scratch.path().join("l2"),
            rollup: scratch.path().join("rollup.json"),
            _scratch: Some(scratch),
        })
    }

    /// Where the members of a data committee keep what they keep.
    fn members(&self) -> PathBuf {
        self.node.with_file_name("members")
    }

    fn chain(&self, name: &str) -> Option<PathBuf> {
        self.chains.as_ref().map(|chains| chains.join(name))
    }
}

/// Where metrics are served: how much goes on in a private chain is its operator's to know.
async fn for_metrics(
    listener: TcpListener,
    args: &UpArgs,
    deployment: &Deployment,
) -> Result<TcpListener, Failure> {
    if !parties::is_private(deployment) || args.host.is_loopback() {
        return Ok(listener);
    }
    let port = listener.local_addr()?.port();
    drop(listener);
    run::listen(Ipv4Addr::LOCALHOST.into(), port, "--metrics-port").await
}

/// Writes down where everything is. The parties' tokens of a private chain are for nobody else to read.
fn write_deployment(path: &Path, file: &DeploymentFile) -> Result<(), Failure> {
    let text = serde_json::to_vec_pretty(file)?;
    match file.access {
        Some(_) => write_for_owner(path, &text),
        None => write_atomically(path, &text),
    }
}

async fn foreground(args: &UpArgs, here: &DataDir, output: Output) -> Result<(), Failure> {
    let began = Instant::now();
    let places = Places::new(here, args.ephemeral)?;
    let (end, ended) = watch::channel(false);
    let l2_listener = run::listen(args.host, args.l2_port, "--l2-port").await?;
    let metrics_listener = run::listen(args.host, args.metrics_port, "--metrics-port").await?;

    // Layer 1.
    let embedded = match &args.l1 {
        Some(_) => None,
        None => Some(embedded_l1(args, &places, ended.clone()).await?),
    };
    let (l1, beacon) = match (&embedded, &args.l1) {
        (Some(l1), _) => (l1.url.clone(), Some(l1.url.clone())),
        (None, Some(url)) => (url.clone(), args.beacon.clone()),
        (None, None) => unreachable!("either an L1 is embedded or one is named; qed"),
    };
    let client = Client::connect(&l1, beacon.as_deref()).await?;
    run::warn_of_missing(&client);

    // The rollup.
    let machine = prover::examine(args).await?;
    let deployment = deployment(args, &places, &client, machine.as_ref(), output).await?;
    prover::compare(machine.as_ref(), args, (&deployment, &client), output).await?;
    if let Some(l1) = &embedded {
        l1.mine_every(args.l1_block_time).await?;
    }
    let store = open_l2(&deployment, places.chain("l2").as_deref())?;
    let members = Members::start(&deployment, &client, &places.members()).await?;
    let access = members.as_ref().map(|members| members.access(BATCHER)).unwrap_or_default();
    let list = access.access_list.clone();
    let metrics_listener = for_metrics(metrics_listener, args, &deployment).await?;
    let config = NodeConfig {
        committee: access,
        provers: prover::served(args, &deployment.config)?,
        ..node_config(args, &deployment, places.node.clone(), embedded.is_some())
    };
    let node = Node::start(config, store, client.clone()).await?;
    let recovered = node.progress().head;
    let (limits, routes) = (Limits::default(), axum::Router::new());
    let l2 = run::serve_for(list, limits, node.backend(), l2_listener, routes, ended.clone())?;
    let metrics = run::serve_metrics(node.metrics(), l2.rpc.clone(), metrics_listener, ended)?;
    let parts = places.node.with_file_name("prover");
    if let Some(parties) = members.as_ref().and_then(|members| members.parties.as_ref()) {
        parties.keep_up();
    }
    let prover = Prover::start(args, here, &parts, l2.address.port(), output)?;
    let file = DeploymentFile {
        family: deployment.config.family(),
        l1: L1Endpoints {
            ws: websocket(&l1),
            rpc: l1,
            beacon,
            chain_id: client.chain_id(),
            embedded: embedded.is_some(),
        },
        l2: L2Endpoints {
            rpc: format!("http://{}", l2.address),
            ws: format!("ws://{}", l2.address),
            chain_id: deployment.config.l2_chain_id,
        },
        metrics: format!("http://{}/metrics", metrics.address),
        contracts: deployment.contracts,
        committee: members.as_ref().map(|members| members.shown.clone()),
        access: members.as_ref().and_then(|members| Some(members.parties.as_ref()?.shown.clone())),
        accounts: (0..USERS).map(dev_account).collect(),
    };
    wait_for_block(&node, recovered).await;
    write_deployment(&here.join("deployment.json"), &file)?;
    let mut answer = json!(file);
    answer["readyMilliseconds"] = json!(began.elapsed().as_millis() as u64);
    answer["windows"] = json!(deployment.config.windows);
    let advice = match file.access {
        // A prover shows no token.
        Some(_) => String::new(),
        None => prover::advice(args, &deployment.config, &file.l2.rpc),
    };
    let text = banner(&file, here, Some((&deployment, began.elapsed()))) + &advice;
    run::announce(output, output.answer(text, &answer));

    let ended = run::until_the_end(&node).await;
    if let Some(prover) = prover {
        prover.stop().await;
    }
    output.note("stopping: writing what was promised to disk");
    node.stop().await;
    if let Some(members) = members {
        members.stop().await;
    }
    let _ = end.send(true);
    for task in [l2.task, metrics.task] {
        let _ = tokio::time::timeout(Duration::from_secs(3), task).await;
    }
    if let Some(l1) = embedded {
        let _ = tokio::time::timeout(Duration::from_secs(3), l1.served.task).await;
        l1.devnet.stop().await;
    }
    let _ = std::fs::remove_file(here.join("deployment.json"));
    ended
}

/// The embedded L1, served.
struct EmbeddedL1 {
    devnet: Devnet,
    served: run::Served,
    url: String,
}

async fn embedded_l1(
    args: &UpArgs,
    places: &Places,
    ended: run::Stop,
) -> Result<EmbeddedL1, Failure> {
    let chain = places.chain("l1");
    if places.rollup.exists() && chain.as_ref().is_some_and(|chain| !chain.exists()) {
        return Err(Failure::refused(format!(
            "{} is of a chain on another L1; give that with --l1 and --beacon, or another --datadir for a new chain",
            places.rollup.display()
        )));
    }
    let listener = run::listen(args.host, args.l1_port, "--l1-port").await?;
    // Blocks come at once while the contracts are deployed, then on the clock.
    let devnet = start_l1(chain, Mining::Automatic)?;
    let served = run::serve(devnet.backend(), listener, devnet.beacon_router(), ended)?;
    Ok(EmbeddedL1 { url: format!("http://{}", served.address), devnet, served })
}

/// Starts the embedded L1. Nothing else holds what it does, so a store of it that is damaged stays so.
pub(crate) fn start_l1(datadir: Option<PathBuf>, mining: Mining) -> Result<Devnet, Failure> {
    let shown = datadir.as_deref().unwrap_or(Path::new("l1")).display().to_string();
    let config = DevnetConfig { datadir, mining, ..DevnetConfig::default() };
    Devnet::start(config).map_err(|error| {
        use mezz_storage::Error as Storage;
        let damaged = matches!(
            error,
            mezz_devnet::Error::Storage(Storage::Database(_) | Storage::Corrupt(_))
        );
        let failure = Failure::from(error);
        if !damaged {
            return failure;
        }
        let advice = format!(
            "nothing can rebuild {shown}: restore it from a copy, or choose another --datadir"
        );
        Failure { message: format!("{}; {advice}", failure.message), ..failure }
    })
}

impl EmbeddedL1 {
    async fn mine_every(&self, seconds: f64) -> Result<(), Failure> {
        Ok(self.devnet.set_mining(Mining::Interval(Duration::from_secs_f64(seconds))).await?)
    }
}

/// The deployment of an earlier run, or a new one.
async fn deployment(
    args: &UpArgs,
    places: &Places,
    client: &Client,
    machine: Option<&Machine>,
    output: Output,
) -> Result<Deployment, Failure> {
    if places.rollup.exists() {
        let deployment = files::rollup(&places.rollup, "start again")?;
        let known = deployment.config.l2_chain_id;
        if args.chain_id.is_some_and(|id| id != known) {
            return Err(Failure::refused(format!(
                "{} is of chain {known}; leave out --chain-id, or give another --datadir for a new chain",
                places.rollup.display()
            )));
        }
        let family = deployment.config.family();
        if args.family.is_some_and(|wanted| wanted != family) {
            return Err(Failure::refused(format!(
                "{} is of a chain that is {family}; leave out the family, or give another --datadir for a new chain",
                places.rollup.display()
            )));
        }
        let waits = deployment.config.proofs.map_or(0, |proofs| proofs.prover_timeout);
        if args.prover_timeout.is_some_and(|wanted| wanted != waits) {
            return Err(Failure::refused(format!(
                "{} is of a chain whose claims wait {waits} s for a proof; leave out --prover-timeout, or give another --datadir for a new chain",
                places.rollup.display()
            )));
        }
        let private = parties::is_private(&deployment);
        if args.private && !private {
            return Err(Failure::refused(format!(
                "{} is of a chain that is not private, and stays so; leave out --private, or give another --datadir for a new chain",
                places.rollup.display()
            )));
        }
        prover::refuse_private(args, private)?;
        let proved = deployment.config.signatures.is_some();
        if args.signatures.is_some_and(|wanted| (wanted == Signatures::Proved) != proved) {
            return Err(Failure::refused(format!(
                "{} is of a chain whose signatures are {}; leave out --signatures, or give another --datadir for a new chain",
                places.rollup.display(),
                if proved { "proved" } else { "posted" }
            )));
        }
        stands(client, &deployment).await?;
        return Ok(deployment);
    }
    if args.l1.is_some() && stands_still(client).await {
        output.note(
            "this L1 makes blocks for transactions only, and the windows count its time:\nnothing settles there; start anvil with --block-time 2",
        );
    }
    output.note("deploying the contracts");
    let owner = dev_key(OWNER);
    let sender = Sender::new(client.clone(), Arc::new(owner.clone()), quick());
    let (family, chain_id) =
        (args.family.unwrap_or(Family::Optimistic), args.chain_id.unwrap_or(CHAIN_ID));
    let mut intent = Intent::devnet_of(family, client.chain_id(), chain_id)
        .ok_or_else(|| Failure::refused(format!("`{family}` does not work yet")))?;
    prover::wait_for(args, &mut intent)?;
    prover::sign(args, &mut intent)?;
    prover::refuse_private(args, args.private)?;
    if args.private {
        parties::intend(&mut intent, dev_key(CHALLENGER).address())?;
    }
    let plan = Plan::prepare(intent, client, owner.address()).await?;
    prover::check(machine, &plan.seed.intent)?;
    let rich = match &args.l1 {
        Some(_) => fund(client).await?,
        None => true,
    };
    let deployment = apply(&plan, &sender, None, |_| {}).await?;
    match &args.l1 {
        None => endow_at_once(client, &deployment.contracts).await?,
        Some(_) if rich => endow(client, &deployment.contracts).await?,
        Some(_) => output.note("the dev accounts have too little ether on this L1 to get some on L2: bring it with `mezz deposit`"),
    }
    // Written last: a run that ends before this deploys anew.
    std::fs::create_dir_all(places.rollup.parent().unwrap_or(Path::new(".")))?;
    deployment.save(&places.rollup)?;
    Ok(deployment)
}

/// Refuses an L1 that does not have the contracts.
pub(crate) async fn stands(client: &Client, deployment: &Deployment) -> Result<(), Failure> {
    let inbox = deployment.contracts.inbox;
    if client.chain_id() == deployment.config.l1_chain_id
        && !client.code(inbox, BlockNumberOrTag::Latest).await?.is_empty()
    {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "rollup.json names contracts that are not on this L1 (no code at {inbox}); give the L1 of that deployment, or another --datadir for a new one"
    )))
}

/// Whether time passes on the L1 only when somebody sends something, as anvil does unless it is told otherwise.
async fn stands_still(client: &Client) -> bool {
    client.request::<_, bool>("anvil_getAutomine", ()).await.is_ok_and(|automatic| automatic)
}

/// On somebody else's dev L1 (anvil): the first dev account funds the accounts that deploy, post and claim. Whether it was also
/// rich enough to endow the users.
async fn fund(client: &Client) -> Result<bool, Failure> {
    let giver = Sender::new(client.clone(), Arc::new(dev_key(0)), quick());
    let wanted = parse_ether("100")?;
    let endowment = parse_ether(ENDOWMENT)? * U256::from(USERS);
    let owned = client.balance(giver.address(), BlockNumberOrTag::Latest).await?;
    let rich = owned > endowment + wanted * U256::from(4);
    let mut gifts = Vec::new();
    for index in [OWNER, BATCHER, PROPOSER, CHALLENGER] {
        let account = dev_key(index).address();
        let share = if rich && index == OWNER { wanted + endowment } else { wanted };
        if client.balance(account, BlockNumberOrTag::Latest).await? < share - wanted / U256::from(2)
        {
            let call = Call { to: Some(account), value: share, ..Call::default() };
            gifts.push((call, GIFT_GAS));
        }
    }
    giver.send_together(&gifts, |_| {}).await.map_err(|error| {
        Failure::failed(format!("the accounts that deploy, post and claim need ether on this L1, and the dev account {} cannot give it: {error}\nuse `mezz deploy` and `mezz node` with keys of your own on a public L1", giver.address()))
    })?;
    Ok(rich)
}

/// One deposit to each user: all ether on an L2 is backed by the portal.
fn endowments(contracts: &Contracts) -> Result<Vec<Call>, Failure> {
    let value = parse_ether(ENDOWMENT)?;
    let deposit = |index| Portal::depositTransactionCall {
        to: dev_key(index).address(),
        value,
        gasLimit: 100_000,
        isCreation: false,
        data: Bytes::new(),
    };
    let portal = contracts.portal;
    Ok((0..USERS).map(|index| Call::to(portal, &deposit(index)).with_value(value)).collect())
}

/// Gives the users' accounts ether on L2, by as many transactions.
async fn endow(client: &Client, contracts: &Contracts) -> Result<(), Failure> {
    let sender = Sender::new(client.clone(), Arc::new(dev_key(OWNER)), quick());
    let mut calls = Vec::new();
    for call in endowments(contracts)? {
        // What those above it write makes a deposit cost a little more than alone.
        calls.push((call.clone(), 2 * sender.estimate(&call).await?));
    }
    Ok(sender.send_together(&calls, |_| {}).await?)
}

/// Gives the users' accounts ether on L2 by one transaction, where there is the contract for that.
async fn endow_at_once(client: &Client, contracts: &Contracts) -> Result<(), Failure> {
    let multicall = alloy::primitives::address!("cA11bde05977b3631167028862bE2a173976CA11");
    let deposits = endowments(contracts)?;
    let total = deposits.iter().map(|call| call.value).sum();
    let calls = deposits.into_iter().map(|call| Multicall::Call3Value {
        target: contracts.portal,
        allowFailure: false,
        value: call.value,
        callData: call.data,
    });
    let sender = Sender::new(client.clone(), Arc::new(dev_key(OWNER)), quick());
    let together = Multicall::aggregate3ValueCall { calls: calls.collect() };
    sender.send(Call::to(multicall, &together).with_value(total)).await?;
    Ok(())
}

/// Looks at the chain often: on a devnet nobody minds.
fn quick() -> SenderConfig {
    SenderConfig { poll: Duration::from_millis(100), ..SenderConfig::default() }
}

/// The L2's store.
pub(crate) fn open_l2(deployment: &Deployment, path: Option<&Path>) -> Result<Store, Failure> {
    let genesis = deployment.l2_genesis();
    let path = path.map(|path| path.join("chain"));
    let genesis = Genesis { chain: genesis.chain, header: genesis.header, alloc: genesis.alloc };
    Store::open(path.as_deref(), genesis).map_err(|error| match error {
        mezz_storage::Error::Database(_) => Failure::failed(format!(
            "{error}; where that does not help, `mezz resync` rebuilds it from L1"
        )),
        error => error.into(),
    })
}

fn node_config(
    args: &UpArgs,
    deployment: &Deployment,
    directory: PathBuf,
    embedded: bool,
) -> NodeConfig {
    NodeConfig {
        chain: deployment.config.clone(),
        contracts: deployment.contracts,
        start_block: deployment.start_block,
        roles: Role::ALL.into_iter().collect(),
        directory,
        block_time: Duration::from_secs_f64(args.block_time),
        pool: PoolLimits::default(),
        l1_poll: Duration::from_millis(if embedded { 200 } else { 500 }),
        confirmations: 0,
        batch_interval: args.batch_interval,
        batch_bytes: 500_000,
        claim_interval: args.claim_interval,
        admin: args.rpc_admin,
        provers: false,
        finalized_lag: 4,
        batcher: Some(Arc::new(dev_key(BATCHER))),
        proposer: Some(Arc::new(dev_key(PROPOSER))),
        challenger: Some(Arc::new(dev_key(CHALLENGER))),
        committee: CommitteeAccess::default(),
        dry_run: false,
        disputes: DisputeLimits::default(),
        build: Build::own(),
    }
}

/// Waits for a block of this run, which holds what was answered before it, and until what was enqueued on L1 is taken up: the users' deposits are there.
async fn wait_for_block(node: &Node, recovered: u64) {
    let backend = node.backend();
    let mut events = backend.events();
    let _ = tokio::time::timeout(Duration::from_secs(15), async {
        loop {
            let progress = node.progress();
            let taken_up = progress.taken >= progress.enqueued;
            let sealed = progress.head > recovered;
            if progress.caught_up && progress.sequencing && sealed && taken_up {
                break;
            }
            let _ = tokio::time::timeout(Duration::from_millis(50), events.recv()).await;
        }
    })
    .await;
}

fn dev_account(index: u32) -> DevAccount {
    let key = dev_key(index);
    DevAccount { address: key.address(), private_key: key.to_bytes() }
}

fn websocket(url: &str) -> String {
    url.replacen("http", "ws", 1)
}

/// What a person reads when the chain is ready.
fn banner(
    file: &DeploymentFile,
    here: &DataDir,
    details: Option<(&Deployment, Duration)>,
) -> String {
    let mut text = format!(
        "{}{} rollup ready\n\n  L1   {}  chain {}\n  L2   {}  chain {}\n  metrics     {}\n  deployment  {}\n",
        if file.access.is_some() { "private " } else { "" },
        file.family,
        file.l1.rpc,
        file.l1.chain_id,
        file.l2.rpc,
        file.l2.chain_id,
        file.metrics,
        here.join("deployment.json").display()
    );
    if let Some((deployment, took)) = details {
        let windows = &deployment.config.windows;
        text += &format!(
            "\n  windows of a devnet, in seconds of L1 time: claim {}, withdrawal {},\n  forced inclusion {}, permissionless posting {}\n",
            windows.claim_window,
            windows.proof_maturity,
            windows.force_delay,
            windows.permissionless_delay
        );
        if let (Some(rules), Some(committee)) = (deployment.config.committee, &file.committee) {
            text += &format!(
                "  data committee: {} of {} members sign; a batch may be demanded for {},\n  and must then be shown within {}\n",
                committee.threshold,
                committee.members.len(),
                rules.challenge_window,
                rules.answer_window
            );
        }
        if let Some(rules) = &deployment.config.proofs {
            text += &proofs(rules);
        }
        if let Some(rules) = &deployment.config.signatures {
            text += &format!(
                "  signatures: while provers work, batches go without, and count once theirs\n  are proven; not proven {} after posting, they count as empty\n",
                rules.timeout
            );
        }
        text += &format!("  ready after {:.1} s\n", took.as_secs_f64());
    }
    if let Some(access) = &file.access {
        text += &access.describe();
    }
    text += "\n  dev accounts, of the well-known test mnemonic: never use them elsewhere\n";
    for account in file.accounts.iter().take(3) {
        text += &format!("    {}\n    key {}\n", account.address, account.private_key);
    }
    text + "\n  A wrong claim is refuted by this node's challenger: try `mezz drill liar`.\n"
}

/// What validity proofs are worth, and what happens without.
fn proofs(rules: &ProofConfig) -> String {
    let wait = rules.wait;
    let worth = match rules.policy {
        ProofPolicy::StepOnly => {
            return "  validity proofs are recorded and worth nothing\n".into();
        }
        ProofPolicy::Safe => format!(
            "  validity proofs: a proven claim may be doubted for {wait}; one that nobody\n  proves is final after its whole window\n"
        ),
        ProofPolicy::Fast => {
            format!("  validity proofs: a proven claim is final {wait} after its proof")
        }
    };
    match (rules.policy, rules.decides()) {
        (ProofPolicy::Fast, true) => format!(
            "{worth}; without a\n  prover, {} after its assertion, if nobody refuted it\n",
            rules.prover_timeout
        ),
        (ProofPolicy::Fast, false) => format!("{worth}; without\n  one, after its window\n"),
        _ => worth,
    }
}
