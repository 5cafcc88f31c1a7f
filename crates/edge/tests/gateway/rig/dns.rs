//! A DNS server that knows one thing at a time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::patiently;

/// What is answered to questions about IPv4 addresses.
#[derive(Clone)]
enum Said {
    Addresses(Vec<Ipv4Addr>),
    /// SERVFAIL.
    Failure,
    /// SERVFAIL, while questions about IPv6 are answered with this machine.
    OnlyIpv6,
    Nothing,
}

/// A server on a port of its own until the test ends. Its records stand for one second.
pub(crate) struct Dns {
    address: SocketAddr,
    said: Arc<Mutex<Said>>,
    questions: watch::Receiver<usize>,
    answering: JoinHandle<()>,
}

impl Dns {
    pub(crate) async fn start(addresses: &[Ipv4Addr]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let said = Arc::new(Mutex::new(Said::Addresses(addresses.to_vec())));
        let (asked, questions) = watch::channel(0);
        let what = Arc::clone(&said);
        let answering = tokio::spawn(async move {
            let mut question = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut question).await {
                let said = what.lock().unwrap().clone();
                if let Some(answer) = answer(&question[..length], &said) {
                    socket.send_to(&answer, client).await.unwrap();
                }
                asked.send_modify(|asked| *asked += 1);
            }
        });
        Self {
            address,
            said,
            questions,
            answering,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn says(&self, addresses: &[Ipv4Addr]) {
        *self.said.lock().unwrap() = Said::Addresses(addresses.to_vec());
    }

    pub(crate) fn fails(&self) {
        *self.said.lock().unwrap() = Said::Failure;
    }

    pub(crate) fn fails_for_ipv4(&self) {
        *self.said.lock().unwrap() = Said::OnlyIpv6;
    }

    pub(crate) fn is_silent(&self) {
        *self.said.lock().unwrap() = Said::Nothing;
    }

    /// Waits until so many more questions have come.
    pub(crate) async fn asked(&mut self, more: usize) {
        let from = *self.questions.borrow();
        let wanted = from + more;
        let questions = self.questions.wait_for(|asked| *asked >= wanted);
        drop(patiently(questions).await.unwrap());
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

/// The question with its answer behind it (RFC 1035 section 4.1).
fn answer(query: &[u8], said: &Said) -> Option<Vec<u8>> {
    let name = query[12..].iter().position(|octet| *octet == 0)?;
    let question = &query[12..12 + name + 5];
    let of_ipv4 = question[name + 1..name + 3] == [0, 1];
    let (code, addresses) = match said {
        Said::Nothing => return None,
        Said::Failure => (2, Vec::new()),
        Said::Addresses(addresses) if of_ipv4 => {
            (0, addresses.iter().copied().map(IpAddr::from).collect())
        }
        Said::Addresses(_) => (0, Vec::new()),
        Said::OnlyIpv6 if of_ipv4 => (2, Vec::new()),
        Said::OnlyIpv6 => (0, vec![IpAddr::from(Ipv6Addr::LOCALHOST)]),
    };
    let count = u8::try_from(addresses.len()).unwrap();
    let mut answer = query[..2].to_vec();
    answer.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
    answer.extend(question);
    for address in addresses {
        // A pointer to the name, the type, IN, one second, so many octets.
        let (kind, octets) = match address {
            IpAddr::V4(address) => (1, address.octets().to_vec()),
            IpAddr::V6(address) => (28, address.octets().to_vec()),
        };
        let length = u8::try_from(octets.len()).unwrap();
        answer.extend([0xC0, 12, 0, kind, 0, 1, 0, 0, 0, 1, 0, length]);
        answer.extend(octets);
    }
    Some(answer)
}
