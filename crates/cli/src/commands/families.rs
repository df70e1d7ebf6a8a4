//! `mezz families`: the table, with what works today.

use crate::output::{Failure, Output};
use mezz_primitives::Family;
use serde_json::json;

/// Whether a family can be started today; if not, what to use instead.
pub(crate) fn works(family: Family) -> Result<(), &'static str> {
    match family {
        Family::Optimistic | Family::Zk | Family::Hybrid | Family::Validium | Family::Optimium => {
            Ok(())
        }
        Family::Sidechain => Err("`optimistic` with a short block time is the nearest"),
        Family::Plasma | Family::Channel | Family::Lightning => {
            Err("`optimistic` is the nearest that works")
        }
    }
}

/// Who orders, where data lie, what makes a claim final.
fn choices(family: Family) -> [&'static str; 3] {
    match family {
        Family::Optimistic => ["sequencer", "L1", "window passed, nobody refuted"],
        Family::Zk => ["sequencer", "L1", "validity proof"],
        Family::Hybrid => ["sequencer", "L1", "window, shortened by a proof"],
        Family::Validium => ["sequencer", "committee", "validity proof"],
        Family::Optimium => ["sequencer", "committee", "window passed, nobody refuted"],
        Family::Sidechain => ["BFT validators", "validators", "quorum certificate"],
        Family::Plasma => ["operator", "operator, users", "each exit after its challenge"],
        Family::Channel => ["the parties", "the parties", "all signed, or a timeout"],
        Family::Lightning => ["the parties", "the parties", "as channel, on Bitcoin"],
    }
}

pub(crate) fn run(output: Output) -> Result<(), Failure> {
    let mut text = format!(
        "{:<10} {:<14} {:<15} {:<29} {}\n",
        "family", "ordered by", "data lie", "a claim is final when", "today"
    );
    for family in Family::ALL {
        let [order, data, finality] = choices(family);
        let today = if works(family).is_ok() { "yes" } else { "no" };
        text += &format!("{:<10} {order:<14} {data:<15} {finality:<29} {today}\n", family.as_str());
    }
    text += "\nStart one with `mezz up FAMILY`. A wrong claim is refuted on L1 by\nanybody who runs a challenger: one instruction at last decides.";
    let value: Vec<_> = Family::ALL
        .into_iter()
        .map(|family| {
            let [order, data, finality] = choices(family);
            json!({ "family": family, "orderedBy": order, "dataLie": data, "finalWhen": finality, "works": works(family).is_ok(), "instead": works(family).err() })
        })
        .collect();
    output.answer(text, &value)
}
