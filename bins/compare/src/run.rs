//! The run: everything is set up, checked, measured in turn, and ended.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use crate::backend;
use crate::check;
use crate::client::Clients;
use crate::cpus::Cpus;
use crate::failure::{Failure, Outcome};
use crate::gateway::{Gateway, Place};
use crate::peers::Peer;
use crate::pki::Pki;
use crate::results::{Record, Results};
use crate::scenario::Scenario;
use crate::window::{self, Sample, Span};

/// What is compared, and how long.
pub(crate) struct Plan {
    /// Beside Portcullis.
    pub(crate) peers: Vec<Peer>,
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) rounds: usize,
    pub(crate) span: Span,
}

/// Compares. Whatever it starts ends with it, also when it is dropped halfway.
pub(crate) async fn compare(plan: &Plan, cpus: Cpus) -> Outcome<Results> {
    tell(&cpus.described())?;
    let folder = Folder::create()?;
    let pki = Pki::create(&folder.0)?;
    let mut bench = Bench {
        clients: Clients::new(&pki.root)?,
        pki,
        place: Place {
            folder: folder.0.clone(),
            backend: backend::start()?,
            cpus,
        },
        contenders: Vec::new(),
        left_out: 0,
    };
    bench.admit(Peer::Portcullis).await?;
    for peer in &plan.peers {
        bench.admit(*peer).await?;
    }
    bench.rounds(plan).await
}

/// All that is running.
struct Bench {
    contenders: Vec<Contender>,
    /// Gateways that are here and do not do what the others do.
    left_out: usize,
    clients: Clients,
    pki: Pki,
    place: Place,
}

/// A gateway that has been checked.
struct Contender {
    gateway: Gateway,
    program: PathBuf,
}

impl Bench {
    /// Starts and checks a gateway; says which is left out, and why.
    async fn admit(&mut self, peer: Peer) -> Outcome<()> {
        let Some(program) = peer.program() else {
            if peer == Peer::Portcullis {
                return Err(Failure::new("there is no portcullis beside this program"));
            }
            return tell(&format!("{} is left out: not installed", peer.name()));
        };
        match self.checked(peer, program).await {
            Ok(contender) => self.contenders.push(contender),
            Err(failure) if peer == Peer::Portcullis => return Err(failure),
            Err(failure) => {
                tell(&format!("{} is left out: {failure}", peer.name()))?;
                self.left_out = self.left_out.saturating_add(1);
            }
        }
        Ok(())
    }

    async fn checked(&self, peer: Peer, program: PathBuf) -> Outcome<Contender> {
        let gateway = Gateway::start(peer, &program, &self.place).await?;
        check::equivalent(&gateway, &self.pki, &self.clients).await?;
        tell(&format!("{} does what is asked", peer.name()))?;
        Ok(Contender { gateway, program })
    }

    async fn rounds(&self, plan: &Plan) -> Outcome<Results> {
        let mut records = Vec::new();
        for round in 0..plan.rounds {
            for (index, &scenario) in plan.scenarios.iter().enumerate() {
                for contender in self.in_turn(round.saturating_add(index)) {
                    let measured = self.window(contender, scenario, plan.span).await;
                    let record = Record {
                        scenario,
                        peer: contender.gateway.peer,
                        round,
                        sample: measured.unwrap_or_else(Sample::failed),
                    };
                    tell(&record.to_string())?;
                    records.push(record);
                }
            }
        }
        Ok(Results {
            peers: self.contenders.iter().map(|c| c.gateway.peer).collect(),
            scenarios: plan.scenarios.clone(),
            rounds: plan.rounds,
            records,
            left_out: self.left_out,
        })
    }

    /// All contenders, beginning with another one each turn.
    fn in_turn(&self, turn: usize) -> impl Iterator<Item = &Contender> {
        let count = self.contenders.len();
        let first = turn.checked_rem(count).unwrap_or(0);
        self.contenders.iter().cycle().skip(first).take(count)
    }

    async fn window(
        &self,
        contender: &Contender,
        scenario: Scenario,
        span: Span,
    ) -> Outcome<Sample> {
        if scenario != Scenario::Idle {
            let gateway = &contender.gateway;
            return window::loaded(gateway, scenario.shape(), span, &self.pki, &self.clients).await;
        }
        // One that has worked keeps memory that idle connections could use unseen.
        let peer = contender.gateway.peer;
        let fresh = Gateway::start(peer, &contender.program, &self.place).await?;
        window::idle(&fresh, &self.pki, &self.clients).await
    }
}

/// A folder of this run in the folder that cargo builds in; it goes with the value.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn create() -> Outcome<Self> {
        let program = env::current_exe()?;
        let target = program.ancestors().nth(2);
        let target = target.ok_or_else(|| Failure::new("this program lies in no folder"))?;
        let folder = target.join(format!("compare-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(Failure::at(folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Tells whoever waits.
pub(crate) fn tell(line: &str) -> Outcome<()> {
    Ok(writeln!(io::stderr().lock(), "{line}")?)
}
