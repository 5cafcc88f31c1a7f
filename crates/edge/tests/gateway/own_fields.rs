//! What a rule sets for some clients, and the others go on sending for themselves.

use http::Request;
use http_body_util::Empty;

use crate::rig::{Backend, Client, Pki, Profile, Rig, Setup};

const HOST: &str = "www.contoso.com";
const PLAIN: &str = "plain.contoso.com";

/// A gateway whose rule sets `name` for verified clients of a listener, beside one without rules.
fn gateway(pki: &Pki, backend: &Backend, name: &str) -> Rig {
    Setup::new(pki, backend)
        .site(HOST, Profile::optional(pki))
        .site(PLAIN, Profile::off())
        .without_rewrites()
        .rule(&format!(
            "name = \"verified\"\nconditions = [{{ variable = \"var_client_certificate_verification\", \
             pattern = \"^SUCCESS$\" }}]\nrequest_headers = {{ {name} = \"internal\" }}"
        ))
        .start()
}

/// What arrives of a field that a stranger sends to a host.
async fn sent_by_a_stranger(
    pki: &Pki,
    backend: &Backend,
    gateway: &Rig,
    host: &str,
    name: &str,
) -> Vec<String> {
    let mut http = Client::new(pki).connect(gateway.address(), host).await;
    let request = Request::get("/").header(name, "theirs");
    let answer = http.send(host, request.body(Empty::new()).unwrap()).await;
    assert_eq!(answer.status, 200);
    let last = backend.last();
    last.header(name).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_request_has_a_host_though_a_rule_sets_it_for_some() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = gateway(&pki, &backend, "Host");
    for host in [HOST, PLAIN] {
        for client in [Client::new(&pki), Client::new(&pki).http2()] {
            assert_eq!(client.get(gateway.address(), host).await.status, 200);
            assert_eq!(backend.last().only("host"), host);
        }
    }
    let alice = Client::new(&pki).showing(&pki.alice(), &[]);
    assert_eq!(alice.get(gateway.address(), HOST).await.status, 200);
    assert_eq!(backend.last().only("host"), "internal");
}

#[tokio::test]
async fn a_clients_own_field_passes_though_a_rule_sets_it_for_some() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    for name in ["accept", "authorization", "content-type", "cookie"] {
        let gateway = gateway(&pki, &backend, name);
        for host in [HOST, PLAIN] {
            let found = sent_by_a_stranger(&pki, &backend, &gateway, host, name).await;
            assert_eq!(found, ["theirs"], "{name} {host}");
        }
    }
}

#[tokio::test]
async fn any_other_field_that_a_rule_sets_for_verified_clients_is_taken_from_all() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    for name in ["x-admin", "from", "remote-user"] {
        let gateway = gateway(&pki, &backend, name);
        for host in [HOST, PLAIN] {
            let found = sent_by_a_stranger(&pki, &backend, &gateway, host, name).await;
            assert!(found.is_empty(), "{name} {host}: {found:?}");
        }
        let alice = Client::new(&pki).showing(&pki.alice(), &[]);
        assert_eq!(alice.get(gateway.address(), HOST).await.status, 200);
        assert_eq!(backend.last().only(name), "internal");
    }
}
