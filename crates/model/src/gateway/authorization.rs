//! Which identities may pass.

use ipnet::IpNet;

use crate::diagnostic::{Located, Place};
use crate::host::HostPattern;

/// Which identities may pass: those of verified client certificates for which each list that is not
/// empty has an entry. Within one list one entry suffices.
///
/// It never means everybody: at least one list is not empty, or `require_certificate` is true. Who
/// presented no certificate, or one that was not verified, never passes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Authorization {
    /// Unique among authorizations.
    pub name: String,
    /// That there is a verified certificate is asked by name. Every list asks it too.
    pub require_certificate: bool,
    /// Names of which one is among the dNSName alternative names.
    pub dns: Vec<Located<HostPattern>>,
    /// Addresses of which one is among the rfc822Name alternative names, or `@domain` for all of it.
    pub email: Vec<Located<String>>,
    /// URIs of which one is among the uniformResourceIdentifier alternative names, as written.
    pub uri: Vec<Located<String>>,
    /// Networks in which one of the iPAddress alternative names is.
    pub ip: Vec<Located<IpNet>>,
    /// Trust domains of which one is that of the SPIFFE ID; lower case.
    pub spiffe_trust_domain: Vec<Located<String>>,
    /// Names of which one is the issuer's, as RFC 4514 writes them. They are not parsed here.
    pub issuer_dn: Vec<Located<String>>,
    /// Attributes of the subject; all are demanded.
    pub subject: Vec<SubjectDemand>,
    /// Certificate policies of which the path is valid under one; dotted decimals.
    pub policy_oid: Vec<Located<String>>,
    /// SHA-256 of certificates, of which the client's is one.
    pub fingerprint_sha256: Vec<Located<Sha256>>,
    /// SHA-256 of subject public key infos, of which the client's is one.
    pub spki_sha256: Vec<Located<Sha256>>,
    /// Where the authorization begins.
    pub place: Place,
}

/// What one attribute of the subject has to be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubjectDemand {
    /// The attribute: a name such as `O`, or a dotted decimal. Names are not judged here.
    pub attribute: Located<String>,
    /// Its values, of which one suffices; at least one.
    pub values: Vec<Located<String>>,
}

/// A SHA-256 hash.
pub type Sha256 = [u8; 32];
