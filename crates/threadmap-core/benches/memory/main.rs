//! Bytes of the maps, counted by the allocator: empty, full, at the peak of their growth, and after all is removed.
//!
//! Invariant: one process a map, so nothing that another has left is counted, and what is resident means something.
//! A program of its own, so that no counting stands in what `peers` times. The counting allocator is the crate `cap`,
//! since unsafe code has its rooms elsewhere; it counts what was asked for, the malloc's own headers and rounding
//! show in the resident bytes.
#![expect(dead_code, reason = "the modules of `peers` also have what is timed")]

#[path = "../peers/args.rs"]
mod args;
mod churn;
#[path = "../peers/contestants/mod.rs"]
mod contestants;
#[path = "../peers/draw.rs"]
mod draw;
#[path = "../peers/facts.rs"]
mod facts;
#[path = "../peers/key.rs"]
mod key;
#[path = "../peers/plan.rs"]
mod plan;
#[path = "../peers/pool.rs"]
mod pool;
#[path = "../peers/report/mod.rs"]
mod report;
#[path = "../peers/series.rs"]
mod series;
#[path = "../peers/stats.rs"]
mod stats;
mod table;
mod weigh;
#[path = "../peers/work/mod.rs"]
mod work;

use std::alloc::System;
use std::io::{self, Write};
use std::process::ExitCode;

use args::Args;
use cap::Cap;
use weigh::Weight;

#[global_allocator]
static COUNTED: Cap<System> = Cap::new(System, usize::MAX);

/// What a check has found, as an error.
fn faultless(faults: &[String]) -> io::Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    Err(io::Error::other(faults.join("\n")))
}

fn churn(args: &Args, operations: u64) -> io::Result<()> {
    let lives = churn::lives(operations, args.check)?;
    let facts = facts::facts(args.plan.name);
    args.tell(
        &churn::report(&facts, operations, &lives),
        &churn::raw(&facts, operations, &lives),
    )?;
    let faults: Vec<String> = lives.iter().flat_map(churn::Life::faults).collect();
    faultless(if args.check { &faults } else { &[] })
}

fn run(args: &Args) -> io::Result<()> {
    if !args.measure {
        return writeln!(io::stdout(), "{}", args::USAGE);
    }
    if let Some(operations) = args.churn {
        return churn(args, operations);
    }
    let mut weights: Vec<(String, Weight)> = Vec::new();
    for &size in weigh::sizes(args.plan) {
        for kind in weigh::KINDS {
            let row = format!("bytes {kind} {size:e}");
            if !args.wants(&row) {
                continue;
            }
            for name in weigh::names(args.check) {
                weights.push((row.clone(), weigh::in_its_own_process(kind, name, size)?));
            }
        }
    }
    let facts = facts::facts(args.plan.name);
    args.tell(
        &table::report(&facts, &weights),
        &table::raw(&facts, &weights),
    )?;
    let over = weights
        .iter()
        .filter(|(_, weight)| table::misses(weight, weigh::KEPT_BY_A_THREAD));
    let faults: Vec<String> = over.map(|fault| format!("{fault:?}")).collect();
    faultless(if args.check { &faults } else { &[] })
}

fn main() -> ExitCode {
    let mut given = std::env::args().skip(1).peekable();
    if given.peek().is_some_and(|first| first == weigh::CHILD) {
        weigh::child(given.skip(1));
        return ExitCode::SUCCESS;
    }
    if given.peek().is_some_and(|first| first == churn::CHILD) {
        churn::child(given.skip(1));
        return ExitCode::SUCCESS;
    }
    let done = Args::parse(given, "bench-core-memory.json")
        .and_then(|args| run(&args).map_err(|error| error.to_string()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(io::stderr(), "{fault}");
            ExitCode::FAILURE
        }
    }
}
