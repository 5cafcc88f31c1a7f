//! gRPC through the gateway, by a library of its own: a tonic client, a tonic backend.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _, Bytes};
use futures_util::StreamExt as _;
use futures_util::future::{BoxFuture, FutureExt as _, Ready, ready};
use futures_util::stream::{self, BoxStream, Stream};
use http::uri::PathAndQuery;
use hyper::body::Incoming;
use hyper::client::conn::http2 as client_http2;
use hyper::server::conn::http2 as server_http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_test_pki::Ca;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Response, Status, Streaming};

use crate::backend_tls::showing;
use crate::rig::{Backend, Client, Pki, Profile, Rig, Setup, now, patiently};

const HOST: &str = "www.contoso.com";

/// Messages are octets: what is in them is nobody's business here.
#[derive(Clone, Copy, Default)]
struct Octets;

impl Codec for Octets {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Octets {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Octets {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

type Messages = BoxStream<'static, Result<Bytes, Status>>;

/// Says what it hears, or fails with it where that is `fail`. It tells its caller who they are.
struct Say;

impl tonic::server::UnaryService<Bytes> for Say {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let message = request.get_ref().clone();
        if message == "fail" {
            return ready(Err(Status::failed_precondition("not now: 100 %")));
        }
        let mut response = Response::new(message);
        for name in ["x-client-certificate-subject", "x-question"] {
            if let Some(value) = request.metadata().get(name) {
                response.metadata_mut().insert(name, value.clone());
            }
        }
        if let Some(value) = request.metadata().get_bin("x-question-bin") {
            response
                .metadata_mut()
                .insert_bin("x-answer-bin", value.clone());
        }
        ready(Ok(response))
    }
}

/// Counts up to what it hears, and fails after it where there is a `!`. Told nothing, it never ends.
struct Count(watch::Sender<bool>);

impl tonic::server::ServerStreamingService<Bytes> for Count {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = Ready<Result<Response<Messages>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let asked = String::from_utf8(request.into_inner().into()).unwrap();
        let (number, ending) = match asked.strip_suffix('!') {
            Some(number) => (number, Some(Err(Status::data_loss("that is all")))),
            None => (asked.as_str(), None),
        };
        let counted = |number: u32| Ok(Bytes::from(number.to_string()));
        let messages = match number.parse() {
            Ok(number) => stream::iter((1..=number).map(counted).chain(ending)).boxed(),
            Err(_) => Watched(
                stream::once(ready(counted(1)))
                    .chain(stream::pending())
                    .boxed(),
                self.0.clone(),
            )
            .boxed(),
        };
        ready(Ok(Response::new(messages)))
    }
}

/// Tells when nobody wants it any more.
struct Watched(Messages, watch::Sender<bool>);

impl Stream for Watched {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.1.send_replace(true);
    }
}

/// Answers every message by itself, as it comes.
struct Chat;

impl tonic::server::StreamingService<Bytes> for Chat {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = Ready<Result<Response<Messages>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner().boxed())))
    }
}

/// A server of these services until the test ends.
struct Server {
    address: SocketAddr,
    /// Whether the answer that never ends was given up.
    given_up: watch::Receiver<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    async fn start(tls: Option<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let (gives_up, given_up) = watch::channel(false);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let gives_up = gives_up.clone();
                let service = service_fn(move |request| dispatch(request, gives_up.clone()));
                let server = server_http2::Builder::new(TokioExecutor::new());
                match acceptor.clone() {
                    None => {
                        tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
                    }
                    Some(acceptor) => {
                        let stream = acceptor.accept(stream).await.unwrap();
                        tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
                    }
                }
            }
        });
        Self {
            address,
            given_up,
            accepting,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn dispatch(
    request: http::Request<Incoming>,
    gives_up: watch::Sender<bool>,
) -> Result<http::Response<Body>, Infallible> {
    let mut grpc = tonic::server::Grpc::new(Octets);
    Ok(match request.uri().path() {
        "/test.Test/Say" => grpc.unary(Say, request).await,
        "/test.Test/Count" => grpc.server_streaming(Count(gives_up), request).await,
        "/test.Test/Chat" => grpc.streaming(Chat, request).await,
        _ => Status::unimplemented("no such method").into_http(),
    })
}

/// One HTTP/2 connection to the gateway.
struct Channel(client_http2::SendRequest<Body>);

impl tonic::client::GrpcService<Body> for Channel {
    type ResponseBody = Incoming;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, hyper::Result<http::Response<Incoming>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.0.send_request(request).boxed()
    }
}

type Grpc = tonic::client::Grpc<Channel>;

async fn grpc(client: Client, gateway: &Rig) -> Grpc {
    let tls = client.http2().tls(gateway.address(), HOST).await.unwrap();
    let made = client_http2::handshake(TokioExecutor::new(), TokioIo::new(tls));
    let (sender, connection) = made.await.unwrap();
    tokio::spawn(connection);
    let origin = format!("https://{HOST}").parse().unwrap();
    let mut grpc = Grpc::with_origin(Channel(sender), origin);
    grpc.ready().await.unwrap();
    grpc
}

fn path(method: &'static str) -> PathAndQuery {
    PathAndQuery::from_static(method)
}

async fn say(grpc: &mut Grpc, message: &'static str) -> Result<Response<Bytes>, Status> {
    let mut request = Request::new(Bytes::from(message));
    request
        .metadata_mut()
        .insert("x-question", "why".parse().unwrap());
    let binary = tonic::metadata::MetadataValue::from_bytes(b"\0\xff");
    request.metadata_mut().insert_bin("x-question-bin", binary);
    grpc.ready().await.unwrap();
    patiently(grpc.unary(request, path("/test.Test/Say"), Octets)).await
}

