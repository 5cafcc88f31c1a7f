//! Whether backends are asked how they are, and whether it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Request;
use http_body_util::Empty;
use serde_json::Value;

use crate::rig::{Answer, Backend, Client, Pki, Recorded, Rig, Setup, patiently};

const HOST: &str = "www.contoso.com";

/// A backend that answers probes with this status, and everybody else with 200.
struct Probed {
    backend: Backend,
    status: Arc<AtomicUsize>,
}

impl Probed {
    async fn new(status: usize) -> Self {
        let status = Arc::new(AtomicUsize::new(status));
        let says = Arc::clone(&status);
        let backend = Backend::answering(move |request| {
            let status = match request.line.starts_with("GET /health ") {
                true => says.load(Ordering::Relaxed),
                false => 200,
            };
            format!("HTTP/1.1 {status} X\r\nContent-Length: 4\r\n\r\nfine").into_bytes()
        });
        let backend = backend.await;
        Self { backend, status }
    }

    fn says(&self, status: usize) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// A probe that came.
    fn probe(&self) -> Recorded {
        let mut requests = self.backend.requests().into_iter();
        let probe = requests.find(|request| request.line.starts_with("GET /health "));
        probe.unwrap()
    }

    /// The probes and the other requests that came.
    fn came(&self) -> (usize, usize) {
        let requests = self.backend.requests();
        let probes = requests
            .iter()
            .filter(|request| request.line.starts_with("GET /health "));
        let probes = probes.count();
        (probes, requests.len() - probes)
    }
}

struct Scene {
    client: Client,
    gateway: Rig,
}

impl Scene {
    async fn new(backends: &[&Probed], probe: &str) -> Self {
        let (pki, unused) = (Pki::new(), Backend::start().await);
        let targets = backends
            .iter()
            .map(|probed| format!("\"{}\", ", probed.backend.address()));
        let targets: String = targets.collect();
        let toml = format!(
            r#"
[admin]
bind = "127.0.0.1:0"
[[listener]]
name = "l"
bind = "127.0.0.1:0"
tls_profile = "p"
[tls_profile.p]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "off"
[pool.p]
targets = [{targets}]
[backend_settings.s]
probe = "h"
[probe.h]
path = "/health"
interval = 1
{probe}
[[rule]]
name = "r"
priority = 1
listener = "l"
pool = "p"
backend_settings = "s"
"#
        );
        let gateway = Setup::new(&pki, &unused).written(&toml).start();
        let client = Client::new(&pki);
        Self { client, gateway }
    }

    async fn get(&self) -> Answer {
        let mut http = self.client.connect(self.gateway.address(), HOST).await;
        let request = Request::get("/").header("accept", "application/json");
        http.send(HOST, request.body(Empty::new()).unwrap()).await
    }

