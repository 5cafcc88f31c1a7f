use std::time::Duration;

use super::*;
use crate::failure::Failure;
use crate::responder::Responder;

const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_780_272_000));

fn memory(capacity: usize) -> Arc<Memory> {
    let settings = Settings::new(&[], crate::Destinations::NotLocal).capacity(capacity);
    Arc::new(Memory::new(&settings, None))
}

/// An issuer with a name and a key of usual length.
const ISSUER: ([u8; 80], [u8; 91]) = ([1; 80], [2; 91]);

fn settle(memory: &Arc<Memory>, serial: &[u8], outcome: Outcome) {
    let key = KeyRef::made_of(&ISSUER.0, &ISSUER.1, serial);
    let Turn::Ask(question, _) = memory.turn(key, NOW) else {
        panic!("{serial:?}")
    };
    question.settle(outcome, Source::Fetched, NOW);
}

fn failure() -> Outcome {
    Err(Failure::ResponderNotNamed)
}

#[test]
fn a_full_memory_makes_room_and_stays_within_its_bound() {
    let memory = memory(100);
    for serial in 0..10_000_u32 {
        settle(&memory, &serial.to_be_bytes(), failure());
        assert!(memory.answers.len() <= 100);
    }
    assert!(memory.answers.len() > 50);
    assert!(memory.questions().is_empty());
}

#[test]
fn what_is_in_use_stays_while_others_come_and_go() {
    let memory = memory(100);
    settle(&memory, b"in use", failure());
    let key = KeyRef::made_of(&ISSUER.0, &ISSUER.1, b"in use");
    for serial in 0..10_000_u32 {
        assert!(
            matches!(memory.turn(key, NOW), Turn::Settled(_)),
            "{serial}"
        );
        settle(&memory, &serial.to_be_bytes(), failure());
    }
}

#[test]
fn the_name_the_key_and_the_serial_number_all_count() {
    let memory = memory(100);
    settle(&memory, b"1", failure());
    let of = |name, key, serial| memory.turn(KeyRef::made_of(name, key, serial), NOW);
    assert!(matches!(of(&ISSUER.0, &ISSUER.1, b"1"), Turn::Settled(_)));
    assert!(matches!(of(&[3; 80], &ISSUER.1, b"1"), Turn::Ask(..)));
    assert!(matches!(of(&ISSUER.0, &[3; 91], b"1"), Turn::Ask(..)));
    assert!(matches!(of(&ISSUER.0, &ISSUER.1, b"2"), Turn::Ask(..)));
}

#[test]
fn a_question_that_is_given_up_leaves_the_turn_to_the_next() {
    let memory = memory(100);
    let key = KeyRef::made_of(&ISSUER.0, &ISSUER.1, b"1");
    let Turn::Ask(question, _) = memory.turn(key, NOW) else {
        panic!("the first asks")
    };
    let Turn::Wait(waiting) = memory.turn(key, NOW) else {
        panic!("the second waits")
    };
    drop(question);
    assert!(waiting.has_changed().is_err());
    assert!(matches!(memory.turn(key, NOW), Turn::Ask(..)));
}

#[test]
fn all_urls_of_one_host_and_port_share_the_way_to_it_and_have_a_breaker_each() {
    let memory = memory(1);
    let way = |url: &str| memory.gate(&Responder::parse(url).unwrap().place(), 1);
    for url in ["HTTP://A", "http://a:80/", "http://a:080/?d", "http://a./c"] {
        assert!(Arc::ptr_eq(&way("http://a/b"), &way(url)), "{url}");
    }
    for url in ["https://a/", "http://a:8080/", "http://b/"] {
        assert!(!Arc::ptr_eq(&way("http://a/b"), &way(url)), "{url}");
    }
    assert!(!Arc::ptr_eq(
        &memory.breaker("http://a/b"),
        &memory.breaker("http://a/c")
    ));
}

/// KiB of memory that this process holds.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_million_answers_take_less_than_400_mb() {
    const MILLION: u32 = 1_000_000;
    let Ok((status, _)) = crate::entry::tests::good(NOW) else {
        panic!("good")
    };
    let before = resident();
    // One per cent more, as the shards do not fill alike.
    let memory = memory(1_010_000);
    for serial in 0..MILLION {
        // Serial numbers of 16 octets, as authorities give them.
        let serial = [serial.to_be_bytes(); 4].concat();
        // With a URL of its own, as certificates bring it.
        let outcome = Ok((status.clone(), "http://ocsp.authority.example/ocsp".into()));
        settle(&memory, &serial, outcome);
    }
    let held = memory.answers.len();
    let taken = resident().saturating_sub(before);
    assert!(held > 990_000, "{held}");
    assert!(taken < 400_000, "{taken} KiB");
    println!(
        "{held} answers in {} MB, {} octets each",
        taken / 1000,
        taken * 1024 / held
    );
}
