//! WebSockets by a library of its own: over HTTP/1.1, and over one stream of HTTP/2.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper_util::rt::TokioIo;
use sha1::{Digest as _, Sha1};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::backend::BackendConnection;
use super::client::Transport;
use super::{Client, Http, Recorded, Tls, patiently};

/// A client's WebSocket.
pub(crate) struct WebSocket {
    stream: WebSocketStream<Box<dyn Transport>>,
    /// The rest of the connection, where it is one of HTTP/2.
    http: Option<Http>,
}

impl WebSocket {
    /// Over whatever the client speaks.
    pub(crate) async fn open(client: &Client, address: SocketAddr, host: &str) -> Self {
        if client.speaks_http1() {
            return Self::over(client.tls(address, host).await.unwrap(), host).await;
        }
        let mut http = client.connect(address, host).await;
        let response = extended_connect(&mut http, host, "websocket").await;
        assert_eq!(response.status(), 200);
        assert!(!response.headers().contains_key("sec-websocket-accept"));
        let upgraded = hyper::upgrade::on(response).await.unwrap();
        let upgraded: Box<dyn Transport> = Box::new(TokioIo::new(upgraded));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, None).await;
        let http = Some(http);
        Self { stream, http }
    }

    /// Opens one over HTTP/1.1.
    pub(crate) async fn over(tls: Tls, host: &str) -> Self {
        let tls: Box<dyn Transport> = Box::new(tls);
        let url = format!("wss://{host}/chat?room=1");
        let handshake = patiently(tokio_tungstenite::client_async(url, tls));
        let (stream, response) = handshake.await.unwrap();
        assert_eq!(response.status(), 101);
        Self { stream, http: None }
    }

    pub(crate) async fn send(&mut self, message: Message) {
        patiently(self.stream.send(message)).await.unwrap();
    }

    /// Sends a message if the connection is still there.
    pub(crate) async fn try_send(&mut self, message: Message) -> bool {
        self.stream.send(message).await.is_ok()
    }

    /// The next message, or none when the gateway has ended the connection.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        patiently(self.stream.next()).await?.ok()
    }

    /// The other requests of a connection of HTTP/2.
    pub(crate) fn http(&mut self) -> Option<&mut Http> {
        self.http.as_mut()
    }
}

/// CONNECT with `:protocol`. The server's settings must have come, so that something else is asked for before.
pub(crate) async fn extended_connect(
    http: &mut Http,
    host: &str,
    protocol: &'static str,
) -> Response<Incoming> {
    http.settled().await;
    let request = Request::connect("/chat?room=1")
        .header("sec-websocket-version", "13")
        .header("accept", "application/json")
        .extension(Protocol::from_static(protocol));
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    patiently(http.begin(host, request)).await.unwrap()
}

impl BackendConnection {
    /// Grants the next request, which must be for a WebSocket, and gives what was asked.
    pub(crate) async fn websocket(
        &mut self,
    ) -> (Recorded, WebSocketStream<&mut Box<dyn Transport>>) {
        let request = self.request().await.unwrap();
        self.send(switching(&request)).await;
        let stream = self.stream();
        let stream = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        (request, stream)
    }

    /// The same, and sends back every message until the client closes.
    pub(crate) async fn echo(mut self) -> Recorded {
        let (request, mut stream) = self.websocket().await;
        while let Some(Ok(message)) = stream.next().await {
            if message.is_text() || message.is_binary() {
                stream.send(message).await.unwrap();
            }
        }
        request
    }
}

/// The 101 that answers a handshake.
pub(crate) fn switching(request: &Recorded) -> String {
    let hash = Sha1::new()
        .chain_update(request.only("sec-websocket-key"))
        .chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .finalize();
    let accept = BASE64.encode(hash);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// Whether this is the farewell of one who has nothing against the other.
pub(crate) fn is_close(message: &Message) -> bool {
    matches!(message, Message::Close(Some(frame)) if frame.code == CloseCode::Normal)
}
