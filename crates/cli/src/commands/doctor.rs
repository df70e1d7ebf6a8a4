//! `mezz doctor`: what is wrong with this machine, and what to do.

use crate::{
    args::DoctorArgs,
    files::DataDir,
    output::{self, Failure, Output},
};
use mezz_l1::Client;
use serde::Serialize;
use std::{fs, net::TcpListener};

#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    good: bool,
    says: String,
}

pub(crate) async fn run(args: &DoctorArgs, output: Output) -> Result<(), Failure> {
    let here = DataDir(args.here.datadir.clone());
    let running = here.process();
    let mut findings = vec![memory(), directory(&here)];
    match running {
        Some(process) => findings.push(Finding {
            check: "process",
            good: true,
            says: format!("{process} runs in {}", here.0.display()),
        }),
        None => findings.extend(
            [("L1 port", 8545), ("L2 port", 9545), ("metrics port", 7300)]
                .map(|(check, port)| free(check, port)),
        ),
    }
    let known = here.deployment().ok();
    let l1 = args.l1.clone().or_else(|| known.as_ref().map(|known| known.l1.rpc.clone()));
    if let Some(url) = l1 {
        let beacon = args.beacon.clone().or_else(|| known.and_then(|known| known.l1.beacon));
        findings.push(endpoint(&url, beacon.as_deref()).await);
    }
    let text: Vec<_> = findings
        .iter()
        .map(|finding| {
            format!(
                "{}  {:<13} {}",
                if finding.good { "ok  " } else { "BAD " },
                finding.check,
                output::wrapped(&finding.says, 20)
            )
        })
        .collect();
    let text = text.join("\n");
    let bad = findings.iter().filter(|finding| !finding.good).count();
    if bad == 0 {
        return output.answer(text, &findings);
    }
    let failure = format!("{bad} of {} checks failed; each says what to do", findings.len());
    output.answer_failing(text, &findings, Failure::failed(failure))
}

fn memory() -> Finding {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: u64 = text
        .lines()
        .find_map(|line| {
            line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.parse().ok()
        })
        .unwrap_or_default();
    let megabytes = kilobytes / 1024;
    let good = megabytes >= 1_024;
    let advice =
        if good { "" } else { "; a chain wants 1 GB and about 750 bytes for each account" };
    Finding { check: "memory", good, says: format!("{megabytes} MB available{advice}") }
}

fn directory(here: &DataDir) -> Finding {
    let mut existing = here.0.as_path();
    while !existing.exists() {
        existing = existing.parent().unwrap_or(std::path::Path::new("."));
        if existing.as_os_str().is_empty() {
            existing = std::path::Path::new(".");
        }
    }
    let probe = existing.join(".mezz-doctor");
    let written = fs::write(&probe, b"x").and_then(|()| fs::remove_file(&probe));
    match written {
        Ok(()) => Finding {
            check: "directory",
            good: true,
            says: format!("{} can be written", existing.display()),
        },
        Err(error) => Finding {
            check: "directory",
            good: false,
            says: format!(
                "{} cannot be written ({error}); choose another --datadir",
                existing.display()
            ),
        },
    }
}

fn free(check: &'static str, port: u16) -> Finding {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Finding { check, good: true, says: format!("{port} is free") },
        Err(error) => Finding {
            check,
            good: false,
            says: format!("{port} is taken ({error}); stop what uses it or give another port"),
        },
    }
}

async fn endpoint(url: &str, beacon: Option<&str>) -> Finding {
    match Client::connect(url, beacon).await {
        Ok(client) => {
            let missing = client.capabilities().missing();
            let says = if missing.is_empty() {
                format!("{url} is chain {} and has everything", client.chain_id())
            } else {
                format!("{url} is chain {}; it lacks: {}", client.chain_id(), missing.join("; "))
            };
            Finding { check: "L1", good: true, says }
        }
        Err(error) => Finding { check: "L1", good: false, says: error.to_string() },
    }
}
