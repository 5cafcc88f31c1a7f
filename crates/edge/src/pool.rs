//! A pool of backends under one set of backend settings: which endpoints it has, and which one a request goes to.

mod endpoint;

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use portcullis_model::{Backend, BackendSettings, Balance, TargetHost};
use tokio::sync::watch;

use crate::affinity::{Affinity, Token};
use crate::balance::Turns;
use crate::transport::Transport;

pub(crate) use endpoint::{Endpoint, Visit};

/// How long what is removed may finish its requests where the settings do not say (section 4.5 of the
/// behaviour reference).
const DRAINING: Duration = Duration::from_secs(30);

/// A pool under one set of backend settings, the same for all cores and all rules.
pub(crate) struct Pool {
    pub(crate) name: String,
    pub(crate) settings: Arc<BackendSettings>,
    pub(crate) transport: Arc<Transport>,
    balance: Balance,
    targets: Arc<[Backend]>,
    affinity: Option<Affinity>,
    turns: Turns,
    members: ArcSwap<Members>,
    /// What its members are made of.
    known: Mutex<Known>,
    /// Whether there is anything to choose from, or nothing to wait for.
    settled: watch::Sender<bool>,
}

/// What is known of the names of a pool.
#[derive(Default)]
struct Known {
    addresses: HashMap<String, Vec<IpAddr>>,
    /// The names that were asked about, whatever came of it.
    asked: HashSet<String>,
    /// Another pool has taken its place, or none has.
    retired: bool,
    /// Those whose place it has taken while requests could be waiting there for a name.
    awaited: Vec<Weak<Pool>>,
}

/// The endpoints of a pool at one time.
#[derive(Default)]
pub(crate) struct Members {
    pub(crate) members: Vec<Member>,
    /// In which order they take turns, by their place in `members`.
    pub(crate) order: Vec<usize>,
    /// What was removed, for the sessions that are there.
    draining: Vec<Member>,
}

/// An endpoint of a pool.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) weight: u32,
    token: Option<Token>,
}

/// What a request says about where it may go.
pub(crate) struct Asked<'a> {
    pub(crate) client: IpAddr,
    /// The endpoints of its session, as its cookies say.
    pub(crate) tokens: &'a [Token],
    /// Where it could not be sent.
    pub(crate) tried: &'a [SocketAddr],
}

impl Pool {
    /// The addresses among `targets` are its endpoints at once, the names once they are resolved.
    pub(crate) fn new(
        name: &str,
        settings: &Arc<BackendSettings>,
        transport: Arc<Transport>,
        balance: Balance,
        targets: &Arc<[Backend]>,
    ) -> Self {
        let affinity = settings.affinity.as_ref();
        let pool = Self {
            name: name.to_owned(),
            settings: Arc::clone(settings),
            transport,
            balance,
            targets: Arc::clone(targets),
            affinity: affinity.map(|affinity| Affinity::new(affinity, name, &settings.name)),
            turns: Turns::default(),
            members: ArcSwap::default(),
            known: Mutex::default(),
            settled: watch::Sender::new(false),
        };
        pool.rebuild(&mut pool.known(), &Members::default());
        pool
    }

    /// The endpoints now.
    pub(crate) fn endpoints(&self) -> Vec<Arc<Endpoint>> {
        let members = self.members.load();
        let endpoints = members.members.iter().map(|member| &member.endpoint);
        endpoints.cloned().collect()
    }

    /// The endpoints now, and those that have left and still finish what was begun.
    pub(crate) fn all_endpoints(&self) -> Vec<Arc<Endpoint>> {
        let members = self.members.load();
        let draining = members.draining.iter();
        let draining = draining.filter(|member| member.endpoint.is_draining());
        let all = members.members.iter().chain(draining);
        all.map(|member| Arc::clone(&member.endpoint)).collect()
    }

    /// The targets as they were configured.
    pub(crate) fn targets(&self) -> &[Backend] {
        &self.targets
    }

    /// Whether this name was asked about, whatever came of it.
    pub(crate) fn has_asked(&self, name: &str) -> bool {
        self.known().asked.contains(name)
    }

