//! Ever more client certificates, each made while its client connects.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rcgen::KeyPair;
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::sign::{CertifiedKey, SigningKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::time::sleep;

use crate::failure::{Failure, Outcome};
use crate::load::Load;
use crate::measure::Tree;
use crate::pki::Authority;
use crate::run::tell;
use crate::scenario::Scenario;
use crate::window::Sample;

use super::Dimension;
use super::bench::{Bench, Subject, memory};
use super::report::Row;

/// A few more than a profile remembers chains if its configuration does not say how many.
pub(super) const FULL: usize = 20_000;

/// Not with `--quick`.
pub(super) const MILLION: usize = 1_000_000;

/// How long all sizes together may take.
const LONGEST: Duration = Duration::from_secs(240);

const POLL: Duration = Duration::from_millis(10);

/// One gateway that has seen ever more.
pub(super) async fn rows(bench: &Bench, quick: bool) -> Outcome<Vec<Row>> {
    let (configured, cores) = Dimension::Certificates.of(0);
    let subject = bench.start(0, &configured, cores).await?;
    // What has never run costs more; clients that return show it to the gateway.
    bench.window(&subject, Scenario::Handshake).await?;
    let mint = Arc::new(Mint::new(Arc::clone(&bench.pki.authority))?);
    let end = Instant::now()
        .checked_add(LONGEST)
        .ok_or_else(|| Failure::new("the clock is at its end"))?;
    let mut rows = Vec::new();
    for &size in Dimension::Certificates.sizes() {
        if quick && size == MILLION {
            continue;
        }
        let row = if Instant::now() >= end {
            Row {
                note: "not begun: no time left".to_owned(),
                ..Row::new(Scenario::Handshake, size)
            }
        } else {
            until(bench, &subject, &mint, size, end).await?
        };
        tell(&row.to_string())?;
        rows.push(row);
    }
    Ok(rows)
}

/// Loads it until it has seen so many, or there is no time left.
async fn until(
    bench: &Bench,
    subject: &Subject,
    mint: &Arc<Mint>,
    size: usize,
    end: Instant,
) -> Outcome<Row> {
    let shape = Scenario::Handshake.shape();
    let tls = bench.clients.changing(Arc::<Mint>::clone(mint))?;
    let lanes = vec![tls; shape.connections.lanes()];
    let load = Load::start(subject.gateway.address, shape, lanes)?;
    load.ready().await;
    let target = u64::try_from(size).unwrap_or(u64::MAX);
    let tree = Tree::of(subject.gateway.process())?;
    let start = Instant::now();
    let mut trail = Trail::default();
    loop {
        let point = Point {
            seen: mint.minted(),
            spent: tree.cpu_time()?,
            at: start.elapsed(),
        };
        trail.0.push(point);
        if point.seen >= target || Instant::now() >= end {
            break;
        }
        sleep(POLL).await;
    }
    load.stop();
    let tally = load.tally().await;
    let reached = mint.minted();
    let note = if reached < target {
        format!("reached {reached} in {} s", LONGEST.as_secs())
    } else {
        String::new()
    };
    let sample = Sample {
        errors: tally.errors,
        first_error: tally.first_error,
        ..trail.sample(last(target))
    };
    Ok(Row {
        samples: vec![sample],
        memory: memory(&subject.gateway).ok(),
        note,
        ..Row::new(Scenario::Handshake, size)
    })
}

/// How many of the last handshakes of a size count.
fn last(size: u64) -> u64 {
    size.div_ceil(2).min(5_000)
}

/// Where a run was at some time.
#[derive(Debug, Clone, Copy, Default)]
struct Point {
    seen: u64,
    spent: Duration,
    at: Duration,
}

/// Where it was, from first to last.
#[derive(Default)]
struct Trail(Vec<Point>);

impl Trail {
    /// What the last `count` handshakes cost, or all where there are not so many.
    fn sample(&self, count: u64) -> Sample {
        let (Some(first), Some(end)) = (self.0.first(), self.0.last()) else {
            return Sample::default();
        };
        let from = end.seen.saturating_sub(count);
        let before = self.0.iter().rev().find(|point| point.seen <= from);
        let before = before.unwrap_or(first);
        let seen = end.seen.saturating_sub(before.seen);
        let operations = f64::from(u32::try_from(seen).unwrap_or(u32::MAX));
        let spent = end.spent.saturating_sub(before.spent).as_secs_f64();
        let wall = end.at.saturating_sub(before.at).as_secs_f64();
        let value = operations / spent;
        Sample {
            value: (seen > 0 && value.is_finite()).then_some(value),
            rate: if wall > 0.0 { operations / wall } else { 0.0 },
            busy: if wall > 0.0 { spent / wall } else { 0.0 },
            ..Sample::default()
        }
    }
}

/// Gives each handshake a certificate that no other has, all with one key.
struct Mint {
    authority: Arc<Authority>,
    key: KeyPair,
    signing: Arc<dyn SigningKey>,
    minted: AtomicU64,
}

impl Mint {
    fn new(authority: Arc<Authority>) -> Outcome<Self> {
        let key = KeyPair::generate().map_err(Failure::at("client key"))?;
        let der = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Ok(Self {
            authority,
            key,
            signing: any_supported_type(&der).map_err(Failure::at("client key"))?,
            minted: AtomicU64::new(0),
        })
    }

    fn minted(&self) -> u64 {
        self.minted.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Mint {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let number = self.minted.fetch_add(1, Ordering::Relaxed);
        let chain = self.authority.numbered(&self.key, number).ok()?;
        Some(Arc::new(CertifiedKey::new(
            chain,
            Arc::clone(&self.signing),
        )))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mint")
            .field("minted", &self.minted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trail() -> Trail {
        let point = |seen, milliseconds| Point {
            seen,
            spent: Duration::from_millis(milliseconds),
            at: Duration::from_millis(milliseconds * 2),
        };
        Trail(vec![
            point(0, 0),
            point(100, 500),
            point(300, 600),
            point(400, 800),
        ])
    }

    #[test]
    fn only_the_last_handshakes_count() {
        let sample = trail().sample(100);
        assert_eq!(sample.value, Some(500.0));
        assert_eq!(sample.rate, 250.0);
        assert_eq!(sample.busy, 0.5);
    }

    #[test]
    fn the_trail_is_followed_back_far_enough_or_to_its_start() {
        assert_eq!(trail().sample(150).value, Some(1000.0));
        assert_eq!(trail().sample(1_000).value, Some(500.0));
        assert_eq!(Trail::default().sample(1).value, None);
    }

    #[test]
    fn at_most_five_thousand_count() {
        assert_eq!(last(1_000), 500);
        assert_eq!(last(1_000_000), 5_000);
    }

    #[test]
    fn no_certificate_is_minted_twice() {
        let mint = Mint::new(Arc::new(Authority::new("Test").unwrap())).unwrap();
        let first = mint.resolve(&[], &[]).unwrap();
        let second = mint.resolve(&[], &[]).unwrap();
        assert_ne!(first.cert[0], second.cert[0]);
        assert_eq!(first.cert[1], second.cert[1]);
        assert_eq!(mint.minted(), 2);
    }
}
