//! The prover that `mezz up` starts itself, and starts again when it ends.

use super::find;
use crate::{
    args::UpArgs,
    files::DataDir,
    output::{Failure, Output},
};
use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    process::{Child, Command},
    task::JoinHandle,
};

/// Pause before a prover that ended is started again; twice as long each time that it ends soon.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// A prover that ends within this has not got to work: its keys take a quarter of it.
const SOON: Duration = Duration::from_secs(60);
/// How much of what it said last is repeated.
const LINES: usize = 3;
const LETTERS: usize = 600;

/// A prover that this process has started, and starts again when it ends.
#[derive(Debug)]
pub(crate) struct Prover(JoinHandle<()>);

/// How it is started.
struct Start {
    program: PathBuf,
    node: String,
    parts: PathBuf,
    wrap: Option<PathBuf>,
    log: PathBuf,
    pause: Duration,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    status: String,
    /// What it said last.
    reason: String,
    /// How often in a row it ended soon.
    times: u32,
    /// When it is started again.
    pause: Duration,
}

/// One that runs, and where in the log begins what it says.
type Running = (Child, u64);

impl Start {
    fn spawn(&self) -> std::io::Result<Running> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let begins = log.metadata()?.len();
        let mut command = Command::new(&self.program);
        command.args(["work", "--until-eof", "--node", &self.node, "--parts"]).arg(&self.parts);
        if let Some(wrap) = &self.wrap {
            command.arg("--wrap").arg(wrap);
        }
        // Its input ends when this process does, however that comes, and then it ends too.
        command.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        Ok((command.spawn()?, begins))
    }

    /// The pause after a prover that ended soon so many times in a row.
    fn pause(&self, times: u32) -> Duration {
        let doubled = 1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
        self.pause.saturating_mul(doubled).min(PAUSE_MAX)
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
        let log = here.join("prover.log");
        let start = Start {
            program: program.clone(),
            node: format!("http://{host}:{port}"),
            parts: parts.to_owned(),
            wrap: args.prover_wrap.clone(),
            log: log.clone(),
            pause: PAUSE,
        };
        let running = start.spawn().map_err(|error| {
            Failure::failed(format!("{} cannot be started: {error}", program.display()))
        })?;
        output.note(format!("the prover runs; what it says is in {}", log.display()));
        let say = move |ended: Ended| {
            let Ended { status, reason, times, pause } = ended;
            let (seconds, log) = (pause.as_secs(), log.display());
            tracing::error!(%status, %reason, times, %log, seconds, "the prover ended, and is started again after a pause");
        };
        Ok(Some(Self(tokio::spawn(keep_running(start, running, say)))))
    }

    /// Ends it. What it has made of its job so far stays.
    pub(crate) async fn stop(self) {
        self.0.abort();
        // The child goes with the task.
        let _ = self.0.await;
    }
}

/// Starts the prover again whenever it ends, and says why it did.
async fn keep_running(start: Start, first: Running, say: impl Fn(Ended) + Send + 'static) {
    let mut running: std::io::Result<Running> = Ok(first);
    let mut times = 0;
    loop {
        let began = Instant::now();
        let (status, reason) = match running {
            Ok((mut child, begins)) => {
                // Waiting would close it, and the prover would take that for the end of this process.
                let input = child.stdin.take();
                let ended = child.wait().await;
                drop(input);
                let status = ended.map_or_else(|error| error.to_string(), |it| it.to_string());
                (status, last_words(&start.log, begins).unwrap_or_default())
            }
            Err(error) => ("it cannot be started".to_owned(), error.to_string()),
        };
        times = if began.elapsed() < SOON { times + 1 } else { 1 };
        let pause = start.pause(times);
        say(Ended { status, reason, times, pause });
        tokio::time::sleep(pause).await;
        running = start.spawn();
    }
}

/// What was written into a log last, from a place on: the error with which a program ended, or a few lines.
fn last_words(log: &Path, from: u64) -> std::io::Result<String> {
    let mut log = File::open(log)?;
    log.seek(SeekFrom::Start(from))?;
    let mut text = Vec::new();
    log.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let error = text.rsplit_once("Error: ").map(|(_, error)| error);
    // Where in its sources says nothing to whoever runs it.
    let error = error.map(|error| error.split("\nLocation:").next().unwrap_or(error));
    let lines: Vec<_> = error.unwrap_or(&text).lines().map(str::trim).collect();
    let mut lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    if error.is_none() {
        lines.drain(..lines.len().saturating_sub(LINES));
    }
    Ok(lines.join(" ").chars().take(LETTERS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt as _};
    use tempfile::TempDir;
    use tokio::sync::mpsc;

    /// A prover that does this.
    fn prover(script: &str) -> (TempDir, Start) {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("prover");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a program");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it may run");
        let start = Start {
            program,
            node: "http://127.0.0.1:1".into(),
            parts: folder.path().join("parts"),
            wrap: Some("wrap".into()),
            log: folder.path().join("prover.log"),
            pause: Duration::from_millis(10),
        };
        (folder, start)
    }

    /// A prover runs until this process lets go of it.
    #[tokio::test]
    async fn a_prover_runs_as_long_as_its_chain() {
        let (folder, start) = prover("echo \"$@\"\ncat\necho ended");
        let log = start.log.clone();
        let running = start.spawn().expect("it starts");
        let prover = Prover(tokio::spawn(keep_running(start, running, |_| {})));
        let said = || fs::read_to_string(&log).unwrap_or_default();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if !said().is_empty() {
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let parts = folder.path().join("parts");
        let expected = format!(
            "work --until-eof --node http://127.0.0.1:1 --parts {} --wrap wrap\n",
            parts.display()
        );
        assert_eq!(said(), expected, "and it runs on");
        prover.stop().await;
    }

    /// One that cannot work is started again less and less often, and its reason is said each time.
    #[tokio::test]
    async fn a_prover_that_ends_at_once_says_why() {
        let script = "echo keys after 1 s\necho 'Error: no parameters\n\nCaused by:\n    no file\n\nLocation:\n    src/a.rs:1:1'\nexit 1";
        let (_folder, start) = prover(script);
        let running = start.spawn().expect("it starts");
        let (say, mut said) = mpsc::unbounded_channel();
        let prover = Prover(tokio::spawn(keep_running(start, running, move |ended| {
            let _ = say.send(ended);
        })));
        for times in 1..=4 {
            let ended = said.recv().await.expect("it ends");
            let expected = Ended {
                status: "exit status: 1".into(),
                reason: "no parameters Caused by: no file".into(),
                times,
                pause: Duration::from_millis(10 << (times - 1)),
            };
            assert_eq!(ended, expected);
        }
        prover.stop().await;
    }

    #[test]
    fn pauses_grow_to_ten_minutes() {
        let (_folder, mut start) = prover("");
        start.pause = PAUSE;
        let check = |times, seconds| assert_eq!(start.pause(times).as_secs(), seconds);
        check(1, 5);
        check(2, 10);
        check(7, 320);
        check(8, 600);
        check(u32::MAX, 600);
    }

    #[test]
    fn the_last_lines_are_the_reason_where_there_is_no_error() {
        let (_folder, start) = prover("");
        fs::write(&start.log, "Error: of an earlier one\n").expect("a log");
        let begins = fs::metadata(&start.log).expect("it is there").len();
        let log = "Error: of an earlier one\none\ntwo\n\nthree\nkilled\n";
        fs::write(&start.log, log).expect("a log");
        assert_eq!(last_words(&start.log, begins).expect("it is read"), "two three killed");
    }
}
