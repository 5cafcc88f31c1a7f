//! The gateway end to end: in process, on port 0, between real TLS clients, a real OCSP responder
//! and a backend that keeps every byte it was sent.
//!
//! - `authentication`: who passes by which client certificate, and what the others are told
//! - `alerts`: the same by TLS alerts
//! - `ocsp`: what the responder says decides
//! - `revocation_modes`: what becomes of a client whose responder cannot be asked
//! - `revocation_scope`: whether the authorities of a client are asked about too
//! - `responders`: whom the operator says to ask and to believe
//! - `nonces`: whether an answer has to be of this very question
//! - `store`: what is known when the gateway starts anew
//! - `shared_answers`: gateways that share answers through a Redis, whatever others put there
//! - `stapling`: what clients are shown about the server's own certificate
//! - `resumption`: a resumed session is no way round
//! - `reload`: connections outlive neither their configuration nor their proof
//! - `identity`: what the backend is told about the client
//! - `identity_headers`: the same in the dialect that one word names
//! - `variables_beyond`: what the variables say that Application Gateway has not
//! - `forgery`: what no client can tell the backend
//! - `own_fields`: what clients send for themselves, though a rule sets it for some
//! - `routing`: which listener answers, and for whom
//! - `hello`: the profile is chosen by the whole ClientHello, however it is cut
//! - `framing`: one HTTP/1.1 request is never two
//! - `framing2`: what HTTP/2 frames can and cannot carry
//! - `exchange`: bodies and interim responses, there and back
//! - `backends`: backends that fail, stall or say too much
//! - `backend_tls`: TLS to backends, and who is believed to be one
//! - `backend_http2`: HTTP/2 to backends
//! - `grpc`: gRPC, both ways at once
//! - `backend_connections`: which connections to backends are used again, and by whom
//! - `framing_of_backends`: where a backend's response ends is said once
//! - `drain`: stopping, and clients that dawdle
//! - `doors`: addresses that come and go, and sockets that another process opened
//! - `tickets`: gateways with the same ticket keys resume each other's sessions, and nobody else does
//! - `silence`: clients and backends that do nothing
//! - `plain_http`: what is said where TLS is missing
//! - `log`: what the operator reads
//! - `access_log`: what it says of a request, and that nobody else writes it
//! - `traces`: which trace a request belongs to, and what a collector is told of it
//! - `authorization`: who may pass, beside being proven
//! - `paths`: what the path of a request decides, redirects, error pages, plain HTTP
//! - `pools`: which endpoint of a pool a request goes to, and to another where it cannot be sent
//! - `probes`: whether backends are asked how they are
//! - `probes_tls`: the same over TLS, and what a backend has to prove first
//! - `names`: names of backends, resolved again and again
//! - `url_rewrite`: what rules make of URLs and of `Set-Cookie`
//! - `admin`: what the listener for operators shows, and to whom
//! - `metrics`: what is counted, and by what
//! - `websocket`: what is no HTTP any more, and when it ends
//! - `upgrades`: what looks like an upgrade and is none
//! - `trailers`: what comes after a body, and what comes before it
//! - `memory`: bodies of any size take little of it
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod access_log;
mod admin;
mod alerts;
mod authentication;
mod authorization;
mod backend_connections;
mod backend_http2;
mod backend_tls;
mod backends;
mod doors;
mod drain;
mod exchange;
mod forgery;
mod framing;
mod framing2;
mod framing_of_backends;
mod grpc;
mod hello;
mod identity;
mod identity_headers;
mod log;
mod memory;
mod metrics;
mod names;
mod nonces;
mod ocsp;
mod own_fields;
mod paths;
mod plain_http;
mod pools;
mod probes;
mod probes_tls;
mod reload;
mod responders;
mod resting;
mod resumption;
mod revocation_modes;
mod revocation_scope;
mod rig;
mod routing;
mod shared_answers;
mod silence;
mod stapling;
mod store;
mod tickets;
mod traces;
mod trailers;
mod upgrades;
mod url_rewrite;
mod variables_beyond;
mod websocket;