    /// What operators are told of this backend, once it is in this state.
    async fn told(&self, probed: &Probed, health: &str) -> Value {
        let address = probed.backend.address().to_string();
        patiently(async {
            loop {
                let all = self.gateway.operator().json("/api/backend-health").await;
                let pool = &all["backendAddressPools"][0];
                assert_eq!(pool["backendAddressPool"]["id"], "p");
                let settings = &pool["backendHttpSettingsCollection"][0];
                assert_eq!(settings["backendHttpSettings"]["id"], "s");
                let mut servers = settings["servers"].as_array().unwrap().iter();
                let server = servers.find(|server| server["address"] == address);
                if server.unwrap()["health"] == health {
                    return server.unwrap().clone();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    }

    /// Asks until an answer is as wanted.
    async fn until(&self, wanted: impl Fn(&Answer) -> bool) {
        patiently(async {
            while !wanted(&self.get().await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

/// Waits until a backend was asked once more, and its answer was heard.
async fn probed(backend: &Probed, more: usize) {
    let before = backend.came().0;
    patiently(async {
        while backend.came().0 < before + more {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn operators_are_told_how_each_backend_is() {
    let (sick, well) = (Probed::new(503).await, Probed::new(200).await);
    let scene = Scene::new(&[&sick, &well], "unhealthy_threshold = 2").await;
    let told = scene.told(&well, "Up").await;
    assert_eq!(told["healthProbeLog"], "Success. Received 200 status code");
    let told = scene.told(&sick, "Down").await;
    let log = "Status code of the backend's HTTP response did not match the probe setting. \
               Expected:200-399 Received:503";
    assert_eq!(told["healthProbeLog"], log);
    assert_eq!(told["addresses"][0]["health"], "Down");
    let operator = scene.gateway.operator();
    let samples = operator.metrics().await;
    for health in ["Up", "Down"] {
        let labels = [("pool", "p"), ("health", health)];
        let servers = samples.sum("portcullis_backend_servers", &labels);
        assert!((servers - 1.0).abs() < 1e-9, "{health}");
    }
    assert!(operator.get("/").await.text().contains("Received:503"));
    sick.says(204);
    scene.told(&sick, "Up").await;
}

#[tokio::test]
async fn an_unhealthy_backend_gets_no_requests_and_one_success_restores_it() {
    let (sick, well) = (Probed::new(503).await, Probed::new(200).await);
    let scene = Scene::new(&[&sick, &well], "unhealthy_threshold = 2").await;
    // The third question comes after the second answer was heard.
    probed(&sick, 3).await;
    let (_, before) = sick.came();
    for _ in 0..6 {
        assert_eq!(scene.get().await.status, 200);
    }
    assert_eq!(sick.came().1, before, "it was known to be unhealthy");
    sick.says(204);
    patiently(async {
        while sick.came().1 == before {
            scene.get().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(sick.probe().only("host"), "127.0.0.1");
}

#[tokio::test]
async fn without_a_healthy_backend_the_answer_is_502_and_says_so() {
    let sick = Probed::new(500).await;
    let scene = Scene::new(&[&sick], "unhealthy_threshold = 1").await;
    scene
        .until(|answer| (answer.status, &*answer.reason()) == (502, "backend_unhealthy"))
        .await;
    sick.says(200);
    scene.until(|answer| answer.status == 200).await;
}

#[tokio::test]
async fn before_the_threshold_a_failure_changes_nothing() {
    let sick = Probed::new(500).await;
    let scene = Scene::new(&[&sick], "unhealthy_threshold = 20").await;
    probed(&sick, 3).await;
    assert_eq!(scene.get().await.status, 200);
}

#[tokio::test]
async fn statuses_and_a_text_of_the_body_can_be_demanded() {
    let odd = Probed::new(401).await;
    let demand = "unhealthy_threshold = 1\nstatuses = [\"200-299\", \"401\"]\nbody = \"fine\"";
    let scene = Scene::new(&[&odd], demand).await;
    probed(&odd, 3).await;
    assert_eq!(scene.get().await.status, 200);
    odd.says(302);
    scene.until(|answer| answer.status == 502).await;

    let other = Probed::new(200).await;
    let demand = "unhealthy_threshold = 1\nbody = \"splendid\"\nhost = \"health.internal\"";
    let scene = Scene::new(&[&other], demand).await;
    scene.until(|answer| answer.status == 502).await;
    assert_eq!(other.probe().only("host"), "health.internal");
}

#[tokio::test]
async fn as_many_as_the_probe_says_count_as_healthy_whatever_they_answer() {
    let (first, second) = (Probed::new(500).await, Probed::new(500).await);
    let demand = "unhealthy_threshold = 1\nmin_servers = 1";
    let scene = Scene::new(&[&first, &second], demand).await;
    probed(&first, 3).await;
    probed(&second, 2).await;
    let (_, before) = second.came();
    for _ in 0..4 {
        assert_eq!(scene.get().await.status, 200);
    }
    assert_eq!(second.came().1, before);
}

#[tokio::test]
async fn a_backend_that_does_not_answer_in_time_is_unhealthy() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let (pki, unused) = (Pki::new(), Backend::start().await);
    let well = Probed::new(200).await;
    let toml = format!(
        "[[listener]]\nname = \"l\"\nbind = \"127.0.0.1:0\"\ntls_profile = \"p\"\n[tls_profile.p]\n\
         certificate = {{ pem = \"server.pem\", key = \"server.key\" }}\nclient_auth = \"off\"\n[pool.p]\n\
         targets = [\"{address}\", \"{}\"]\n[backend_settings.s]\nprobe = \"h\"\nrequest_timeout = 1\n[probe.h]\n\
         path = \"/health\"\ninterval = 1\nunhealthy_threshold = 1\n[[rule]]\nname = \"r\"\npriority = 1\n\
         listener = \"l\"\npool = \"p\"\nbackend_settings = \"s\"\n",
        well.backend.address()
    );
    let gateway = Setup::new(&pki, &unused).written(&toml).start();
    let scene = Scene {
        client: Client::new(&pki),
        gateway,
    };
    let mut well_in_a_row = 0;
    patiently(async {
        while well_in_a_row < 4 {
            match scene.get().await.status {
                200 => well_in_a_row += 1,
                _ => well_in_a_row = 0,
            }
        }
    })
    .await;
    drop(silent);
}
