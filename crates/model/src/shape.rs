//! The tables of a configuration: which keys each has, and what each key takes.
//!
//! One description serves three uses: the checks, what their messages say would be accepted, and
//! the JSON Schema. A key that is not described here cannot be read.

use crate::diagnostic::Kind;

/// A table and its keys.
#[derive(Debug)]
pub(crate) struct Shape {
    /// What the table is, for messages and readers of the schema.
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key],
    /// The names of `keys`, for messages.
    pub(crate) names: &'static [&'static str],
}

impl Shape {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) presence: Presence,
    pub(crate) form: Form,
    /// What it takes, for messages and readers of the schema.
    pub(crate) takes: &'static str,
}

/// Whether a table must have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// The form of a value, as far as it can be judged by itself.
#[derive(Debug)]
pub(crate) enum Form {
    /// Text, not empty.
    Text,
    /// Text, also empty.
    AnyText,
    /// One word of a closed set.
    Choice {
        accepted: &'static [&'static str],
        /// Words that are understood and not acted on yet.
        later: &'static [&'static str],
    },
    /// A whole number.
    Number { least: u64, most: u64 },
    /// A list of whole numbers, not empty.
    Numbers { least: u64, most: u64 },
    /// `true` or `false`.
    Switch,
    /// A list of texts; neither the list nor a text is empty.
    Texts,
    /// Any keys, each with a text.
    TextByName,
    /// A table.
    Table(&'static Shape),
    /// A list of tables, not empty.
    Tables(&'static Shape),
    /// A table of tables by name.
    TableByName(&'static Shape),
}

impl Form {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Text | Self::AnyText | Self::Choice { .. } => Kind::String,
            Self::Number { .. } => Kind::Integer,
            Self::Switch => Kind::Boolean,
            Self::Numbers { .. } | Self::Texts => Kind::Array,
            Self::TextByName | Self::Table(_) | Self::TableByName(_) => Kind::Table,
            Self::Tables(_) => Kind::Tables,
        }
    }
}

/// Declares a table: its name, what it is, and a line for each key.
macro_rules! shape {
    ($name:ident, $about:literal, $($presence:ident $key:literal : $form:expr, $takes:literal;)+) => {
        pub(crate) static $name: Shape = Shape {
            about: $about,
            keys: &[$(Key {
                name: $key,
                presence: Presence::$presence,
                form: $form,
                takes: $takes,
            }),+],
            names: &[$($key),+],
        };
    };
}

shape! { ROOT, "a Portcullis gateway",
    Required "listener": Form::Tables(&LISTENER), "at least one [[listener]]";
    Optional "tls_profile": Form::TableByName(&TLS_PROFILE), "[tls_profile.NAME] tables";
    Optional "pool": Form::TableByName(&POOL), "[pool.NAME] tables";
    Optional "backend_settings": Form::TableByName(&BACKEND_SETTINGS), "[backend_settings.NAME] tables";
    Optional "rule": Form::Tables(&RULE), "[[rule]] tables, one for each listener";
    Optional "rewrite_set": Form::TableByName(&REWRITE_SET), "[rewrite_set.NAME] tables";
    Optional "ocsp": Form::Table(&OCSP), "an [ocsp] table";
}

shape! { LISTENER, "an address to accept HTTPS connections on, and the host names it answers for",
    Required "name": Form::Text, "a name that no other listener has";
    Required "bind": Form::Text, "the address and port to accept on, such as \"0.0.0.0:8443\" or \"[::]:8443\"";
    Optional "hosts": Form::Texts, "host names, `*` and `?` allowed; leave it out to answer for every host";
    Optional "protocol": Form::Choice { accepted: &["https"], later: &["http", "tls", "tcp"] }, "\"https\"";
    Required "tls_profile": Form::Text, "the NAME of a [tls_profile.NAME]";
}

