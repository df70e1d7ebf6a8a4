//! `mezz-prover`: proves what the fault proof's program comes to, with the zkVM OpenVM (`prover/README.md`).

mod doctor;
mod durable;
mod job;
mod key;
mod machine;
mod node;
mod parts;
mod progress;
mod prove;
mod speed;
mod table;
mod usage;
mod work;
#[cfg(feature = "wrap")]
mod wrap;

use crate::{
    job::Job,
    key::Key,
    machine::{ELF, Machine},
    parts::Parts,
    progress::{Progress, Step, Watch},
    prove::Plan,
    speed::Speed,
    usage::Usage,
};
use alloy_primitives::B256;
#[cfg(feature = "wrap")]
use alloy_primitives::hex;
use clap::{Args, Parser, Subcommand, builder::FalseyValueParser};
use eyre::{Result, WrapErr as _, ensure};
use mezz_verify::{Verifier, VerifyingKey};
#[cfg(feature = "wrap")]
use openvm_stark_backend::codec::Decode as _;
use openvm_stark_backend::codec::Encode as _;
use openvm_verify_stark_host::VmStarkProof;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};

/// Proves what an L2's program comes to.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    limits: Limits,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Limits {
    /// Threads to prove with [default: all cores]
    #[arg(long, global = true, env = "MEZZ_PROVER_THREADS")]
    threads: Option<usize>,
    /// Memory that the proof of one segment may take, in MiB. Less makes more segments
    #[arg(long, global = true, default_value_t = 8192, env = "MEZZ_PROVER_MEMORY_CAP")]
    memory_cap: usize,
}

#[derive(Args)]
struct WrapFolder {
    /// Folder of the KZG parameters, `kzg_bn254_22.srs` and `kzg_bn254_23.srs`, and of the keys made with them (12 GB): for L1s without the precompile
    #[arg(long, value_name = "FOLDER", default_value = ".mezz-wrap", env = "MEZZ_PROVER_WRAP")]
    wrap: PathBuf,
}

#[cfg(feature = "wrap")]
impl WrapFolder {
    /// Fails if nothing can be wrapped.
    fn check(&self) -> Result<()> {
        wrap::Parameters::in_folder(&self.wrap).check()
    }

    /// What a wrap takes.
    fn steps(&self, machine: &Machine) -> Result<Vec<Step>> {
        Ok(wrap::Wrap::new(machine, &self.wrap)?.steps())
    }

    /// Wraps a proof: the last steps of its progress.
    fn wrap(
        &self,
        machine: &Machine,
        stark: VmStarkProof,
        progress: &mut Progress<'_>,
    ) -> Result<Vec<u8>> {
        wrap::Wrap::new(machine, &self.wrap)?.wrap(stark, progress)
    }
}

#[cfg(not(feature = "wrap"))]
impl WrapFolder {
    fn check(&self) -> Result<()> {
        eyre::bail!(
            "this prover was built without the wrap, which L1s without the precompile need: build it with `make prover WRAP=1`"
        )
    }

    fn steps(&self, _: &Machine) -> Result<Vec<Step>> {
        self.check().map(|()| Vec::new())
    }

    fn wrap(&self, _: &Machine, _: VmStarkProof, _: &mut Progress<'_>) -> Result<Vec<u8>> {
        self.check().map(|()| Vec::new())
    }
}

