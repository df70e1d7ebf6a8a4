//! `mezz up` and anvil in turns under the same load.

use crate::{
    CompareArgs,
    flow::{Chain, requests},
    server::{Program, Server},
    stats::median,
    wallet::Load,
    wire::Mode,
};
use eyre::Result;
use std::time::{Duration, Instant};

/// How long the idle process is watched.
const IDLE: Duration = Duration::from_secs(3);

/// What one run shows.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Transactions per second of wall time until the last is in a block.
    per_second: f64,
    /// CPU time for each transaction, microseconds, until all are in blocks.
    cpu: f64,
    /// The same, until L1 holds them all.
    posted: Option<f64>,
    /// What the idle process takes, microseconds of CPU in a second.
    idle: f64,
}

/// Runs all modes and prints a table.
pub(crate) async fn run(args: &CompareArgs) -> Result<()> {
    let mut programs = vec![Program::Mezz];
    programs.extend(args.programs.anvil.is_some().then_some(Program::Anvil));
    println!(
        "{} transfers, {} connections, {} rounds; medians (all rounds)\n\n\
         | mode | program | CPU µs/tx until sealed | transfers/s | CPU µs/tx until on L1 | idle CPU ms/s |\n|---|---|---|---|---|---|",
        args.transactions, args.connections, args.rounds
    );
    for mode in &args.modes {
        let mut runs = vec![Vec::new(); programs.len()];
        for _ in 0..args.rounds {
            for (program, runs) in programs.iter().zip(&mut runs) {
                runs.push(once(*program, *mode, args).await?);
            }
        }
        for (program, runs) in programs.iter().zip(&runs) {
            println!("{}", row(*program, *mode, runs));
        }
    }
    Ok(())
}

/// One run on a fresh chain.
async fn once(program: Program, mode: Mode, args: &CompareArgs) -> Result<Run> {
    let server = Server::start(program, &args.programs).await?;
    let mut chain = Chain::prepare(&server).await?;
    let transfers = chain.sign(Load::Ether, args.transactions)?;
    let queues = requests(&transfers, args.connections, mode);
    let (began, idle) = (Instant::now(), server.cpu()?);
    tokio::time::sleep(IDLE).await;
    let idle = (server.cpu()? - idle).as_secs_f64() * 1e6 / began.elapsed().as_secs_f64();
    let before = server.cpu()?;
    let passage = chain.pass(&queues, transfers.len(), mode).await?;
    let each = |cpu: Duration| (cpu - before).as_secs_f64() * 1e6 / transfers.len() as f64;
    let cpu = each(server.cpu()?);
    let posted = match server.program {
        Program::Mezz => {
            chain.safe(passage.blocks.1).await?;
            Some(each(server.cpu()?))
        }
        Program::Anvil => None,
    };
    server.stop().await?;
    Ok(Run { per_second: transfers.len() as f64 / passage.sealed.as_secs_f64(), cpu, posted, idle })
}

fn row(program: Program, mode: Mode, runs: &[Run]) -> String {
    let all = |value: fn(&Run) -> f64| {
        let values: Vec<f64> = runs.iter().map(value).collect();
        let list: Vec<String> = values.iter().map(|value| format!("{value:.0}")).collect();
        format!("{:.0} ({})", median(values), list.join(", "))
    };
    let posted = match program {
        Program::Mezz => all(|run| run.posted.unwrap_or(f64::NAN)),
        Program::Anvil => "–".to_owned(),
    };
    format!(
        "| {} | {} | {} | {} | {posted} | {} |",
        mode.name(),
        program.name(),
        all(|run| run.cpu),
        all(|run| run.per_second),
        all(|run| run.idle / 1e3)
    )
}