shape! { TLS_PROFILE, "a server certificate, and what is asked of clients",
    Required "certificate": Form::Table(&CERTIFICATE), "{ pem = \"FILE\", key = \"FILE\" } or { pfx = \"FILE\", password_file = \"FILE\" }";
    Required "client_auth": Form::Choice { accepted: &CLIENT_AUTH, later: &[] }, "\"required\", \"optional\", \"passthrough\" or \"off\"";
    Optional "trusted_client_certificates": Form::Texts, "PEM files, each with a root and any intermediates";
    Optional "revocation": Form::Choice { accepted: &["ocsp", "off"], later: &["crl"] }, "\"ocsp\" or \"off\"";
    Optional "revocation_mode": Form::Choice { accepted: &["hard-fail", "soft-fail", "grace"], later: &[] }, "\"hard-fail\", \"soft-fail\" or \"grace\": what becomes of a certificate whose responder cannot be asked; \"hard-fail\" if not given";
    Optional "revocation_grace": Form::Number { least: 1, most: 2_592_000 }, "seconds that a good answer serves beyond its end, with revocation_mode = \"grace\"";
    Optional "revocation_scope": Form::Choice { accepted: &["leaf", "chain"], later: &[] }, "\"leaf\" or \"chain\": which certificates are asked about; \"leaf\" if not given";
    Optional "on_failure": Form::Choice { accepted: &["respond", "alert"], later: &[] }, "\"respond\" or \"alert\"";
    Optional "ocsp_stapling": Form::Switch, "true to staple an OCSP answer about the server certificate";
}

/// In the order of [`crate::ClientAuth`], the strictest first.
const CLIENT_AUTH: [&str; 4] = ["required", "optional", "passthrough", "off"];

shape! { CERTIFICATE, "where a server certificate and its key are read from",
    Optional "pem": Form::Text, "a PEM file with the certificate, followed by its intermediates";
    Optional "key": Form::Text, "a PEM file with the private key";
    Optional "pfx": Form::Text, "a PKCS #12 file with the certificate, its intermediates and the private key";
    Optional "password": Form::AnyText, "the password of the PKCS #12 file";
    Optional "password_file": Form::Text, "a file whose first line is the password of the PKCS #12 file";
}

shape! { POOL, "the servers behind the gateway",
    Required "targets": Form::Texts, "servers as \"host:port\", or \"host\" when the backend settings have a port";
}

shape! { BACKEND_SETTINGS, "how backends are spoken to",
    Optional "protocol": Form::Choice { accepted: &["http"], later: &["https"] }, "\"http\"";
    Optional "port": Form::Number { least: 1, most: 65_535 }, "the port of targets that have none";
    Optional "host": Form::Text, "the Host to send instead of the client's";
    Optional "request_timeout": Form::Number { least: 1, most: 86_400 }, "seconds to wait for a response, 20 if not given";
}

shape! { RULE, "what happens to the requests of a listener",
    Required "name": Form::Text, "a name that no other rule has";
    Required "priority": Form::Number { least: 1, most: 20_000 }, "a number from 1 to 20000, the smallest matched first";
    Required "listener": Form::Text, "the name of a [[listener]]";
    Required "pool": Form::Text, "the NAME of a [pool.NAME]";
    Optional "backend_settings": Form::Text, "the NAME of a [backend_settings.NAME]";
    Optional "rewrite_set": Form::Text, "the NAME of a [rewrite_set.NAME]";
}

shape! { REWRITE_SET, "rewrite rules, applied together",
    Required "rule": Form::Tables(&REWRITE_RULE), "at least one [[rewrite_set.NAME.rule]]";
}

shape! { REWRITE_RULE, "header changes, made when every condition holds",
    Required "name": Form::Text, "a name that no other rule of the set has";
    Optional "sequence": Form::Number { least: 1, most: 1_000 }, "a number from 1 to 1000, the smallest first; 100 if not given";
    Optional "conditions": Form::Tables(&CONDITION), "{ variable = \"NAME\", pattern = \"REGEX\" } tables that must all hold";
    Optional "request_headers": Form::TextByName, "NAME = \"VALUE\" for each header to set; \"\" deletes it";
    Optional "response_headers": Form::TextByName, "NAME = \"VALUE\" for each header to set; \"\" deletes it";
}

shape! { CONDITION, "a question about a request or response",
    Required "variable": Form::Text, "http_req_HEADER, http_resp_HEADER or var_VARIABLE";
    Required "pattern": Form::AnyText, "a regular expression";
    Optional "ignore_case": Form::Switch, "true to match upper and lower case alike";
    Optional "negate": Form::Switch, "true to hold where the pattern does not match";
}

