//! What a process and those below it used, by /proc.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::failure::{Failure, Outcome};

/// A process and all that descend from it, as they are when it is looked at.
pub(crate) struct Tree(Vec<u32>);

impl Tree {
    pub(crate) fn of(root: u32) -> Outcome<Self> {
        Ok(Self(descendants(root, &parents()?)))
    }

    /// User and system time that they have used so far.
    pub(crate) fn cpu_time(&self) -> Outcome<Duration> {
        let mut total = Duration::ZERO;
        for member in &self.0 {
            let time = process_time(Path::new(&format!("/proc/{member}")));
            total = total.saturating_add(time.map_err(Failure::at(member))?);
        }
        Ok(total)
    }

    /// Their proportional set size in KiB: what several share counts once.
    pub(crate) fn memory(&self) -> Outcome<u64> {
        let mut total = 0_u64;
        for member in &self.0 {
            let file = format!("/proc/{member}/smaps_rollup");
            let text = fs::read_to_string(&file).map_err(Failure::at(&file))?;
            let pss = pss(&text).ok_or_else(|| Failure::new(format!("{file} has no Pss")))?;
            total = total.saturating_add(pss);
        }
        Ok(total)
    }
}

/// By the scheduler's nanoseconds where the kernel counts them, else by ticks of a hundredth of a second.
fn process_time(folder: &Path) -> io::Result<Duration> {
    let mut total = Duration::ZERO;
    for task in fs::read_dir(folder.join("task"))? {
        let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        total = total.saturating_add(on_cpu(&text).unwrap_or_default());
    }
    if total.is_zero() {
        let text = fs::read_to_string(folder.join("stat"))?;
        total = Stat::parse(&text).map(|stat| stat.time).unwrap_or_default();
    }
    Ok(total)
}

/// Every process of the system with its parent.
fn parents() -> io::Result<Vec<(u32, u32)>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let number = entry.file_name().to_string_lossy().parse().ok();
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let (Some(process), Some(stat)) = (number, Stat::parse(&stat)) {
            parents.push((process, stat.parent));
        }
    }
    Ok(parents)
}

fn descendants(root: u32, parents: &[(u32, u32)]) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        let children = parents.iter().filter(|(_, of)| *of == parent);
        found.extend(children.map(|(child, _)| *child));
        next = next.saturating_add(1);
    }
    found
}

/// The first number of `schedstat`: nanoseconds on a CPU.
fn on_cpu(schedstat: &str) -> Option<Duration> {
    let nanoseconds = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// The line `Pss:` of `smaps_rollup`, in KiB.
fn pss(smaps_rollup: &str) -> Option<u64> {
    let line = smaps_rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// What is of interest in `/proc/PID/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    time: Duration,
}

impl Stat {
    /// The name in brackets may itself have brackets and spaces.
    fn parse(text: &str) -> Option<Self> {
        let (_, after_name) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let spent = ticks(USER_TICKS)?.saturating_add(ticks(SYSTEM_TICKS)?);
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            time: Duration::from_millis(spent.saturating_mul(MILLISECONDS_A_TICK)),
        })
    }
}

/// `utime` and `stime`, counted from the field after the name.
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;

/// USER_HZ is 100 on every architecture that Rust's standard library supports on Linux.
const MILLISECONDS_A_TICK: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedstat_begins_with_the_nanoseconds_on_a_cpu() {
        assert_eq!(on_cpu("353808 12 2\n"), Some(Duration::from_nanos(353_808)));
        assert_eq!(on_cpu(""), None);
        assert_eq!(on_cpu("x 1 2"), None);
    }

    #[test]
    fn pss_is_the_line_of_that_name_alone() {
        let text = "5630d5cf5000-7fff415e8000 ---p 00000000 00:00 0  [rollup]\n\
            Rss:                1684 kB\nPss:                 537 kB\nPss_Dirty:           112 kB\n";
        assert_eq!(pss(text), Some(537));
        assert_eq!(pss("Pss_Dirty: 112 kB\n"), None);
    }

    #[test]
    fn stat_is_read_behind_a_name_with_brackets() {
        let text = "42 (a) b) S 7 42 42 0 -1 4194304 100 0 0 0 150 50 9 9 20 0 1 0 5 6 7";
        let stat = Stat {
            parent: 7,
            time: Duration::from_secs(2),
        };
        assert_eq!(Stat::parse(text), Some(stat));
        assert_eq!(Stat::parse("42 (a) S 7"), None);
    }

    #[test]
    fn descendants_are_found_at_any_depth_and_in_any_order() {
        let parents = [(5, 4), (2, 1), (4, 2), (9, 8), (3, 2)];
        assert_eq!(descendants(2, &parents), [2, 4, 3, 5]);
    }

    #[test]
    fn this_process_used_some_memory_and_time() {
        let own = Tree::of(std::process::id()).unwrap();
        assert!(own.memory().unwrap() > 0);
        assert!(own.cpu_time().is_ok());
    }
}
