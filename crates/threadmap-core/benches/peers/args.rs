//! What the command line asks for, and where the report goes.

use std::fs::{create_dir_all, write};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::plan::Plan;
use crate::report::document::Document;
use crate::report::json::Json;

/// How to call it.
pub(crate) const USAGE: &str = "\
cargo bench -p threadmap-core --bench peers -- [OPTIONS]     times
cargo bench -p threadmap-core --bench memory -- [OPTIONS]    bytes
node ci/bench-core.mjs [OPTIONS]                             both, in one report
  --quick            all rows of 1e4 and 1e6 keys in short rounds: below three minutes
  --full             longer rounds, 1e7 keys too, growth to 1e7: most of an hour
  --smoke            a moment: whether it runs at all; the figures say nothing
  --only SUBSTRING   only the rows whose name has it, as 'str16 1e4 zipf', '8t', 'grow'
  --churn N          bytes only: N inserts and removals of ever new keys, first in, first out, instead of all rows
  --check            bytes only: only our maps, and fails where they hold more than their targets
  --patience SECONDS what may be spent in all on repeating slices that another program has disturbed
  --json FILE        the raw figures (default: target/bench-core.json, -memory.json)
  --markdown FILE    the report once more, as Markdown";

/// The options.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) plan: &'static Plan,
    pub(crate) only: String,
    pub(crate) churn: Option<u64>,
    pub(crate) check: bool,
    pub(crate) patience: Option<Duration>,
    pub(crate) json: PathBuf,
    pub(crate) markdown: Option<PathBuf>,
    /// Cargo says so when it runs benchmarks; without it this is a test run.
    pub(crate) measure: bool,
}

impl Args {
    /// Reads options; `Err` tells what is wrong with them.
    pub(crate) fn parse(
        mut given: impl Iterator<Item = String>,
        json: &str,
    ) -> Result<Self, String> {
        // Benchmarks run in their package's folder.
        let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
        let mut args = Self {
            plan: &Plan::NORMAL,
            only: String::new(),
            churn: None,
            check: false,
            patience: None,
            json: PathBuf::from(target).join(json),
            markdown: None,
            measure: false,
        };
        while let Some(option) = given.next() {
            let mut value = || {
                given
                    .next()
                    .ok_or_else(|| format!("{option} wants a value\n{USAGE}"))
            };
            match option.as_str() {
                "--bench" => args.measure = true,
                "--smoke" => args.plan = &Plan::SMOKE,
                "--quick" => args.plan = &Plan::QUICK,
                "--full" => args.plan = &Plan::FULL,
                "--only" => args.only = value()?,
                "--check" => args.check = true,
                "--churn" => {
                    let count = value()?.parse().map_err(|_| "--churn wants a number")?;
                    args.churn = Some(count);
                }
                "--patience" => {
                    let seconds = value()?.parse().map_err(|_| "--patience wants seconds")?;
                    args.patience = Some(Duration::from_secs(seconds));
                }
                "--json" => args.json = value()?.into(),
                "--markdown" => args.markdown = Some(value()?.into()),
                _ => return Err(format!("no such option: {option}\n{USAGE}")),
            }
        }
        Ok(args)
    }

    /// Prints the report and writes the files that were asked for.
    pub(crate) fn tell(&self, report: &Document, raw: &Json) -> io::Result<()> {
        if let Some(folder) = self.json.parent() {
            create_dir_all(folder)?;
        }
        write(&self.json, format!("{raw}\n"))?;
        if let Some(path) = &self.markdown {
            write(path, report.to_markdown())?;
        }
        write!(io::stdout(), "{}", report.to_text())
    }

    /// Whether the row is asked for.
    pub(crate) fn wants(&self, name: &str) -> bool {
        name.contains(&self.only)
    }
}
