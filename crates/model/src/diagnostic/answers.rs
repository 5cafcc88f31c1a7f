//! What problems are called, and what would be accepted instead.

use super::Problem;
use super::words::quoted;

impl Problem {
    /// A stable name, in snake case.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Syntax { .. } => "syntax",
            Self::UnknownKey { .. } => "unknown_key",
            Self::Missing { .. } | Self::MissingOneOf { .. } => "missing",
            Self::WrongType { .. } => "wrong_type",
            Self::UnknownValue { .. } => "unknown_value",
            Self::NotSupported { .. } => "not_supported",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Empty { .. } => "empty",
            Self::InvalidName { .. } => "invalid_name",
            Self::InvalidBind { .. } => "invalid_bind",
            Self::InvalidHost { .. } => "invalid_host",
            Self::RemoteAdmin { .. } => "remote_admin",
            Self::InvalidPattern { .. } => "invalid_pattern",
            Self::InvalidNetwork { .. } => "invalid_network",
            Self::InvalidUrl { .. } => "invalid_url",
            Self::InvalidHeaderName { .. } => "invalid_header_name",
            Self::ReservedHeader { .. } => "reserved_header",
            Self::UndeletableHeader { .. } => "undeletable_header",
            Self::Conflict { .. } => "conflict",
            Self::Meaningless { .. } => "meaningless",
            Self::Duplicate { .. } => "duplicate",
            Self::UnknownReference { .. } => "unknown_reference",
            Self::SameHost { .. } => "same_host",
            Self::SamePriority { .. } => "same_priority",
            Self::SecondRule { .. } => "second_rule",
            Self::NoRule { .. } => "no_rule",
            Self::NoPort { .. } => "no_port",
            Self::InvalidPath { .. } => "invalid_path",
            Self::InvalidDataUrl { .. } => "invalid_data_url",
            Self::InvalidText { .. } => "invalid_text",
            Self::TooMany { .. } => "too_many",
            Self::ManyHosts { .. } => "many_hosts",
            Self::RerouteWithoutMap { .. } => "reroute_without_map",
            Self::EndlessReroute { .. } => "endless_reroute",
            Self::MixedProtocols { .. } => "mixed_protocols",
            Self::MixedPolicies { .. } => "mixed_policies",
            Self::Unproven { .. } => "unproven",
            Self::ProbeProtocol { .. } => "probe_protocol",
            Self::NotHonoured { .. } => "not_honoured",
            Self::Unreferenced { .. } => "unreferenced",
            Self::Shadowed { .. } => "shadowed",
            Self::ShadowedPath { .. } => "shadowed_path",
            Self::RedirectToItself { .. } => "redirect_to_itself",
            Self::File { .. } => "file",
            Self::Rewrite { .. } => "rewrite",
            Self::Setup { .. } => "setup",
        }
    }

    /// What would be accepted instead, for people.
    #[must_use]
    pub fn accepted(&self) -> Option<String> {
        let text = match self {
            Self::TooLarge { most, .. } => format!("at most {most} bytes"),
            Self::UnknownKey { accepted, .. } => accepted.join(", "),
            Self::Missing { accepted, .. } | Self::Empty { accepted } => (*accepted).to_owned(),
            Self::WrongType {
                expected, takes, ..
            } => format!("{expected}: {takes}"),
            Self::UnknownValue { accepted, .. } | Self::NotSupported { accepted, .. } => {
                quoted(accepted)
            }
            Self::OutOfRange { least, most, .. } => format!("{least} to {most}"),
            Self::InvalidName { .. } => {
                "1 to 80 letters, digits, '-', '.' and '_', a letter or digit first".to_owned()
            }
            Self::InvalidBind { .. } => {
                "address:port, such as \"0.0.0.0:8443\" or \"[::]:8443\"".to_owned()
            }
            Self::RemoteAdmin { .. } => {
                "an address such as \"127.0.0.1:9901\", or allow_remote = true".to_owned()
            }
            Self::InvalidPattern { .. } => {
                "a host name with at most 2 '*', one in a label, and 4 '*' and '?' together"
                    .to_owned()
            }
            Self::InvalidNetwork { .. } => {
                "address/length or an address, such as \"10.1.0.0/16\" or \"2001:db8::1\""
                    .to_owned()
            }
            Self::InvalidPath { .. } => "a path such as \"/images/logo.png\", or \"/images/*\" for all that begin so".to_owned(),
            Self::InvalidDataUrl { .. } => "data:;base64, and the file in base64".to_owned(),
            Self::InvalidText { accepted, .. } => (*accepted).to_owned(),
            Self::TooMany { most, key, .. } => match key {
                Some(key) => format!("at most {most}, or more with {key} in [limits]"),
                None => format!("at most {most}"),
            },
            Self::ManyHosts { .. } => "a listener of one host without wildcards, or of every host".to_owned(),
            Self::MixedPolicies { .. } => "only policies of 2015 and 2017 and \"custom\", or only policies of 2022 and \"custom_v2\"".to_owned(),
            Self::Unproven { .. } => "client_auth = \"required\" or \"optional\" in its TLS profile".to_owned(),
            Self::InvalidUrl { .. } => "http://... or https://...".to_owned(),
            Self::InvalidHeaderName { side, .. } => side.accepted().to_owned(),
            Self::UnknownReference { known, .. } if !known.is_empty() => quoted(known),
            Self::NoPort { .. } => "host:port, or backend settings with a port".to_owned(),
            Self::SamePriority { .. } => "a priority that no other rule has".to_owned(),
            Self::SecondRule { .. } | Self::NoRule { .. } => "one rule a listener".to_owned(),
            _ => return None,
        };
        Some(text)
    }
}
