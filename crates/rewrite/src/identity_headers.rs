//! Headers that tell a backend who the client is, by the one word that names their dialect.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::facts::{CertificateFacts, Fact};
use crate::identity::{Client, ClientIdentity};
use crate::text;

/// Octets of one identity header, name and value with `: ` between them.
///
/// 8 KB is what Application Gateway takes for a field of HTTP/2, and what one line of a request may have in
/// nginx (`large_client_header_buffers`), Apache (`LimitRequestFieldSize`) and Tomcat (`maxHttpHeaderSize`).
pub const IDENTITY_HEADER_SIZE: usize = 8 * 1024;

/// A set of identity headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityFormat {
    /// `Client-Cert` and `Client-Cert-Chain`: byte sequences of structured fields (RFC 9440). The chain is
    /// without the leaf and without the anchor, and not set where nothing of it is left.
    Rfc9440,
    /// `X-Forwarded-Client-Cert`, as Envoy writes it: one element of `Hash`, `Cert`, `Chain`, `Subject`,
    /// each `URI`, each `DNS`.
    Xfcc,
    /// `X-Amzn-Mtls-Clientcert` and its kin, as the load balancers of AWS write them: what they send of a
    /// client they have verified and of one they have not, together, and always of a proven one.
    Aws,
    /// `X-ARR-ClientCert`, as Azure App Service writes it: the DER in base64.
    AppService,
    /// `X-SSL-Client-Cert` (escaped PEM), `-Verify`, `-S-DN` and `-I-DN`, as configurations of nginx name its
    /// variables.
    Nginx,
}

/// What becomes of a request whose identity headers are too large for a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Oversize {
    /// It is refused.
    #[default]
    Refuse,
    /// It is forwarded without any of them.
    Omit,
}

/// An identity header has more than [`IDENTITY_HEADER_SIZE`] octets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the identity header {name} has {found} bytes, more than {limit}")]
#[non_exhaustive]
pub struct IdentityTooLarge {
    /// The name of the header.
    pub name: &'static str,
    /// Its octets.
    pub found: usize,
    /// The most that it may have.
    pub limit: usize,
}

const CLIENT_CERT: &str = "client-cert";
const CLIENT_CERT_CHAIN: &str = "client-cert-chain";
const XFCC: &str = "x-forwarded-client-cert";
const AWS_CHAIN: &str = "x-amzn-mtls-clientcert";
const AWS_SERIAL: &str = "x-amzn-mtls-clientcert-serial-number";
const AWS_ISSUER: &str = "x-amzn-mtls-clientcert-issuer";
const AWS_SUBJECT: &str = "x-amzn-mtls-clientcert-subject";
const AWS_VALIDITY: &str = "x-amzn-mtls-clientcert-validity";
const AWS_LEAF: &str = "x-amzn-mtls-clientcert-leaf";
const ARR: &str = "x-arr-clientcert";
const NGINX_CERT: &str = "x-ssl-client-cert";
const NGINX_VERIFY: &str = "x-ssl-client-verify";
const NGINX_SUBJECT: &str = "x-ssl-client-s-dn";
const NGINX_ISSUER: &str = "x-ssl-client-i-dn";

impl IdentityFormat {
    /// All formats.
    pub const ALL: [Self; 5] = [
        Self::Rfc9440,
        Self::Xfcc,
        Self::Aws,
        Self::AppService,
        Self::Nginx,
    ];

    /// The names of its headers, in lower case. All are among [`WELL_KNOWN`](crate::WELL_KNOWN).
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Rfc9440 => &[CLIENT_CERT, CLIENT_CERT_CHAIN],
            Self::Xfcc => &[XFCC],
            Self::Aws => &[
                AWS_CHAIN,
                AWS_SERIAL,
                AWS_ISSUER,
                AWS_SUBJECT,
                AWS_VALIDITY,
                AWS_LEAF,
            ],
            Self::AppService => &[ARR],
            Self::Nginx => &[NGINX_CERT, NGINX_VERIFY, NGINX_SUBJECT, NGINX_ISSUER],
        }
    }

    /// What is said in them.
    pub fn facts(self) -> &'static [Fact] {
        match self {
            Self::Rfc9440 => &[Fact::Der, Fact::Issuers],
            Self::Xfcc => &[
                Fact::FingerprintSha256,
                Fact::PemEscaped,
                Fact::ChainEscaped,
                Fact::Subject,
                Fact::Names,
            ],
            Self::Aws => &[
                Fact::ChainEscaped,
                Fact::Serial,
                Fact::Issuer,
                Fact::Subject,
                Fact::Validity,
                Fact::PemEscaped,
            ],
            Self::AppService => &[Fact::Der],
            Self::Nginx => &[Fact::PemEscaped, Fact::Subject, Fact::Issuer],
        }
    }

    /// The headers of a proven client. One that has nothing to say is left out.
    ///
    /// # Errors
    /// When one of them is larger than [`IDENTITY_HEADER_SIZE`].
    pub fn render(
        self,
        identity: &ClientIdentity,
    ) -> Result<Vec<(HeaderName, HeaderValue)>, IdentityTooLarge> {
        self.fields(identity.facts())
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| field(name, value).transpose())
            .collect()
    }

    fn fields(self, facts: &CertificateFacts) -> Vec<(&'static str, Vec<u8>)> {
        let text = |text: &str| text::percent(text).into_owned();
        let dn = |name: &str| text::distinguished_name(name).into_owned();
        match self {
            Self::Rfc9440 => vec![
                (CLIENT_CERT, text(&byte_sequence(&facts.der))),
                (CLIENT_CERT_CHAIN, text(&chain(facts))),
            ],
            Self::Xfcc => vec![(XFCC, xfcc(facts))],
            Self::Aws => vec![
                (AWS_CHAIN, text(&as_aws(&facts.chain_escaped))),
                (AWS_SERIAL, text(&facts.serial)),
                (AWS_ISSUER, dn(&facts.issuer)),
                (AWS_SUBJECT, dn(&facts.subject)),
                (AWS_VALIDITY, text(&facts.validity)),
                (AWS_LEAF, text(&as_aws(&facts.pem_escaped))),
            ],
            Self::AppService => vec![(ARR, text(&facts.der))],
            Self::Nginx => vec![
                (NGINX_CERT, text(&facts.pem_escaped)),
                (NGINX_VERIFY, text("SUCCESS")),
                (NGINX_SUBJECT, dn(&facts.subject)),
                (NGINX_ISSUER, dn(&facts.issuer)),
            ],
        }
    }
}

