//! What the demo stands on: two throwaway CAs, a responder, a backend, a gateway.

use std::error::Error;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use portcullis_edge::Running;
use tokio::net::TcpListener;

use super::backend;
use super::client::Credentials;
use crate::run::{cores, load};
use crate::terminal::Paint;

/// The host of the demo's gateway.
pub(crate) const HOST: &str = "localhost";
/// The header that tells the backend who the client is.
pub(crate) const IDENTITY_HEADER: &str = "X-Client-Certificate";
/// Where the gateway listens when nobody else does.
const PORT: u16 = 8443;

/// Everything that runs.
pub(crate) struct Scene {
    pub(crate) folder: PathBuf,
    pub(crate) configuration: PathBuf,
    /// The root that the gateway's own certificate chains to.
    pub(crate) root: PathBuf,
    pub(crate) responder: SocketAddr,
    pub(crate) backend: SocketAddr,
    running: Running,
    gateway: SocketAddr,
}

/// One thing to try, and what it promises.
pub(crate) struct Line {
    pub(crate) title: &'static str,
    pub(crate) tool: &'static str,
    pub(crate) command: String,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) status: u16,
    /// The reason of a refusal.
    pub(crate) reason: Option<&'static str>,
}

impl Line {
    /// What should come, for people.
    pub(crate) fn promise(&self) -> String {
        match self.reason {
            Some(reason) => format!("{}, reason {reason}", self.status),
            None => format!("{}, and what the backend was told", self.status),
        }
    }
}
