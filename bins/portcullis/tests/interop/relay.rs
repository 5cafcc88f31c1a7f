//! What stands between whoever asks and a responder: an address that stays, a count of questions, and how they came.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A relay whose address certificates can name before their responder is started, and while it is
/// started anew.
pub(crate) struct Relay {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    responder: Responder,
    questions: usize,
    last_method: Option<String>,
    ended: bool,
}

/// Who answers.
#[derive(Clone, Default)]
enum Responder {
    /// Nobody: connections are closed.
    #[default]
    Nobody,
    /// The program on this port of the loopback address.
    Port(u16),
    /// The relay itself, always with these bytes.
    Recording(Vec<u8>),
}

impl Relay {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let accepting = thread::spawn({
            let state = Arc::clone(&state);
            move || accept(&listener, &state)
        });
        Self {
            address,
            state,
            accepting: Some(accepting),
        }
    }

    /// What certificates name.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Passes questions on to a program.
    pub(crate) fn pass_on_to(&self, port: u16) {
        self.state.lock().unwrap().responder = Responder::Port(port);
    }

    /// Answers every question with the same bytes.
    pub(crate) fn answer_with(&self, response: Vec<u8>) {
        self.state.lock().unwrap().responder = Responder::Recording(response);
    }

    /// How many questions came.
    pub(crate) fn questions(&self) -> usize {
        self.state.lock().unwrap().questions
    }

    /// The HTTP method of the last question.
    #[track_caller]
    pub(crate) fn last_method(&self) -> String {
        let method = self.state.lock().unwrap().last_method.clone();
        method.expect("a question came")
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.state.lock().unwrap().ended = true;
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}

/// One question at a time, each on a connection of its own: `openssl ocsp` does not do it otherwise.
fn accept(listener: &TcpListener, state: &Mutex<State>) {
    for stream in listener.incoming() {
        let responder = {
            let mut state = state.lock().unwrap();
            if state.ended {
                return;
            }
            state.questions += 1;
            state.responder.clone()
        };
        // What breaks here the gateway sees as broken, which is what its test asserts.
        let _ = stream.and_then(|stream| {
            let question = read(&stream)?;
            state.lock().unwrap().last_method = method(&question);
            answer(&stream, &question, responder)
        });
    }
}

/// The first word of a request.
fn method(question: &[u8]) -> Option<String> {
    let word = question.split(|octet| *octet == b' ').next()?;
    Some(String::from_utf8_lossy(word).into_owned())
}

fn answer(mut client: &TcpStream, question: &[u8], responder: Responder) -> io::Result<()> {
    match responder {
        Responder::Nobody => Ok(()),
        Responder::Port(port) => {
            let mut responder = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            responder.write_all(question)?;
            io::copy(&mut responder, &mut client).map(drop)
        }
        Responder::Recording(response) => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                response.len()
            );
            client.write_all(head.as_bytes())?;
            client.write_all(&response)
        }
    }
}

/// The bytes of one HTTP request.
fn read(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        bytes.extend_from_slice(line.as_bytes());
        match line.trim_end().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().unwrap(),
            _ if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    bytes.extend(body);
    Ok(bytes)
}
