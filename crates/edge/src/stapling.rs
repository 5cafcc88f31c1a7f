//! Keeps OCSP answers about the server certificates of the configuration in force.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::log;
use crate::running::Shared;

/// The longest rest, so that a clock that is set, or a machine that slept, does not leave an answer that has ended in
/// place for longer.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Asks for what is due, for all profiles at the same time, and rests until more is or the configuration is replaced.
/// Never returns.
pub(crate) async fn keep(shared: Arc<Shared>) {
    loop {
        let gateway = shared.gateway.load_full();
        let mut asking = JoinSet::new();
        for profile in gateway.stapling() {
            let (profile, checker) = (Arc::clone(profile), gateway.checker().clone());
            asking.spawn(async move {
                let stapler = profile.stapler()?;
                let (due, failure) = stapler.refresh(&checker, UnixTime::now()).await;
                if let Some(failure) = failure {
                    let code = failure.code();
                    tracing::warn!(
                        code,
                        error = log::with_causes(&failure),
                        "no OCSP answer to staple"
                    );
                }
                Some(due)
            });
        }
        let mut next = None;
        while let Some(due) = asking.join_next().await {
            next = next.into_iter().chain(due.ok().flatten()).min();
        }
        drop(gateway);
        let rest = next.map_or(LONGEST_REST, |due: UnixTime| {
            let seconds = due.as_secs().saturating_sub(UnixTime::now().as_secs());
            Duration::from_secs(seconds.max(1)).min(LONGEST_REST)
        });
        tokio::select! {
            () = sleep(rest) => (),
            () = shared.replaced.notified() => (),
        }
    }
}
