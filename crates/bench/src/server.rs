//! The programs under load, each in a process of its own.

use crate::{
    Programs, stats,
    wire::{self, Connection, Mode},
};
use eyre::{OptionExt, Result, WrapErr, bail};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, BufReader},
    process::{Child, Command},
};

/// How long a program may take to start.
const START: Duration = Duration::from_secs(60);

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Mezz,
    Anvil,
}

impl Program {
    /// What the tables call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mezz => "mezz",
            Self::Anvil => "anvil",
        }
    }
}

/// A running program.
pub(crate) struct Server {
    /// Where it takes transactions.
    pub(crate) url: String,
    /// The L1 beneath, if it has one.
    pub(crate) l1: Option<String>,
    /// Its numbers, if it tells them.
    metrics: Option<String>,
    /// What the program itself says its start took.
    pub(crate) ready: Option<Duration>,
    /// From the start of the process to its answer.
    pub(crate) started: Duration,
    child: Child,
    stop: Option<(PathBuf, PathBuf)>,
    _directory: tempfile::TempDir,
}

impl Server {
    /// Starts one of the programs with a fresh chain. `batch_interval` is in seconds of L1 time, the program's own if absent.
    pub(crate) async fn start(
        program: Program,
        programs: &Programs,
        batch_interval: Option<u64>,
    ) -> Result<Self> {
        match (program, &programs.anvil) {
            (Program::Mezz, _) => Self::mezz(&programs.mezz, programs, batch_interval).await,
            (Program::Anvil, Some(anvil)) => Self::anvil(anvil).await,
            (Program::Anvil, None) => bail!("name the program with --anvil"),
        }
    }

    async fn mezz(path: &Path, programs: &Programs, batch_interval: Option<u64>) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut command = Command::new(path);
        command.args(["up", "--json", "--l1-port", "0", "--l2-port", "0", "--metrics-port", "0"]);
        command.arg("--block-time").arg(programs.block_time.to_string());
        command.arg("--datadir").arg(directory.path());
        if let Some(seconds) = batch_interval {
            command.arg("--batch-interval").arg(seconds.to_string());
        }
        if !programs.disk {
            command.arg("--ephemeral");
        }
        let began = Instant::now();
        let mut child = spawn(command.stdout(Stdio::piped()))?;
        let answer = tokio::time::timeout(START, answer(&mut child)).await??;
        let text = |pointer: &str| answer.pointer(pointer)?.as_str().map(ToOwned::to_owned);
        Ok(Self {
            url: text("/l2/rpc").ok_or_eyre("`mezz up` names no L2")?,
            l1: text("/l1/rpc"),
            metrics: text("/metrics"),
            ready: answer["readyMilliseconds"].as_u64().map(Duration::from_millis),
            started: began.elapsed(),
            child,
            stop: Some((path.to_owned(), directory.path().to_owned())),
            _directory: directory,
        })
    }

    async fn anvil(path: &Path) -> Result<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        let mut command = Command::new(path);
        command.args(["--silent", "--block-time", "1", "--gas-limit", "120000000", "--port"]);
        let began = Instant::now();
        let child = spawn(command.arg(port.to_string()).stdout(Stdio::null()))?;
        while Connection::open(&url, Mode::Single).await.is_err() {
            if began.elapsed() > START {
                bail!("anvil does not listen on {url}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self {
            url,
            l1: None,
            metrics: None,
            ready: None,
            started: began.elapsed(),
            child,
            stop: None,
            _directory: tempfile::tempdir()?,
        })
    }

    /// CPU time of the process so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        stats::process_cpu(self.child.id().ok_or_eyre("the server's process has ended")?)
    }

    /// Payload bytes that it has posted to its L1 so far.
    pub(crate) async fn posted_bytes(&self) -> Result<u64> {
        let Some(metrics) = &self.metrics else { return Ok(0) };
        let text = wire::get(metrics).await?;
        let value = text.lines().find_map(|line| line.strip_prefix("mezz_node_batch_bytes_total "));
        Ok(value.ok_or_eyre("the metrics do not tell the bytes of the batches")?.parse()?)
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        match &self.stop {
            Some((mezz, directory)) => {
                let mut down = Command::new(mezz);
                down.arg("down").arg("--datadir").arg(directory).stdout(Stdio::null());
                let (down, ended) = tokio::join!(down.status(), self.child.wait());
                down?;
                ended?;
            }
            None => self.child.kill().await?,
        }
        Ok(())
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let program = command.as_std().get_program().to_owned();
    command.spawn().wrap_err_with(|| format!("{} does not start", program.to_string_lossy()))
}

/// Reads what the program prints until it is one JSON value.
async fn answer(child: &mut Child) -> Result<Value> {
    let mut output = BufReader::new(child.stdout.take().ok_or_eyre("the output is not ours")?);
    let mut text = Vec::new();
    while output.read_buf(&mut text).await? > 0 {
        if let Ok(answer) = serde_json::from_slice(&text) {
            return Ok(answer);
        }
    }
    bail!("`mezz up` ended: {}", String::from_utf8_lossy(&text))
}
