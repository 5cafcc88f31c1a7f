//! How the cost of Portcullis grows with what it is configured with and with what it serves.

mod bench;
mod configuration;
mod connections;
mod report;
mod seen;

use std::fs;

use crate::backend;
use crate::client::Clients;
use crate::cpus::Cpus;
use crate::failure::{Failure, Outcome};
use crate::gateway::Place;
use crate::peers::Peer;
use crate::pki::{Authority, Pki};
use crate::run::{Folder, tell};
use crate::scenario::Scenario;
use crate::window::Span;
use bench::Bench;
use configuration::Size;
pub(crate) use report::Report;
use report::{Grown, Row};

/// What grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Dimension {
    /// Listeners with other hosts at one address
    Listeners,
    /// Trusted client CA files of a profile
    Chains,
    /// Connections that are open
    Connections,
    /// Rules of a rewrite set
    Rules,
    /// Client certificates that have been seen
    Certificates,
    /// Threads of the gateway
    Cores,
}

/// What is measured, and how long.
pub(crate) struct Plan {
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) rounds: usize,
    pub(crate) span: Span,
    /// Without the sizes that take minutes.
    pub(crate) quick: bool,
}

/// Measures. Whatever it starts ends with it, also when it is dropped halfway.
pub(crate) async fn grow(plan: &Plan, cpus: Cpus) -> Outcome<Report> {
    tell(&cpus.described())?;
    let folder = Folder::create()?;
    let pki = Pki::create(&folder.0)?;
    let program = Peer::Portcullis.program();
    let mut bench = Bench {
        program: program
            .ok_or_else(|| Failure::new("there is no portcullis beside this program"))?,
        clients: Clients::new(&pki.root)?,
        pki,
        place: Place {
            folder: folder.0.clone(),
            backend: backend::start()?,
            cpus,
        },
        rounds: plan.rounds,
        span: plan.span,
    };
    let mut dimensions = Vec::new();
    for &dimension in &plan.dimensions {
        // The only one that moves everything to all CPUs; what comes after it would be measured there too.
        if dimension != Dimension::Cores {
            let rows = rows(&bench, dimension, plan.quick).await?;
            dimensions.push(Grown { dimension, rows });
        }
    }
    if plan.dimensions.contains(&Dimension::Cores) {
        bench.place.cpus.share();
        dimensions.push(Grown {
            dimension: Dimension::Cores,
            rows: rows(&bench, Dimension::Cores, plan.quick).await?,
        });
    }
    Ok(Report { dimensions })
}

async fn rows(bench: &Bench, dimension: Dimension, quick: bool) -> Outcome<Vec<Row>> {
    tell(&format!("{}:", dimension.name()))?;
    match dimension {
        Dimension::Connections => connections::rows(bench).await,
        Dimension::Certificates => seen::rows(bench, quick).await,
        Dimension::Listeners | Dimension::Chains | Dimension::Rules | Dimension::Cores => {
            configured(bench, dimension).await
        }
    }
}

/// Of the dimensions that are a matter of configuration: all sizes run at once and are loaded in turn.
async fn configured(bench: &Bench, dimension: Dimension) -> Outcome<Vec<Row>> {
    if dimension == Dimension::Chains {
        write_chains(bench)?;
    }
    let mut subjects = Vec::new();
    for &size in dimension.sizes() {
        let (configured, cores) = dimension.of(size);
        let subject = bench.start(size, &configured, cores).await?;
        bench.check_rules(&subject, configured.rules).await?;
        subjects.push(subject);
    }
    bench.measure(dimension.scenarios(), &subjects).await
}

/// As many CAs as the largest size trusts; none has issued anything.
fn write_chains(bench: &Bench) -> Outcome<()> {
    let most = Dimension::Chains.sizes().iter().max();
    for number in 1..most.copied().unwrap_or_default() {
        let authority = Authority::new(&format!("Trusted {number}"))?;
        let file = bench.place.folder.join(configuration::chain(number));
        fs::write(&file, authority.pem()).map_err(Failure::at(file.display()))?;
    }
    Ok(())
}

impl Dimension {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Listeners => "listeners",
            Self::Chains => "chains",
            Self::Connections => "connections",
            Self::Rules => "rules",
            Self::Certificates => "certificates",
            Self::Cores => "cores",
        }
    }

    /// What was measured, beside what the titles say.
    fn about(self) -> &'static str {
        match self {
            Self::Listeners => {
                "Listeners of one address and one TLS profile, each with a host and a rule; requests go to the last."
            }
            Self::Chains => {
                "Trusted client CA files, each a root and an intermediate, clients of the last; no verified chain is remembered."
            }
            Self::Connections => {
                "Open connections: 32 at work (10 in the first row), the others idle after one request."
            }
            Self::Rules => {
                "Rewrite rules, each with a condition that holds and a request header, beside the one that passes the certificate."
            }
            Self::Certificates => {
                "Different client certificates seen by one gateway, each in a full handshake; the work is that of the last of each size."
            }
            Self::Cores => {
                "Threads of the gateway, on all CPUs. The load and the backend share these with it, so operations / s is what is left to it, \
                 and operations / CPU s is what tells."
            }
        }
    }

    fn sizes(self) -> &'static [usize] {
        match self {
            Self::Listeners => &[1, 10, 100, 1_000],
            Self::Chains => &[1, 10, 100, 200],
            Self::Connections => &[10, 100, 1_000, 10_000],
            Self::Rules => &[0, 10, 20, 40],
            // At 20,000 the memory of verified chains has just become full.
            Self::Certificates => &[1_000, 10_000, seen::FULL, 100_000, seen::MILLION],
            Self::Cores => &[1, 2],
        }
    }

    fn scenarios(self) -> &'static [Scenario] {
        match self {
            Self::Listeners | Self::Cores => &[Scenario::Kept1k, Scenario::Handshake],
            Self::Chains | Self::Certificates => &[Scenario::Handshake],
            Self::Connections | Self::Rules => &[Scenario::Kept1k],
        }
    }

    /// The configuration of a size, and how many cores.
    fn of(self, size: usize) -> (Size, usize) {
        let base = Size::default();
        match self {
            Self::Listeners => (
                Size {
                    listeners: size,
                    ..base
                },
                1,
            ),
            Self::Chains => (
                Size {
                    chains: size,
                    remembered: 0,
                    ..base
                },
                1,
            ),
            Self::Rules => (
                Size {
                    rules: size,
                    ..base
                },
                1,
            ),
            Self::Connections | Self::Certificates => (base, 1),
            Self::Cores => (base, size),
        }
    }
}
