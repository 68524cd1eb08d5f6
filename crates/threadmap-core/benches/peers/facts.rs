//! Where and on what a run was made: figures without this are worth nothing.

use std::fs::read_to_string;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::contestants::entrants;

const LOCKFILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));

/// The newest version of the package that the lockfile has.
fn version(package: &str) -> &'static str {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCKFILE.lines();
    let mut found = "?";
    while lines.any(|line| line == name) {
        found = lines.next().map_or("?", |line| {
            line.trim_start_matches("version = ").trim_matches('"')
        });
    }
    found
}

fn said(program: &str, args: &[&str]) -> String {
    Command::new(program)
        .args(args)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map_or_else(
            || "?".into(),
            |output| String::from_utf8_lossy(&output.stdout).trim().into(),
        )
}

fn cpu() -> String {
    let cpuinfo = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| {
        line.strip_prefix("model name")?
            .split_once(": ")
            .map(|(_, model)| model)
    });
    let cores = available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{}, {cores} cores", model.unwrap_or(std::env::consts::ARCH))
}

fn load() -> String {
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    let mut parts = load.split(' ');
    parts
        .next()
        .filter(|one| !one.is_empty())
        .unwrap_or("?")
        .to_owned()
}

/// Name and value of each fact.
pub(crate) fn facts(plan: &str) -> Vec<(&'static str, String)> {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut maps: Vec<String> = Vec::new();
    for entrant in entrants::<u64>().iter().filter(|entrant| !entrant.ours) {
        let map = format!("{} {}", entrant.package, version(entrant.package));
        if !maps.contains(&map) {
            maps.push(map);
        }
    }
    let dirty = if said("git", &["status", "--porcelain"]).is_empty() {
        ""
    } else {
        " (changed)"
    };
    vec![
        ("date", date(since.as_secs())),
        ("cpu", cpu()),
        ("load", format!("{} at the start", load())),
        (
            "system",
            format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        ),
        ("rust", said("rustc", &["--version"])),
        (
            "commit",
            said("git", &["rev-parse", "--short=12", "HEAD"]) + dirty,
        ),
        ("maps", maps.join(", ")),
        (
            "hasher",
            format!(
                "foldhash {} (quality, random seeds) for all",
                version("foldhash")
            ),
        ),
        ("run", plan.to_owned()),
    ]
}

/// Year, month and day of so many seconds since 1970 (civil-from-days, H. Hinnant).
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