async fn count(grpc: &mut Grpc, to: &'static str) -> Streaming<Bytes> {
    grpc.ready().await.unwrap();
    let request = Request::new(Bytes::from(to));
    let response = grpc.server_streaming(request, path("/test.Test/Count"), Octets);
    patiently(response).await.unwrap().into_inner()
}

/// A gateway before a gRPC server that is reached over TLS.
struct Scene {
    pki: Pki,
    server: Server,
    gateway: Rig,
}

impl Scene {
    async fn new() -> Self {
        let ca = Ca::root("Backend Root CA").valid_around(now().as_secs());
        let ca = ca.issue();
        let (mut config, _) = showing(&ca.server(&[HOST]).issue());
        config.alpn_protocols = vec![b"h2".to_vec()];
        let server = Server::start(Some(config)).await;
        Self::with(server, |setup| {
            setup
                .file("backend-root.pem", ca.pem())
                .reaching("protocol = \"https\"\ntrusted_roots = [\"backend-root.pem\"]")
        })
        .await
    }

    async fn with(server: Server, more: impl FnOnce(Setup) -> Setup) -> Self {
        let (pki, unused) = (Pki::new(), Backend::start().await);
        let setup = Setup::new(&pki, &unused)
            .site(HOST, Profile::required(&pki))
            .to(server.address)
            .reaching("http_version = \"2\"");
        let gateway = more(setup).start();
        Self {
            pki,
            server,
            gateway,
        }
    }

    /// A client whose certificate the gateway proves.
    async fn grpc(&self) -> Grpc {
        let client = Client::new(&self.pki);
        let leaf = self.pki.issuing.client("alice").issue();
        grpc(client.showing(&leaf, &[&self.pki.issuing]), &self.gateway).await
    }
}

#[tokio::test]
async fn one_question_has_one_answer_over_tls_and_without() {
    let plain = Scene::with(Server::start(None).await, |setup| setup).await;
    for scene in [Scene::new().await, plain] {
        let mut grpc = scene.grpc().await;
        for message in ["", "hello"] {
            let response = say(&mut grpc, message).await.unwrap();
            assert_eq!(response.get_ref(), message);
            let metadata = response.metadata();
            assert_eq!(metadata.get("grpc-status").unwrap(), "0");
            assert_eq!(metadata.get("x-question").unwrap(), "why");
            let binary = metadata.get_bin("x-answer-bin").unwrap();
            assert_eq!(binary.to_bytes().unwrap(), b"\0\xff"[..]);
            let subject = metadata.get("x-client-certificate-subject").unwrap();
            assert!(subject.to_str().unwrap().contains("CN=alice"));
        }
    }
}

#[tokio::test]
async fn a_failure_is_told_with_its_message() {
    let scene = Scene::new().await;
    let mut grpc = scene.grpc().await;
    let status = say(&mut grpc, "fail").await.unwrap_err();
    let expected = (Code::FailedPrecondition, "not now: 100 %");
    assert_eq!((status.code(), status.message()), expected);
    let request = Request::new(Bytes::new());
    grpc.ready().await.unwrap();
    let answer = grpc.unary(request, path("/test.Test/None"), Octets).await;
    assert_eq!(answer.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_stream_has_all_its_messages_and_then_its_status() {
    let scene = Scene::new().await;
    let mut grpc = scene.grpc().await;
    for (to, ending) in [("1000", Code::Ok), ("0", Code::Ok), ("3!", Code::DataLoss)] {
        let mut stream = count(&mut grpc, to).await;
        let (mut counted, mut code) = (0, Code::Ok);
        while let Some(message) = stream.next().await {
            match message {
                Ok(message) => {
                    counted += 1;
                    assert_eq!(message, counted.to_string());
                }
                Err(status) => code = status.code(),
            }
        }
        let expected = to.trim_end_matches('!').parse::<u32>().unwrap();
        assert_eq!((counted, code), (expected, ending), "{to}");
        if code == Code::Ok {
            let trailers = stream.trailers().await.unwrap().unwrap();
            assert_eq!(trailers.get("grpc-status").unwrap(), "0");
        }
    }
}

/// What a client gives up ends at the backend too, and its connection goes on.
#[tokio::test]
async fn a_stream_that_is_given_up_ends_at_the_backend() {
    let mut scene = Scene::new().await;
    let mut grpc = scene.grpc().await;
    let mut stream = count(&mut grpc, "").await;
    assert_eq!(patiently(stream.next()).await.unwrap().unwrap(), "1");
    assert!(!*scene.server.given_up.borrow());
    drop(stream);
    let given_up = scene.server.given_up.wait_for(|given_up| *given_up);
    patiently(given_up).await.unwrap();
    assert_eq!(
        say(&mut grpc, "still here").await.unwrap().get_ref(),
        "still here"
    );
}

/// Each message is sent only once the one before was answered: nothing waits for the end of anything.
#[tokio::test]
async fn both_sides_talk_in_turn() {
    let scene = Scene::new().await;
    let mut grpc = scene.grpc().await;
    let (sender, receiver) = mpsc::unbounded_channel::<Bytes>();
    let messages = stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|message| (message, receiver))
    });
    let request = Request::new(messages);
    let response = grpc.streaming(request, path("/test.Test/Chat"), Octets);
    let mut answers = patiently(response).await.unwrap().into_inner();
    for number in 0..20 {
        let message = Bytes::from(number.to_string());
        sender.send(message.clone()).unwrap();
        assert_eq!(patiently(answers.next()).await.unwrap().unwrap(), message);
    }
    drop(sender);
    assert!(patiently(answers.next()).await.is_none());
    let trailers = answers.trailers().await.unwrap().unwrap();
    assert_eq!(trailers.get("grpc-status").unwrap(), "0");
}
