//! How OCSP responders are asked.

use super::Fields;
use crate::gateway::{Destinations, OcspSettings};

pub(crate) fn ocsp(fields: &Fields<'_>) -> OcspSettings {
    let default = OcspSettings::default();
    OcspSettings {
        timeout: fields.seconds("timeout").unwrap_or(default.timeout),
        skew: fields.seconds("skew").unwrap_or(default.skew),
        max_age: fields.seconds("max_age"),
        destinations: match fields.switch("allow_loopback") {
            Some(true) => Destinations::LoopbackToo,
            Some(false) | None => default.destinations,
        },
    }
}
