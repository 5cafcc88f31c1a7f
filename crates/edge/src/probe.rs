//! Asks endpoints whether they are well, once for the whole process (section 4.8 of the behaviour reference).

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_model::{BackendHost, BackendSettings, Probe, ProbeHost, StatusRange, TargetHost};
use rustls_pki_types::ServerName;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backend::{self, TlsFault};
use crate::pool::{Endpoint, Pool};
use crate::refused::Refused;
use crate::running::Shared;
use crate::transport::{Destination, as_server_name};

/// Endpoints that are asked at the same time.
const QUESTIONS: usize = 64;
/// How often it is looked whether a pool has new endpoints.
const LOOK: Duration = Duration::from_secs(1);
/// Octets of an answer that are searched for the text it must have.
const BODY: usize = 64 * 1024;
/// The host of those who name none.
const LOCAL: &str = "127.0.0.1";

/// How well an endpoint is asked for where no probe is configured, and what is expected.
static DEFAULT: LazyLock<Terms> = LazyLock::new(|| Terms {
    path: Uri::from_static("/"),
    port: None,
    interval: Probe::INTERVAL,
    timeout: Probe::TIMEOUT,
    threshold: Probe::UNHEALTHY_THRESHOLD,
    statuses: vec![Probe::STATUSES],
    body: None,
});

/// What is asked for, how often, and what is expected.
struct Terms {
    path: Uri,
    port: Option<u16>,
    interval: Duration,
    timeout: Duration,
    threshold: u16,
    statuses: Vec<StatusRange>,
    body: Option<String>,
}

impl Terms {
    /// Those of a probe. A path that is no request target is asked for as it can be: as the root.
    fn of(probe: &Probe) -> Self {
        Self {
            path: Uri::try_from(probe.path.value.as_str()).unwrap_or(Uri::from_static("/")),
            port: probe.port,
            interval: probe.interval,
            timeout: probe.timeout,
            threshold: probe.unhealthy_threshold,
            statuses: probe.statuses.clone(),
            body: probe.body.as_ref().map(|body| body.value.clone()),
        }
    }
}

/// What is known of an endpoint's health.
#[derive(Default)]
pub(crate) struct Health {
    /// When it is asked next.
    due: Option<Instant>,
    /// Failures in a row.
    failures: u16,
    /// The latest answer, for operators. Nothing before the first.
    pub(crate) log: Option<String>,
}

/// Why an endpoint is not well.
#[derive(Debug)]
enum Failure {
    TimedOut { timeout: Duration },
    Unreachable,
    Tls(TlsFault),
    NoAnswer,
    Status { expected: String, received: u16 },
    Body,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { timeout } => write!(
                f,
                "Time taken by the backend to respond to the health probe is more than the timeout threshold of {} s",
                timeout.as_secs()
            ),
            Self::Unreachable => f.write_str("Could not connect to the backend"),
            Self::Tls(fault) => {
                write!(
                    f,
                    "Could not connect to the backend securely: {}",
                    fault.code()
                )
            }
            Self::NoAnswer => f.write_str("The backend gave no valid answer"),
            Self::Status { expected, received } => write!(
                f,
                "Status code of the backend's HTTP response did not match the probe setting. \
                 Expected:{expected} Received:{received}"
            ),
            Self::Body => {
                f.write_str("Body of the backend's HTTP response did not match the probe setting")
            }
        }
    }
}

/// Asks all endpoints of the configuration in force, for ever.
pub(crate) async fn keep(shared: Arc<Shared>) {
    let questions = Arc::new(Semaphore::new(QUESTIONS));
    loop {
        let gateway = shared.gateway.load_full();
        let mut following = JoinSet::new();
        for pool in gateway.pools() {
            following.spawn(follow(Arc::clone(pool), Arc::clone(&questions)));
        }
        drop(gateway);
        // Whoever is being asked is asked anew: what was configured for it is no more.
        shared.probe_anew.notified().await;
    }
}

