use std::fs::Permissions;
use std::net::Ipv6Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use portcullis_authority::{
    AlternativeName, Authority, AuthorityError, Class, InitOptions, IssueOptions, KeyAlgorithm,
    NameProblem, Password, Reason, Status,
};
use portcullis_test_pki::{DAY, NOW, after, before};
use portcullis_x509::{Certificate, GeneralName, verify_signature};
use rustls::crypto::aws_lc_rs::default_provider;

use crate::folder::{Folder, RESPONDER_URL, client};

/// `certificate` bears the signature of `issuer`.
fn assert_signed(certificate: &Certificate<'_>, issuer: &Certificate<'_>) {
    let algorithms = default_provider().signature_verification_algorithms.all;
    let key = issuer.subject_public_key_info();
    let algorithm = certificate.signature_algorithm();
    verify_signature(
        algorithms,
        key,
        algorithm,
        certificate.tbs(),
        certificate.signature(),
    )
    .unwrap();
    assert_eq!(certificate.issuer().der(), issuer.subject().der());
}

#[test]
fn an_authority_is_a_root_an_issuing_authority_and_an_index() {
    let folder = Folder::new();
    let authority = folder.authority();
    let (root, issuing) = (authority.root().clone(), authority.issuing().clone());
    let root = Certificate::parse(&root).unwrap();
    let issuing = Certificate::parse(&issuing).unwrap();
    assert_signed(&root, &root);
    assert_signed(&issuing, &root);
    assert_eq!(root.subject().to_string(), "CN=Contoso Root CA");
    assert_eq!(issuing.subject().to_string(), "CN=Contoso Issuing CA");
    assert_eq!(
        folder.text("chain.pem"),
        folder.text("issuing.pem") + &folder.text("root.pem")
    );
    assert_eq!(folder.text("chain.pem"), authority.chain_pem());
    assert_eq!(folder.text("index.txt"), "");
    assert_eq!(authority.responder_url(), Some(RESPONDER_URL));

    let again = Authority::open(folder.path()).unwrap();
    assert_eq!(again.chain_pem(), authority.chain_pem());
    assert_eq!(again.responder_url(), Some(RESPONDER_URL));
}

#[test]
fn an_authority_is_never_overwritten() {
    let folder = Folder::new();
    let authority = folder.authority();
    let again = Authority::init(folder.path(), &InitOptions::new("Other"), NOW);
    assert!(
        matches!(again, Err(AuthorityError::AlreadyInitialised { .. })),
        "{again:?}"
    );
    assert_eq!(folder.text("chain.pem"), authority.chain_pem());

    // One file that an earlier attempt left is enough.
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path()).unwrap();
    std::fs::write(folder.file("root.key"), "precious").unwrap();
    let again = Authority::init(folder.path(), &InitOptions::new("Other"), NOW);
    assert!(
        matches!(again, Err(AuthorityError::AlreadyInitialised { .. })),
        "{again:?}"
    );
    assert_eq!(folder.text("root.key"), "precious");
}

#[test]
fn a_folder_without_an_authority_says_so() {
    let folder = Folder::new();
    let error = Authority::open(folder.path()).unwrap_err();
    assert!(
        matches!(error, AuthorityError::NotInitialised { .. }),
        "{error}"
    );
    assert_eq!(error.class(), Class::Folder);
}

#[test]
fn a_client_certificate_says_what_clients_need() {
    let folder = Folder::new();
    let authority = folder.authority();
    let name = "spiffe://contoso/alice".to_owned();
    let options = IssueOptions::new().alternative_name(AlternativeName::Uri(name.clone()));
    let alice = authority.issue_client("alice", &options, NOW).unwrap();
    let leaf = Certificate::parse(&alice.chain()[0]).unwrap();
    assert_signed(&leaf, &Certificate::parse(authority.issuing()).unwrap());
    assert_eq!(alice.chain()[1], *authority.issuing());
    assert_eq!(leaf.subject().to_string(), "CN=alice");
    assert_eq!(leaf.serial().as_bytes(), alice.entry().serial.as_bytes());
    assert_eq!(leaf.validity().not_before, before(NOW, 3600));
    assert_eq!(leaf.validity().not_after, after(NOW, 365 * DAY));
    assert_eq!(
        leaf.ocsp_responders().unwrap().collect::<Vec<_>>(),
        [RESPONDER_URL]
    );
    assert_eq!(folder.text("alice.pem"), alice.certificate_pem());
    assert_eq!(folder.text("alice.key"), alice.key_pem());
    assert!(!format!("{alice:?}").contains("PRIVATE"));

    let index = authority.index().unwrap();
    assert_eq!(index.entries(), [alice.entry().clone()]);
    assert_eq!(alice.entry().status, Status::Valid);
}

