//! Who may use a connection, judged when it is made and again whenever that judgement is spent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_model::host::HostName;
use portcullis_tls::{Client, Refusal, authenticate};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::connection::Connection;
use crate::doors::Door;
use crate::gateway::{Gateway, Site};
use crate::identity::Identity;

/// The judgement of one connection under one configuration.
pub(crate) struct Admission {
    pub(crate) gateway: Arc<Gateway>,
    /// The listener that the handshake was made for.
    pub(crate) site: Arc<Site>,
    pub(crate) outcome: Result<Identity, Arc<Refusal>>,
    /// How long the judgement took, its questions to responders included.
    pub(crate) took: Duration,
}

impl Admission {
    /// Authenticates the presented certificates by the profile of the listener that the handshake
    /// was for. `None` when `gateway` has no such address.
    pub(crate) async fn judge(
        gateway: Arc<Gateway>,
        door: &Door,
        server_name: Option<&HostName>,
        presented: &[CertificateDer<'static>],
        now: UnixTime,
    ) -> Option<Self> {
        let site = gateway.bind(door)?.handshake_site(server_name)?;
        let site = Arc::clone(site);
        let begun = Instant::now();
        let client = match &site.profile {
            Some(profile) => authenticate(profile, Some(presented), now).await,
            // Without TLS nobody is asked.
            None => Ok(Client::Anonymous),
        };
        let outcome = client
            .and_then(|client| {
                Identity::of(client, gateway.facts(), now).map_err(Refusal::Malformed)
            })
            .map_err(Arc::new);
        Some(Self {
            gateway,
            site,
            outcome,
            took: begun.elapsed(),
        })
    }

    /// The judgement that holds now: the latest, unless the configuration was replaced or the
    /// identity has outlived its proof. A refusal stands as long as its connection.
    pub(crate) async fn current(connection: &Connection) -> Option<Arc<Self>> {
        loop {
            let latest = connection.admission.load_full();
            let gateway = connection.core.shared.gateway.load_full();
            let now = UnixTime::now();
            let stands = match &latest.outcome {
                Ok(identity) => Arc::ptr_eq(&latest.gateway, &gateway) && identity.stands_at(now),
                Err(_) => true,
            };
            if stands {
                return Some(latest);
            }
            let judged = Self::judge(
                gateway,
                &connection.door,
                connection.server_name.as_ref(),
                &connection.presented,
                now,
            )
            .await?;
            judged.count();
            let judged = Arc::new(judged);
            connection.admission.store(Arc::clone(&judged));
            // An answer may have taken seconds, in which the configuration may have been replaced.
            if Arc::ptr_eq(&judged.gateway, &connection.core.shared.gateway.load()) {
                return Some(judged);
            }
        }
    }
}