/// Asks the endpoints of one pool, each when it is due.
async fn follow(pool: Arc<Pool>, questions: Arc<Semaphore>) {
    let probe = pool.settings.probe.as_deref();
    let configured = probe.map(Terms::of);
    let first = match &configured {
        Some(_) => Duration::ZERO,
        // Nobody has asked for it, so nobody waits for its first answer.
        None => DEFAULT.interval,
    };
    let mut asking = JoinSet::new();
    let terms = Arc::new(configured);
    loop {
        let now = Instant::now();
        let mut next = now.checked_add(LOOK).unwrap_or(now);
        for endpoint in pool.endpoints() {
            let interval = terms.as_ref().as_ref().unwrap_or(&DEFAULT).interval;
            let due = endpoint.health(|health| {
                let due = health
                    .due
                    .get_or_insert(now.checked_add(first).unwrap_or(now));
                // An interval that has become shorter counts at once.
                let due = (*due).min(now.checked_add(interval).unwrap_or(now));
                if due <= now {
                    health.due = now.checked_add(interval);
                }
                due
            });
            if due > now {
                next = next.min(due);
                continue;
            }
            let (pool, terms) = (Arc::clone(&pool), Arc::clone(&terms));
            let questions = Arc::clone(&questions);
            let question = Question::of(&endpoint);
            asking.spawn(async move {
                let _permit = questions.acquire().await;
                let terms = terms.as_ref().as_ref().unwrap_or(&DEFAULT);
                let asked = tokio::time::timeout(terms.timeout, ask(&pool, &endpoint, terms)).await;
                let timeout = terms.timeout;
                let result = asked.unwrap_or(Err(Failure::TimedOut { timeout }));
                tell(&pool, &endpoint, terms, result);
                question.answered();
            });
        }
        while asking.try_join_next().is_some() {}
        tokio::time::sleep_until(next).await;
    }
}

/// That an endpoint is being asked. Where nothing comes of it, because the configuration was replaced meanwhile, the
/// endpoint is asked again at once and not an interval later.
struct Question {
    endpoint: Option<Arc<Endpoint>>,
}

impl Question {
    fn of(endpoint: &Arc<Endpoint>) -> Self {
        let endpoint = Some(Arc::clone(endpoint));
        Self { endpoint }
    }

    fn answered(mut self) {
        self.endpoint = None;
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        if let Some(endpoint) = &self.endpoint {
            endpoint.health(|health| health.due = Some(Instant::now()));
        }
    }
}

/// Keeps what an endpoint answered: enough failures in a row keep requests away, one success lets them in.
fn tell(pool: &Pool, endpoint: &Endpoint, terms: &Terms, result: Result<StatusCode, Failure>) {
    let name = &pool.name;
    let address = endpoint.address;
    // Whoever was removed may be going down: the sessions that are left there are not to be told.
    if endpoint.has_left() {
        return;
    }
    match result {
        Ok(status) => {
            endpoint.health(|health| {
                health.failures = 0;
                health.log = Some(format!("Success. Received {} status code", status.as_u16()));
            });
            if !endpoint.is_up() {
                tracing::info!(pool = name, %address, "a backend is healthy again");
                endpoint.mark_up();
            }
        }
        Err(failure) => {
            let log = failure.to_string();
            let failures = endpoint.health(|health| {
                health.failures = health.failures.saturating_add(1);
                health.log = Some(log.clone());
                health.failures
            });
            if failures >= terms.threshold && endpoint.is_up() {
                tracing::warn!(pool = name, %address, failures, log, "a backend is unhealthy");
                endpoint.mark_down();
            }
        }
    }
}

/// Asks one endpoint once. What it answers, where that is an answer of one that is well.
async fn ask(pool: &Pool, endpoint: &Endpoint, terms: &Terms) -> Result<StatusCode, Failure> {
    let settings = &pool.settings;
    let mut address = endpoint.address;
    address.set_port(terms.port.unwrap_or(address.port()));
    let transport = &pool.transport;
    let connected = match server_name(settings, &endpoint.host) {
        // Of one that is known by its address alone it is the client who says what it must be called.
        None => backend::connect_to_any_name(address, transport).await,
        server_name => {
            let transport = Arc::clone(transport);
            let to = Destination {
                address,
                transport,
                server_name,
            };
            backend::connect(&to).await
        }
    };
    let stream = match connected {
        Ok(stream) => TokioIo::new(stream),
        Err(Refused::BackendTls(fault)) => return Err(Failure::Tls(fault)),
        Err(_) => return Err(Failure::Unreachable),
    };
    let host = host(settings, &endpoint.host);
    if transport.is_http2() {
        let scheme = if transport.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let uri = Uri::builder().scheme(scheme).authority(host.as_str());
        let path = terms.path.path_and_query().cloned();
        let uri = path.map(|path| uri.path_and_query(path).build());
        let request = request(
            uri.and_then(Result::ok).ok_or(Failure::NoAnswer)?,
            Version::HTTP_2,
        );
        let made = http2::handshake(TokioExecutor::new(), stream).await;
        let (mut sender, connection) = made.map_err(|_| Failure::NoAnswer)?;
        let driven = Driven(tokio::spawn(connection).abort_handle());
        let response = sender.send_request(request).await;
        judge(response, terms, driven).await
    } else {
        let mut request = request(terms.path.clone(), Version::HTTP_11);
        let host = HeaderValue::from_str(&host).map_err(|_| Failure::NoAnswer)?;
        request.headers_mut().insert(HOST, host);
        let made = http1::handshake(stream).await;
        let (mut sender, connection) = made.map_err(|_| Failure::NoAnswer)?;
        let driven = Driven(tokio::spawn(connection).abort_handle());
        let response = sender.send_request(request).await;
        judge(response, terms, driven).await
    }
}

