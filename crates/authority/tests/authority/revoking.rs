use std::thread;

use portcullis_authority::{
    Authority, AuthorityError, Class, IssueOptions, LineProblem, Reason, Revocation, Status,
};
use portcullis_test_pki::{NOW, after};

use crate::folder::{Folder, client};

#[test]
fn a_certificate_is_revoked_by_name_or_serial() {
    let folder = Folder::new();
    let authority = folder.authority();
    client(&authority, "alice");
    let bob = client(&authority, "bob");

    let alice = authority
        .revoke("alice", Reason::KeyCompromise, NOW)
        .unwrap();
    let revoked = Status::Revoked {
        at: NOW,
        reason: Some(Reason::KeyCompromise),
    };
    assert_eq!(alice.entry().status, revoked);

    let serial = bob.entry().serial.to_string().to_lowercase();
    let bob = authority.revoke(&serial, Reason::Unspecified, NOW).unwrap();
    assert_eq!(bob.entry().name, "bob");
    let index = authority.index().unwrap();
    assert!(
        index
            .entries()
            .iter()
            .all(|entry| entry.status != Status::Valid)
    );
}

#[test]
fn a_second_revocation_keeps_the_first_date_and_reason() {
    let folder = Folder::new();
    let authority = folder.authority();
    client(&authority, "alice");
    let first = authority
        .revoke("alice", Reason::KeyCompromise, NOW)
        .unwrap();
    let second = authority
        .revoke("alice", Reason::Superseded, after(NOW, 60))
        .unwrap();
    assert!(matches!(first, Revocation::Recorded(_)));
    assert!(matches!(second, Revocation::AlreadyRecorded(_)));
    assert_eq!(first.entry(), second.entry());
}

#[test]
fn the_certificate_issued_last_under_a_name_is_the_one_revoked() {
    let folder = Folder::new();
    let authority = folder.authority();
    client(&authority, "alice");
    authority.revoke("alice", Reason::Superseded, NOW).unwrap();
    let second = client(&authority, "alice");
    let revocation = authority
        .revoke("alice", Reason::KeyCompromise, NOW)
        .unwrap();
    assert_eq!(revocation.entry().serial, second.entry().serial);
    assert!(matches!(revocation, Revocation::Recorded(_)));
}

#[test]
fn a_server_is_revoked_by_the_name_it_was_issued_for() {
    let folder = Folder::new();
    let authority = folder.authority();
    authority
        .issue_server(&["*.contoso.com"], &IssueOptions::new(), NOW)
        .unwrap();
    authority
        .revoke("*.contoso.com", Reason::Superseded, NOW)
        .unwrap();
}

#[test]
fn what_was_not_issued_cannot_be_revoked() {
    let folder = Folder::new();
    let authority = folder.authority();
    client(&authority, "alice");
    for wanted in ["bob", "", "0A1B", "alice.pem", "../alice"] {
        let error = authority
            .revoke(wanted, Reason::Unspecified, NOW)
            .unwrap_err();
        assert!(
            matches!(error, AuthorityError::NotIssued { .. }),
            "{wanted}: {error}"
        );
        assert_eq!(error.class(), Class::Refused);
    }
}

#[test]
fn revocations_and_issuance_at_the_same_time_lose_nothing() {
    const EACH: usize = 12;
    let folder = Folder::new();
    let authority = folder.authority();
    for number in 0..EACH {
        client(&authority, &format!("old-{number}"));
    }
    let path = folder.path();
    thread::scope(|scope| {
        for number in 0..EACH {
            // A value of its own each, as another process has: only the folder is shared.
            scope.spawn(move || {
                let authority = Authority::open(path).unwrap();
                authority
                    .revoke(&format!("old-{number}"), Reason::Unspecified, NOW)
                    .unwrap();
            });
            scope.spawn(move || {
                let authority = Authority::open(path).unwrap();
                client(&authority, &format!("new-{number}"));
            });
        }
    });
    let index = authority.index().unwrap();
    assert_eq!(index.entries().len(), 2 * EACH);
    for entry in index.entries() {
        assert_eq!(
            entry.status == Status::Valid,
            entry.name.starts_with("new-"),
            "{entry:?}"
        );
        assert!(folder.file(&format!("{}.key", entry.name)).exists());
    }
    assert!(
        folder.names().iter().all(|name| !name.ends_with(".new")),
        "{:?}",
        folder.names()
    );
}

#[test]
fn an_index_that_cannot_be_relied_on_is_left_alone() {
    let folder = Folder::new();
    let authority = folder.authority();
    client(&authority, "alice");
    let damaged = folder.text("index.txt") + "garbage\n";
    std::fs::write(folder.file("index.txt"), &damaged).unwrap();
    let errors = [
        authority
            .revoke("alice", Reason::Unspecified, NOW)
            .unwrap_err(),
        authority
            .issue_client("bob", &IssueOptions::new(), NOW)
            .unwrap_err(),
        authority.index().unwrap_err(),
    ];
    for error in errors {
        let AuthorityError::Index {
            line: 2,
            problem: LineProblem::Fields { .. },
            ..
        } = error
        else {
            panic!("{error}")
        };
    }
    assert_eq!(folder.text("index.txt"), damaged);
    assert!(!folder.file("bob.pem").exists());
}
