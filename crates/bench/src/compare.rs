//! `mezz up` and anvil in turns under the same load.

use crate::{
    CompareArgs,
    flow::{Chain, requests},
    server::{Program, Server},
    stats::median,
    wallet::Load,
    wire::Mode,
};
use eyre::{Result, ensure};
use std::time::{Duration, Instant};

/// How long the idle process is watched.
const IDLE: Duration = Duration::from_secs(3);
/// Transfers before those that count: connections, caches and code are warm then.
const WARM_UP: usize = 1_000;
/// So that no batch is posted in a run: anvil has no L1 to post to. `posted` tells what posting takes.
const BATCH_INTERVAL: u64 = 3_600;

/// What one run shows.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Transactions per second of wall time until the last is in a block.
    per_second: f64,
    /// CPU time for each transaction, microseconds, until all are in blocks.
    cpu: f64,
    /// What the idle process takes, microseconds of CPU in a second.
    idle: f64,
}

/// Runs all modes and prints a table.
pub(crate) async fn run(args: &CompareArgs) -> Result<()> {
    let mut programs = vec![Program::Mezz];
    programs.extend(args.programs.anvil.is_some().then_some(Program::Anvil));
    println!(
        "{} transfers, {} connections, {} rounds; medians (all rounds)\n\n\
         | mode | program | CPU µs/transfer | transfers/s | idle CPU ms/s |\n|---|---|---|---|---|",
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
    let server = Server::start(program, &args.programs, Some(BATCH_INTERVAL)).await?;
    let mut chain = Chain::prepare(&server).await?;
    let warm_up = chain.sign(Load::Ether, WARM_UP)?;
    let transfers = chain.sign(Load::Ether, args.transactions)?;
    chain.pass(&requests(&warm_up, args.connections, mode), WARM_UP, mode).await?;
    let queues = requests(&transfers, args.connections, mode);
    let (before, posted) = (server.cpu()?, server.posted_bytes().await?);
    let passage = chain.pass(&queues, transfers.len(), mode).await?;
    let after = server.cpu()?;
    let cpu = (after - before).as_secs_f64() * 1e6 / transfers.len() as f64;
    let began = Instant::now();
    tokio::time::sleep(IDLE).await;
    let idle = (server.cpu()? - after).as_secs_f64() * 1e6 / began.elapsed().as_secs_f64();
    // Also one that was begun in the run and is on L1 only now.
    let unposted = server.posted_bytes().await? == posted;
    ensure!(unposted, "a batch was posted in the run: send fewer transactions");
    server.stop().await?;
    Ok(Run { per_second: transfers.len() as f64 / passage.sealed.as_secs_f64(), cpu, idle })
}

fn row(program: Program, mode: Mode, runs: &[Run]) -> String {
    let all = |value: fn(&Run) -> f64| {
        let values: Vec<f64> = runs.iter().map(value).collect();
        let list: Vec<String> = values.iter().map(|value| format!("{value:.0}")).collect();
        format!("{:.0} ({})", median(values), list.join(", "))
    };
    format!(
        "| {} | {} | {} | {} | {} |",
        mode.name(),
        program.name(),
        all(|run| run.cpu),
        all(|run| run.per_second),
        all(|run| run.idle / 1e3)
    )
}
