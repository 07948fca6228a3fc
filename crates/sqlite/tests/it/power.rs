//! Power fails at every moment of a day of a shop, and the disk refuses every thing that it is asked for once. What was
//! answered is there afterwards, and the data are as promised.
//!
//! Read in this order: `day` (what is asked for), `caller` (who asks, and keeps what was answered), `promises` (whether
//! that holds) with `data`, and `said` (how much is tried).

mod day;
mod caller;
mod promises;
mod data;
mod said;

use std::collections::BTreeMap;

use faults::{Cut, Failure, Kind, Platter, Survival, Trace};

use caller::{Caller, Remedy};
use promises::{Promise, broken};
use said::Repeat;

const PAGE: usize = 4096;

/// A day on which nothing fails.
struct OrdinaryDay {
    trace: Trace,
    promises: Vec<Promise>,
    asked_for: BTreeMap<Kind, usize>,
    bytes_max: usize,
}

impl OrdinaryDay {
    async fn spent() -> Self {
        Self::spent_by(Caller::new(None, Remedy::AskAgain)).await
    }

    async fn spent_by(mut caller: Caller) -> Self {
        day::day(&mut caller).await.expect("nothing fails");
        assert_eq!(caller.refused, 0, "nothing fails");
        let asked_for = Kind::ALL.into_iter().map(|kind| (kind, caller.disk.count(kind))).collect();
        let (trace, bytes_max) = (caller.disk.trace(), caller.bytes_max);
        Self { trace, promises: caller.into_promises(), asked_for, bytes_max }
    }
}

/// Which seeds are tried at a cut: one extreme, one of its own, the other extreme, then more of its own.
fn seeds(cut: usize, count: usize) -> impl Iterator<Item = u64> {
    let own = 2 + 1_000_003 * u64::try_from(cut).expect("64 bits");
    [0, own, 1].into_iter().chain(own + 1..).take(count)
}

#[tokio::test]
async fn what_was_answered_survives_power_cuts_at_every_sync_and_after_every_answer() {
    survives_cuts(OrdinaryDay::spent().await).await;
}

/// A thread of its own carries the log over, so no two of these days have the same record: a cut that is named again may be
/// another one.
#[tokio::test]
async fn what_was_answered_survives_power_cuts_while_the_log_is_carried_over() {
    let mut caller = Caller::new(None, Remedy::AskAgain);
    caller.log_pages = Some(2);
    survives_cuts(OrdinaryDay::spent_by(caller).await).await;
}

#[expect(clippy::print_stdout, reason = "what was tried is reported to a person")]
async fn survives_cuts(OrdinaryDay { trace, promises, .. }: OrdinaryDay) {
    let (cuts, only) = (trace.cuts(), Repeat::Cut.said());
    let per_cut = said::images().div_ceil(cuts.len());
    let (mut platter, mut done, mut tried) = (Platter::default(), 0, 0);
    for (number, cut) in cuts.iter().enumerate() {
        trace.advance((&mut platter, &mut done), cut);
        let seeds: Vec<u64> = match &only {
            Some((wanted, seed)) if *wanted == number.to_string() => vec![*seed],
            Some(_) => vec![],
            None => seeds(number, per_cut).collect(),
        };
        let mut before = None;
        for seed in seeds {
            let image = platter.after_power_cut(Survival::of(seed));
            // Where all was synced there is nothing to choose.
            if before.as_ref() != Some(&image) {
                let Cut { answered, after, .. } = cut;
                if let Err(why) = broken(&image, &promises, *answered).await {
                    let repeat = Repeat::Cut.command(number, seed);
                    panic!("{why}\nwith {answered} answers given, after: {after}\nto repeat: {repeat}");
                }
                tried += 1;
                before = Some(image);
            }
        }
    }
    println!("{tried} images of power cuts at {} moments, {} answers", cuts.len(), promises.len());
}

/// Of so many, these: all if there are few, else in even steps, the last one with them.
fn strided(all: usize, count: usize) -> impl Iterator<Item = usize> {
    let step = all.div_ceil(count.max(1)).max(1);
    (1..=all).rev().step_by(step)
}

/// How a day ended on which something failed.
struct Ended {
    is_cut_short: bool,
    refused: usize,
}

/// Spends such a day, and looks at what it leaves: to a process that is killed, and to two power cuts.
async fn spend(mut caller: Caller, repeat: &str) -> Ended {
    let is_cut_short = day::day(&mut caller).await.is_err();
    let (trace, refused) = (caller.disk.trace(), caller.refused);
    let promises = caller.into_promises();
    let (mut platter, end) = (Platter::default(), trace.end());
    trace.advance((&mut platter, &mut 0), &end);
    for survival in [Survival::Everything, Survival::of(0), Survival::of(2)] {
        if let Err(why) = broken(&platter.after_power_cut(survival), &promises, end.answered).await {
            panic!("{why}\nafter {} answers, {survival:?} lasting\nto repeat: {repeat}", end.answered);
        }
    }
    Ended { is_cut_short, refused }
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "what was tried is reported to a person")]
async fn whatever_the_disk_refuses_once_no_answer_is_lost_and_the_caller_can_ask_again() {
    let (asked_for, only) = (OrdinaryDay::spent().await.asked_for, Repeat::Failure.said());
    let (mut stopped, mut tried) = (0, 0);
    for (kind, all) in asked_for {
        let name = format!("{kind:?}");
        let all_of_kind: Vec<usize> = match &only {
            Some((wanted, nth)) if *wanted == name => vec![usize::try_from(*nth).expect("64 bits")],
            Some(_) => vec![],
            None => strided(all, said::failures()).collect(),
        };
        println!("{name}: {} of {all} failed, each on a day of its own", all_of_kind.len());
        for nth in all_of_kind {
            let caller = Caller::new(Some(Failure { kind, nth }), Remedy::AskAgain);
            let ended = spend(caller, &Repeat::Failure.command(&name, nth)).await;
            stopped += usize::from(ended.is_cut_short);
            tried += 1;
        }
    }
    println!("{stopped} of {tried} days were ended by a commit that may have been lost");
    assert!(only.is_some() || stopped > 0 && stopped < tried, "some failures end the process, and most do not");
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "what was tried is reported to a person")]
async fn a_full_disk_refuses_and_once_there_is_room_the_same_process_goes_on() {
    let rooms: Vec<usize> = match Repeat::Room.said() {
        Some((_, pages)) => vec![usize::try_from(pages).expect("64 bits")],
        None => strided(OrdinaryDay::spent().await.bytes_max / PAGE, said::failures()).collect(),
    };
    let mut refused = 0;
    for pages in &rooms {
        let caller = Caller::new(None, Remedy::MakeRoom);
        caller.disk.make_room(Some(pages * PAGE - 1));
        let ended = spend(caller, &Repeat::Room.command("pages", pages)).await;
        assert!(!ended.is_cut_short, "nothing is lost, so nothing has to end, with room for {pages} pages");
        refused += usize::from(ended.refused > 0);
    }
    println!("{} disks that were full, of which {refused} refused what was asked for", rooms.len());
    // Not all: what is only carried over from the log to the database can wait without anybody being told.
    assert!(refused > rooms.len() / 2);
}
