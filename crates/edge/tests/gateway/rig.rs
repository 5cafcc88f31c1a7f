//! The real gateway in process, with real neighbours: clients, a backend, an OCSP responder.

mod backend;
mod backend2;
mod client;
mod configuration;
mod dns;
mod frames;
mod hello;
mod http1;
pub(crate) mod log;
mod open_metrics;
mod operator;
mod patience;
mod pki;
mod responder;
mod staples;
mod websocket;

pub(crate) use backend::{Backend, BackendConnection, Recorded};
pub(crate) use backend2::{Backend2, Body2, Ending};
pub(crate) use client::{Client, Http, Tls, streaming, whole};
pub(crate) use configuration::{Profile, Rig, Setup};
pub(crate) use dns::Dns;
pub(crate) use frames::{End, Frames};
pub(crate) use hello::{ByteByByte, Fragmented, Held};
pub(crate) use http1::{Answer, Raw, answers};
pub(crate) use open_metrics::Samples;
pub(crate) use operator::Operator;
pub(crate) use patience::{Patience, patiently};
pub(crate) use pki::{Pki, now};
pub(crate) use responder::{Nobody, Question, Reply, Responder};
pub(crate) use staples::Staples;
pub(crate) use websocket::{WebSocket, extended_connect, is_close, switching};