    pub(crate) fn affinity(&self) -> Option<&Affinity> {
        self.affinity.as_ref()
    }

    /// The names that have to be resolved, each once.
    pub(crate) fn names(&self) -> HashSet<&str> {
        let names = self.targets.iter().map(|target| match &target.host {
            TargetHost::Name(name) => Some(name.as_str()),
            TargetHost::Address(_) => None,
        });
        names.flatten().collect()
    }

    /// Where a request goes: to the endpoint of its session, or to that whose turn it is. Nothing where none
    /// may have it.
    pub(crate) fn choose(&self, asked: &Asked<'_>) -> Option<Visit> {
        let members = self.members.load();
        let forced = self.forced(&members);
        let may = |endpoint: &Endpoint| {
            let counts = endpoint.is_up() || forced.contains(&endpoint.address);
            counts && !asked.tried.contains(&endpoint.address)
        };
        if let Some(member) = members.of_session(asked.tokens)
            && may(&member.endpoint)
            && !member.endpoint.is_cooling()
        {
            return Some(Visit::begin(&member.endpoint));
        }
        let fresh = |endpoint: &Endpoint| may(endpoint) && !endpoint.is_cooling();
        let choose = |fit: &dyn Fn(&Endpoint) -> bool| match self.balance {
            Balance::RoundRobin => self.turns.next(&members, fit),
            Balance::LeastConnections => self.turns.least(&members, fit),
            Balance::IpHash => Turns::of_client(&members, asked.client, fit),
        };
        let endpoint = choose(&fresh).or_else(|| choose(&may))?;
        Some(Visit::begin(endpoint))
    }

    /// Those that count as healthy whatever their probe says, because fewer than its `min_servers` are.
    fn forced(&self, members: &Members) -> Vec<SocketAddr> {
        let least = self.settings.probe.as_ref();
        let least = least.map_or(0, |probe| usize::from(probe.min_servers));
        let up = members.members.iter();
        if least == 0 || up.filter(|member| member.endpoint.is_up()).count() >= least {
            return Vec::new();
        }
        let first = members.members.iter().take(least);
        first.map(|member| member.endpoint.address).collect()
    }

    /// Returns when there is anything to choose from, or nothing to wait for.
    pub(crate) async fn settled(&self) {
        // The sender is this pool's own.
        drop(self.settled.subscribe().wait_for(|settled| *settled).await);
    }

    /// What the cookies of an endpoint's sessions say.
    pub(crate) fn token(&self, endpoint: &Endpoint) -> Option<Token> {
        self.affinity().map(|affinity| affinity.token(endpoint))
    }

    /// What a name has been resolved to; nothing where it could not be, and the last answer stands.
    pub(crate) fn resolved(&self, name: &str, addresses: Option<Vec<IpAddr>>) {
        let mut known = self.known();
        if known.retired || !self.names().contains(name) {
            return;
        }
        let first = known.asked.insert(name.to_owned());
        let changed = addresses.is_some_and(|addresses| {
            let before = known.addresses.get(name) == Some(&addresses);
            known.addresses.insert(name.to_owned(), addresses);
            !before
        });
        if !first && !changed {
            return;
        }
        let before = self.members.load_full();
        self.rebuild(&mut known, &before);
    }

    /// Takes the place of a pool of the configuration before: what both have goes on, what only that one has
    /// finishes what it has begun, and what waits there for a name to be resolved waits for this one's.
    pub(crate) fn take_over(&self, other: &Arc<Self>) {
        self.transport.take_over(&other.transport);
        let mut others = other.known();
        others.retired = true;
        let mut known = self.known();
        known.awaited.append(&mut others.awaited);
        if !*other.settled.borrow() {
            known.awaited.push(Arc::downgrade(other));
        }
        known.awaited.retain(|pool| pool.strong_count() > 0);
        for name in self.names() {
            if let Some(addresses) = others.addresses.get(name) {
                let addresses = addresses.clone();
                known.addresses.insert(name.to_owned(), addresses);
            }
        }
        let before = other.members.load_full();
        self.rebuild(&mut known, &before);
    }

