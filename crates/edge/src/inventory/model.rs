//! What the model says of what there is.

use portcullis_model::{
    ClientAuth, ImmediateIssuer, OnFailure, Protocol, Revocation, RevocationMode, RevocationScope,
    TlsPolicy, TlsProfile,
};

use super::{Listener, Profile};

pub(super) fn listener(listener: &portcullis_model::Listener) -> Listener {
    let rule = &listener.rule;
    Listener {
        name: listener.name.value.clone(),
        address: listener.bind.to_string(),
        hosts: listener.hosts.iter().map(ToString::to_string).collect(),
        protocol: match listener.protocol {
            Protocol::Http => "http",
            Protocol::Https(_) => "https",
        },
        profile: listener.tls_profile().map(|profile| profile.name.clone()),
        rule: rule.name.value.clone(),
        priority: rule.priority.value,
        authorization: rule.authorization.as_ref().map(|one| one.name.clone()),
    }
}

pub(super) fn profile(profile: &TlsProfile) -> Profile {
    let trust = profile.client_auth.trust();
    let (revocation, revocation_scope) = match trust.map(|trust| trust.revocation) {
        None => (None, None),
        Some(Revocation::Off) => (Some("off".to_owned()), None),
        Some(Revocation::Ocsp { mode, scope }) => (Some(mode_name(mode)), Some(scope_name(scope))),
    };
    Profile {
        name: profile.name.clone(),
        client_auth: match profile.client_auth {
            ClientAuth::Off => "off",
            ClientAuth::Passthrough => "passthrough",
            ClientAuth::Optional(_) => "optional",
            ClientAuth::Required(_) => "required",
        },
        revocation,
        revocation_scope,
        on_failure: trust.map(|trust| match trust.on_failure {
            OnFailure::Respond => "respond",
            OnFailure::Alert => "alert",
        }),
        verify_issuer_dn: trust
            .is_some_and(|trust| trust.immediate_issuer == ImmediateIssuer::Configured),
        ocsp_stapling: profile.ocsp_stapling,
        tls_policy: match profile.policy.as_ref().map(|policy| &policy.value) {
            None => "the strictest".to_owned(),
            Some(TlsPolicy::Predefined(policy)) => policy.name().to_owned(),
            Some(TlsPolicy::Custom(_)) => "custom".to_owned(),
        },
    }
}

fn mode_name(mode: RevocationMode) -> String {
    match mode {
        RevocationMode::HardFail => "ocsp, hard-fail".to_owned(),
        RevocationMode::SoftFail => "ocsp, soft-fail".to_owned(),
        RevocationMode::Grace(grace) => format!("ocsp, grace of {} s", grace.as_secs()),
    }
}

fn scope_name(scope: RevocationScope) -> &'static str {
    match scope {
        RevocationScope::Leaf => "leaf",
        RevocationScope::Chain => "chain",
    }
}
