//! Whether a gateway does what it is compared for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use percent_encoding::percent_decode;
use tokio::time::timeout;

use crate::backend::{ECHO, HEADER};
use crate::client::{Clients, Connection, Memory, PATIENCE, Protocol, Question};
use crate::failure::{Failure, Outcome};
use crate::gateway::Gateway;
use crate::pki::{Identity, Pki};

/// The certificate of a client reaches the backend, over both protocols and after a resumption, and nobody else gets
/// through.
pub(crate) async fn equivalent(gateway: &Gateway, pki: &Pki, clients: &Clients) -> Outcome<()> {
    let first = pki
        .clients
        .first()
        .ok_or_else(|| Failure::new("no clients"))?;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let tls = clients.configuration(Some(first), protocol, Memory::Tickets)?;
        for resumed in [false, true] {
            let mut connection = within(Connection::open(gateway.address, &tls)).await?;
            if connection.resumed != resumed {
                return Err(Failure::new("does not resume sessions by tickets"));
            }
            let (status, body) = within(connection.sender.read(&forged())).await?;
            check_answer(status, &body, first)
                .map_err(Failure::at(format!("{protocol:?}, resumed: {resumed}")))?;
        }
    }
    check_refusal(gateway, clients, None)
        .await
        .map_err(Failure::at("without certificate"))?;
    check_refusal(gateway, clients, Some(&pki.foreign))
        .await
        .map_err(Failure::at("certificate of a foreign CA"))
}

/// What no backend may see stands where the certificate will.
fn forged() -> Question {
    Question {
        headers: &[(HEADER, "forged")],
        ..Question::get(ECHO)
    }
}

fn check_answer(status: StatusCode, header: &[u8], client: &Identity) -> Outcome<()> {
    if status != StatusCode::OK {
        return Err(Failure::new(format!("answers {status} to a good client")));
    }
    let sent = client.chain.first().map(|leaf| leaf.as_ref().to_vec());
    if certificate(header) == sent {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the backend does not see the client's certificate but `{}`",
        String::from_utf8_lossy(header)
    )))
}

async fn check_refusal(
    gateway: &Gateway,
    clients: &Clients,
    identity: Option<&Identity>,
) -> Outcome<()> {
    let tls = clients.configuration(identity, Protocol::Http1, Memory::Nothing)?;
    let asked = async {
        let mut connection = Connection::open(gateway.address, &tls).await?;
        connection.sender.ask(&Question::get("/0")).await
    };
    match timeout(PATIENCE, asked).await {
        Err(_) => Err(Failure::new("neither refused nor answered")),
        Ok(Ok((status, _))) if status != StatusCode::BAD_REQUEST => {
            Err(Failure::new(format!("answered with {status}")))
        }
        Ok(Ok(_) | Err(_)) => Ok(()),
    }
}

async fn within<T>(step: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    timeout(PATIENCE, step)
        .await
        .map_err(|_| Failure::new("no answer in time"))?
}

/// The DER in a header: a PEM block, percent-encoded, or bare base64.
fn certificate(header: &[u8]) -> Option<Vec<u8>> {
    let text = percent_decode(header).decode_utf8().ok()?;
    let inner = match text.trim().strip_prefix("-----BEGIN CERTIFICATE-----") {
        Some(rest) => rest.strip_suffix("-----END CERTIFICATE-----")?,
        None => text.trim(),
    };
    let bare: String = inner.split_whitespace().collect();
    STANDARD.decode(bare).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_read_as_escaped_pem_and_as_base64() {
        let pem =
            b"-----BEGIN%20CERTIFICATE-----%0AAQID%0ABA%3D%3D%0A-----END%20CERTIFICATE-----%0A";
        assert_eq!(certificate(pem), Some(vec![1, 2, 3, 4]));
        assert_eq!(certificate(b"AQIDBA=="), Some(vec![1, 2, 3, 4]));
    }

    #[test]
    fn two_values_are_no_certificate() {
        assert_eq!(certificate(b"forged\nAQIDBA=="), None);
        assert_eq!(certificate(b"AQIDBA==\nAQIDBA=="), None);
    }
}
