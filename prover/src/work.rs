//! Working for a node: takes a job, proves it, gives the proof, and goes on.

use crate::{
    WrapFolder,
    job::Job,
    key::Key,
    machine::Machine,
    node::{Form, Node, Offer, State, Trouble},
    parts::Parts,
    progress::{Progress, Stopped, Watch},
    prove::prove,
    speed::Speed,
    usage::Usage,
};
use clap::Args;
use eyre::{Result, bail, ensure};
use mezz_verify::Verifier;
use openvm_stark_backend::codec::Encode as _;
use std::{
    io::Read as _,
    path::PathBuf,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

/// How often in the time of a lease the node is told that the job goes on.
const RENEWALS: u32 = 3;
/// Bytes of a name.
const NAME_MAX: usize = 64;

#[derive(Args)]
pub struct Options {
    /// The node's RPC
    #[arg(long, value_name = "URL", env = "MEZZ_PROVER_NODE")]
    node: String,
    /// What the node calls this worker [default: host and process]
    #[arg(long, env = "MEZZ_PROVER_NAME")]
    name: Option<String>,
    /// End after one proof
    #[arg(long)]
    once: bool,
    /// Seconds until the node is asked again for work
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600), env = "MEZZ_PROVER_POLL")]
    poll: u64,
    /// Where the parts of unfinished proofs are kept: workers that share it go on with each other's
    #[arg(long, default_value = ".mezz-prover")]
    parts: PathBuf,
    #[command(flatten)]
    wrap: WrapFolder,
    /// End when standard input does: for whoever starts a worker as a child
    #[arg(long)]
    until_eof: bool,
}

/// Works until nobody wants it any more.
pub fn work(machine: &Machine, options: Options) -> Result<()> {
    if options.until_eof {
        thread::spawn(|| {
            // Whoever holds the other end has ended.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0);
        });
    }
    let name = options.name.unwrap_or_else(name);
    let usage = Usage::now();
    let (key, verifying) = Key::new(machine)?;
    eprintln!("`{name}` works for {}; keys after {}", options.node, usage.since());
    let worker = Worker {
        machine,
        key,
        verifier: Verifier::new(verifying),
        node: Node::new(options.node, name),
        parts: options.parts,
        wrap: options.wrap,
        poll: Duration::from_secs(options.poll),
        speed: Speed::measure(),
    };
    let mut trouble = Said::default();
    loop {
        let offer = match worker.node.take() {
            Ok(offer) => offer,
            Err(error @ Trouble::Unserved(_)) => return Err(error.into()),
            Err(error) => {
                trouble.say(&error.to_string());
                None
            }
        };
        let Some(offer) = offer else {
            thread::sleep(worker.poll);
            continue;
        };
        trouble = Said::default();
        worker.check(&offer)?;
        match worker.make(&offer) {
            Ok(true) if options.once => return Ok(()),
            Ok(_) => {}
            Err(error) if options.once => return Err(error),
            Err(error) => {
                eprintln!("the job {} failed: {error:#}", offer.id);
                thread::sleep(worker.poll);
            }
        }
    }
}

/// What is said once, however often it happens in a row.
#[derive(Default)]
struct Said(String);

impl Said {
    fn say(&mut self, text: &str) {
        if self.0 != text {
            eprintln!("{text}; asking again");
            self.0 = text.to_owned();
        }
    }
}

struct Worker<'a> {
    machine: &'a Machine,
    key: Key,
    verifier: Verifier,
    node: Node,
    parts: PathBuf,
    wrap: WrapFolder,
    poll: Duration,
    speed: Option<Speed>,
}

