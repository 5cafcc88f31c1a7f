//! Whether a delegate is itself revoked (RFC 6960 section 4.2.2.2.1).

use portcullis_x509::{Certificate, oid};
use rustls_pki_types::UnixTime;

use crate::certificate_status::CertificateStatus;
use crate::query::Query;
use crate::refusal::Unauthorised;
use crate::rules::{DelegatesWithoutNocheck, Rules};
use crate::status::status;

use super::SignedUntil;

/// Whether this delegate of the query's issuer needs no check, or passes it; and then until when.
pub(super) fn check(
    delegate: &Certificate<'_>,
    query: &Query<'_>,
    rules: &Rules<'_>,
    now: UnixTime,
) -> Result<SignedUntil, Unauthorised> {
    if delegate.extensions().find(oid::OCSP_NOCHECK).is_some() {
        return Ok(SignedUntil(None));
    }
    match rules.delegates_without_nocheck {
        DelegatesWithoutNocheck::Allow => Ok(SignedUntil(None)),
        DelegatesWithoutNocheck::Refuse => Err(not_checked(delegate)),
        DelegatesWithoutNocheck::CheckWhereNamed => {
            let mut named = delegate
                .ocsp_responders()
                .map_err(Unauthorised::Malformed)?;
            match named.next() {
                None => Ok(SignedUntil(None)),
                Some(_) => look_up(delegate, query, rules, now),
            }
        }
    }
}

/// What the answers at hand say of the delegate: the worst that is proven, as for any certificate;
/// unknown proves nothing in its favour.
///
/// They are judged with [`DelegatesWithoutNocheck::Refuse`], so that no answer leads to another.
fn look_up(
    delegate: &Certificate<'_>,
    query: &Query<'_>,
    rules: &Rules<'_>,
    now: UnixTime,
) -> Result<SignedUntil, Unauthorised> {
    let query = query.about_delegate(delegate);
    let answers = rules.delegate_answers;
    let rules = Rules {
        delegates_without_nocheck: DelegatesWithoutNocheck::Refuse,
        delegate_answers: &[],
        ..rules.clone()
    };
    let mut until = None;
    for answer in answers {
        let Ok(status) = status(answer, &query, &rules, now) else {
            continue;
        };
        match status.certificate {
            CertificateStatus::Revoked { at, reason } => {
                return Err(Unauthorised::Revoked { at, reason });
            }
            CertificateStatus::Good => until = until.max(Some(status.valid_until)),
            CertificateStatus::Unknown => (),
        }
    }
    match until {
        Some(_) => Ok(SignedUntil(until)),
        None => Err(not_checked(delegate)),
    }
}

fn not_checked(delegate: &Certificate<'_>) -> Unauthorised {
    Unauthorised::RevocationNotChecked {
        delegate: delegate.der().into(),
    }
}
