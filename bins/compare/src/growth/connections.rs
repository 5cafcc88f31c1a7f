//! Many open connections, most of them idle.

use std::ops::Range;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::sleep;

use crate::failure::Outcome;
use crate::run::tell;
use crate::scenario::Scenario;
use crate::window::{Opened, SETTLING, open_idle};

use super::Dimension;
use super::bench::{Bench, Subject, memory};
use super::report::Row;

/// How many are at work.
const WORKING: usize = 32;

/// Files that this program and the gateway open beside the connections.
const BESIDE: usize = 512;

/// One size after the other, because a gateway closes connections that are idle for long.
pub(super) async fn rows(bench: &Bench) -> Outcome<Vec<Row>> {
    let files = raise_limit();
    let mut rows = Vec::new();
    for &size in Dimension::Connections.sizes() {
        if size.saturating_add(BESIDE) > files {
            rows.push(Row {
                note: format!("not opened: at most {files} open files"),
                ..Row::new(Scenario::Kept1k, size)
            });
            continue;
        }
        let (configured, cores) = Dimension::Connections.of(size);
        let mut subject = bench.start(size, &configured, cores).await?;
        let (each, note) = hold(bench, &mut subject).await?;
        let subjects = [subject];
        let measured = bench.measure(&[Scenario::Kept1k], &subjects).await?;
        let closed: usize = subjects.iter().map(closed).sum();
        rows.extend(measured.into_iter().map(|row| Row {
            each,
            note: noted(&note, closed),
            ..row
        }));
    }
    Ok(rows)
}

/// Opens what is to be idle: KiB for each, and what went wrong.
async fn hold(bench: &Bench, subject: &mut Subject) -> Outcome<(Option<f64>, String)> {
    subject.lanes = subject.size.min(WORKING);
    let idle = subject.size.saturating_sub(subject.lanes);
    let first = open(bench, subject, 0..1).await;
    let before = memory(&subject.gateway)?;
    let opened = open(bench, subject, 0..idle).await;
    let added = memory(&subject.gateway)?.saturating_sub(before);
    drop(first);
    let note = match &opened.first_error {
        Some(error) => format!("{} of {idle} not opened: {error}", opened.errors),
        None => String::new(),
    };
    subject.held = opened.senders;
    let each = kib_each(added, subject.held.len());
    tell(&format!("{} idle connections are open", subject.held.len()))?;
    Ok((each, note))
}

async fn open(bench: &Bench, subject: &Subject, numbers: Range<usize>) -> Opened {
    let opened = open_idle(&subject.gateway, &bench.pki, &bench.clients, numbers).await;
    sleep(SETTLING).await;
    opened
}

fn closed(subject: &Subject) -> usize {
    let closed = subject.held.iter().filter(|sender| sender.is_closed());
    closed.count()
}

fn noted(note: &str, closed: usize) -> String {
    if closed == 0 {
        return note.to_owned();
    }
    format!("{note} {closed} closed before the end")
        .trim()
        .to_owned()
}

fn kib_each(added: u64, connections: usize) -> Option<f64> {
    let added = f64::from(u32::try_from(added).ok()?);
    let connections = f64::from(u32::try_from(connections).ok()?);
    let each = added / connections;
    each.is_finite().then_some(each)
}

/// Lets this process, and what it starts, open as many files as it may; returns how many.
fn raise_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    // Where it cannot be raised, the limit stays, and is what is returned.
    let _ = setrlimit(Resource::Nofile, raised);
    let files = getrlimit(Resource::Nofile).current;
    files.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_shared_among_connections_if_there_are_any() {
        assert_eq!(kib_each(300, 200), Some(1.5));
        assert_eq!(kib_each(300, 0), None);
        assert_eq!(kib_each(0, 0), None);
    }

    #[test]
    fn connections_that_did_not_last_are_noted() {
        assert_eq!(noted("", 0), "");
        assert_eq!(noted("", 2), "2 closed before the end");
        assert_eq!(
            noted("1 not opened:", 2),
            "1 not opened: 2 closed before the end"
        );
    }

    #[test]
    fn the_limit_is_raised_to_what_may_be() {
        let files = raise_limit();
        assert_eq!(files, raise_limit());
        assert!(files > 0);
    }
}
