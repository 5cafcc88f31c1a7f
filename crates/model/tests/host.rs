//! Host names, patterns and the table that serves SNI and `Host`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use portcullis_model::host::{
    HostError, HostName, HostPattern, HostPatterns, HostTable, PatternError,
};

fn host(text: &str) -> HostName {
    HostName::from_authority(text).unwrap()
}

fn pattern(text: &str) -> HostPattern {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn patterns(texts: &[&str]) -> HostPatterns {
    HostPatterns::new(texts.iter().map(|text| pattern(text)).collect())
}

#[test]
fn one_host_has_one_spelling() {
    for text in [
        "www.contoso.com",
        "WWW.Contoso.COM",
        "www.contoso.com.",
        "www.contoso.com:8443",
        "www.contoso.com:",
        "www.CONTOSO.com.:443",
    ] {
        assert_eq!(host(text).as_str(), "www.contoso.com", "{text}");
    }
    for text in ["[::1]", "[::1]:443", "[0:0:0:0:0:0:0:1]", "[0000::0001]:"] {
        assert_eq!(host(text).as_str(), "[::1]", "{text}");
    }
    assert_eq!(
        host("192.0.2.1:80"),
        std::net::Ipv4Addr::new(192, 0, 2, 1).into()
    );
    assert_eq!(host("[::1]"), std::net::Ipv6Addr::LOCALHOST.into());
}

#[test]
fn what_is_not_a_host_says_why() {
    use HostError::{Brackets, Character, Empty, EmptyLabel, NotAscii, Port};
    let cases = [
        ("", Empty),
        (".", Empty),
        (":443", Empty),
        ("..", EmptyLabel),
        (".contoso.com", EmptyLabel),
        ("www..contoso.com", EmptyLabel),
        ("contoso.com..", EmptyLabel),
        ("contoso.com:http", Port),
        ("contoso.com:65536", Port),
        ("contoso.com:+80", Port),
        ("contoso.com:80:80", Port),
        ("::1", Port),
        ("[::1", Brackets),
        ("[::1]x", Brackets),
        ("[contoso.com]", Brackets),
        ("[fe80::1%25eth0]", Brackets),
        ("[::1]]:80", Brackets),
        ("user@contoso.com", Character { character: '@' }),
        ("contoso.com/x", Character { character: '/' }),
        ("conto so.com", Character { character: ' ' }),
        ("contoso.com\0", Character { character: '\0' }),
        ("contoso%2ecom", Character { character: '%' }),
        ("*.contoso.com", Character { character: '*' }),
        ("a,b", Character { character: ',' }),
        ("bücher.example", NotAscii),
    ];
    for (text, expected) in cases {
        assert_eq!(HostName::from_authority(text), Err(expected), "{text:?}");
    }
    assert_eq!(HostName::from_authority(b"\xff"), Err(NotAscii));
    assert_eq!(
        HostName::parse("contoso.com:443"),
        Err(Character { character: ':' })
    );
    assert!(NotAscii.to_string().contains("xn--"));
}

#[test]
fn names_and_labels_have_a_length() {
    let label = "a".repeat(63);
    assert!(HostName::parse(&label).is_ok());
    let found = 64;
    assert_eq!(
        HostName::parse("a".repeat(64)),
        Err(HostError::LabelTooLong { found })
    );
    let longest = [&label[..], &label, &label, &label[..61]].join(".");
    assert_eq!(longest.len(), 253);
    assert!(HostName::parse(format!("{longest}.")).is_ok());
    let found = 254;
    assert_eq!(
        HostName::parse(format!("{longest}a")),
        Err(HostError::TooLong { found })
    );
    assert!(HostName::parse("a".repeat(1 << 20)).is_err());
}

#[test]
fn absent_malformed_and_present_are_three_answers() {
    let read = |header: Option<&str>| header.map(HostName::from_authority).transpose();
    assert_eq!(read(None), Ok(None));
    assert_eq!(read(Some("")), Err(HostError::Empty));
    assert_eq!(read(Some("a.b")), Ok(Some(host("a.b"))));
}

#[test]
fn an_asterisk_stands_for_any_characters_also_dots() {
    let cases = [
        ("*.contoso.com", "www.contoso.com", true),
        ("*.contoso.com", "customer1.b2b.contoso.com", true),
        ("*.contoso.com", "contoso.com", false),
        ("*.contoso.com", "www.contoso.com.evil.example", false),
        ("*.contoso.com", "wwwcontoso.com", false),
        ("*.CONTOSO.com.", "www.contoso.com", true),
        ("*.contoso.*", "www.contoso.co.uk", true),
        ("*.contoso.*", "a.b.contoso.contoso.net", true),
        ("*.contoso.*", "www.contoso", false),
        ("*.contoso-*.com", "x.contoso-eu.com", true),
        ("*.contoso-*.com", "x.contoso.com", false),
        ("contoso*.com", "contoso.com", true),
        ("*", "anything.example", true),
        ("*", "[::1]", true),
        ("a*a", "a", false),
        ("a*a", "aa", true),
        ("a*.b*", "a.b", true),
    ];
    for (text, name, expected) in cases {
        assert_eq!(
            pattern(text).matches(&host(name)),
            expected,
            "{text} {name}"
        );
    }
}

#[test]
fn a_question_mark_stands_for_one_character() {
    let pattern = pattern("w??.contoso*.edu.*");
    assert!(pattern.matches(&host("www.contoso-x.edu.au")));
    assert!(pattern.matches(&host("w12.contoso.edu.au")));
    assert!(!pattern.matches(&host("ww.contoso.edu.au")));
    assert!(!pattern.matches(&host("wwww.contoso.edu.au")));
}

#[test]
fn the_documented_limits_of_wildcards_hold() {
    for valid in [
        "*.contoso.*",
        "w??.contoso*.edu.*",
        "*.contoso-*.com",
        "????.contoso.com",
    ] {
        assert!(valid.parse::<HostPattern>().is_ok(), "{valid}");
    }
    let cases = [
        ("*.contoso.*.*.com", PatternError::Asterisks { found: 3 }),
        ("????.contoso.*", PatternError::Wildcards { found: 5 }),
        ("*?.contoso.com", PatternError::Adjacent),
        ("?*.contoso.com", PatternError::Adjacent),
        ("**.contoso.com", PatternError::Adjacent),
        ("a*b*.contoso.com", PatternError::AsterisksOfLabel),
        ("*..com", PatternError::Host(HostError::EmptyLabel)),
        (
            "*.contoso.com:443",
            PatternError::Host(HostError::Character { character: ':' }),
        ),
        ("*.bücher.example", PatternError::Host(HostError::NotAscii)),
        (
            "(*.contoso.com)",
            PatternError::Host(HostError::Character { character: '(' }),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(text.parse::<HostPattern>(), Err(expected), "{text}");
    }
}

/// Every way to spread the asterisks, tried one after the other.
fn oracle(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skipped| oracle(rest, &name[skipped..])),
        Some((letter, rest)) => name.split_first().is_some_and(|(found, left)| {
            (*letter == b'?' || letter == found) && oracle(rest, left)
        }),
    }
}

