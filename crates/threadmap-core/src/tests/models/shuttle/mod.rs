//! Models for shuttle: the whole map, several threads, schedules drawn at random. What loom is too slow for; without
//! weak orderings, which shuttle does not know.
//!
//! Run by `ci/shuttle.mjs`. Schedules are drawn in lots, each from one seed, so a failing lot is run again by its seed.

mod judge;
mod story;
mod turns;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use ::shuttle::scheduler::{PctScheduler, RandomScheduler};
use ::shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use super::Made;
use story::story;

/// Schedules of one seed: few enough to be run again in a moment.
const LOT: usize = 200;

/// How schedules are drawn.
#[derive(Clone, Copy, Debug)]
enum Drawn {
    /// Any thread at each step.
    Random,
    /// By priorities with so many changes less one (Burckhardt et al., 2010).
    Pct(usize),
}

/// Lots that have failed once, and what was wrong then. A change of the steps makes another story of a seed, so what is
/// worth more than that becomes a model with turns.
const SEEDS: [(Made, Drawn, u64); 4] = [
    // Broken on purpose: no second look at the header.
    (Made::LockFree, Drawn::Random, 26),
    // A snapshot that does not move the clock on.
    (Made::LockFree, Drawn::Random, 22),
    // No version in the header.
    (Made::LockFree, Drawn::Random, 0),
    (Made::LockFree, Drawn::Pct(4), 0),
];

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::FailAfter(200_000);
    config.silence_warnings = true;
    config
        .ungraceful_shutdown_config
        .immediately_return_on_panic = true;
    config
}

#[expect(
    clippy::print_stderr,
    reason = "the seed is how a failure is found again"
)]
fn lot(made: Made, drawn: Drawn, seed: u64) {
    let body = move || story(made);
    let run = || match drawn {
        Drawn::Random => Runner::new(RandomScheduler::new_from_seed(seed, LOT), config()).run(body),
        Drawn::Pct(depth) => {
            Runner::new(PctScheduler::new_from_seed(seed, depth, LOT), config()).run(body)
        }
    };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        eprintln!("THREADMAP_SEED={seed} fails: {made:?}, {drawn:?}");
        resume_unwind(panic);
    }
}

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "how much was run is the result")]
fn lots(made: Made, drawn: Drawn) {
    if let Some(seed) = number_from("THREADMAP_SEED") {
        return lot(made, drawn, seed);
    }
    let schedules = number_from("THREADMAP_SCHEDULES").unwrap_or(1_000);
    let lots = schedules.div_ceil(LOT as u64);
    let first = number_from("THREADMAP_FIRST_SEED").unwrap_or(0);
    for seed in first..first + lots {
        lot(made, drawn, seed);
    }
    println!(
        "{} schedules, seeds from {first}: {made:?}, {drawn:?}",
        lots * LOT as u64
    );
}

#[test]
fn seeds_that_have_failed() {
    for (made, drawn, seed) in SEEDS {
        lot(made, drawn, seed);
    }
}

#[test]
fn lock_free_by_random_schedules() {
    lots(Made::LockFree, Drawn::Random);
}

#[test]
fn lock_free_by_few_preemptions() {
    lots(Made::LockFree, Drawn::Pct(4));
}

#[test]
fn snapshot_by_random_schedules() {
    lots(Made::Snapshot, Drawn::Random);
}

#[test]
fn snapshot_by_few_preemptions() {
    lots(Made::Snapshot, Drawn::Pct(4));
}

#[test]
fn sharded_by_random_schedules() {
    lots(Made::Sharded(2), Drawn::Random);
}

#[test]
fn sharded_by_few_preemptions() {
    lots(Made::Sharded(1), Drawn::Pct(4));
}
