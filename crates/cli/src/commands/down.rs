//! `mezz down`: stops what `mezz up` started.

use crate::{
    args::HereArgs,
    files::{DataDir, is_alive},
    output::{Failure, Output},
};
use serde_json::json;
use std::time::Duration;

/// How long a node may take to write what it promised.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(args: &HereArgs, output: Output) -> Result<(), Failure> {
    let here = DataDir(args.datadir.clone());
    let Some(process) = here.process() else {
        return Err(Failure::not_running(format!(
            "nothing runs in {}; give the --datadir that `mezz up` was given",
            here.0.display()
        )));
    };
    terminate(process)?;
    let mut waited = Duration::ZERO;
    while is_alive(process) || here.process() == Some(process) {
        if waited > PATIENCE {
            return Err(Failure::failed(format!(
                "process {process} does not end; look at its log, or end it with `kill -9 {process}`: nothing promised is lost"
            )));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        waited += Duration::from_millis(50);
    }
    output.answer("stopped", &json!({ "stopped": process }))
}

#[allow(unsafe_code, reason = "a signal to a process has no safe wrapper in the standard library")]
fn terminate(process: i32) -> Result<(), Failure> {
    // SAFETY: kill(2) takes two integers and touches no memory of ours.
    match unsafe { libc::kill(process, libc::SIGTERM) } {
        0 => Ok(()),
        _ => Err(Failure::failed(format!(
            "process {process} cannot be stopped: {}",
            std::io::Error::last_os_error()
        ))),
    }
}
