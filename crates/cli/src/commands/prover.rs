//! The prover beside a chain: whether it is given work, and the one that `mezz up` starts itself.

use crate::{
    args::UpArgs,
    files::DataDir,
    output::{Failure, Output},
};
use mezz_l1::deploy::{Intent, Signatures};
use mezz_primitives::ChainConfig;
use std::{
    ffi::OsString,
    fs::File,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    process::{Child, Command},
    task::JoinHandle,
};

/// What it is called.
const PROGRAM: &str = "mezz-prover";
/// Where `make prover` puts it, below one's home: with and without the wrap.
const BUILT: [&str; 2] =
    [".cache/mezzanine/prover-wrap/release", ".cache/mezzanine/prover/release"];
/// Pause before a prover that ended is started again; longer each time that it ends soon.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Seconds that claims wait for a prover on the same machine, which takes minutes for one.
const PATIENCE: u64 = 1_800;

/// Becomes the prover, with these arguments.
pub(crate) fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let program = find(Path::new(PROGRAM))?;
    let error = std::process::Command::new(&program).args(arguments).exec();
    Err(Failure::failed(format!("{} cannot be started: {error}", program.display())))
}

/// A program by its path, or by its name where provers are: beside this one, in the search path, or where `make prover` puts it.
fn find(program: &Path) -> Result<PathBuf, Failure> {
    if program.components().count() != 1 {
        return Ok(program.to_owned());
    }
    let here = std::env::current_exe().ok();
    let beside = here.as_deref().and_then(Path::parent).map(Path::to_owned);
    let searched = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::home_dir().unwrap_or_default();
    let built = BUILT.map(|built| home.join(built));
    let mut places = beside.into_iter().chain(std::env::split_paths(&searched)).chain(built);
    places.find_map(|place| Some(place.join(program)).filter(|path| path.is_file())).ok_or_else(|| {
        Failure::failed(format!(
            "there is no {} on this machine: `make prover` builds it, in a quarter of an hour of a core; or give its path",
            program.display()
        ))
    })
}

/// Whether the node of `mezz up` gives work to provers: where it is told to, and where only this machine can ask.
pub(crate) fn served(args: &UpArgs, config: &ChainConfig) -> Result<bool, Failure> {
    let here = args.host.is_loopback();
    if args.prover.is_some() && !here && !args.provers {
        return Err(Failure::usage(format!(
            "--prover needs a node that gives work to provers, and on {} everybody could then read what is proven; add --provers if that may be",
            args.host
        )));
    }
    Ok(args.provers || (here && (args.prover.is_some() || config.proofs.is_some())))
}

/// How long claims of a new chain wait for their proofs.
pub(crate) fn wait_for(args: &UpArgs, intent: &mut Intent) -> Result<(), Failure> {
    let decides = intent.proofs.as_ref().is_some_and(|proofs| proofs.rules.decides());
    if !decides && args.prover_timeout.is_some() {
        return Err(Failure::usage(
            "--prover-timeout is for a new chain whose claims wait for proofs: zk or validium",
        ));
    }
    let wanted = args.prover_timeout.or(args.prover.as_ref().map(|_| PATIENCE));
    let (Some(wanted), Some(proofs)) = (wanted.filter(|_| decides), &mut intent.proofs) else {
        return Ok(());
    };
    let before = std::mem::replace(&mut proofs.rules.prover_timeout, wanted);
    if let Some(committee) = &mut intent.committee {
        // The chain must outlive claims that wait.
        let freeze = &mut committee.rules.freeze_delay;
        *freeze = freeze.saturating_add(wanted).saturating_sub(before);
    }
    Ok(())
}

/// Whether batches of a new chain may lack signatures.
pub(crate) fn sign(args: &UpArgs, intent: &mut Intent) -> Result<(), Failure> {
    if args.signatures != Some(Signatures::Proved) {
        return Ok(());
    }
    let Some(proofs) = &mut intent.proofs else {
        return Err(Failure::usage(
            "--signatures proved is for a new chain with validity proofs: zk, hybrid or validium",
        ));
    };
    let rules = Signatures::devnet();
    proofs.signatures = Some(rules);
    if let Some(committee) = &mut intent.committee {
        // The chain must outlive batches that wait.
        let freeze = &mut committee.rules.freeze_delay;
        *freeze = freeze.saturating_add(rules.timeout);
    }
    Ok(())
}

