//! Runs the embedded L1 alone: `cargo run --release -p mezz-devnet --example l1 -- [PORT] [SECONDS | auto | manual] [DATADIR]`.

use mezz_devnet::{Devnet, DevnetConfig, Mining};
use std::{env, error::Error, time::Duration};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    let mut arguments = env::args().skip(1);
    let port: u16 = arguments.next().as_deref().unwrap_or("8545").parse()?;
    let mining = match arguments.next().as_deref().unwrap_or("auto") {
        "auto" => Mining::Automatic,
        "manual" => Mining::Manual,
        seconds => Mining::Interval(Duration::from_secs_f64(seconds.parse()?)),
    };
    let datadir = arguments.next().map(Into::into);

    let devnet = Devnet::start(DevnetConfig { mining, datadir, ..DevnetConfig::default() })?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!(
        "L1 with chain id 900: http://{0}, ws://{0}, beacon API http://{0}/eth/v1",
        listener.local_addr()?
    );
    let stop = async {
        // Without a signal handler only a kill ends it.
        let _ = tokio::signal::ctrl_c().await;
    };
    mezz_rpc::serve(
        devnet.backend(),
        listener,
        mezz_rpc::Limits::default(),
        devnet.beacon_router(),
        stop,
    )
    .await?;
    devnet.stop().await;
    Ok(())
}
