//! What there is and how it is, as JSON.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::UnixTime;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::backend_health::{AddressHealth, PoolHealth, pool_health};
use crate::gateway::Gateway;
use crate::inventory::{Listed, Profile, Use};
use crate::metrics::{REFUSALS, Seen};
use crate::running::Shared;

pub(super) fn about(shared: &Arc<Shared>, path: &str) -> Option<Value> {
    let gateway = shared.gateway.load();
    let value = match path {
        "/api/configuration" => configuration(shared, &gateway),
        "/api/listeners" => listeners(shared, &gateway),
        "/api/profiles" => profiles(&gateway),
        "/api/certificates" => certificates(&gateway),
        "/api/backend-health" => backend_health(&gateway),
        "/api/ocsp" => ocsp(shared, &gateway),
        "/api/refusals" => refusals(shared),
        _ => return None,
    };
    Some(value)
}

fn configuration(shared: &Shared, gateway: &Gateway) -> Value {
    let metrics = &shared.metrics;
    let since = metrics.reloads.latest().unwrap_or(metrics.started);
    json!({
        "generation": metrics.reloads.generation(),
        "in_force_since": moment(since),
        "configuration": gateway.shown(),
    })
}

fn listeners(shared: &Shared, gateway: &Gateway) -> Value {
    let listeners: Vec<Value> = gateway
        .inventory()
        .listeners()
        .iter()
        .map(|listener| {
            let listens_on = shared.listens_on(&listener.address);
            let mut listener = listener.to_json();
            if let Some(fields) = listener.as_object_mut() {
                fields.insert("listens_on".to_owned(), listens_on.into());
            }
            listener
        })
        .collect();
    json!({ "listeners": listeners })
}

fn profiles(gateway: &Gateway) -> Value {
    let inventory = gateway.inventory();
    let profiles = inventory.profiles().iter().map(|profile| {
        let trust = gateway.trusts().find(|(name, _)| *name == profile.name);
        let remembered = trust.map(|(_, trust)| {
            let remembered = trust.remembered();
            json!({
                "chains": remembered.chains,
                "issuers": remembered.issuers,
                "hits": remembered.hits,
                "misses": remembered.misses,
            })
        });
        let users: Vec<&str> = inventory.users_of(&profile.name).collect();
        describe(profile, &users, remembered)
    });
    json!({ "profiles": profiles.collect::<Vec<_>>() })
}

fn describe(profile: &Profile, users: &[&str], remembered: Option<Value>) -> Value {
    json!({
        "name": profile.name,
        "listeners": users,
        "client_auth": profile.client_auth,
        "revocation": profile.revocation,
        "revocation_scope": profile.revocation_scope,
        "on_failure": profile.on_failure,
        "verify_issuer_dn": profile.verify_issuer_dn,
        "ocsp_stapling": profile.ocsp_stapling,
        "tls_policy": profile.tls_policy,
        "verified_chains": remembered,
    })
}

fn certificates(gateway: &Gateway) -> Value {
    let now = UnixTime::now();
    let inventory = gateway.inventory();
    let certificates = inventory.certificates().iter().map(|one| {
        let users = inventory.users_of_certificate(one);
        certificate(one, &users, now)
    });
    json!({ "certificates": certificates.collect::<Vec<_>>() })
}

fn certificate(one: &Listed, users: &[&str], now: UnixTime) -> Value {
    let of = match one.used {
        Use::ToBackends => "backend_settings",
        _ => "tls_profile",
    };
    json!({
        "subject": one.subject,
        "issuer": one.issuer,
        "serial": one.serial,
        "not_before": date(one.not_before),
        "not_after": date(one.not_after),
        "days_left": one.days_left(now),
        "fingerprint_sha256": one.fingerprint,
        "use": one.used.name(),
        of: one.profile,
        "listeners": users,
    })
}

/// In the shape of Application Gateway's `backendhealth` (section 5.3 of its behaviour reference).
fn backend_health(gateway: &Gateway) -> Value {
    let mut pools: Vec<(String, Vec<Value>)> = Vec::new();
    for health in pool_health(gateway) {
        let settings = settings_health(&health);
        match pools.iter_mut().find(|(name, _)| *name == health.pool) {
            Some((_, all)) => all.push(settings),
            None => pools.push((health.pool, vec![settings])),
        }
    }
    let pools = pools.into_iter().map(|(name, settings)| {
        json!({
            "backendAddressPool": { "id": name },
            "backendHttpSettingsCollection": settings,
        })
    });
    json!({ "backendAddressPools": pools.collect::<Vec<_>>() })
}

fn settings_health(health: &PoolHealth) -> Value {
    let servers = health.servers.iter().map(|server| {
        json!({
            "address": server.address.to_string(),
            "health": server.health.name(),
            "healthProbeLog": server.log,
            "addresses": server.addresses.iter().map(address_health).collect::<Vec<_>>(),
        })
    });
    json!({
        "backendHttpSettings": { "id": health.backend_settings },
        "servers": servers.collect::<Vec<_>>(),
    })
}

/// What Application Gateway does not tell: how each address of a name is, and how busy.
fn address_health(address: &AddressHealth) -> Value {
    json!({
        "address": address.address.to_string(),
        "health": address.health.name(),
        "healthProbeLog": address.log,
        "requests": address.requests,
    })
}

fn ocsp(shared: &Shared, gateway: &Gateway) -> Value {
    let ocsp = &shared.metrics.ocsp;
    let (entries, capacity) = gateway.checker().remembered();
    let checks = ocsp.checks();
    let checks = checks.iter().map(|((reason, outcome, source), count)| {
        json!({ "outcome": outcome, "reason": reason, "source": source, "count": count })
    });
    let responders = ocsp.responders();
    let responders = responders.iter().map(|(name, responder)| {
        let answers = responder.answers.iter();
        let answers = answers.map(|(outcome, count)| (outcome.to_owned(), count.into()));
        json!({
            "responder": name,
            "asked": responder.asked,
            "answers": Value::Object(answers.collect::<Map<_, _>>()),
            "seconds_in_all": responder.took.sum(),
            "suspended_until": responder.suspended_until.map(|until| date(until.as_secs())),
        })
    });
    let events = ocsp.events();
    let events = events
        .iter()
        .map(|(name, count)| (name.to_owned(), count.into()));
    json!({
        "cache": { "entries": entries, "capacity": capacity },
        "checks": checks.collect::<Vec<_>>(),
        "events": Value::Object(events.collect::<Map<_, _>>()),
        "responders": responders.collect::<Vec<_>>(),
    })
}

fn refusals(shared: &Shared) -> Value {
    let refusals = shared.metrics.refusals.latest();
    let refusals: Vec<Value> = refusals.iter().map(refusal).collect();
    json!({ "capacity": REFUSALS, "refusals": refusals })
}

fn refusal(seen: &Seen) -> Value {
    json!({
        "time": moment(seen.at),
        "client": seen.client.to_string(),
        "listener": seen.listener,
        "subject": seen.subject,
        "status": seen.status,
        "class": seen.class,
        "reason": seen.reason,
        "detail": seen.detail,
    })
}

/// A moment in RFC 3339, without fractions of a second.
pub(super) fn moment(time: SystemTime) -> Option<String> {
    date(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// Seconds since 1970 in RFC 3339.
pub(super) fn date(seconds: u64) -> Option<String> {
    let seconds = i64::try_from(seconds).ok()?;
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    time.format(&Rfc3339).ok()
}