    /// No pool takes its place: what it has finishes what it has begun, and what waits there waits in vain.
    pub(crate) fn retire(&self) {
        let mut known = self.known();
        known.retired = true;
        self.settled.send_replace(true);
        known.tell(&Arc::default());
        for member in &self.members.load().members {
            member.endpoint.drain(self.draining());
        }
    }

    /// Whether it is the same pool under the same settings, by their names.
    pub(crate) fn is_named_as(&self, other: &Self) -> bool {
        self.name == other.name && self.settings.name == other.settings.name
    }

    fn draining(&self) -> Duration {
        self.settings.draining.unwrap_or(DRAINING)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes its members of what is known, with the endpoints that were there before.
    fn rebuild(&self, known: &mut Known, before: &Members) {
        let earlier = before.members.iter().chain(&before.draining);
        let earlier: HashMap<_, _> = earlier
            .map(|member| (key(&member.endpoint), member))
            .collect();
        let mut members: Vec<Member> = Vec::new();
        let mut places = HashMap::new();
        for target in &*self.targets {
            for address in addresses(&target.host, known) {
                let address = SocketAddr::new(address, target.port);
                let of_target = (target.host.clone(), target.port, address);
                let weight = u32::from(target.weight);
                if let Some(place) = places.get(&of_target)
                    && let Some(member) = members.get_mut::<usize>(*place)
                {
                    member.weight = member.weight.saturating_add(weight);
                    continue;
                }
                let endpoint = match earlier.get(&of_target) {
                    Some(member) => Arc::clone(&member.endpoint),
                    None => Arc::new(Endpoint::new(target.host.clone(), target.port, address)),
                };
                endpoint.join();
                let token = earlier.get(&of_target).and_then(|m| m.token.clone());
                let token = token.or_else(|| self.token(&endpoint));
                places.insert(of_target, members.len());
                members.push(Member {
                    endpoint,
                    weight,
                    token,
                });
            }
        }
        let mut draining = Vec::new();
        for member in before.members.iter().chain(&before.draining) {
            if !places.contains_key(&key(&member.endpoint)) {
                member.endpoint.drain(self.draining());
                if member.endpoint.is_draining() {
                    let token = self.token(&member.endpoint);
                    draining.push(Member {
                        token,
                        ..member.clone()
                    });
                }
            }
        }
        let asked = |name: &&str| !known.asked.contains(*name);
        let settled = !members.is_empty() || !self.names().iter().any(asked);
        let members = Arc::new(Members::new(members, draining));
        self.members.store(Arc::clone(&members));
        self.settled
            .send_if_modified(|before| std::mem::replace(before, settled) != settled);
        if settled {
            known.tell(&members);
        }
    }
}

impl Known {
    /// Tells those that wait what there is to choose from.
    fn tell(&mut self, members: &Arc<Members>) {
        let awaited = self.awaited.drain(..);
        for pool in awaited.filter_map(|pool| pool.upgrade()) {
            pool.members.store(Arc::clone(members));
            pool.settled.send_replace(true);
        }
    }
}

impl Members {
    fn new(members: Vec<Member>, draining: Vec<Member>) -> Self {
        let weights: Vec<u32> = members.iter().map(|member| member.weight).collect();
        Self {
            order: crate::balance::order(&weights),
            members,
            draining,
        }
    }

    /// The endpoint of a session, also one that is draining.
    fn of_session(&self, tokens: &[Token]) -> Option<&Member> {
        let found = |token: &Token| {
            let of_token = |member: &&Member| member.token.as_ref() == Some(token);
            let mut draining = self.draining.iter();
            let left = || draining.find(|m| of_token(m) && m.endpoint.is_draining());
            self.members.iter().find(of_token).or_else(left)
        };
        tokens.iter().find_map(found)
    }
}

/// What makes two endpoints the same.
fn key(endpoint: &Endpoint) -> (TargetHost, u16, SocketAddr) {
    (endpoint.host.clone(), endpoint.port, endpoint.address)
}

fn addresses(host: &TargetHost, known: &Known) -> Vec<IpAddr> {
    match host {
        TargetHost::Address(address) => vec![*address],
        TargetHost::Name(name) => known
            .addresses
            .get(name.as_str())
            .cloned()
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
