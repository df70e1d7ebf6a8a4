//! How long one client waits, and how long a start takes.

use crate::{
    LatencyArgs, ReadyArgs,
    flow::{Chain, request},
    server::{Program, Server},
    stats::{median, percentile},
    wallet::{Load, SENDERS},
    wire::{Connection, Mode},
};
use eyre::{Result, ensure};
use std::time::{Duration, Instant};

/// Sends transfers one after the other and waits for each receipt.
pub(crate) async fn run(args: &LatencyArgs) -> Result<()> {
    let server = Server::start(Program::Mezz, &args.programs, None).await?;
    let mut chain = Chain::prepare(&server).await?;
    let transfers = chain.sign(Load::Ether, args.transactions.next_multiple_of(SENDERS))?;
    println!("| transport | p50 ms | p90 ms | p99 ms | max ms |\n|---|---|---|---|---|");
    let half = transfers.len() / 2 / SENDERS * SENDERS;
    for (mode, transfers) in
        [(Mode::Single, &transfers[..half]), (Mode::Websocket, &transfers[half..])]
    {
        let mut connection = Connection::open(&server.url, mode).await?;
        let mut times = Vec::with_capacity(transfers.len());
        for transfer in transfers {
            let body = request("eth_sendRawTransactionSync", transfer);
            let began = Instant::now();
            let answer = connection.ask(body.as_bytes()).await?;
            times.push(milliseconds(began.elapsed()));
            let answer = String::from_utf8_lossy(&answer);
            ensure!(answer.contains(r#""status":"0x1""#), "no receipt: {answer}");
        }
        let [p50, p90, p99, max] =
            [50.0, 90.0, 99.0, 100.0].map(|at| percentile(times.clone(), at));
        println!(
            "| {} ({}) | {p50:.2} | {p90:.2} | {p99:.2} | {max:.2} |",
            mode.name(),
            transfers.len()
        );
    }
    server.stop().await
}

/// Starts the program again and again.
pub(crate) async fn ready(args: &ReadyArgs) -> Result<()> {
    let (mut said, mut seen) = (Vec::new(), Vec::new());
    for _ in 0..args.runs {
        let server = Server::start(Program::Mezz, &args.programs, None).await?;
        said.extend(server.ready.map(milliseconds));
        seen.push(milliseconds(server.started));
        server.stop().await?;
    }
    let list = |values: &[f64]| {
        values.iter().map(|value| format!("{value:.0}")).collect::<Vec<_>>().join(", ")
    };
    println!("readyMilliseconds: {:.0} ({})", median(said.clone()), list(&said));
    println!("process start to answer, ms: {:.0} ({})", median(seen.clone()), list(&seen));
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
