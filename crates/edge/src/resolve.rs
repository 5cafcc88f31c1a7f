//! Resolves the names of backends again and again, once for the whole process.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup_ip::LookupIp;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::gateway::Gateway;
use crate::pool::Pool;
use crate::running::Shared;

/// How long an answer stands, however short or long its records say.
const LEAST_LIFETIME: Duration = Duration::from_secs(1);
const LONGEST_LIFETIME: Duration = Duration::from_secs(3600);
/// How soon a name that could not be resolved is asked for again: at first, and at most.
const LEAST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(15);
/// How long one question may take, with all its repetitions.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Names that are asked for at the same time.
const QUESTIONS: usize = 32;
/// Addresses of a name that become endpoints.
const ADDRESSES: usize = 64;

/// Has the pools of a configuration go on where those before stand: health and requests in flight are those of
/// the endpoints, and addresses stand until they are resolved anew.
pub(crate) fn take_over(gateway: &Gateway, before: &Gateway) {
    for other in before.pools() {
        match gateway.pools().iter().find(|pool| pool.is_named_as(other)) {
            Some(pool) => pool.take_over(other),
            None => other.retire(),
        }
    }
}

/// Resolves all names of the configuration in force, each again when its answer has ended, and all anew, without
/// memory, when the configuration is replaced. Never returns.
pub(crate) async fn keep(shared: Arc<Shared>) {
    loop {
        let gateway = shared.gateway.load_full();
        let mut names: HashMap<String, Vec<Arc<Pool>>> = HashMap::new();
        for pool in gateway.pools() {
            for name in pool.names() {
                names
                    .entry(name.to_owned())
                    .or_default()
                    .push(Arc::clone(pool));
            }
        }
        let mut asking = JoinSet::new();
        let mut usable = true;
        if !names.is_empty() {
            match resolver(&gateway) {
                Ok(resolver) => {
                    let questions = Arc::new(Semaphore::new(QUESTIONS));
                    for (name, pools) in names {
                        let (resolver, questions) = (resolver.clone(), Arc::clone(&questions));
                        asking.spawn(follow(name, pools, resolver, questions));
                    }
                }
                Err(error) => {
                    usable = false;
                    tracing::error!(%error, "names of backends cannot be resolved");
                    for (name, pools) in &names {
                        pools.iter().for_each(|pool| pool.resolved(name, None));
                    }
                }
            }
        }
        drop(gateway);
        let replaced = shared.resolve_anew.notified();
        match usable {
            true => replaced.await,
            // This machine may say later whom to ask.
            false => drop(tokio::time::timeout(LONGEST_REST, replaced).await),
        }
    }
}

fn resolver(gateway: &Gateway) -> Result<TokioResolver, NetError> {
    let mut builder = match gateway.dns_servers() {
        [] => TokioResolver::builder_tokio()?,
        servers => {
            let servers = servers.iter().map(|server| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let at_port = connections.map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                NameServerConfig::new(server.ip(), true, at_port.into())
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.positive_min_ttl = Some(LEAST_LIFETIME);
    options.positive_max_ttl = Some(LONGEST_LIFETIME);
    // A failure is asked about again as soon as this says, not as its records do.
    options.negative_max_ttl = Some(Duration::ZERO);
    builder.build()
}

/// Resolves one name for ever.
async fn follow(
    name: String,
    pools: Vec<Arc<Pool>>,
    resolver: TokioResolver,
    questions: Arc<Semaphore>,
) {
    let mut rest = LEAST_REST;
    loop {
        let asked = {
            let _permit = questions.acquire().await;
            tokio::time::timeout(QUESTION_TIMEOUT, ask(&name, &resolver)).await
        };
        let pause = match asked {
            Ok(Ok((addresses, lifetime))) => {
                rest = LEAST_REST;
                for pool in &pools {
                    pool.resolved(&name, Some(addresses.clone()));
                }
                lifetime
            }
            Ok(Err(error)) => {
                tracing::warn!(name, %error, "a backend's name cannot be resolved");
                failed(&name, &pools, &mut rest)
            }
            Err(_) => {
                tracing::warn!(name, "a backend's name is not resolved in time");
                failed(&name, &pools, &mut rest)
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// What was known of the name stands. Says how long to rest, longer each time.
fn failed(name: &str, pools: &[Arc<Pool>], rest: &mut Duration) -> Duration {
    for pool in pools {
        pool.resolved(name, None);
    }
    let pause = *rest;
    *rest = rest.saturating_mul(2).min(LONGEST_REST);
    pause
}

/// The addresses of a name, in their own order, and how long they stand. There is at least one.
async fn ask(name: &str, resolver: &TokioResolver) -> Result<(Vec<IpAddr>, Duration), NetError> {
    let name = Name::from_ascii(name)?;
    // A host without IPv6 is not asked to be reached by it. A failure is no answer: it does not make a name one of
    // IPv6 only.
    let answer = match resolver.ipv4_lookup(name.clone()).await {
        Err(error) if error.is_no_records_found() => resolver.ipv6_lookup(name).await?,
        answer => answer?,
    };
    let answer = LookupIp::from(answer);
    let mut addresses: Vec<IpAddr> = answer.iter().collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.truncate(ADDRESSES);
    if addresses.is_empty() {
        return Err(NetError::from("no addresses"));
    }
    let left = answer
        .valid_until()
        .saturating_duration_since(Instant::now());
    Ok((addresses, left.clamp(LEAST_LIFETIME, LONGEST_LIFETIME)))
}
