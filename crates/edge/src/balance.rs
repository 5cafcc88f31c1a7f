//! Whose turn it is among the members of a pool.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::pool::{Endpoint, Member, Members};

/// Turns of one round at most; beyond it weights are brought nearer to each other.
const TURNS: u32 = 1 << 16;

/// How far a pool has come in its order. One number for all cores, and no lock.
#[derive(Default)]
pub(crate) struct Turns {
    next: AtomicUsize,
}

impl Turns {
    /// The member whose turn it is. One that is not fit loses its turn to the one after the latest, so that what
    /// it would have had is shared by all others.
    pub(crate) fn next<'m>(
        &self,
        of: &'m Members,
        fit: &dyn Fn(&Endpoint) -> bool,
    ) -> Option<&'m Arc<Endpoint>> {
        let endpoint = |place: &usize| of.members.get(*place).map(|member| &member.endpoint);
        for _ in &of.order {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            let place = of.order.get(turn.checked_rem(of.order.len())?)?;
            if let Some(endpoint) = endpoint(place).filter(|endpoint| fit(endpoint)) {
                return Some(endpoint);
            }
        }
        // Other cores may have had the turns of all that are fit.
        let all = of.members.iter().map(|member| &member.endpoint);
        all.into_iter().find(|endpoint| fit(endpoint))
    }

    /// The member with the fewest requests in flight for its weight; of equal ones each has its turn.
    pub(crate) fn least<'m>(
        &self,
        of: &'m Members,
        fit: &dyn Fn(&Endpoint) -> bool,
    ) -> Option<&'m Arc<Endpoint>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let (before, from) = of.members.split_at(turn.checked_rem(of.members.len())?);
        let fit = from.iter().chain(before).filter(|m| fit(&m.endpoint));
        let load = |member: &Member| u64::try_from(member.endpoint.in_flight()).unwrap_or(u64::MAX);
        let loads = fit.map(|member| (load(member), u64::from(member.weight), &member.endpoint));
        let least = loads.min_by(|(load, weight, _), (others, of_other, _)| {
            let (this, other) = (
                load.saturating_mul(*of_other),
                others.saturating_mul(*weight),
            );
            this.cmp(&other)
        });
        least.map(|(_, _, endpoint)| endpoint)
    }

    /// The member that a client's address leads to, whichever process asks: the highest of all hashes of the
    /// two (rendezvous hashing), so that a member that is lost or won moves no client of the others.
    pub(crate) fn of_client<'m>(
        of: &'m Members,
        client: IpAddr,
        fit: &dyn Fn(&Endpoint) -> bool,
    ) -> Option<&'m Arc<Endpoint>> {
        let client = hash(client);
        let highest = |member: &Member| {
            let shares = 0..u64::from(member.weight);
            let hashes = shares.map(|share| mix(client ^ mix(member.endpoint.id ^ mix(share))));
            hashes.max()
        };
        let fit = of.members.iter().filter(|member| fit(&member.endpoint));
        let member = fit.max_by_key(|member| highest(member));
        member.map(|member| &member.endpoint)
    }
}

/// In which order members of these weights have their turns: each as often as its weight says, and spread as evenly
/// as can be.
pub(crate) fn order(weights: &[u32]) -> Vec<usize> {
    let divisor = weights.iter().copied().fold(0, common_divisor).max(1);
    let all: u32 = weights
        .iter()
        .fold(0, |all, weight| all.saturating_add(*weight));
    let excess = all
        .checked_div(divisor)
        .unwrap_or(all)
        .div_ceil(TURNS)
        .max(1);
    let divisor = divisor.saturating_mul(excess);
    let mut turns: Vec<(u64, usize)> = Vec::new();
    for (place, weight) in weights.iter().enumerate() {
        let weight = u64::from(weight.checked_div(divisor).unwrap_or_default().max(1));
        // The middle of each share of the round, in parts of it.
        let middle = |turn: u64| {
            let odd = turn.saturating_mul(2).saturating_add(1);
            let parts = odd.saturating_mul(u64::from(u32::MAX));
            parts.checked_div(weight).unwrap_or_default()
        };
        turns.extend((0..weight).map(|turn| (middle(turn), place)));
    }
    turns.sort_unstable();
    turns.into_iter().map(|(_, place)| place).collect()
}

fn common_divisor(a: u32, b: u32) -> u32 {
    match a.checked_rem(b) {
        Some(rest) => common_divisor(b, rest),
        None => a,
    }
}

fn hash(client: IpAddr) -> u64 {
    let octets = match client.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    };
    let whole = u128::from_be_bytes(octets);
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
    mix(half(whole >> 64) ^ mix(half(whole)))
}

/// The finaliser of SplitMix64, whose every bit depends on all of the input's.
fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_as_many_as_weights_say_and_spread() {
        assert_eq!(order(&[]), Vec::<usize>::new());
        assert_eq!(order(&[7, 7, 7]), [0, 1, 2]);
        assert_eq!(order(&[5, 1, 1]), [0, 0, 0, 1, 2, 0, 0]);
        assert_eq!(order(&[30, 10]), [0, 0, 1, 0]);
    }

    #[test]
    fn a_round_has_an_end_whatever_the_weights() {
        let weights: Vec<u32> = (0..76_800).map(|place| 99 + place % 2).collect();
        assert!(order(&weights).len() <= 2 * 76_800);
    }
}
