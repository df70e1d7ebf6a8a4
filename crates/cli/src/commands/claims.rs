//! `mezz claims`: what was claimed, what is doubted, and how the clocks stand.

use super::send;
use crate::{
    args::ClaimsArgs,
    files,
    output::{Failure, Output, ether},
};
use alloy::{primitives::U256, providers::Provider};
use serde_json::{Value, json};

pub(crate) async fn run(args: &ClaimsArgs, output: Output) -> Result<(), Failure> {
    let deployment = files::asked(&args.ask)?;
    let provider = send::provider(&args.ask, &deployment)?;
    let claims: Value = provider.raw_request("mezz_getClaims".into(), ()).await?;
    let game: Value = provider.raw_request("mezz_getGame".into(), ()).await?;
    let shown: Vec<&Value> =
        claims.as_array().into_iter().flatten().take(args.count as usize).collect();
    let now = number(&game["l1Time"]);
    let mut text = format!(
        "  {:>6} {:>9} {:<10} {:<6} {:>9}  owner\n",
        "claim", "to block", "state", "right", "closes in"
    );
    for claim in &shown {
        text += &line(claim, now);
    }
    let wei = |value: &Value| value.as_str().and_then(|text| text.parse::<U256>().ok());
    let amount = |value: &Value| wei(value).map_or_else(|| "?".into(), ether);
    text += &format!(
        "\n  window {} s, clock {} s, grace {} s, bond {}, stake {}\n  held in the game: {}",
        number(&game["window"]),
        number(&game["clock"]),
        number(&game["grace"]),
        amount(&game["bond"]),
        amount(&game["stake"]),
        amount(&game["escrow"])
    );
    output.answer(text, &json!({ "game": game, "claims": shown }))
}

/// A claim, and below it what is doubted of it.
fn line(claim: &Value, now: u64) -> String {
    let said = &claim["claim"];
    let right = match claim["right"].as_bool() {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "?",
    };
    let head = format!(
        "  {:>6} {:>9} {:<10} {right:<6}",
        number(&said["index"]),
        number(&said["end"]["number"]),
        said["state"].as_str().unwrap_or("?"),
    );
    let mut text = String::new();
    for instance in claim["instances"].as_array().into_iter().flatten() {
        let left = match instance["status"].as_str() {
            Some("live") => format!("{} s", number(&instance["closesAt"]).saturating_sub(now)),
            status => status.unwrap_or("-").to_owned(),
        };
        let owner = instance["owner"].as_str().unwrap_or("?");
        text += &format!("{head} {left:>9}  {}\n", short(owner));
        for query in instance["queries"].as_array().into_iter().flatten() {
            text += &doubt(query, instance["status"] == "live", now);
        }
    }
    if text.is_empty() {
        text = format!("{head}\n");
    }
    let proven = !said["proven"].is_null() && said["state"] == "live";
    match claim["provenFinalAt"].as_u64().filter(|_| proven) {
        Some(at) => text += &format!("         proven, final in {} s\n", at.saturating_sub(now)),
        None if proven => text += "         proven, which shortens its window\n",
        None => {}
    }
    text
}

fn doubt(query: &Value, live: bool, now: u64) -> String {
    let path: Vec<String> =
        query["path"].as_array().into_iter().flatten().map(Value::to_string).collect();
    let state = match (query["open"].as_bool(), query["answeredAt"].as_u64()) {
        (Some(true), _) if !live => "not answered".to_owned(),
        (_, Some(_)) if !live => "answered".to_owned(),
        (Some(true), _) => {
            format!("{} s left to answer", number(&query["deadline"]).saturating_sub(now))
        }
        (_, Some(_)) => {
            format!(
                "answered; {} s left to doubt",
                number(&query["childClose"]).saturating_sub(now)
            )
        }
        _ if query["verified"] == true => "settled by a validity proof".to_owned(),
        _ => "proven".to_owned(),
    };
    let querier = short(query["querier"].as_str().unwrap_or("?"));
    format!("         doubt {:<24} {state:<28} {querier}\n", path.join("."))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// An address that fits a table.
fn short(address: &str) -> String {
    match (address.get(..8), address.get(address.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) => format!("{head}…{tail}"),
        _ => address.to_owned(),
    }
}
