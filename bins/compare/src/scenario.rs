//! What clients do.

use bytes::Bytes;
use http::Method;

use crate::client::{Memory, Protocol, Question};

/// One way to load a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// A full mutual TLS 1.3 handshake and GET /0 each, a different client each time
    Handshake,
    /// The same with resumed sessions
    Resume,
    /// GET /1k over 32 HTTP/1.1 connections
    #[value(name = "ka-1k")]
    Kept1k,
    /// GET /64k over 32 HTTP/1.1 connections
    #[value(name = "ka-64k")]
    Kept64k,
    /// GET /1k over 8 HTTP/2 connections with 16 streams each
    #[value(name = "h2-1k")]
    Streams1k,
    /// POST of 64 KiB over 32 HTTP/1.1 connections
    #[value(name = "upload-64k")]
    Upload64k,
    /// Memory of 500 connections on which nothing happens
    Idle,
}

/// The numbers of a scenario.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) question: Question,
    /// Bytes of the answer's body.
    pub(crate) answer: usize,
    pub(crate) protocol: Protocol,
    pub(crate) memory: Memory,
    pub(crate) connections: Connections,
}

/// How long connections live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connections {
    /// One a request, so many at a time.
    Fresh { lanes: usize },
    /// As long as it lasts, each with so many requests at a time.
    Kept { lanes: usize, streams: usize },
}

impl Connections {
    pub(crate) fn lanes(self) -> usize {
        match self {
            Self::Fresh { lanes } | Self::Kept { lanes, .. } => lanes,
        }
    }
}

impl Scenario {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Resume => "resume",
            Self::Kept1k => "ka-1k",
            Self::Kept64k => "ka-64k",
            Self::Streams1k => "h2-1k",
            Self::Upload64k => "upload-64k",
            Self::Idle => "idle",
        }
    }

    /// What is sent and how; `Idle` asks once on each connection.
    pub(crate) fn shape(self) -> Shape {
        let kept = Shape {
            question: Question::get("/1k"),
            answer: 1024,
            protocol: Protocol::Http1,
            memory: Memory::Nothing,
            connections: Connections::Kept {
                lanes: 32,
                streams: 1,
            },
        };
        let fresh = Shape {
            question: Question {
                headers: &[("connection", "close")],
                ..Question::get("/0")
            },
            answer: 0,
            connections: Connections::Fresh { lanes: 16 },
            ..kept.clone()
        };
        match self {
            Self::Handshake => fresh,
            Self::Resume => Shape {
                memory: Memory::Tickets,
                ..fresh
            },
            Self::Kept1k | Self::Idle => kept,
            Self::Kept64k => Shape {
                question: Question::get("/64k"),
                answer: 65_536,
                ..kept
            },
            Self::Streams1k => Shape {
                protocol: Protocol::Http2,
                connections: Connections::Kept {
                    lanes: 8,
                    streams: 16,
                },
                ..kept
            },
            Self::Upload64k => Shape {
                question: upload(),
                answer: 0,
                ..kept
            },
        }
    }
}

fn upload() -> Question {
    Question {
        method: Method::POST,
        body: Bytes::from_static(&[0; 65_536]),
        ..Question::get("/sink")
    }
}