impl Worker<'_> {
    /// Refuses work that this build cannot do.
    fn check(&self, offer: &Offer) -> Result<()> {
        let (theirs, ours) = (offer.program_key, self.key.program_key);
        ensure!(
            theirs == ours,
            "the node wants proofs of the program {theirs}, and this prover proves {ours}: build both from the same sources"
        );
        match offer.form {
            Form::Stark => Ok(()),
            Form::Halo2 => self.wrap.check(),
        }
    }

    /// Does a job; whether its proof was taken.
    fn make(&self, offer: &Offer) -> Result<bool> {
        let usage = Usage::now();
        let job = Job::from_bytes(&offer.input)?;
        let statement = &job.statement;
        ensure!(
            statement.hash() == offer.id && *statement == offer.statement,
            "the node expects another statement than its input comes to: build both from the same sources"
        );
        let (from, to) = (offer.batches.from, offer.batches.to);
        eprintln!("proves {:?} {} of batches {from}..{to}", statement.kind, offer.id);
        let parts = Parts::open(&self.parts, self.key.program_key, job.id)?;
        let watch = Watch::default();
        let (made, state) =
            self.with_renewals(offer, &watch, || self.prove(offer, &job, &parts, &watch));
        let proof = match made {
            Ok(proof) => proof,
            Err(error) if error.is::<mezz_verify::Error>() => {
                // Made of parts that are damaged: the next try makes them anew.
                parts.remove()?;
                return Err(error);
            }
            Err(error) if error.is::<Stopped>() => {
                let why = match state {
                    State::Leased => "another worker has it",
                    _ => {
                        "nobody wants its proof any more. Where that is so each time, claims are final before this machine has proven them: prover/README.md says which times it keeps pace with"
                    }
                };
                eprintln!("stops: {why}");
                if state == State::Unwanted {
                    parts.remove()?;
                }
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let state = self.give(offer, &proof)?;
        parts.remove()?;
        match state {
            State::Proved => eprintln!("proved {} in {}", offer.id, usage.since()),
            _ => {
                eprintln!("proved {} in {}, but nobody wants it any more", offer.id, usage.since())
            }
        }
        Ok(state == State::Proved)
    }

    /// Makes the proof of a job, in the form that the chain's L1 takes.
    fn prove(&self, offer: &Offer, job: &Job, parts: &Parts, watch: &Watch) -> Result<Vec<u8>> {
        let wrap = match offer.form {
            Form::Stark => Vec::new(),
            Form::Halo2 => self.wrap.steps(self.machine)?,
        };
        let mut progress = Progress::new(wrap, self.speed, watch);
        let proof = prove(self.machine, job, parts, &mut progress)?;
        let bytes = proof.encode_to_vec()?;
        self.verifier.verify(offer.id, &bytes)?;
        match offer.form {
            Form::Stark => Ok(bytes),
            Form::Halo2 => self.wrap.wrap(self.machine, proof, &mut progress),
        }
    }

    /// Does something while a thread tells the node that it goes on. Stops it when the node does not want it any more; also gives what the job was to the node last.
    fn with_renewals<T>(
        &self,
        offer: &Offer,
        watch: &Watch,
        make: impl FnOnce() -> T,
    ) -> (T, State) {
        let node = &self.node;
        thread::scope(|scope| {
            let (end, ended) = mpsc::channel::<()>();
            let pause = Duration::from_secs(offer.lease_seconds) / RENEWALS;
            let renewals = scope.spawn(move || {
                let mut trouble = Said::default();
                while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                    match node.renew(&offer.statement, watch.said()) {
                        Ok(State::Proving) => trouble = Said::default(),
                        Ok(state) => {
                            watch.stop();
                            return state;
                        }
                        // The proof will be welcome when the node is back.
                        Err(error) => trouble.say(&error.to_string()),
                    }
                }
                State::Proving
            });
            let made = make();
            drop(end);
            (made, renewals.join().unwrap_or(State::Proving))
        })
    }

    /// Hands a proof over, however long the node cannot be reached.
    fn give(&self, offer: &Offer, proof: &[u8]) -> Result<State> {
        let mut trouble = Said::default();
        loop {
            match self.node.give(&offer.statement, proof) {
                Ok(state) => return Ok(state),
                Err(Trouble::Refused(reason)) => bail!("the node did not take the proof: {reason}"),
                Err(error @ Trouble::Unserved(_)) => return Err(error.into()),
                Err(error) => trouble.say(&error.to_string()),
            }
            thread::sleep(self.poll);
        }
    }
}

/// A name that no other worker has: this machine's and this process's.
fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let process = std::process::id();
    let mut host: String = host.chars().filter(char::is_ascii_graphic).collect();
    host.truncate(NAME_MAX - 11);
    format!("{}-{process}", if host.is_empty() { "prover" } else { &host })
}
