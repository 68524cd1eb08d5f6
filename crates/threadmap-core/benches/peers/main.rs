//! Our core against the maps that Rust programs use, all in one run: `cargo bench -p threadmap-core --bench peers`.
//!
//! Contestants take turns within each row, so a busy machine disturbs them alike; ratios are taken round by round.
//! Keys and operations are drawn before the clock runs. Nothing is asserted about time: losses are told.
//! Bytes are counted by another program, `--bench memory`, so that no counting allocator stands in what is timed.

mod args;
mod bench;
mod check;
mod contestants;
mod draw;
mod facts;
mod key;
mod plan;
mod pool;
mod report;
mod series;
mod stats;
mod work;

use std::io::{self, Write};
use std::process::ExitCode;

use args::Args;
use bench::Bench;
use check::check;
use key::Text16;

fn run(args: &Args) -> io::Result<()> {
    check::<u64>();
    check::<Text16>();
    if !args.measure {
        return writeln!(
            io::stdout(),
            "all contestants do what they are timed for\n{}",
            args::USAGE
        );
    }
    let facts = facts::facts(args.plan.name);
    let mut bench = Bench::new(args);
    bench.run::<u64>();
    bench.run::<Text16>();
    let results = bench.results();
    args.tell(
        &report::report(&facts, &results),
        &report::raw(args.plan, &facts, &results),
    )
}

fn main() -> ExitCode {
    let done = Args::parse(std::env::args().skip(1), "bench-core.json")
        .and_then(|args| run(&args).map_err(|error| error.to_string()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(io::stderr(), "{fault}");
            ExitCode::FAILURE
        }
    }
}
