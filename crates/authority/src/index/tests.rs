use std::time::Duration;

use super::*;

const LINES: &str = "V\t270601000000Z\t\t0A1B\talice.pem\t/CN=alice\n\
    R\t270601000000Z\t260601000000Z,keyCompromise\t0A1C\tbob.pem\t/CN=bob\n\
    R\t270601000000Z\t260601000000Z\t0A1D\tcarol.pem\t/CN=carol\n";

fn parse(text: &str) -> Result<Index, AuthorityError> {
    Index::parse(text.as_bytes(), Path::new("index.txt"))
}

fn problem(text: &str) -> (usize, LineProblem) {
    match parse(text) {
        Err(AuthorityError::Index { line, problem, .. }) => (line, problem),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_index_is_written_as_it_was_read() {
    let index = parse(LINES).unwrap();
    assert_eq!(index.entries().len(), 3);
    assert_eq!(index.to_text().unwrap(), LINES);

    let bob = index.find(&Serial::from_hex("0A1C").unwrap()).unwrap();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(1_780_272_000));
    assert_eq!(
        bob.status,
        Status::Revoked {
            at,
            reason: Some(Reason::KeyCompromise)
        }
    );
    assert_eq!(bob.name, "bob");
}

#[test]
fn comments_and_lines_of_openssl_are_read() {
    let line = "V\t250601000000Z\t\t01\tunknown\t/C=DE/O=Contoso/CN=old\n";
    let expired = line.replace('V', "E");
    let index = parse(&format!("# by hand\n{expired}")).unwrap();
    assert_eq!(index.to_text().unwrap(), line);
    assert_eq!(index.entries()[0].status, Status::Valid);
    assert_eq!(index.entries()[0].name, "unknown");
}

const BAD_LINES: [(&str, LineProblem); 11] = [
    (
        "garbage\n",
        LineProblem::Fields {
            found: 1,
            expected: 6,
        },
    ),
    (
        "\n",
        LineProblem::Fields {
            found: 1,
            expected: 6,
        },
    ),
    (
        "V\t270601000000Z\t\t0A1E\ta.pem\t/CN=a",
        LineProblem::Unterminated,
    ),
    (
        "X\t270601000000Z\t\t0A1E\ta.pem\t/CN=a\n",
        LineProblem::Status,
    ),
    ("V\tsoon\t\t0A1E\ta.pem\t/CN=a\n", LineProblem::NotAfter),
    (
        "V\t270601000000Z\t260601000000Z\t0A1E\ta.pem\t/CN=a\n",
        LineProblem::RevokedAt,
    ),
    (
        "R\t270601000000Z\t\t0A1E\ta.pem\t/CN=a\n",
        LineProblem::RevokedAt,
    ),
    (
        "R\t270601000000Z\tyesterday\t0A1E\ta.pem\t/CN=a\n",
        LineProblem::RevokedAt,
    ),
    (
        "R\t270601000000Z\t260601000000Z,why\t0A1E\ta.pem\t/CN=a\n",
        LineProblem::Reason,
    ),
    (
        "V\t270601000000Z\t\tone\ta.pem\t/CN=a\n",
        LineProblem::Serial,
    ),
    (
        "R\t270601000000Z\t260601000000Z\t000A1B\ta.pem\t/CN=a\n",
        LineProblem::Duplicate,
    ),
];

#[test]
fn a_line_that_cannot_be_relied_on_spoils_the_index() {
    for (line, expected) in BAD_LINES {
        assert_eq!(
            problem(&format!("{LINES}{line}")),
            (4, expected),
            "{line:?}"
        );
    }
    let not_text = Index::parse(b"V\t\xFF\n", Path::new("index.txt"));
    let encoding = |error| {
        matches!(
            error,
            AuthorityError::Index {
                problem: LineProblem::Encoding,
                ..
            }
        )
    };
    assert!(not_text.is_err_and(encoding));
}

#[test]
fn no_prefix_of_an_index_hides_a_revocation_but_at_the_end_of_a_line() {
    for (at, byte) in LINES.bytes().enumerate() {
        let prefix = &LINES[..at];
        let whole = prefix.is_empty() || prefix.ends_with('\n');
        assert_eq!(parse(prefix).is_ok(), whole, "{at} {byte}");
    }
}