#[derive(Subcommand)]
enum Command {
    /// Makes a proof
    Prove {
        /// What is to be proved: a file that a node made
        #[arg(long)]
        input: PathBuf,
        /// Where the proof goes; what it says goes beside it, with the ending `.json`
        #[arg(long)]
        out: PathBuf,
        /// Where the parts of unfinished proofs are kept
        #[arg(long, default_value = ".mezz-prover")]
        parts: PathBuf,
        /// Keep them after the proof was made
        #[arg(long)]
        keep_parts: bool,
    },
    /// Works for a node: takes what is to be proved, proves it, gives the proof, and goes on
    Work(work::Options),
    /// Runs the program without proving, and shows where the cells go
    Execute {
        /// What a proof would be made of. Of several, given one after the other, a line each
        #[arg(long, required = true, num_args = 1..)]
        input: Vec<PathBuf>,
        /// Write to this file how often each instruction ran: its address and a number on each line
        #[arg(long)]
        counts: Option<PathBuf>,
        /// Another build of the program
        #[arg(long)]
        elf: Option<PathBuf>,
    },
    /// Verifies a proof against what it is to say
    Verify {
        /// The proof
        #[arg(long)]
        proof: PathBuf,
        /// The hash of the statement [default: that of the file beside the proof]
        #[arg(long)]
        statement: Option<B256>,
        /// The file that `key --verifying-key` wrote [default: computed anew]
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Wraps a proof for L1s without the precompile: a proof of it that is verified in a contract
    #[cfg(feature = "wrap")]
    Wrap {
        /// The proof
        #[arg(long)]
        proof: PathBuf,
        /// Where the wrapped proof goes
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        folder: WrapFolder,
    },
    /// Writes the Solidity source of the contract that verifies wrapped proofs
    #[cfg(feature = "wrap")]
    Contract {
        /// Where it goes
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        folder: WrapFolder,
    },
    /// Makes KZG parameters for development L1s: whoever has this program can prove anything under them
    #[cfg(feature = "wrap")]
    Parameters {
        /// Make 2^N of them; for more than one file, again [default: 22 and 23]
        #[arg(long, value_name = "N", default_values_t = [22, 23], hide_default_value = true, value_parser = clap::value_parser!(u8).range(1..=26))]
        log_size: Vec<u8>,
        #[command(flatten)]
        folder: WrapFolder,
    },
    /// Computes the program's keys
    Key {
        /// Compare them with this file instead of printing them
        #[arg(long)]
        check: Option<PathBuf>,
        /// Write what verifies proofs to this file
        #[arg(long)]
        verifying_key: Option<PathBuf>,
    },
    /// Says what this machine can prove, and in what time
    Doctor {
        /// Answer with JSON
        #[arg(long, env = "MEZZ_JSON", value_parser = FalseyValueParser::new())]
        json: bool,
        #[command(flatten)]
        folder: WrapFolder,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let Some(threads) = cli.limits.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    }
    let machine = || Machine::new(ELF, cli.limits.memory_cap << 20);
    match cli.command {
        Command::Work(options) => work::work(&machine()?, options),
        Command::Prove { input, out, parts, keep_parts } => {
            prove(&machine()?, &input, &out, &parts, keep_parts)
        }
        Command::Execute { input, counts, elf } => {
            let machine = match elf {
                Some(path) => Machine::new(&fs::read(path)?, cli.limits.memory_cap << 20)?,
                None => machine()?,
            };
            execute(&machine, &input, counts.as_deref())
        }
        Command::Verify { proof, statement, key } => {
            verify(&machine()?, &proof, key.as_deref(), statement)
        }
        #[cfg(feature = "wrap")]
        Command::Wrap { proof, out, folder } => wrap(&machine()?, &proof, &out, &folder),
        #[cfg(feature = "wrap")]
        Command::Contract { out, folder } => {
            let source = wrap::Wrap::new(&machine()?, &folder.wrap)?.contract()?;
            fs::write(&out, source).wrap_err_with(|| out.display().to_string())
        }
        #[cfg(feature = "wrap")]
        Command::Parameters { log_size, folder } => {
            for size in log_size {
                let usage = Usage::now();
                let path = wrap::Parameters::in_folder(&folder.wrap).develop(size.into())?;
                println!("{} after {}", path.display(), usage.since());
            }
            Ok(())
        }
        Command::Key { check, verifying_key } => {
            key(&machine()?, check.as_deref(), verifying_key.as_deref())
        }
        Command::Doctor { json, folder } => {
            let report = doctor::Report::new(&cli.limits, &folder);
            match json {
                true => println!("{}", serde_json::to_string_pretty(&report)?),
                false => print!("{report}"),
            }
            Ok(())
        }
    }
}

fn prove(machine: &Machine, input: &Path, out: &Path, parts: &Path, keep: bool) -> Result<()> {
    let usage = Usage::now();
    let job = Job::read(input)?;
    let (key, verifying) = Key::new(machine)?;
    eprintln!("keys after {}", usage.since());
    let parts = Parts::open(parts, key.program_key, job.id)?;
    let watch = Watch::default();
    let mut progress = Progress::new(Vec::new(), Speed::measure(), &watch);
    let proof = prove::prove(machine, &job, &parts, &mut progress)?;
    let bytes = proof.encode_to_vec()?;
    if let Err(error) = Verifier::new(verifying).verify(job.statement.hash(), &bytes) {
        parts.remove()?;
        return Err(error).wrap_err("the proof is wrong, and its parts are removed: try again");
    }
    // The parts go when it is there.
    durable::write(out, |file| Ok(file.write_all(&bytes)?))?;
    fs::write(beside(out), serde_json::to_string_pretty(&job.statement)? + "\n")?;
    if !keep {
        parts.remove()?;
    }
    eprintln!("{} bytes after {}", bytes.len(), usage.since());
    println!("{}", job.statement.hash());
    Ok(())
}

#[cfg(feature = "wrap")]
fn wrap(machine: &Machine, path: &Path, out: &Path, folder: &WrapFolder) -> Result<()> {
    let bytes = fs::read(path).wrap_err_with(|| path.display().to_string())?;
    let stark = VmStarkProof::decode_from_bytes(&bytes)
        .wrap_err_with(|| format!("{} is no proof", path.display()))?;
    let statement = hex::encode_prefixed(&wrap::public_values(&stark));
    let watch = Watch::default();
    let mut progress = Progress::new(folder.steps(machine)?, Speed::measure(), &watch);
    let wrapped = folder.wrap(machine, stark, &mut progress)?;
    durable::write(out, |file| Ok(file.write_all(&wrapped)?))?;
    println!("{statement}");
    Ok(())
}

fn execute(machine: &Machine, inputs: &[PathBuf], counts: Option<&Path>) -> Result<()> {
    ensure!(counts.is_none() || inputs.len() == 1, "--counts is for one --input");
    let mut instance = machine.instance()?;
    for input in inputs {
        let job = Job::read(input)?;
        let started = Instant::now();
        let plan = Plan::new(&instance, &job).wrap_err_with(|| input.display().to_string())?;
        let statement = job.statement.hash();
        if inputs.len() == 1 {
            eprintln!("executed in {:.2} s", started.elapsed().as_secs_f64());
            print!("{}", table::show(&plan));
        }
        if let Some(path) = counts {
            let counts = prove::counts(&mut instance, &plan, &job)?;
            let lines = counts.iter().map(|(address, count)| format!("{address:#x} {count}\n"));
            fs::write(path, lines.collect::<String>())?;
        }
        ensure!(
            plan.public_values == statement.0,
            "{}: the program came to another statement than {statement}, which the node's code comes to: they are not built from the same sources",
            input.display()
        );
        match inputs.len() {
            1 => println!("{statement}"),
            _ => println!("{statement} {}: {}", input.display(), table::sums(&plan)),
        }
    }
    Ok(())
}

fn verify(
    machine: &Machine,
    path: &Path,
    key: Option<&Path>,
    statement: Option<B256>,
) -> Result<()> {
    let proof = fs::read(path).wrap_err_with(|| path.display().to_string())?;
    let statement = match statement {
        Some(statement) => statement,
        None => {
            let said = beside(path);
            let text = fs::read_to_string(&said).wrap_err_with(|| said.display().to_string())?;
            serde_json::from_str::<mezz_primitives::Statement>(&text)?.hash()
        }
    };
    let key = match key {
        Some(path) => VerifyingKey::decode(&fs::read(path)?)?,
        None => Key::new(machine)?.1,
    };
    let verifier = Verifier::new(key);
    let started = Instant::now();
    verifier.verify(statement, &proof)?;
    let time = started.elapsed().as_secs_f64();
    println!("{statement} is proven, by the program {}; {time:.3} s", verifier.program_key());
    Ok(())
}

fn key(machine: &Machine, check: Option<&Path>, verifying_key: Option<&Path>) -> Result<()> {
    let (key, verifying) = Key::new(machine)?;
    if let Some(path) = verifying_key {
        fs::write(path, verifying.encode()).wrap_err_with(|| path.display().to_string())?;
    }
    let Some(path) = check else {
        println!("{}", serde_json::to_string_pretty(&key)?);
        return Ok(());
    };
    let known: Key = serde_json::from_str(&fs::read_to_string(path)?)?;
    ensure!(
        known == key,
        "{} is of another program: run `make prover-key` and commit it",
        path.display()
    );
    println!("{} is this program's", path.display());
    Ok(())
}

/// Where it is written what a proof says.
fn beside(proof: &Path) -> PathBuf {
    let mut name = proof.as_os_str().to_owned();
    name.push(".json");
    name.into()
}