/// Every text of some letters, up to a length.
fn texts(letters: &[u8], length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut begin = 0;
    for _ in 0..length {
        let end = all.len();
        for index in begin..end {
            for letter in letters {
                all.push(format!("{}{}", all[index], char::from(*letter)));
            }
        }
        begin = end;
    }
    all
}

#[test]
fn the_matcher_agrees_with_trying_everything() {
    let names: Vec<HostName> = texts(b"ab.", 6)
        .iter()
        .filter(|name| !name.ends_with('.'))
        .filter_map(|name| HostName::parse(name).ok())
        .collect();
    let patterns: Vec<HostPattern> = texts(b"ab.*?", 5)
        .iter()
        .filter(|pattern| !pattern.ends_with('.'))
        .filter_map(|pattern| pattern.parse().ok())
        .collect();
    assert!(names.len() > 300 && patterns.len() > 500);
    for pattern in &patterns {
        for name in &names {
            let expected = oracle(pattern.as_str().as_bytes(), name.as_str().as_bytes());
            assert_eq!(pattern.matches(name), expected, "{pattern} {name}");
        }
    }
}

#[test]
fn the_first_of_several_matching_listeners_wins_exact_or_not() {
    let mut table = HostTable::new();
    table.push(&patterns(&["a.contoso.com"]), 1);
    table.push(&patterns(&["*.contoso.com", "contoso.com"]), 2);
    table.push(&patterns(&["b.contoso.com"]), 3);
    table.push(&HostPatterns::default(), 4);
    table.push(&patterns(&["late.example"]), 5);
    let select = |name: &str| *table.select(Some(&host(name))).unwrap();
    assert_eq!(select("a.contoso.com"), 1);
    assert_eq!(select("contoso.com"), 2);
    assert_eq!(select("b.contoso.com"), 2);
    assert_eq!(select("other.example"), 4);
    assert_eq!(select("late.example"), 4);
    assert_eq!(table.select(None), Some(&4));
}

#[test]
fn without_a_match_a_request_has_no_listener_and_a_handshake_the_first() {
    let mut table = HostTable::new();
    assert_eq!(table.select_for_handshake(None), None);
    table.push(&patterns(&["a.example"]), 1);
    table.push(&patterns(&["b.example"]), 2);
    assert_eq!(table.select(Some(&host("c.example"))), None);
    assert_eq!(table.select(None), None);
    assert_eq!(
        table.select_for_handshake(Some(&host("b.example"))),
        Some(&2)
    );
    assert_eq!(
        table.select_for_handshake(Some(&host("c.example"))),
        Some(&1)
    );
    assert_eq!(table.select_for_handshake(None), Some(&1));
    table.push(&HostPatterns::default(), 3);
    assert_eq!(table.select_for_handshake(None), Some(&3));
    assert_eq!(
        table.select_for_handshake(Some(&host("c.example"))),
        Some(&3)
    );
    assert_eq!(table.iter().count(), 3);
}
