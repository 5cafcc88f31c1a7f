//! Which endpoints a pool has, and how many requests each gets.

use std::collections::BTreeMap;

use super::*;

fn pool(lines: &str, settings: &str) -> Arc<Pool> {
    let text = format!(
        "[pool.p]\n{lines}\n[backend_settings.s]\nport = 80\n{settings}\n[[rule]]\nname = \"r\"\npriority = 1\n\
         listener = \"l\"\npool = \"p\"\nbackend_settings = \"s\"\n[[listener]]\nname = \"l\"\nprotocol = \"http\"\n\
         bind = \"127.0.0.1:0\"\n"
    );
    crate::affinity::prepare().unwrap();
    let model = portcullis_model::parse(&text).unwrap();
    let route = &model.listeners[0].rule.action;
    let portcullis_model::Action::Route(route) = route else {
        panic!("a route");
    };
    let forward = route.forward().unwrap();
    let settings = &forward.backend_settings;
    let transport = Arc::new(Transport::new(settings, None));
    Arc::new(Pool::new(
        "p",
        settings,
        transport,
        forward.pool.balance,
        &forward.backends,
    ))
}

fn asked(client: &str) -> Asked<'static> {
    Asked {
        client: client.parse().unwrap(),
        tokens: &[],
        tried: &[],
    }
}

fn counts(pool: &Pool, requests: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for _ in 0..requests {
        let visit = pool.choose(&asked("192.0.2.1")).unwrap();
        *counts
            .entry(visit.endpoint().address.ip().to_string())
            .or_default() += 1;
    }
    counts
}

const WEIGHTED: &str =
    "targets = [\"10.0.0.1\", { target = \"10.0.0.2\", weight = 3 }, \"10.0.0.3\"]";

fn endpoint(pool: &Pool, last: u8) -> Arc<Endpoint> {
    let members = pool.members.load();
    let mut members = members.members.iter().map(|member| &member.endpoint);
    let found = members.find(|found| found.address.ip() == IpAddr::from([10, 0, 0, last]));
    Arc::clone(found.unwrap())
}

#[test]
fn each_gets_what_its_weight_says() {
    let pool = pool(WEIGHTED, "");
    let counts = counts(&pool, 50);
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [10, 30, 10]);
}

#[test]
fn what_an_unhealthy_one_would_get_is_shared_by_all_others() {
    let pool = pool(
        "targets = [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\", \"10.0.0.4\"]",
        "",
    );
    endpoint(&pool, 2).mark_down();
    let counts = counts(&pool, 60);
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [20, 20, 20]);
}

#[test]
fn one_that_failed_comes_after_the_others_and_before_none() {
    let pool = pool("targets = [\"10.0.0.1\", \"10.0.0.2\"]", "");
    endpoint(&pool, 1).failed();
    assert_eq!(counts(&pool, 10).len(), 1);
    endpoint(&pool, 2).mark_down();
    assert!(counts(&pool, 10).contains_key("10.0.0.1"));
    endpoint(&pool, 1).mark_down();
    assert!(pool.choose(&asked("192.0.2.1")).is_none());
}

#[test]
fn the_least_busy_for_its_weight_is_chosen() {
    let pool = pool(&format!("balance = \"least_connections\"\n{WEIGHTED}"), "");
    let visits: Vec<Visit> = (0..10)
        .map(|_| pool.choose(&asked("::1")).unwrap())
        .collect();
    assert_eq!(endpoint(&pool, 1).in_flight(), 2);
    assert_eq!(endpoint(&pool, 2).in_flight(), 6);
    drop(visits);
    assert_eq!(endpoint(&pool, 2).in_flight(), 0);
}

