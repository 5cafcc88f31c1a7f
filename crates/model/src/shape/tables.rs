//! Every table, and a line for each key.

use super::{Form, Key, Presence, Shape};

/// Declares a table: its name, what it is, and a line for each key.
macro_rules! shape {
    ($name:ident, $about:literal, $($presence:ident $key:literal : $form:expr, $takes:expr;)+) => {
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
    Optional "redirect": Form::TableByName(&REDIRECT), "[redirect.NAME] tables";
    Optional "path_map": Form::TableByName(&PATH_MAP), "[path_map.NAME] tables";
    Optional "authorization": Form::TableByName(&AUTHORIZATION), "[authorization.NAME] tables";
    Optional "probe": Form::TableByName(&PROBE), "[probe.NAME] tables";
    Optional "error_pages": Form::Table(&ERROR_PAGES), "an [error_pages] table, for listeners without one of their own";
    Optional "http": Form::Table(&HTTP), "an [http] table";
    Optional "tls": Form::Table(&TLS), "a [tls] table";
    Optional "limits": Form::Table(&LIMITS), "a [limits] table";
    Optional "ocsp": Form::Table(&OCSP), "an [ocsp] table";
    Optional "dns": Form::Table(&DNS), "a [dns] table";
    Optional "access_log": Form::Table(&ACCESS_LOG), "an [access_log] table";
    Optional "traces": Form::Table(&TRACES), "a [traces] table";
    Optional "admin": Form::Table(&ADMIN), "an [admin] table, for a listener for operators";
}

shape! { LISTENER, "an address to accept connections on, and the host names it answers for",
    Required "name": Form::Text, "a name that no other listener has";
    Required "bind": Form::Text, "the address and port to accept on, such as \"0.0.0.0:8443\" or \"[::]:8443\"";
    Optional "hosts": Form::Texts, "host names, `*` and `?` allowed; leave it out to answer for every host";
    Optional "protocol": Form::Choice { accepted: &["https", "http"], later: &["tls", "tcp"] }, "\"https\" or \"http\"; \"https\" if not given";
    Optional "tls_profile": Form::Text, "the NAME of a [tls_profile.NAME]";
    Optional "error_pages": Form::Table(&ERROR_PAGES), "{ 400 = \"FILE\", ... } instead of all pages of [error_pages]";
    Optional "identity_headers": Form::Choice { accepted: &IDENTITY_HEADERS, later: &[] }, "which headers tell backends who the client is, for rules that do not say";
    Optional "identity_header_oversize": Form::Choice { accepted: &OVERSIZE, later: &[] }, "\"refuse\" or \"omit\" where those headers are too large; \"refuse\" if not given";
}

/// In the order of [`crate::IdentityForm`].
const IDENTITY_HEADERS: [&str; 5] = ["rfc9440", "xfcc", "aws", "app_service", "nginx"];

const OVERSIZE: [&str; 2] = ["refuse", "omit"];

shape! { ERROR_PAGES, "HTML files for the errors that the gateway itself answers",
    Optional "400": Form::File, PAGE;
    Optional "403": Form::File, PAGE;
    Optional "404": Form::File, PAGE;
    Optional "405": Form::File, PAGE;
    Optional "408": Form::File, PAGE;
    Optional "500": Form::File, PAGE;
    Optional "502": Form::File, PAGE;
    Optional "503": Form::File, PAGE;
    Optional "504": Form::File, PAGE;
}

const PAGE: &str = "an HTML file of at most 1 MB";

shape! { HTTP, "what holds for HTTP on every listener",
    Optional "http2": Form::Switch, "false to offer HTTP/1.1 only; true if not given";
    Optional "url_bytes": Form::Number { least: 256, most: 1_048_576 }, "bytes of a request's URL at most, 32768 if not given";
    Optional "header_bytes": Form::Number { least: 1_024, most: 1_048_576 }, "bytes of a request's headers at most, 32768 if not given";
    Optional "http2_field_bytes": Form::Number { least: 256, most: 1_048_576 }, "bytes of one header over HTTP/2 at most, 8192 if not given";
    Optional "http2_header_bytes": Form::Number { least: 1_024, most: 1_048_576 }, "bytes of a request's headers over HTTP/2 at most, 16384 if not given";
    Optional "body_bytes": Form::Number { least: 0, most: 1_099_511_627_776 }, "bytes of a request's body at most, 4294967296 if not given";
    Optional "http2_requests": Form::Number { least: 1, most: 4_294_967_295 }, "requests of one HTTP/2 connection at most, 1000 if not given";
}

shape! { TLS, "what holds for TLS on every listener",
    Optional "ticket_keys": Form::Text, "a file of keys for session tickets, for gateways that resume each other's sessions: a line a key, in base64, the newest first, readable by its owner alone";
    Optional "default_policy": Form::ChoiceOrTable { accepted: &POLICIES, table: &POLICY }, "the TLS policy of profiles that have none: the name of a policy of Application Gateway, or { type = \"custom_v2\", min_version = \"1.2\", cipher_suites = [...] }";
}

/// In the order of [`crate::PredefinedPolicy`].
const POLICIES: [&str; 5] = [
    "AppGwSslPolicy20150501",
    "AppGwSslPolicy20170401",
    "AppGwSslPolicy20170401S",
    "AppGwSslPolicy20220101",
    "AppGwSslPolicy20220101S",
];

shape! { POLICY, "which versions and cipher suites are offered to clients",
    Required "type": Form::Choice { accepted: &["custom", "custom_v2"], later: &[] }, "\"custom\", without TLS 1.3, or \"custom_v2\"";
    Required "min_version": Form::Choice { accepted: &["1.2", "1.3"], later: &["1.0", "1.1"] }, "\"1.2\" or \"1.3\"";
    Optional "cipher_suites": Form::Texts, "IANA or OpenSSL names, the preferred first; those of TLS 1.3 need not be named";
}

shape! { LIMITS, "how much of everything there may be; what Application Gateway allows if not given",
    Optional "trust_file_bytes": Form::Number { least: 1, most: 1_048_576 }, "bytes of a file of trusted client certificates, 25600 if not given";
    Optional "trust_files_per_profile": Form::Number { least: 1, most: MANY }, "files of trusted client certificates of a profile, 100 if not given";
    Optional "trust_files": Form::Number { least: 1, most: MANY }, "files of trusted client certificates of all profiles, 200 if not given";
    Optional "pools": Form::Number { least: 1, most: MANY }, "pools, 100 if not given";
    Optional "targets": Form::Number { least: 1, most: MANY }, "targets of a pool, 1200 if not given";
    Optional "path_rules": Form::Number { least: 1, most: MANY }, "rules of a path map, 100 if not given";
    Optional "rewrite_sets": Form::Number { least: 1, most: MANY }, "rewrite sets, 400 if not given";
    Optional "rewrite_changes": Form::Number { least: 1, most: MANY }, "header and URL changes of a rewrite set, 40 if not given";
    Optional "rewrite_conditions": Form::Number { least: 1, most: MANY }, "conditions of a rewrite set, 40 if not given";
}

/// More of anything than a configuration can hold.
const MANY: u64 = 1_000_000;

shape! { TLS_PROFILE, "a server certificate, and what is asked of clients",
    Required "certificate": Form::Table(&CERTIFICATE), "{ pem = \"FILE\", key = \"FILE\" } or { pfx = \"FILE\", password_file = \"FILE\" }";
    Required "client_auth": Form::Choice { accepted: &CLIENT_AUTH, later: &[] }, "\"required\", \"optional\", \"passthrough\" or \"off\"";
    Optional "trusted_client_certificates": Form::Files, "PEM files, each with a root and any intermediates";
    Optional "verify_issuer_dn": Form::Switch, "true to accept only certificates whose issuer is the deepest CA of one of those files";
    Optional "revocation": Form::Choice { accepted: &["ocsp", "off"], later: &["crl"] }, "\"ocsp\" or \"off\"";
    Optional "revocation_mode": Form::Choice { accepted: &["hard-fail", "soft-fail", "grace"], later: &[] }, "\"hard-fail\", \"soft-fail\" or \"grace\": what becomes of a certificate whose responder cannot be asked; \"hard-fail\" if not given";
    Optional "revocation_grace": Form::Number { least: 1, most: 2_592_000 }, "seconds that a good answer serves beyond its end, with revocation_mode = \"grace\"";
    Optional "revocation_scope": Form::Choice { accepted: &["leaf", "chain"], later: &[] }, "\"leaf\" or \"chain\": which certificates are asked about; \"leaf\" if not given";
    Optional "on_failure": Form::Choice { accepted: &["respond", "alert"], later: &[] }, "\"respond\" or \"alert\"";
    Optional "remembered_chains": Form::Number { least: 0, most: 10_000_000 }, "verified chains of clients to remember at most, 0 for none; 16384 if not given";
    Optional "ocsp_stapling": Form::Switch, "true to staple an OCSP answer about the server certificate";
    Optional "tls_policy": Form::ChoiceOrTable { accepted: &POLICIES, table: &POLICY }, "which versions and cipher suites are offered: the name of a policy of Application Gateway, or { type = \"custom_v2\", min_version = \"1.2\", cipher_suites = [...] }";
}

/// In the order of [`crate::ClientAuth`], the strictest first.
const CLIENT_AUTH: [&str; 4] = ["required", "optional", "passthrough", "off"];

shape! { CERTIFICATE, "where a certificate and its key are read from",
    Optional "pem": Form::File, "a PEM file with the certificate, followed by its intermediates";
    Optional "key": Form::File, "a PEM file with the private key";
    Optional "pfx": Form::File, "a PKCS #12 file with the certificate, its intermediates and the private key";
    Optional "password": Form::AnyText, "the password of the PKCS #12 file";
    Optional "password_file": Form::File, "a file whose first line is the password of the PKCS #12 file";
}

shape! { POOL, "the servers behind the gateway",
    Required "targets": Form::TextsOrTables(&TARGET), "servers as \"host:port\", or \"host\" when the backend settings have a port, or as { target = \"host:port\", weight = 3 }";
    Optional "balance": Form::Choice { accepted: &["round_robin", "least_connections", "ip_hash"], later: &[] }, "\"round_robin\", \"least_connections\" or \"ip_hash\": which of them a request goes to; \"round_robin\" if not given";
}

shape! { TARGET, "a server, and how much it gets",
    Required "target": Form::Text, "\"host:port\", or \"host\" when the backend settings have a port";
    Optional "weight": Form::Number { least: 1, most: 100 }, "how much it gets beside the others, 1 to 100; 1 if not given";
}

shape! { DNS, "how the names of backends are resolved",
    Required "servers": Form::Texts, "addresses of DNS servers such as \"10.0.0.53\" or \"127.0.0.1:5353\", instead of those of this machine";
}

shape! { BACKEND_SETTINGS, "how backends are spoken to",
    Optional "protocol": Form::Choice { accepted: &["http", "https"], later: &[] }, "\"http\" or \"https\"; \"http\" if not given";
    Optional "http_version": Form::Choice { accepted: &["1.1", "2"], later: &[] }, "\"1.1\" or \"2\", the version of HTTP spoken to backends; \"1.1\" if not given";
    Optional "port": Form::Number { least: 1, most: 65_535 }, "the port of targets that have none";
    Optional "host": Form::Text, "the Host to send instead of the client's";
    Optional "pick_host": Form::Switch, "true to send the target's name as Host";
    Optional "request_timeout": Form::Number { least: 1, most: 86_400 }, "seconds to wait for a response, 20 if not given";
    Optional "path": Form::Text, "a path that begins with '/', to replace the matched part of the request's";
    Optional "cookie_affinity": Form::Switch, "true to keep a client at one backend by a cookie";
    Optional "affinity_cookie": Form::Text, "the name of that cookie, \"ApplicationGatewayAffinity\" if not given";
    Optional "draining": Form::Number { least: 1, most: 3_600 }, "seconds that a removed backend keeps its connections";
    Optional "dedicated_connections": Form::Switch, "true for a backend connection of its own for each client connection";
    Optional "probe": Form::Text, "the NAME of a [probe.NAME]";
    Optional "trusted_roots": Form::Files, "PEM files with the roots of backends' certificates; public CAs if not given";
    Optional "sni": Form::Text, "the server name to send to backends, the Host if not given";
    Optional "validate_certificate": Form::Switch, "false to accept any chain and date of backends' certificates; true if not given";
    Optional "validate_name": Form::Switch, "false to accept any name in backends' certificates; true if not given";
    Optional "client_certificate": Form::Table(&CERTIFICATE), "what backends are shown that ask for a certificate: { pem = \"FILE\", key = \"FILE\" } or { pfx = \"FILE\", password_file = \"FILE\" }";
}

shape! { PROBE, "how the health of backends is asked for",
    Optional "protocol": Form::Choice { accepted: &["http", "https"], later: &[] }, "\"http\" or \"https\", as the backend settings have it, which is so if not given";
    Optional "host": Form::Text, "the Host to send, \"127.0.0.1\" if not given";
    Optional "pick_host": Form::Switch, "true to send the Host of the backend settings";
    Required "path": Form::Text, "the path to ask for, such as \"/health\"";
    Optional "port": Form::Number { least: 1, most: 65_535 }, "the port to ask at, that of the backend if not given";
    Optional "interval": Form::Number { least: 1, most: 86_400 }, "seconds between questions, 30 if not given";
    Optional "timeout": Form::Number { least: 1, most: 86_400 }, "seconds to wait for an answer, at most the interval; 30 if not given";
    Optional "unhealthy_threshold": Form::Number { least: 1, most: 20 }, "failures in a row that make a backend unhealthy, 3 if not given";
    Optional "min_servers": Form::Number { least: 0, most: 1_200 }, "servers of a pool that always count as healthy, 0 if not given";
    Optional "statuses": Form::Texts, "healthy statuses such as \"200-399\" or \"401\"; \"200-399\" if not given";
    Optional "body": Form::Text, "a text of at most 4090 characters that a healthy backend's answer has";
}

shape! { RULE, "what happens to the requests of a listener",
    Required "name": Form::Text, "a name that no other rule has";
    Required "priority": Form::Number { least: 1, most: 20_000 }, "a number from 1 to 20000, the smallest matched first";
    Required "listener": Form::Text, "the name of a [[listener]]";
    Optional "pool": Form::Text, "the NAME of a [pool.NAME]";
    Optional "backend_settings": Form::Text, "the NAME of a [backend_settings.NAME]";
    Optional "rewrite_set": Form::Text, "the NAME of a [rewrite_set.NAME]";
    Optional "redirect": Form::Text, "the NAME of a [redirect.NAME], instead of a pool";
    Optional "path_map": Form::Text, "the NAME of a [path_map.NAME], instead of a pool";
    Optional "authorization": Form::Text, "the NAME of an [authorization.NAME]";
    Optional "identity_headers": Form::Choice { accepted: &IDENTITY_HEADERS, later: &[] }, "which headers tell backends who the client is; as the listener says if not given";
    Optional "identity_header_oversize": Form::Choice { accepted: &OVERSIZE, later: &[] }, "\"refuse\" or \"omit\" where those headers are too large; \"refuse\" if not given";
}

shape! { REDIRECT, "an answer that sends clients elsewhere",
    Required "type": Form::Choice { accepted: &["permanent", "found", "see_other", "temporary"], later: &[] }, "\"permanent\" (301), \"found\" (302), \"see_other\" (303) or \"temporary\" (307)";
    Optional "target_url": Form::Text, "an http:// or https:// URL";
    Optional "target_listener": Form::Text, "the name of a [[listener]] of one host or of every host";
    Optional "include_path": Form::Switch, "true to add the request's path";
    Optional "include_query": Form::Switch, "true to add the request's query";
}

shape! { PATH_MAP, "what becomes of requests by their path",
    Optional "default_pool": Form::Text, "the NAME of a [pool.NAME], for paths that no rule has";
    Optional "default_backend_settings": Form::Text, "the NAME of a [backend_settings.NAME]";
    Optional "default_redirect": Form::Text, "the NAME of a [redirect.NAME], instead of a pool";
    Optional "default_rewrite_set": Form::Text, "the NAME of a [rewrite_set.NAME]";
    Required "rule": Form::Tables(&PATH_RULE), "at least one [[path_map.NAME.rule]], the first that has a path counts";
}

shape! { PATH_RULE, "what becomes of requests with certain paths",
    Required "name": Form::Text, "a name that no other rule of the map has";
    Required "paths": Form::Texts, "paths that begin with '/'; `*` at the end is for all that begin so";
    Optional "pool": Form::Text, "the NAME of a [pool.NAME]";
    Optional "backend_settings": Form::Text, "the NAME of a [backend_settings.NAME]";
    Optional "redirect": Form::Text, "the NAME of a [redirect.NAME], instead of a pool";
    Optional "rewrite_set": Form::Text, "the NAME of a [rewrite_set.NAME]";
    Optional "authorization": Form::Text, "the NAME of an [authorization.NAME], beside that of the rule";
}

shape! { AUTHORIZATION, "which identities may pass: one of each list",
    Optional "require_certificate": Form::Switch, "true to let every verified certificate pass that the lists do not exclude";
    Optional "dns": Form::Texts, "DNS names of certificates, `*` and `?` allowed";
    Optional "email": Form::Texts, "e-mail addresses of certificates, or \"@contoso.com\" for all of a domain";
    Optional "uri": Form::Texts, "URIs of certificates";
    Optional "ip": Form::Texts, "networks such as \"10.1.0.0/16\", or single addresses, of certificates";
    Optional "spiffe_trust_domain": Form::Texts, "trust domains of SPIFFE IDs, such as \"contoso.com\"";
    Optional "issuer_dn": Form::Texts, "names of issuers, such as \"CN=Contoso Issuing CA,O=Contoso\"";
    Optional "subject": Form::TextsByName, "attributes of the subject, such as { O = \"Contoso\", OU = [\"Sales\", \"IT\"] }; all must hold";
    Optional "policy_oid": Form::Texts, "certificate policies, such as \"1.3.6.1.4.1.311.21.8\"";
    Optional "fingerprint_sha256": Form::Texts, "SHA-256 of certificates, 64 hexadecimal digits";
    Optional "spki_sha256": Form::Texts, "SHA-256 of public keys (SubjectPublicKeyInfo), 64 hexadecimal digits";
}

shape! { REWRITE_SET, "rewrite rules, applied together",
    Required "rule": Form::Tables(&REWRITE_RULE), "at least one [[rewrite_set.NAME.rule]]";
}

shape! { REWRITE_RULE, "header and URL changes, made when every condition holds",
    Required "name": Form::Text, "a name that no other rule of the set has";
    Optional "sequence": Form::Number { least: 1, most: 1_000 }, "a number from 1 to 1000, the smallest first; 100 if not given";
    Optional "conditions": Form::Tables(&CONDITION), "{ variable = \"NAME\", pattern = \"REGEX\" } tables that must all hold";
    Optional "request_headers": Form::TextByName, "NAME = \"VALUE\" for each header to set; \"\" deletes it";
    Optional "response_headers": Form::TextByName, "NAME = \"VALUE\" for each header to set; \"\" deletes it";
    Optional "response_cookies": Form::Tables(&COOKIE), "{ pattern = \"REGEX\", value = \"VALUE\" } tables for the Set-Cookie headers that match";
    Optional "url": Form::Table(&URL), "{ path = \"PATH\", query = \"QUERY\" }; what is not given stays, \"\" clears it";
}

shape! { COOKIE, "a change of those Set-Cookie headers whose value matches",
    Required "pattern": Form::AnyText, "a regular expression";
    Optional "ignore_case": Form::Switch, "true to match upper and lower case alike";
    Optional "negate": Form::Switch, "true to change those that do not match";
    Required "value": Form::AnyText, "the new value, with {capt_header_value_matcher_1} for what matched; \"\" deletes the header";
}

shape! { URL, "a change of the request's URL",
    Optional "path": Form::AnyText, "the new path; \"\" clears it";
    Optional "query": Form::AnyText, "the new query; \"\" clears it";
    Optional "reroute": Form::Switch, "true to ask the path map again";
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
    Optional "https_roots": Form::Files, "PEM files with the CAs that https responders are held against; without them https responders are not asked";
    Optional "proxy": Form::Text, "a proxy to ask through, as \"http://HOST:PORT\"";
    Optional "store": Form::Text, "a file that keeps answers across restarts";
    Optional "redis": Form::Text, "a Redis where gateways share answers, as \"redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]\", or rediss:// for TLS, which needs redis_roots";
    Optional "redis_roots": Form::Files, "PEM files with the CAs that a rediss:// Redis is held against";
    Optional "capacity": Form::Number { least: 0, most: 10_000_000 }, "answers to remember at most, 0 for none, so that every handshake asks; 65536 if not given";
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
    Optional "issuer": Form::File, "a PEM file with the certificate of the issuer this is about; leave it out for every issuer";
    Optional "instead": Form::Texts, "http:// or https:// URLs to ask instead of those that certificates name";
    Optional "fallback": Form::Texts, "http:// or https:// URLs to ask after the others failed, or where a certificate names none";
    Optional "trusted": Form::Files, "PEM files with certificates of responders whose word counts, whoever certified them";
}

shape! { ACCESS_LOG, "what becomes of the lines about requests",
    Optional "format": Form::Choice { accepted: &["json", "text"], later: &[] }, "\"json\", with the names of Application Gateway, or \"text\"; \"json\" if not given";
    Optional "output": Form::Choice { accepted: &["stdout", "stderr", "off"], later: &[] }, "\"stdout\", \"stderr\" or \"off\"; \"stdout\" if neither this nor path is given";
    Optional "path": Form::Text, "a file to append to, opened anew on SIGHUP";
}

shape! { TRACES, "how the gateway takes part in traces",
    Optional "otlp_endpoint": Form::Text, "the http:// URL of a collector, such as \"http://127.0.0.1:4318\"; without it no span is sent";
    Optional "sample_ratio": Form::Ratio, "the share of traces whose spans are sent, 0 to 1; 1 if not given";
}
shape! { ADMIN, "a listener for operators and their tools: metrics, health, what is in force; it authenticates nobody and changes nothing",
    Required "bind": Form::Text, "the address and port, such as \"127.0.0.1:9901\"";
    Optional "allow_remote": Form::Switch, "true to listen on another address than one of this machine alone";
    Optional "hosts": Form::Texts, "names it answers for beside \"localhost\" and addresses";
}

/// Keys whose text nobody is shown.
pub(crate) const SECRETS: [&str; 1] = ["password"];

/// Keys whose texts may hold what only backends or chosen clients know, such as `Authorization` for a
/// backend or a header that a condition demands: of them variables alone are shown.
pub(crate) const LITERALS: [&str; 3] = ["request_headers", "query", "pattern"];

/// What makes an [`OCSP_RESPONDERS`] say anything, for messages.
pub(crate) const RESPONDERS: [&str; 3] = ["instead", "fallback", "trusted"];

/// What makes a [`REWRITE_RULE`] change anything, for messages.
pub(crate) const CHANGES: [&str; 4] = [
    "request_headers",
    "response_headers",
    "response_cookies",
    "url",
];

/// What makes an [`AUTHORIZATION`] demand anything, for messages.
pub(crate) const DEMANDS: [&str; 11] = [
    "require_certificate",
    "dns",
    "email",
    "uri",
    "ip",
    "spiffe_trust_domain",
    "issuer_dn",
    "subject",
    "policy_oid",
    "fingerprint_sha256",
    "spki_sha256",
];
