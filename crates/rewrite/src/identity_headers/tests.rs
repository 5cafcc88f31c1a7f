use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sfv::{BareItem, Item, List, ListEntry, Parser};

use super::*;
use crate::facts::tests::{facts, only as only_facts};
use crate::facts::{AlternativeNames, CertificateFacts};

fn rendered(format: IdentityFormat, facts: CertificateFacts) -> HeaderMap {
    let identity = ClientIdentity::assertion(facts);
    format.render(&identity).unwrap().into_iter().collect()
}

fn only<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers[name].to_str().unwrap()
}

#[test]
fn rfc_9440_is_read_by_a_parser_of_structured_fields() {
    let headers = rendered(IdentityFormat::Rfc9440, facts());
    let leaf: Item = Parser::new(only(&headers, CLIENT_CERT)).parse().unwrap();
    assert_eq!(leaf.bare_item, BareItem::ByteSequence(vec![0x30, 0x00]));
    assert!(leaf.params.is_empty());
    let chain: List = Parser::new(only(&headers, CLIENT_CERT_CHAIN))
        .parse()
        .unwrap();
    let chain: Vec<_> = chain
        .into_iter()
        .map(|entry| match entry {
            ListEntry::Item(item) => item.bare_item,
            ListEntry::InnerList(list) => panic!("{list:?}"),
        })
        .collect();
    let expected = [vec![0x31, 0x00], vec![0xFF; 5]].map(BareItem::ByteSequence);
    assert_eq!(chain, expected);
}

#[test]
fn a_chain_of_nothing_but_the_leaf_is_no_header() {
    let alone = CertificateFacts {
        issuers: Vec::new(),
        ..facts()
    };
    let headers = rendered(IdentityFormat::Rfc9440, alone);
    assert_eq!(headers.keys().collect::<Vec<_>>(), [CLIENT_CERT]);
}

/// Splits an element as Envoy documents it: pairs by semicolons, outside quotes; `\"` is a quote.
fn xfcc_pairs(value: &str) -> Vec<(String, String)> {
    let mut pairs = vec![String::new()];
    let (mut quoted, mut before) = (false, ' ');
    for character in value.chars() {
        match character {
            '"' if before != '\\' => quoted = !quoted,
            ';' if !quoted => pairs.push(String::new()),
            ',' if !quoted => panic!("two elements: {value}"),
            _ => pairs.last_mut().unwrap().push(character),
        }
        before = character;
    }
    assert!(!quoted, "{value}");
    let split = |pair: &String| {
        let (key, value) = pair.split_once('=').unwrap();
        (key.to_owned(), value.to_owned())
    };
    pairs.iter().map(split).collect()
}

