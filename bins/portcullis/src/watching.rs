//! Notices that the files of a configuration have changed.
//!
//! It looks every second, and does not ask the kernel to tell: that would have to be set up anew for each folder on the
//! way to a file, each link, and each folder that takes the place of another, and tells nothing on network file systems.

use std::time::Duration;

use portcullis_edge::Files;
use tokio::time::MissedTickBehavior;

/// How often files are looked at, and how long they must have been at rest.
const INTERVAL: Duration = Duration::from_secs(1);

/// Returns when the files hold something else than what was read, and have not changed for an [`INTERVAL`]: whoever
/// writes a file in pieces, or a certificate and then its key, is not read in between.
pub(crate) async fn until_changed(read: Files) {
    let mut latest = read.clone();
    let mut interval = tokio::time::interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let before = latest.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || before.look_again()).await else {
            continue;
        };
        if now != read && now == latest {
            return;
        }
        latest = now;
    }
}