shape! { OCSP, "how OCSP responders are asked",
    Optional "timeout": Form::Number { least: 1, most: 60 }, "seconds that one question may take, 5 if not given";
    Optional "skew": Form::Number { least: 0, most: 3_600 }, "seconds by which the clocks may differ, 300 if not given";
    Optional "max_age": Form::Number { least: 1, most: 31_536_000 }, "seconds that an answer may be old";
    Optional "connect_timeout": Form::Number { least: 1, most: 60 }, "seconds that connecting may take, 2 if not given";
    Optional "allow_loopback": Form::Switch, "true to ask responders on this machine too; link-local addresses and metadata services are asked only within allow_networks";
    Optional "allow_networks": Form::Texts, "networks such as \"10.1.0.0/16\", or single addresses, that are asked whatever else is refused";
    Optional "ports": Form::Numbers { least: 1, most: 65_535 }, "the only ports of responders that are asked; 80, 443 and all from 1024 on if not given";
    Optional "method": Form::Choice { accepted: &["get", "post"], later: &[] }, "\"get\", by GET where that is short, or \"post\"; \"get\" if not given";
    Optional "nonce": Form::Choice { accepted: &["off", "prefer", "require"], later: &[] }, "\"off\", \"prefer\" or \"require\"; \"off\" if not given";
    Optional "hash": Form::Choice { accepted: &["sha1", "sha256"], later: &[] }, "\"sha1\" or \"sha256\", by which questions name certificates; \"sha1\" if not given";
    Optional "delegates_without_nocheck": Form::Choice { accepted: &["check", "allow", "refuse"], later: &[] }, "\"check\", \"allow\" or \"refuse\" delegates without id-pkix-ocsp-nocheck; \"check\" if not given";
    Optional "https_roots": Form::Texts, "PEM files with the CAs that https responders are held against; without them https responders are not asked";
    Optional "proxy": Form::Text, "a proxy to ask through, as \"http://HOST:PORT\"";
    Optional "store": Form::Text, "a file that keeps answers across restarts";
    Optional "capacity": Form::Number { least: 1, most: 10_000_000 }, "answers to remember at most, 65536 if not given";
    Optional "questions": Form::Number { least: 1, most: 65_536 }, "questions to ask at once, 256 if not given";
    Optional "questions_each": Form::Number { least: 1, most: 65_536 }, "questions to ask one responder at once, 64 if not given";
    Optional "good_lifetime": Form::Number { least: 1, most: 31_536_000 }, "seconds to remember \"good\" at most; as long as the answer says if not given";
    Optional "revoked_lifetime": Form::Number { least: 1, most: 31_536_000 }, "seconds to remember \"revoked\" at most; as long as the answer says if not given";
    Optional "unknown_lifetime": Form::Number { least: 0, most: 86_400 }, "seconds to remember \"unknown\" at most, 60 if not given";
    Optional "failure_lifetime": Form::Number { least: 1, most: 3_600 }, "seconds to remember the first failure, 5 if not given; each further one doubles them";
    Optional "longest_failure_lifetime": Form::Number { least: 1, most: 86_400 }, "seconds to remember a failure at most, 60 if not given";
    Optional "responders": Form::Tables(&OCSP_RESPONDERS), "[[ocsp.responders]] tables, the first that is about an issuer counts for it";
}

shape! { OCSP_RESPONDERS, "whom to ask and to believe about certificates, beside what they say themselves",
    Optional "issuer": Form::Text, "a PEM file with the certificate of the issuer this is about; leave it out for every issuer";
    Optional "instead": Form::Texts, "http:// or https:// URLs to ask instead of those that certificates name";
    Optional "fallback": Form::Texts, "http:// or https:// URLs to ask after the others failed, or where a certificate names none";
    Optional "trusted": Form::Texts, "PEM files with certificates of responders whose word counts, whoever certified them";
}

/// What makes an [`OCSP_RESPONDERS`] say anything, for messages.
pub(crate) const RESPONDERS: [&str; 3] = ["instead", "fallback", "trusted"];

/// The shortest and the longest header change, for messages.
pub(crate) const CHANGES: [&str; 2] = ["request_headers", "response_headers"];

#[cfg(test)]
mod tests;