/// A connection that ends with its question.
struct Driven(tokio::task::AbortHandle);

impl Drop for Driven {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn request(uri: Uri, version: Version) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = uri;
    *request.version_mut() = version;
    let agent = HeaderValue::from_static("portcullis-probe");
    request.headers_mut().insert(USER_AGENT, agent);
    request
}

async fn judge(
    response: hyper::Result<Response<Incoming>>,
    terms: &Terms,
    _driven: Driven,
) -> Result<StatusCode, Failure> {
    let response = response.map_err(|error| {
        let fault = backend::of_exchange(&error);
        fault.map_or(Failure::NoAnswer, Failure::Tls)
    })?;
    let status = response.status();
    let received = status.as_u16();
    let within = |range: &StatusRange| (range.first..=range.last).contains(&received);
    if !terms.statuses.iter().any(within) {
        let ranges: Vec<String> = terms.statuses.iter().map(range).collect();
        let expected = ranges.join(",");
        return Err(Failure::Status { expected, received });
    }
    let Some(wanted) = &terms.body else {
        return Ok(status);
    };
    let mut body = response.into_body();
    let mut read: Vec<u8> = Vec::new();
    while read.len() < BODY
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|_| Failure::NoAnswer)?;
        if let Some(data) = frame.data_ref() {
            let left = BODY.saturating_sub(read.len()).min(data.len());
            read.extend_from_slice(data.get(..left).unwrap_or_default());
        }
    }
    match String::from_utf8_lossy(&read).contains(wanted.as_str()) {
        true => Ok(status),
        false => Err(Failure::Body),
    }
}

fn range(range: &StatusRange) -> String {
    match range.first == range.last {
        true => range.first.to_string(),
        false => format!("{}-{}", range.first, range.last),
    }
}

/// The `Host` of a probe: its own, that of the settings, or none of theirs.
fn host(settings: &BackendSettings, target: &TargetHost) -> String {
    match settings.probe.as_deref().map(|probe| &probe.host) {
        Some(ProbeHost::Named(host)) => host.value.to_string(),
        Some(ProbeHost::FromSettings) => match &settings.host {
            BackendHost::Named(host) => host.value.to_string(),
            BackendHost::FromTarget => target.to_string(),
            BackendHost::FromClient => LOCAL.to_owned(),
        },
        Some(ProbeHost::Local) | None => LOCAL.to_owned(),
    }
}

/// Whom the certificate has to name: the explicit `sni`, the host of a probe, that of the settings, or the
/// target's name. Nothing where all that is known is an address.
fn server_name(settings: &BackendSettings, target: &TargetHost) -> Option<ServerName<'static>> {
    let portcullis_model::BackendProtocol::Https(tls) = &settings.protocol else {
        return None;
    };
    let probe = match settings.probe.as_deref().map(|probe| &probe.host) {
        Some(ProbeHost::Named(host)) => Some(&host.value),
        _ => None,
    };
    let sni = tls.sni.as_ref().map(|sni| &sni.value);
    let settings = settings.host.named().map(|host| &host.value);
    let target = match target {
        TargetHost::Name(name) => Some(name),
        TargetHost::Address(_) => None,
    };
    as_server_name(sni.or(probe).or(settings).or(target)?)
}