#[test]
fn an_address_leads_to_one_endpoint_and_a_lost_one_moves_no_other() {
    let pool = pool(&format!("balance = \"ip_hash\"\n{WEIGHTED}"), "");
    let clients: Vec<String> = (0..=255).map(|last| format!("192.0.2.{last}")).collect();
    let of = |client: &String| pool.choose(&asked(client)).unwrap().endpoint().address;
    let before: Vec<SocketAddr> = clients.iter().map(of).collect();
    assert_eq!(before, clients.iter().map(of).collect::<Vec<_>>());
    let heavy = endpoint(&pool, 2).address;
    let share = before.iter().filter(|address| **address == heavy).count();
    assert!((115..195).contains(&share), "{share} of 256");
    endpoint(&pool, 1).mark_down();
    let lost = "10.0.0.1:80".parse().unwrap();
    for (client, before) in clients.iter().zip(before) {
        assert!(before == lost || of(client) == before, "{client}");
    }
}

#[test]
fn a_name_is_what_it_was_resolved_to_last() {
    let pool = pool("targets = [\"app.internal\"]", "");
    let answer = |lasts: &[u8]| Some(lasts.iter().map(|l| IpAddr::from([10, 0, 0, *l])).collect());
    assert!(pool.choose(&asked("::1")).is_none() && !*pool.settled.borrow());
    pool.resolved("app.internal", None);
    assert!(*pool.settled.borrow());
    pool.resolved("app.internal", answer(&[1, 2]));
    let first = endpoint(&pool, 1);
    first.mark_down();
    pool.resolved("app.internal", answer(&[1, 3]));
    assert!(Arc::ptr_eq(&first, &endpoint(&pool, 1)));
    pool.resolved("app.internal", None);
    assert_eq!(counts(&pool, 4).keys().collect::<Vec<_>>(), ["10.0.0.3"]);
}

#[test]
fn a_session_stays_also_at_what_is_removed_and_leaves_what_is_unhealthy() {
    let settings = "cookie_affinity = true\ndraining = 60";
    let before = pool(WEIGHTED, settings);
    let removed = endpoint(&before, 1);
    let tokens = [before.token(&removed).unwrap()];
    let of_session = |pool: &Pool| {
        let tokens = &tokens;
        let asked = Asked {
            tokens,
            ..asked("::1")
        };
        Arc::clone(pool.choose(&asked).unwrap().endpoint())
    };
    let after = pool("targets = [\"10.0.0.2\"]", settings);
    after.take_over(&before);
    assert!(removed.is_draining() && Arc::ptr_eq(&of_session(&after), &removed));
    assert!(Arc::ptr_eq(&endpoint(&before, 2), &endpoint(&after, 2)));
    assert_eq!(counts(&after, 9).len(), 1);
    removed.mark_down();
    assert!(!Arc::ptr_eq(&of_session(&after), &removed));
}

#[test]
fn cores_that_share_a_pool_keep_to_its_weights() {
    let pool = pool(WEIGHTED, "");
    let all: Vec<_> = std::thread::scope(|scope| {
        let cores: Vec<_> = (0..4).map(|_| scope.spawn(|| counts(&pool, 250))).collect();
        cores.into_iter().map(|core| core.join().unwrap()).collect()
    });
    let of = |address: &str| -> usize { all.iter().map(|counts| counts[address]).sum() };
    assert_eq!(
        (of("10.0.0.1"), of("10.0.0.2"), of("10.0.0.3")),
        (200, 600, 200)
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_is_part_of_its_pool_again_is_not_cut() {
    let before = pool("targets = [\"10.0.0.1\", \"10.0.0.2\"]", "draining = 1");
    let after = pool("targets = [\"10.0.0.2\"]", "draining = 1");
    let removed = endpoint(&before, 1);
    after.take_over(&before);
    assert!(removed.is_draining());
    let again = pool("targets = [\"10.0.0.1\"]", "draining = 1");
    again.take_over(&after);
    assert!(Arc::ptr_eq(&removed, &endpoint(&again, 1)) && !removed.is_draining());
    let cut = tokio::time::timeout(Duration::from_secs(600), removed.cut());
    assert!(cut.await.is_err());
}
