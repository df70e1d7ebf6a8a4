//! Where a run's cells go.

use crate::prove::Plan;
use std::fmt::Write as _;

/// A table of the chips with the most cells, and the sums.
pub fn show(plan: &Plan) -> String {
    let mut chips: Vec<_> = (0..plan.chips.len())
        .map(|chip| (plan.chip(chip), plan.widths[chip], short(&plan.chips[chip])))
        .filter(|((rows, _), ..)| *rows > 0)
        .collect();
    chips.sort_unstable_by_key(|((_, cells), ..)| std::cmp::Reverse(*cells));
    let total = plan.all_cells();
    let mut text = String::new();
    let _ = writeln!(text, "{:>12} {:>6} {:>13} {:>6}  chip", "rows", "width", "cells", "share");
    for ((rows, cells), width, name) in &chips {
        let share = 100.0 * *cells as f64 / total.max(1) as f64;
        let _ = writeln!(text, "{rows:>12} {width:>6} {cells:>13} {share:>5.1}%  {name}");
    }
    let _ = writeln!(text, "{}", sums(plan));
    text
}

/// The sums.
pub fn sums(plan: &Plan) -> String {
    let (instructions, segments) = (plan.instructions(), plan.segments.len());
    format!("{instructions} instructions, {} cells, {segments} segments", plan.all_cells())
}

/// A chip's name without the paths of its types.
fn short(name: &str) -> String {
    let mut short = String::new();
    let mut word = String::new();
    for letter in name.chars() {
        match letter {
            ':' => word.clear(),
            letter if letter.is_alphanumeric() || letter == '_' => word.push(letter),
            letter => {
                short += &word;
                word.clear();
                short.push(letter);
            }
        }
    }
    short + &word
}
