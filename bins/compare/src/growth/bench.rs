//! Gateways of several sizes, and windows of load on them.

use std::path::PathBuf;

use crate::backend::RULES;
use crate::client::{Clients, Connection, Memory, Protocol, Question, Sender};
use crate::failure::{Failure, Outcome};
use crate::gateway::{Gateway, Place};
use crate::measure::Tree;
use crate::peers::Peer;
use crate::pki::Pki;
use crate::run::tell;
use crate::scenario::{Connections, Scenario, Shape};
use crate::window::{self, Sample, Span};

use super::configuration::Size;
use super::report::Row;

/// What all of it needs.
pub(super) struct Bench {
    pub(super) program: PathBuf,
    pub(super) place: Place,
    pub(super) pki: Pki,
    pub(super) clients: Clients,
    pub(super) rounds: usize,
    pub(super) span: Span,
}

/// A gateway of one size.
pub(super) struct Subject {
    pub(super) size: usize,
    pub(super) gateway: Gateway,
    /// Connections on which nothing happens.
    pub(super) held: Vec<Sender>,
    /// At most so many connections are at work.
    pub(super) lanes: usize,
}

impl Bench {
    pub(super) async fn start(
        &self,
        size: usize,
        configured: &Size,
        cores: usize,
    ) -> Outcome<Subject> {
        let gateway = Gateway::start_with(
            Peer::Portcullis,
            &self.program,
            &self.place,
            |setting| configured.text(setting),
            |file| Peer::portcullis(cores, file),
        );
        Ok(Subject {
            size,
            gateway: gateway.await?,
            held: Vec::new(),
            lanes: usize::MAX,
        })
    }

    /// Whether so many rewrite rules hold, no more and no fewer.
    pub(super) async fn check_rules(&self, subject: &Subject, rules: usize) -> Outcome<()> {
        let client = self.pki.clients.first();
        let tls = self
            .clients
            .configuration(client, Protocol::Http1, Memory::Nothing)?;
        let mut connection = Connection::open(subject.gateway.address, &tls).await?;
        let (status, body) = connection.sender.read(&Question::get(RULES)).await?;
        if status.is_success() && body == rules.to_string() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{rules} rewrite rules are to hold, and the answer is {status}: {}",
            String::from_utf8_lossy(&body)
        )))
    }

    /// A row for each scenario and subject; each round visits all of them.
    pub(super) async fn measure(
        &self,
        scenarios: &[Scenario],
        subjects: &[Subject],
    ) -> Outcome<Vec<Row>> {
        let pairs = scenarios.iter().flat_map(|&scenario| {
            let row = move |subject| (Row::new(scenario, Subject::size(subject)), subject);
            subjects.iter().map(row)
        });
        let mut rows: Vec<(Row, &Subject)> = pairs.collect();
        for round in 0..self.rounds {
            for (row, subject) in &mut rows {
                let measured = self.window(subject, row.scenario).await;
                row.samples.push(measured.unwrap_or_else(Sample::failed));
                row.memory = memory(&subject.gateway).ok();
                tell(&format!("round {}: {row}", round.saturating_add(1)))?;
            }
        }
        Ok(rows.into_iter().map(|(row, _)| row).collect())
    }

    pub(super) async fn window(&self, subject: &Subject, scenario: Scenario) -> Outcome<Sample> {
        let shape = subject.limited(scenario.shape());
        window::loaded(&subject.gateway, shape, self.span, &self.pki, &self.clients).await
    }
}

impl Subject {
    fn size(&self) -> usize {
        self.size
    }

    fn limited(&self, shape: Shape) -> Shape {
        let connections = match shape.connections {
            Connections::Kept { lanes, streams } => Connections::Kept {
                lanes: lanes.min(self.lanes),
                streams,
            },
            fresh @ Connections::Fresh { .. } => fresh,
        };
        Shape {
            connections,
            ..shape
        }
    }
}

/// Of its process, in KiB.
pub(super) fn memory(gateway: &Gateway) -> Outcome<u64> {
    Tree::of(gateway.process())?.memory()
}