#[test]
fn xfcc_is_one_element_of_the_pairs_that_envoy_documents() {
    let facts = facts();
    let headers = rendered(IdentityFormat::Xfcc, facts.clone());
    let expected = [
        ("Hash", &*facts.fingerprint_sha256),
        ("Cert", &facts.pem_escaped),
        ("Chain", &facts.chain_escaped),
        ("Subject", "CN=client,O=Contoso"),
        ("URI", "spiffe://contoso.com/billing"),
        ("DNS", "a.contoso.com"),
        ("DNS", "b.contoso.com"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let value = only(&headers, XFCC);
    assert_eq!(xfcc_pairs(value), expected);
    assert!(value.ends_with(
        ";Subject=\"CN=client,O=Contoso\";URI=spiffe://contoso.com/billing;DNS=a.contoso.com;DNS=b.contoso.com"
    ));
}

#[test]
fn no_name_adds_a_pair_or_an_element_to_xfcc() {
    for evil in [
        "x;URI=spiffe://contoso.com/admin",
        "x,Hash=00;URI=spiffe://contoso.com/admin",
        "x\";URI=spiffe://contoso.com/admin;DNS=\"",
        "x\\",
        "x\\\";URI=spiffe://contoso.com/admin",
        "x\\\\\";URI=spiffe://contoso.com/admin",
        "x\r\n\0\u{e9} y",
    ] {
        let escaped = evil.replace('\\', "\\\\").replace(',', "\\,");
        let facts = CertificateFacts {
            subject: format!("CN={}", escaped.replace('"', "\\\"").replace(';', "\\;")),
            names: AlternativeNames {
                dns: vec![evil.into()],
                uri: vec![evil.into()],
                ..AlternativeNames::default()
            },
            ..facts()
        };
        let headers = rendered(IdentityFormat::Xfcc, facts);
        let value = only(&headers, XFCC);
        assert!(value.bytes().all(|octet| matches!(octet, b' '..=b'~')));
        let keys: Vec<_> = xfcc_pairs(value).into_iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            ["Hash", "Cert", "Chain", "Subject", "URI", "DNS"],
            "{evil:?}"
        );
        // Nor does a reader who takes no backslash before a quote for an escape see others.
        assert!(!value.contains("\\\""), "{value}");
    }
}

#[test]
fn a_quote_and_a_backslash_of_a_subject_have_their_second_spelling() {
    assert_eq!(
        xfcc_subject("CN=a\\\"b\\\\,O=c\\,d\\0A"),
        "CN=a\\22b\\5C,O=c\\,d\\0A"
    );
    assert_eq!(xfcc_subject("CN=\\\\\\\""), "CN=\\5C\\22");
}

#[test]
fn aws_leaves_the_characters_of_base64_as_they_are() {
    let facts = CertificateFacts {
        pem_escaped: crate::escape_pem(&[0xFB, 0xFF, 0xFE, 0x30]),
        ..facts()
    };
    let headers = rendered(IdentityFormat::Aws, facts);
    for (name, expected) in [
        (
            AWS_LEAF,
            "-----BEGIN%20CERTIFICATE-----%0A+//+MA==%0A-----END%20CERTIFICATE-----%0A",
        ),
        (
            AWS_CHAIN,
            "-----BEGIN%20CERTIFICATE-----%0AMAA=%0A-----END%20CERTIFICATE-----%0A\
             -----BEGIN%20CERTIFICATE-----%0AMQA=%0A-----END%20CERTIFICATE-----%0A",
        ),
        (AWS_SERIAL, "0A1B"),
        (AWS_SUBJECT, "CN=client,O=Contoso"),
        (AWS_ISSUER, "CN=Contoso Issuing CA"),
        (
            AWS_VALIDITY,
            "NotBefore=1970-01-01T00:00:00Z;NotAfter=2074-02-02T08:49:43Z",
        ),
    ] {
        assert_eq!(only(&headers, name), expected, "{name}");
    }
    assert_eq!(headers.len(), 6);
}

#[test]
fn app_service_has_the_der_in_base64() {
    let headers = rendered(IdentityFormat::AppService, facts());
    assert_eq!(STANDARD.decode(only(&headers, ARR)).unwrap(), [0x30, 0x00]);
    assert_eq!(headers.len(), 1);
}

#[test]
fn nginx_has_the_escaped_pem_the_word_and_both_names() {
    let headers = rendered(IdentityFormat::Nginx, facts());
    assert_eq!(only(&headers, NGINX_CERT), facts().pem_escaped);
    assert_eq!(only(&headers, NGINX_VERIFY), "SUCCESS");
    assert_eq!(only(&headers, NGINX_SUBJECT), "CN=client,O=Contoso");
    assert_eq!(only(&headers, NGINX_ISSUER), "CN=Contoso Issuing CA");
    assert_eq!(headers.len(), 4);
}

#[test]
fn a_header_may_have_all_the_octets_and_not_one_more() {
    let room = IDENTITY_HEADER_SIZE - ARR.len() - 2;
    let with = |length| {
        ClientIdentity::assertion(CertificateFacts {
            der: "A".repeat(length),
            ..facts()
        })
    };
    assert!(IdentityFormat::AppService.render(&with(room)).is_ok());
    let error = IdentityFormat::AppService
        .render(&with(room + 1))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the identity header x-arr-clientcert has 8193 bytes, more than 8192"
    );
}

#[test]
fn what_is_too_large_is_refused_or_left_out_as_a_whole() {
    let large = ClientIdentity::assertion(CertificateFacts {
        issuers: vec!["A".repeat(IDENTITY_HEADER_SIZE)],
        ..facts()
    });
    let client = Client::Verified(&large);
    for (oversize, refused) in [(Oversize::Refuse, true), (Oversize::Omit, false)] {
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_CERT, HeaderValue::from_static(":set by a rule:"));
        let result = set_identity(&mut headers, IdentityFormat::Rfc9440, oversize, client);
        assert_eq!(result.is_err(), refused);
        assert!(headers.is_empty(), "{headers:?}");
    }
}

#[test]
fn every_name_is_one_that_no_client_may_send() {
    let strip = crate::StripList::new([]);
    for format in IdentityFormat::ALL {
        let set = rendered(format, facts());
        assert!(
            set.keys()
                .all(|name| format.names().contains(&name.as_str()))
        );
        for name in format.names() {
            let mut headers = HeaderMap::new();
            headers.insert(*name, HeaderValue::from_static("forged"));
            strip.strip(&mut headers);
            assert!(headers.is_empty(), "{name}");
        }
    }
}

#[test]
fn every_format_asks_for_what_it_says() {
    for format in IdentityFormat::ALL {
        let asked = only_facts(&facts(), format.facts());
        assert_eq!(rendered(format, asked), rendered(format, facts()));
    }
}
