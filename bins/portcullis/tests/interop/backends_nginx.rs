//! nginx behind the gateway.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::configuration::pem;
use crate::curl::Curl;
use crate::gateway::{Gateway, Site};
use crate::nginx::{GREETING, HEALTH, Nginx, demanding};
use crate::own_ca::OwnCa;
use crate::program::Mark;
use crate::scene::HOST;
use crate::scratch::Scratch;

/// The name of nginx, which is not that of the site.
const BACKEND: &str = "nginx.internal";
/// Octets of a large body, which is more than anything on its way keeps.
const LARGE: usize = 64 << 20;

/// A gateway before nginx. It lets go of nginx first.
struct Scene {
    gateway: Gateway,
    nginx: Nginx,
    site: Site,
    scratch: Scratch,
}

impl Scene {
    /// `start` starts nginx, `settings` are lines of the backend settings, which may begin other tables.
    fn new(
        start: impl FnOnce(&Scratch, &OwnCa) -> Nginx,
        settings: impl FnOnce(&OwnCa) -> String,
    ) -> Self {
        let scratch = Scratch::new();
        let ca = OwnCa::without_responder(scratch.file("ca"));
        let nginx = start(&scratch, &ca);
        let configuration = configuration(&ca, &nginx, &settings(&ca));
        let gateway = Gateway::start(&scratch, &configuration);
        let site = Site {
            address: gateway.address(),
            host: HOST,
            root: ca.root(),
        };
        Self {
            gateway,
            nginx,
            site,
            scratch,
        }
    }

    /// Over plain HTTP/1.1, with more lines in the `server` block of nginx.
    fn plain(more: &str) -> Self {
        Self::new(
            |scratch, _| Nginx::plain(scratch.file("nginx"), more),
            |_| String::new(),
        )
    }

    /// Over TLS, where nginx takes nobody without a certificate of the CA, and is probed.
    fn demanding(client_certificate: impl FnOnce(&OwnCa) -> String) -> Self {
        Self::new(
            |scratch, ca| {
                let certificate = ca.server(&[BACKEND]);
                Nginx::secured(scratch.file("nginx"), &certificate, &demanding(ca))
            },
            |ca| secured(ca) + &client_certificate(ca) + PROBE,
        )
    }

    /// The connections that so many requests of one client took at nginx.
    #[track_caller]
    fn connections(&self, requests: usize) -> BTreeSet<String> {
        let curl = Curl::to(&self.site).options(["--include"]);
        let printed = curl.times(requests).end().succeeded();
        assert_eq!(printed.matches(GREETING).count(), requests, "{printed}");
        headers(&printed, "x-connection").collect()
    }

    /// A GET of `/`, by an answer of nginx.
    #[track_caller]
    fn ask(&self) -> String {
        let curl = Curl::to(&self.site).options(["--include"]);
        let printed = curl.end().succeeded();
        assert!(printed.ends_with(GREETING), "{printed}");
        printed
    }

    /// Sends and fetches a large body by every version of HTTP.
    #[track_caller]
    fn exchange_large_bodies(&self) {
        let content: Vec<u8> = (0..LARGE / 4)
            .flat_map(|number| (number as u32).to_be_bytes())
            .collect();
        let sent = self.scratch.write("sent", &content);
        let fetched = self.scratch.file("fetched");
        for version in ["--http1.1", "--http2"] {
            let name = version.trim_start_matches("--");
            let put = Curl::to(&self.site).path(name).options([
                version,
                "--fail",
                "--upload-file",
                text(&sent),
            ]);
            put.end().succeeded();
            assert!(fs::read(self.nginx.file(name)).unwrap() == content);
            let get = Curl::to(&self.site).path(name).options([
                version,
                "--fail",
                "--output",
                text(&fetched),
            ]);
            get.end().succeeded();
            assert!(fs::read(&fetched).unwrap() == content);
        }
    }
}

const PROBE: &str = "probe = \"p\"\n[probe.p]\nprotocol = \"https\"\npath = \"/health\"\ninterval = 1\n\
                     unhealthy_threshold = 1\n";

/// The lines by which the gateway believes nginx.
fn secured(ca: &OwnCa) -> String {
    format!(
        "protocol = \"https\"\nsni = \"{BACKEND}\"\ntrusted_roots = [\"{}\"]\n",
        ca.root().display()
    )
}

/// The line by which nginx believes the gateway.
fn showing(ca: &OwnCa) -> String {
    format!("client_certificate = {}\n", pem(&ca.client("gateway")))
}

fn configuration(ca: &OwnCa, nginx: &Nginx, settings: &str) -> String {
    format!(
        r#"
[[listener]]
name = "l"
bind = "127.0.0.1:0"
tls_profile = "p"
[tls_profile.p]
certificate = {}
client_auth = "off"
[[rule]]
name = "r"
priority = 1
listener = "l"
pool = "nginx"
backend_settings = "s"
[pool.nginx]
targets = ["{}"]
[backend_settings.s]
{settings}
"#,
        pem(&ca.server(&[HOST])),
        nginx.address()
    )
}