/// Makes the identity headers of a request to the backend say what is proven of its client, and nothing where
/// nothing is: whatever stands under the names of the format is removed, also what a rule has set, and only a
/// [verified](Client::Verified) client gets new ones.
///
/// Call it after [`to_backend`](crate::to_backend), which takes away what the client has sent under these
/// and all other well-known names.
///
/// # Errors
/// When a header is too large and that is to be refused. The request must not be forwarded then.
pub fn set_identity(
    headers: &mut HeaderMap,
    format: IdentityFormat,
    oversize: Oversize,
    client: Client<'_>,
) -> Result<(), IdentityTooLarge> {
    for name in format.names() {
        headers.remove(*name);
    }
    let Client::Verified(identity) = client else {
        return Ok(());
    };
    match (format.render(identity), oversize) {
        (Ok(fields), _) => headers.extend(fields),
        (Err(_), Oversize::Omit) => {}
        (Err(error), Oversize::Refuse) => return Err(error),
    }
    Ok(())
}

fn field(
    name: &'static str,
    value: Vec<u8>,
) -> Result<Option<(HeaderName, HeaderValue)>, IdentityTooLarge> {
    let (found, limit) = (
        name.len()
            .saturating_add(": ".len())
            .saturating_add(value.len()),
        IDENTITY_HEADER_SIZE,
    );
    if found > limit {
        return Err(IdentityTooLarge { name, found, limit });
    }
    // Invariant: every value is printable ASCII. Should one not be, there is no header.
    let value = HeaderValue::try_from(value).ok();
    Ok(value.map(|value| (HeaderName::from_static(name), value)))
}

/// RFC 9651 section 4.1.8.
fn byte_sequence(base64: &str) -> String {
    match base64 {
        "" => String::new(),
        base64 => format!(":{base64}:"),
    }
}

fn chain(facts: &CertificateFacts) -> String {
    let issuers: Vec<_> = facts.issuers.iter().map(|der| byte_sequence(der)).collect();
    issuers.join(", ")
}

/// The load balancers of AWS leave `+`, `=` and `/` as they are.
fn as_aws(escaped: &str) -> String {
    // Every percent sign begins an escape, so that nothing else can read like one.
    escaped
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=")
}

fn xfcc(facts: &CertificateFacts) -> Vec<u8> {
    let mut element = format!(
        "Hash={};Cert=\"{}\";Chain=\"{}\";Subject=\"",
        facts.fingerprint_sha256, facts.pem_escaped, facts.chain_escaped
    );
    element.push_str(&xfcc_subject(&facts.subject));
    element.push('"');
    for uri in &facts.names.uri {
        push_xfcc_name(&mut element, "URI", uri);
    }
    for name in &facts.names.dns {
        push_xfcc_name(&mut element, "DNS", name);
    }
    text::percent(&element).into_owned()
}

/// A distinguished name that stands between quotes: quotes and backslashes inside it are written as `\22` and
/// `\5C`, which RFC 4514 section 2.4 allows for the same name. Readers differ in whether `\\"` ends a value.
fn xfcc_subject(name: &str) -> String {
    let name = text::distinguished_name(name);
    let mut subject = String::with_capacity(name.len());
    let mut octets = name.iter().copied().map(char::from).peekable();
    while let Some(octet) = octets.next() {
        match (octet, octets.peek()) {
            ('\\', Some('"')) => {}
            ('\\', Some('\\')) => {
                octets.next();
                subject.push_str("\\5C");
            }
            ('"', _) => subject.push_str("\\22"),
            (octet, _) => subject.push(octet),
        }
    }
    subject
}

/// Adds `;KEY=value`, between quotes where the value has a comma, a semicolon or an equals sign. What
/// could end the quotes and what is not printable stands in no URI and no host name, and is percent-encoded.
fn push_xfcc_name(element: &mut String, key: &str, name: &str) {
    let mut value = String::with_capacity(name.len());
    for octet in name.bytes() {
        match octet {
            b'"' | b'\\' => value.push_str(&format!("%{octet:02X}")),
            b'!'..=b'~' => value.push(char::from(octet)),
            _ => value.push_str(&format!("%{octet:02X}")),
        }
    }
    let quotes = match value.contains([',', ';', '=']) {
        true => "\"",
        false => "",
    };
    for part in [";", key, "=", quotes, &value, quotes] {
        element.push_str(part);
    }
}

#[cfg(test)]
mod tests;
