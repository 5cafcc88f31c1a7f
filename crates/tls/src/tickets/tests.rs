use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::aws_lc_rs;

use super::*;

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000 + seconds))
}

fn cipher() -> Cipher {
    Cipher::of(&aws_lc_rs::default_provider()).unwrap()
}

fn keys(octets: &[u8]) -> TicketKeys {
    let lines = octets.iter().map(|octet| [*octet; 48]);
    let keys = lines.rev().fold(None, |former, fresh| {
        let text = TicketKeys::rotated(former.as_ref(), &fresh, TICKET_KEYS).unwrap();
        Some(TicketKeys::parse(text.as_bytes()).unwrap())
    });
    keys.unwrap()
}

fn shared(octets: &[u8], context: &[u8]) -> Ticketer {
    Ticketer::shared(cipher(), &keys(octets), context)
}

#[test]
fn whoever_has_the_key_reads_the_ticket() {
    let ticket = shared(&[1, 2], b"a").seal(b"session", at(0)).unwrap();
    let reads = |octets, context| shared(octets, context).open(&ticket, at(1));
    assert_eq!(reads(&[1], b"a").as_deref(), Some(&b"session"[..]));
    assert_eq!(reads(&[3, 1], b"a").as_deref(), Some(&b"session"[..]));
    // Not made with the second, not in another context, not rotated out.
    for (octets, context) in [(&[2][..], b"a"), (&[1], b"b"), (&[3, 4], b"a")] {
        assert_eq!(reads(octets, context), None);
    }
}

#[test]
fn every_ticket_is_another() {
    let ticketer = shared(&[1], b"a");
    let [one, other] = [0, 0].map(|now| ticketer.seal(b"session", at(now)).unwrap());
    assert_ne!(one, other);
    assert_eq!(one.len(), b"session".len() + cipher::OVERHEAD);
}

#[test]
fn a_ticket_that_was_tampered_with_is_none() {
    let ticketer = shared(&[1], b"a");
    let ticket = ticketer.seal(b"session", at(0)).unwrap();
    for length in 0..ticket.len() {
        assert_eq!(ticketer.open(&ticket[..length], at(0)), None);
        let mut flipped = ticket.clone();
        flipped[length] ^= 1;
        assert_eq!(ticketer.open(&flipped, at(0)), None, "{length}");
    }
    let mut longer = ticket.clone();
    longer.push(0);
    assert_eq!(ticketer.open(&longer, at(0)), None);
    longer.resize(SESSION_BYTES * 2, 0);
    assert_eq!(ticketer.open(&longer, at(0)), None);
}

#[test]
fn a_ticket_ends() {
    let ticketer = shared(&[1], b"a");
    let ticket = ticketer.seal(b"session", at(1000)).unwrap();
    let life = TICKET_LIFETIME.as_secs();
    let opens = |now| ticketer.open(&ticket, at(now)).is_some();
    assert!(opens(1000) && opens(1000 + life));
    assert!(!opens(1001 + life));
    // Clocks of servers differ, but not by much.
    assert!(opens(1000 - 300) && !opens(1000 - 301));
}

#[test]
fn a_session_that_is_too_long_gets_no_ticket() {
    let ticketer = shared(&[1], b"a");
    assert!(ticketer.seal(&[0; SESSION_BYTES], at(0)).is_some());
    assert_eq!(ticketer.seal(&[0; SESSION_BYTES + 1], at(0)), None);
}

#[test]
fn own_keys_rotate_and_serve_for_as_long_as_their_tickets() {
    let life = TICKET_LIFETIME.as_secs();
    let ticketer = Ticketer::own(cipher(), at(0)).unwrap();
    let ticket = ticketer.seal(b"session", at(life - 1)).unwrap();
    let newer = ticketer.seal(b"session", at(life)).unwrap();
    assert_ne!(ticket[..16], newer[..16]);
    assert!(ticketer.open(&ticket, at(2 * life - 1)).is_some());
    assert_eq!(ticketer.open(&ticket, at(2 * life)), None);
    assert!(ticketer.open(&newer, at(2 * life)).is_some());
    // After a long rest nothing is left of the former key.
    let last = ticketer.seal(b"session", at(2 * life)).unwrap();
    assert_eq!(ticketer.open(&last, at(5 * life)), None);
    // The clock was five lives ahead.
    let after = ticketer.seal(b"session", at(0)).unwrap();
    assert_ne!(after[..16], last[..16]);
    // Nobody else reads them.
    let other = Ticketer::own(cipher(), at(0)).unwrap();
    assert_eq!(other.open(&newer, at(life)), None);
}

#[test]
fn a_file_is_keys_or_says_why_not() {
    let key = |octet: u8| TicketKeys::rotated(None, &[octet; 48], 1).unwrap();
    let cases = [
        (String::new(), TicketKeysError::None),
        ("# none\n\n".into(), TicketKeysError::None),
        ("no key\n".into(), TicketKeysError::NotBase64 { line: 1 }),
        (
            format!("# old\n{}", encoded(31)),
            TicketKeysError::Length { line: 2, found: 31 },
        ),
        (
            encoded(129),
            TicketKeysError::Length {
                line: 1,
                found: 129,
            },
        ),
        (
            format!("{}\n{}", key(1), key(1)),
            TicketKeysError::Twice { line: 3 },
        ),
        ((0..17).map(key).collect(), TicketKeysError::TooMany),
    ];
    for (file, expected) in cases {
        assert_eq!(TicketKeys::parse(file.as_bytes()).unwrap_err(), expected);
    }
    let all: String = (0..16).map(key).collect();
    assert_eq!(TicketKeys::parse(all.as_bytes()).unwrap().count(), 16);
    let crlf = format!("# ours\r\n{}\r\n", key(1).trim());
    let crlf = TicketKeys::parse(crlf.as_bytes()).unwrap();
    assert_eq!(crlf.count(), 1);
    assert_eq!(format!("{crlf:?}"), "TicketKeys { count: 1, .. }");
}

fn encoded(length: usize) -> String {
    STANDARD.encode(vec![7; length])
}

#[test]
fn rotating_keeps_the_newest() {
    let former = keys(&[2, 3, 4]);
    let text = TicketKeys::rotated(Some(&former), &[1; 48], 3).unwrap();
    let rotated = TicketKeys::parse(text.as_bytes()).unwrap();
    let firsts: Vec<_> = rotated.secrets().map(|secret| secret[0]).collect();
    assert_eq!(firsts, [1, 2, 3]);
    assert!(TicketKeys::rotated(Some(&former), &[2; 48], 3).is_err());
}
