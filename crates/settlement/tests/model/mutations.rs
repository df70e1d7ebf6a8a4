//! Each rule, broken on purpose, is noticed: by the seeded games, by the search, or by a scenario that was written for it.

use crate::{
    game::{
        Error,
        Mutation::{self, *},
    },
    scenarios, search, simulation,
};
use std::collections::BTreeMap;

/// Games in which a broken rule must show.
const GAMES: u64 = 1_500;

/// Every check of a move, left out, and every other rule, changed.
const BROKEN: [Mutation; 56] = [
    Without(Error::StakedAlready),
    Without(Error::NotStaked),
    Without(Error::Slashed),
    Without(Error::InstancesOpen),
    Without(Error::ParentResolved),
    Without(Error::ContentResolved),
    Without(Error::TooEarly),
    Without(Error::OffPath),
    Without(Error::NotLive),
    Without(Error::NodeExists),
    Without(Error::WindowOver),
    Without(Error::ChildrenClosed),
    Without(Error::NotOwner),
    Without(Error::NotOpen),
    Without(Error::NotAnswerable),
    Without(Error::DeadlinePassed),
    Without(Error::VectorLength),
    Without(Error::NoFinalState),
    Without(Error::WrongEnd),
    Without(Error::NotLeaf),
    Without(Error::NotOverdue),
    Without(Error::ParentNotConfirmed),
    Without(Error::OpenNodes),
    Without(Error::NotRipe),
    Without(Error::NotRejected),
    Without(Error::NotSettleable),
    Without(Error::SettledAlready),
    Without(Error::BondLocked),
    Without(Error::BondPaid),
    OwnerClockAnew,
    QuerierClockAnew,
    ClocksCrossed,
    ClocksCrossedBack,
    ClockRunsInWindow,
    AnswerKeepsClose,
    DeadlineFromClaim,
    RipeAtClose,
    OverdueAtDeadline,
    WindowShort,
    ChildCloseShort,
    WindowFromContent,
    OncePerParent,
    StartIsEnd,
    StepReversed,
    RewardToLast,
    RewardWholeStake,
    RefutedOwnerGetsBonds,
    ConfirmedQuerierGetsBonds,
    RejectedOwnerGetsBonds,
    SlashSparesOthers,
    SlashAllOwners,
    SlashUndoesResolved,
    RejectedKeepsStake,
    ChildFixedLate,
    ContentTwice,
    ConfirmSparesSiblings,
];

/// The table of docs/spec/fault-proof.md, section 6: `cargo test … broken -- --nocapture` prints it.
#[test]
fn every_broken_rule_is_noticed() {
    let (mut survivors, mut noticed) = (Vec::new(), BTreeMap::<u32, Vec<String>>::new());
    for mutation in BROKEN {
        let game = (0..GAMES).find_map(|seed| simulation::play(seed, Some(mutation)).err());
        match game {
            Some(failure) => {
                println!("{mutation:?}: seed {}, {}", failure.seed, failure.violation);
                noticed.entry(failure.violation.invariant).or_default().push(name(mutation));
            }
            None => survivors.push(mutation),
        }
    }
    for (invariant, names) in noticed {
        println!("| {invariant} | {} |", names.join(", "));
    }
    assert!(survivors.is_empty(), "nothing notices {survivors:?}");
}

fn name(mutation: Mutation) -> String {
    match mutation {
        Without(check) => format!("no `{check:?}`"),
        other => format!("`{other:?}`"),
    }
}

#[test]
fn the_page_names_every_broken_rule() {
    let page = include_str!("../../../../docs/spec/fault-proof.md");
    let rest = [NoGrace, RejectStopsAtChildren];
    for name in BROKEN.into_iter().chain(rest).map(name) {
        assert!(page.contains(&name), "docs/spec/fault-proof.md, section 6, does not name {name}");
    }
}

/// The search needs no luck for what is about moments.
#[test]
fn the_search_notices_every_broken_moment() {
    let moments = [
        ClocksCrossed,
        ClocksCrossedBack,
        ClockRunsInWindow,
        AnswerKeepsClose,
        DeadlineFromClaim,
        RipeAtClose,
        OverdueAtDeadline,
        WindowShort,
        ChildCloseShort,
    ];
    for mutation in moments {
        assert!(search::finds(mutation).is_some(), "{mutation:?} goes unnoticed");
    }
}

/// A softening that the argument does not need: it helps whoever has lost all its time at once.
#[test]
fn without_grace_an_outage_is_the_end() {
    assert!(scenarios::survives_an_outage(None));
    assert!(!scenarios::survives_an_outage(Some(NoGrace)));
}

/// A rule that nothing needs: an owner on a rejected content's child stands on the rejected content too, and is slashed there.
#[test]
fn rejection_reaches_the_children_without_being_marked() {
    for seed in 0..GAMES {
        if let Err(failure) = simulation::play(seed, Some(RejectStopsAtChildren)) {
            panic!("somebody needs it after all: {failure}");
        }
    }
}
