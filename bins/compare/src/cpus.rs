//! One CPU for the gateway, the others for what loads it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::peers::find;

/// Who runs where.
pub(crate) enum Cpus {
    /// There are two at least, and taskset.
    Apart {
        taskset: PathBuf,
        gateway: String,
        /// All that this process might use before.
        all: Vec<u32>,
    },
    /// Everything runs where the kernel puts it.
    Shared,
}

impl Cpus {
    /// Leaves the first CPU that this process may use to the gateway. To be called before there is another thread.
    pub(crate) fn divide() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let allowed = allowed(&status);
        let (Some(taskset), [gateway, others @ ..]) = (find("taskset"), allowed.as_slice()) else {
            return Self::Shared;
        };
        if others.is_empty() || !keep_to(&taskset, others) {
            return Self::Shared;
        }
        Self::Apart {
            taskset,
            gateway: gateway.to_string(),
            all: allowed,
        }
    }

    /// Gives every CPU to everybody.
    pub(crate) fn share(&mut self) {
        if let Self::Apart { taskset, all, .. } = self {
            keep_to(taskset, all);
        }
        *self = Self::Shared;
    }

    /// The command that starts `program` on the gateway's CPU.
    pub(crate) fn command_for_gateway(&self, program: &Path) -> Command {
        match self {
            Self::Apart {
                taskset, gateway, ..
            } => {
                let mut command = Command::new(taskset);
                command.args([&OsString::from("-c"), &gateway.into(), program.as_os_str()]);
                command
            }
            Self::Shared => Command::new(program),
        }
    }

    pub(crate) fn described(&self) -> String {
        match self {
            Self::Apart { gateway, .. } => format!("gateways on CPU {gateway}, load on others"),
            Self::Shared => "gateways and load on the same CPUs".to_owned(),
        }
    }
}

/// Moves this process.
fn keep_to(taskset: &Path, cpus: &[u32]) -> bool {
    let list: Vec<String> = cpus.iter().map(u32::to_string).collect();
    let own = std::process::id().to_string();
    let status = Command::new(taskset)
        .args(["-a", "-c", "-p", &list.join(","), &own])
        .stdout(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// `Cpus_allowed_list` of `/proc/PID/status`, such as `0-3,8`.
fn allowed(status: &str) -> Vec<u32> {
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    list.unwrap_or_default()
        .split(',')
        .filter_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_cpus_has_ranges_and_single_ones() {
        let status = "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-2,5,7-8\nMems:\t1\n";
        assert_eq!(allowed(status), [0, 1, 2, 5, 7, 8]);
    }

    #[test]
    fn no_list_is_no_cpu() {
        assert!(allowed("").is_empty());
        assert!(allowed("Cpus_allowed_list:\tx\n").is_empty());
    }
}