/// Refuses a prover on a private chain, whose node answers by token.
pub(crate) fn refuse_private(args: &UpArgs, private: bool) -> Result<(), Failure> {
    if args.prover.is_none() || !private {
        return Ok(());
    }
    Err(Failure::usage(
        "a prover shows no token, and this chain's node answers by token only: leave out --prover; claims become final without",
    ))
}

/// How to start a prover, for a person whose chain wants proofs and has none.
pub(crate) fn advice(args: &UpArgs, config: &ChainConfig, rpc: &str) -> String {
    if args.prover.is_some() || config.proofs.is_none() {
        return String::new();
    }
    let also = if args.host.is_loopback() { "" } else { " (and --provers here)" };
    format!("  Proofs are made by: mezz-prover work --node {rpc}{also}\n")
}

/// A prover that this process has started, and starts again when it ends.
#[derive(Debug)]
pub(crate) struct Prover(JoinHandle<()>);

/// How it is started.
struct Start {
    program: PathBuf,
    node: String,
    parts: PathBuf,
    log: PathBuf,
}

impl Start {
    fn spawn(&self) -> std::io::Result<Child> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.program);
        command.args(["work", "--until-eof", "--node", &self.node, "--parts"]).arg(&self.parts);
        // Its input ends when this process does, however that comes, and then it ends too.
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        command.spawn()
    }
}

impl Prover {
    /// Starts the prover that was asked for, if any. What it says goes into `prover.log`, what it has not finished lies in `parts`.
    pub(crate) fn start(
        args: &UpArgs,
        here: &DataDir,
        parts: &Path,
        port: u16,
        output: Output,
    ) -> Result<Option<Self>, Failure> {
        let Some(program) = &args.prover else { return Ok(None) };
        let program = find(program)?;
        let host = if args.host.is_ipv6() { "[::1]" } else { "127.0.0.1" };
        let start = Start {
            program: program.clone(),
            node: format!("http://{host}:{port}"),
            parts: parts.to_owned(),
            log: here.join("prover.log"),
        };
        let child = start.spawn().map_err(|error| {
            Failure::failed(format!("{} cannot be started: {error}", program.display()))
        })?;
        output.note(format!("the prover runs; what it says is in {}", start.log.display()));
        Ok(Some(Self(tokio::spawn(keep_running(start, child)))))
    }

    /// Ends it. What it has made of its job so far stays.
    pub(crate) async fn stop(self) {
        self.0.abort();
        // The child goes with the task.
        let _ = self.0.await;
    }
}

/// Starts the prover again whenever it ends.
async fn keep_running(start: Start, mut child: Child) {
    let mut pause = PAUSE;
    loop {
        let began = Instant::now();
        // Waiting would close it, and the prover would take that for the end of this process.
        let input = child.stdin.take();
        let ended = child.wait().await;
        drop(input);
        let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
        pause = if began.elapsed() > PAUSE_MAX { PAUSE } else { pause };
        tracing::error!(status, log = %start.log.display(), seconds = pause.as_secs(), "the prover ended, and is started again after a pause");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
        child = loop {
            match start.spawn() {
                Ok(child) => break child,
                Err(error) => {
                    tracing::error!(%error, "the prover cannot be started");
                    tokio::time::sleep(pause).await;
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A prover runs until this process lets go of it.
    #[tokio::test]
    async fn a_prover_runs_as_long_as_its_chain() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("prover");
        std::fs::write(&program, "#!/bin/sh\necho \"$@\"\ncat\necho ended\n").expect("a program");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))
            .expect("it may run");
        let log = folder.path().join("prover.log");
        let start = Start {
            program,
            node: "http://127.0.0.1:1".into(),
            parts: folder.path().join("parts"),
            log: log.clone(),
        };
        let child = start.spawn().expect("it starts");
        let prover = Prover(tokio::spawn(keep_running(start, child)));
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if !said().is_empty() {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(
            said().starts_with("work --until-eof --node http://127.0.0.1:1 --parts"),
            "{}",
            said()
        );
        assert!(!said().contains("ended"), "it runs on: {}", said());
        prover.stop().await;
    }
}