#[test]
fn a_server_certificate_carries_every_name() {
    let folder = Folder::new();
    let authority = folder.authority();
    let names = ["*.contoso.com", "contoso.com", "127.0.0.1", "::1"];
    let server = authority
        .issue_server(&names, &IssueOptions::new(), NOW)
        .unwrap();
    assert!(
        server
            .certificate_file()
            .ends_with("_wildcard.contoso.com.pem")
    );
    let leaf = Certificate::parse(&server.chain()[0]).unwrap();
    let names = leaf.subject_alternative_name().unwrap().unwrap();
    let expected: [&[u8]; 4] = [
        b"*.contoso.com",
        b"contoso.com",
        &[127, 0, 0, 1],
        &Ipv6Addr::LOCALHOST.octets(),
    ];
    for (name, expected) in names.iter().zip(expected) {
        match name {
            GeneralName::DnsName(name) => assert_eq!(name.as_bytes(), expected),
            GeneralName::IpAddress(octets) => assert_eq!(octets, expected),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(names.iter().count(), 4);
    assert_eq!(leaf.validity().not_after, after(NOW, 397 * DAY));

    assert!(matches!(
        authority.issue_server(&[], &IssueOptions::new(), NOW),
        Err(AuthorityError::NoNames)
    ));
    let no_name = authority.issue_server(&["a b"], &IssueOptions::new(), NOW);
    assert!(
        matches!(no_name, Err(AuthorityError::AlternativeName { .. })),
        "{no_name:?}"
    );
}

#[test]
fn a_folder_that_is_made_is_its_owners_alone_and_one_that_is_there_stays() {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let made = Folder::new();
    made.authority();
    assert_eq!(mode(made.path()), 0o700);

    let there = Folder::new();
    std::fs::create_dir(there.path()).unwrap();
    std::fs::set_permissions(there.path(), Permissions::from_mode(0o750)).unwrap();
    there.authority();
    assert_eq!(mode(there.path()), 0o750);

    let below = Folder::new();
    Authority::init(&below.file("a/b"), &InitOptions::new("Contoso"), NOW).unwrap();
    assert_eq!(mode(&below.file("a/b")), 0o700);
}

#[test]
fn private_keys_are_their_owners_alone() {
    let folder = Folder::new();
    let authority = folder.authority();
    client(&authority, "alice")
        .write_pfx(&Password::new("secret"))
        .unwrap();
    portcullis_authority::Responder::open(folder.path(), NOW).unwrap();
    let mode = |name: &str| {
        std::fs::metadata(folder.file(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    for name in [
        "root.key",
        "issuing.key",
        "ocsp.key",
        "alice.key",
        "alice.pfx",
    ] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    for name in folder.names() {
        let text =
            String::from_utf8_lossy(&std::fs::read(folder.file(&name)).unwrap()).into_owned();
        assert!(
            mode(&name) == 0o600 || !text.contains("PRIVATE KEY"),
            "{name}"
        );
    }
}

#[test]
fn no_name_leaves_the_folder() {
    let folder = Folder::new();
    let authority = folder.authority();
    let before = folder.names();
    for name in [
        "../alice",
        "/tmp/alice",
        "a/b",
        "..",
        "",
        "a\nb",
        "root",
        "chain",
        "-x",
        ".lock",
    ] {
        let error = authority
            .issue_client(name, &IssueOptions::new(), NOW)
            .unwrap_err();
        assert!(
            matches!(error, AuthorityError::Name { .. }),
            "{name:?}: {error}"
        );
        assert_eq!(error.class(), Class::Request);
    }
    let error = authority
        .issue_client("a/b", &IssueOptions::new(), NOW)
        .unwrap_err();
    let AuthorityError::Name { problem, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(problem, NameProblem::Character { found: '/' });
    assert_eq!(folder.names(), before);
    assert_eq!(folder.text("index.txt"), "");
}

#[test]
fn a_name_is_issued_again_only_after_its_certificate_fell() {
    let folder = Folder::new();
    let authority = folder.authority();
    let first = client(&authority, "alice");
    for name in ["alice", "ALICE"] {
        let error = authority
            .issue_client(name, &IssueOptions::new(), NOW)
            .unwrap_err();
        assert!(
            matches!(error, AuthorityError::AlreadyIssued { .. }),
            "{error}"
        );
        assert_eq!(error.class(), Class::Refused);
    }
    assert_eq!(folder.text("alice.key"), first.key_pem());

    authority.revoke("alice", Reason::Superseded, NOW).unwrap();
    let second = client(&authority, "alice");
    assert_ne!(first.entry().serial, second.entry().serial);
    assert_eq!(folder.text("alice.key"), second.key_pem());

    let later = after(NOW, 366 * DAY);
    authority
        .issue_client("alice", &IssueOptions::new(), later)
        .unwrap();
    assert_eq!(authority.index().unwrap().entries().len(), 3);
}

#[test]
fn nothing_outlives_its_issuer() {
    let folder = Folder::new();
    let authority = folder.authority();
    let options = IssueOptions::new().validity(Duration::from_secs(100 * 365 * DAY));
    let alice = authority.issue_client("alice", &options, NOW).unwrap();
    let end = Certificate::parse(authority.issuing())
        .unwrap()
        .validity()
        .not_after;
    assert_eq!(alice.entry().not_after, end);
    assert_eq!(
        Certificate::parse(&alice.chain()[0])
            .unwrap()
            .validity()
            .not_after,
        end
    );

    let error = authority
        .issue_client("bob", &IssueOptions::new(), after(end, 1))
        .unwrap_err();
    assert!(
        matches!(error, AuthorityError::IssuerExpired { .. }),
        "{error}"
    );
}

#[test]
fn every_kind_of_key_issues() {
    for algorithm in [
        KeyAlgorithm::P256,
        KeyAlgorithm::P384,
        KeyAlgorithm::Rsa2048,
    ] {
        let folder = Folder::new();
        let options = InitOptions::new("Contoso").algorithm(algorithm);
        Authority::init(folder.path(), &options, NOW).unwrap();
        let authority = Authority::open(folder.path()).unwrap();
        let alice = client(&authority, "alice");
        let leaf = Certificate::parse(&alice.chain()[0]).unwrap();
        assert_signed(&leaf, &Certificate::parse(authority.issuing()).unwrap());
        assert_eq!(leaf.ocsp_responders().unwrap().count(), 0);
    }
}

#[test]
fn the_key_of_another_authority_is_not_used() {
    let (folder, other) = (Folder::new(), Folder::new());
    let authority = folder.authority();
    other.authority();
    std::fs::copy(other.file("issuing.key"), folder.file("issuing.key")).unwrap();
    let error = authority
        .issue_client("alice", &IssueOptions::new(), NOW)
        .unwrap_err();
    assert!(matches!(error, AuthorityError::WrongKey { .. }), "{error}");
    std::fs::write(folder.file("issuing.key"), "garbage").unwrap();
    let error = authority
        .issue_client("alice", &IssueOptions::new(), NOW)
        .unwrap_err();
    assert!(
        matches!(error, AuthorityError::UnreadableKey { .. }),
        "{error}"
    );
    assert_eq!(folder.text("index.txt"), "");
}

#[test]
fn the_root_key_is_not_needed_to_issue() {
    let folder = Folder::new();
    folder.authority();
    std::fs::remove_file(folder.file("root.key")).unwrap();
    let authority = Authority::open(folder.path()).unwrap();
    client(&authority, "alice");
}

#[test]
fn a_responder_url_that_no_certificate_should_name_is_refused() {
    for url in [
        "",
        "ocsp.example",
        "https://ocsp.example",
        "http://",
        "file:///etc",
        "http://a/?b",
        "http://a/\u{e9}",
    ] {
        let folder = Folder::new();
        let options = InitOptions::new("Contoso").responder_url(url);
        let error = Authority::init(folder.path(), &options, NOW).unwrap_err();
        assert!(
            matches!(error, AuthorityError::ResponderUrl { .. }),
            "{url}: {error}"
        );
        assert!(!folder.path().exists(), "{url}");
    }
}
