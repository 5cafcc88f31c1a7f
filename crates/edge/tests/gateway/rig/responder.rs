//! An OCSP responder that says what a test wants to hear, and counts its questions.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use portcullis_test_pki::{Certified, ocsp};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{now, patiently};

/// What is asked about.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) leaf: Certified,
    pub(crate) issuer: Certified,
    pub(crate) nonce: Option<Vec<u8>>,
}

impl Question {
    pub(crate) fn good(&self) -> ocsp::Response {
        ocsp::good(&self.leaf, &self.issuer)
    }

    pub(crate) fn revoked(&self) -> ocsp::Response {
        let yesterday = portcullis_test_pki::before(now(), portcullis_test_pki::DAY);
        ocsp::revoked(&self.leaf, &self.issuer, yesterday)
    }

    /// An answer with the nonce of the question.
    pub(crate) fn reply(&self, response: ocsp::Response) -> Reply {
        Reply::Ocsp(match &self.nonce {
            Some(nonce) => response.nonce(nonce).issue(),
            None => response.issue(),
        })
    }
}

/// What a responder does.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Answers with these octets.
    Ocsp(Vec<u8>),
    /// Answers with this status and page.
    Page(StatusCode, &'static str),
    /// Never answers.
    Silence,
    /// Closes the connection instead of answering.
    HangUp,
}

type Saying = dyn Fn(&Question) -> Reply + Send + Sync;

struct State {
    known: Mutex<Vec<(Certified, Certified)>>,
    saying: Mutex<Arc<Saying>>,
    asked: watch::Sender<usize>,
}

/// A responder on a port of its own until the test ends. It says good until told otherwise.
pub(crate) struct Responder {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Responder {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            known: Mutex::default(),
            saying: Mutex::new(Arc::new(|question: &Question| {
                question.reply(question.good())
            })),
            asked: watch::Sender::default(),
        });
        let serving = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&serving);
                let service = service_fn(move |request| answer(request, Arc::clone(&state)));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self {
            address,
            state,
            accepting,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Makes it know a certificate.
    pub(crate) fn knows(&self, leaf: &Certified, issuer: &Certified) {
        let mut known = self.state.known.lock().unwrap();
        known.push((leaf.clone(), issuer.clone()));
    }

    /// Changes what it says.
    pub(crate) fn says(&self, saying: impl Fn(&Question) -> Reply + Send + Sync + 'static) {
        *self.state.saying.lock().unwrap() = Arc::new(saying);
    }

    /// Fails from now on: it is still there, so that nobody else gets its port, and hangs up on everybody.
    pub(crate) fn fails(&self) {
        self.says(|_| Reply::HangUp);
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        *self.state.asked.borrow()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn asked_times(&self, times: usize) {
        let mut asked = self.state.asked.subscribe();
        drop(
            patiently(asked.wait_for(|asked| *asked >= times))
                .await
                .unwrap(),
        );
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// An address at which nobody listens, and nobody else will: its port is that of a connection.
pub(crate) struct Nobody {
    taken: TcpStream,
    _listener: TcpListener,
}

impl Nobody {
    pub(crate) async fn listens() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = TcpStream::connect(listener.local_addr().unwrap()).await;
        Self {
            taken: taken.unwrap(),
            _listener: listener,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.taken.local_addr().unwrap())
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
) -> io::Result<Response<Full<Bytes>>> {
    let der = question(request).await;
    let reply = {
        let known = state.known.lock().unwrap();
        let (leaf, issuer) = known
            .iter()
            .find(|(leaf, _)| contains(&der, leaf.serial()))
            .expect("a certificate that the responder knows")
            .clone();
        let nonce = ocsp::nonce_of(&der);
        let saying = Arc::clone(&state.saying.lock().unwrap());
        saying(&Question {
            leaf,
            issuer,
            nonce,
        })
    };
    state.asked.send_modify(|asked| *asked += 1);
    let (status, content_type, body) = match reply {
        Reply::Ocsp(der) => (StatusCode::OK, "application/ocsp-response", der),
        Reply::Page(status, page) => (status, "text/html", page.into()),
        Reply::Silence => std::future::pending().await,
        Reply::HangUp => return Err(io::ErrorKind::ConnectionAborted.into()),
    };
    Ok(Response::builder()
        .status(status)
        .header("content-type", content_type)
        .body(Full::from(body))
        .unwrap())
}

/// The question, of a GET or a POST (RFC 6960 appendix A.1).
async fn question(request: Request<Incoming>) -> Vec<u8> {
    if request.method() == Method::POST {
        return request
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .into();
    }
    let path = request.uri().path().trim_start_matches('/');
    let text = path
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=");
    STANDARD.decode(text).expect("a question in base64")
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