/// The values of a header in everything that curl has printed.
fn headers<'a>(printed: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let fields = printed.lines().filter_map(|line| line.split_once(": "));
    fields
        .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_end().to_owned())
}

/// The value of the one header of this name.
#[track_caller]
fn header(printed: &str, name: &str) -> String {
    let values: Vec<_> = headers(printed, name).collect();
    assert_eq!(values.len(), 1, "{name} in {printed}");
    values.concat()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
#[ignore = "needs curl, nginx"]
fn requests_to_nginx_share_a_connection_as_long_as_it_likes() {
    let scene = Scene::plain("");
    assert_eq!(scene.connections(10).len(), 1);
    let scene = Scene::plain("keepalive_requests 3;");
    assert_eq!(scene.connections(10).len(), 4);
}

#[test]
#[ignore = "needs curl, nginx"]
fn an_nginx_that_was_started_anew_costs_no_request() {
    let mut scene = Scene::plain("");
    scene.connections(3);
    scene.nginx.restart();
    // One connection of the client after another: every core of the gateway gets its turn.
    for _ in 0..8 {
        scene.ask();
    }
}

#[test]
#[ignore = "needs curl, nginx"]
fn large_bodies_pass_to_nginx_and_back_over_plain_connections() {
    Scene::plain("").exchange_large_bodies();
}

#[test]
#[ignore = "needs curl, nginx"]
fn large_bodies_pass_to_nginx_and_back_over_tls() {
    Scene::demanding(showing).exchange_large_bodies();
}

#[test]
#[ignore = "needs curl, nginx"]
fn nginx_that_verifies_its_clients_takes_the_gateway_and_its_probes() {
    let scene = Scene::demanding(showing);
    // The second comes after the answer to the first was heard.
    let mut mark = Mark::START;
    for _ in 0..2 {
        let words = [HEALTH, "204", "portcullis-probe", "SUCCESS"];
        scene.nginx.log(mark, &words);
        mark = scene.nginx.mark();
    }
    let answer = scene.ask();
    assert_eq!(header(&answer, "x-client"), "CN=gateway");
    assert_eq!(header(&answer, "x-protocol"), "HTTP/1.1");
    assert_eq!(scene.connections(5).len(), 1);
}

#[test]
#[ignore = "needs curl, nginx"]
fn nginx_that_verifies_its_clients_is_unhealthy_without_a_certificate() {
    let scene = Scene::demanding(|_| String::new());
    scene
        .gateway
        .log(Mark::START, &["a backend is unhealthy", "400"]);
    let options = ["--header", "Accept: application/json"];
    let answer = Curl::to(&scene.site).options(options).get();
    assert_eq!(answer.status, 502);
    assert_eq!(answer.reason().as_deref(), Some("backend_unhealthy"));
    let words = [HEALTH, "400", "portcullis-probe", "NONE"];
    scene.nginx.log(Mark::START, &words);
}

#[test]
#[ignore = "needs curl, nginx"]
fn nginx_of_another_name_or_root_is_no_backend() {
    for (line, reason) in [
        (
            format!("sni = \"{HOST}\"\n"),
            "backend_certificate_name_mismatch",
        ),
        (
            format!("sni = \"{BACKEND}\"\n"),
            "backend_certificate_untrusted",
        ),
    ] {
        let scene = Scene::new(
            |scratch, ca| {
                let other = OwnCa::without_responder(scratch.file("other"));
                let issuer = match reason {
                    "backend_certificate_untrusted" => &other,
                    _ => ca,
                };
                let certificate = issuer.server(&[BACKEND]);
                Nginx::secured(scratch.file("nginx"), &certificate, "")
            },
            |ca| {
                let root = ca.root();
                let root = root.display();
                format!("protocol = \"https\"\ntrusted_roots = [\"{root}\"]\n{line}")
            },
        );
        let options = ["--header", "Accept: application/json"];
        let answer = Curl::to(&scene.site).options(options).get();
        assert_eq!(
            (answer.status, answer.reason().as_deref()),
            (502, Some(reason))
        );
    }
}

#[test]
#[ignore = "needs curl, nginx"]
fn nginx_speaks_http_2_where_the_settings_say_so() {
    let mut scene = Scene::new(
        |scratch, ca| Nginx::http2(scratch.file("nginx"), &ca.server(&[BACKEND])),
        |ca| secured(ca) + "http_version = \"2\"\n",
    );
    assert_eq!(header(&scene.ask(), "x-protocol"), "HTTP/2.0");
    assert_eq!(scene.connections(10).len(), 1);
    scene.exchange_large_bodies();
    scene.nginx.restart();
    for _ in 0..8 {
        scene.ask();
    }
}
