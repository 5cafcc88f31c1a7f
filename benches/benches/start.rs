//! How long a start takes with as much as Application Gateway allows: 10,000 host names, 200 profiles with a client
//! chain each, 400 rewrite sets of five rules with two conditions each. The goal is two seconds.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench without its input has nothing to measure, and a report is printed"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use portcullis_edge::Gateway;
use portcullis_test_pki::Ca;
use rustls::crypto::aws_lc_rs;

const PROFILES: usize = 200;
const SETS: usize = 400;
const HOSTS: usize = 25;
const RULES: usize = 5;
const ROUNDS: usize = 7;

fn main() {
    let folder = Folder::new();
    let text = configuration(&folder.0);
    let rounds = match env::args().any(|argument| argument == "--test") {
        true => 1,
        false => ROUNDS,
    };
    let mut reading = Vec::new();
    let mut loading = Vec::new();
    for _ in 0..rounds {
        let begin = Instant::now();
        let model = portcullis_model::parse(&text).expect("a configuration");
        reading.push(begin.elapsed());
        let begin = Instant::now();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let gateway = Gateway::build(&model, &folder.0, provider).expect("a gateway");
        loading.push(begin.elapsed());
        drop(gateway);
    }
    let (reading, loading) = (median(reading), median(loading));
    println!(
        "{} KiB of TOML, median of {rounds} rounds",
        text.len() / 1024
    );
    println!("reading  {reading:>10.1?}");
    println!("loading  {loading:>10.1?}");
    println!("together {:>10.1?}", reading + loading);
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Writes the files and makes the configuration that names them.
fn configuration(folder: &Path) -> String {
    let authority = Ca::root("Contoso Server CA").issue();
    let mut text = String::from("[pool.web]\ntargets = [\"127.0.0.1:9\"]\n");
    for number in 0..PROFILES {
        let server = authority.server(&[&format!("p{number}.example")]).issue();
        fs::write(folder.join(format!("s{number}.pem")), server.pem()).unwrap();
        fs::write(folder.join(format!("s{number}.key")), server.key.pem()).unwrap();
        let chain = Ca::root(&*format!("Client CA {number}")).issue();
        fs::write(folder.join(format!("c{number}.pem")), chain.pem()).unwrap();
        writeln!(
            text,
            "[tls_profile.p{number}]\ncertificate = {{ pem = \"s{number}.pem\", key = \"s{number}.key\" }}\n\
             client_auth = \"required\"\ntrusted_client_certificates = [\"c{number}.pem\"]\nrevocation = \"ocsp\""
        )
        .unwrap();
    }
    for number in 0..SETS {
        let hosts: String = (0..HOSTS)
            .map(|host| format!("\"h{host}.l{number}.example\", "))
            .collect();
        writeln!(
            text,
            "[[listener]]\nname = \"l{number}\"\nbind = \"127.0.0.1:443\"\nhosts = [{hosts}]\ntls_profile = \"p{}\"\n\
             [[rule]]\nname = \"r{number}\"\npriority = {}\nlistener = \"l{number}\"\npool = \"web\"\nrewrite_set = \"s{number}\"",
            number % PROFILES,
            number + 1
        )
        .unwrap();
        for rule in 0..RULES {
            writeln!(
                text,
                "[[rewrite_set.s{number}.rule]]\nname = \"r{rule}\"\nconditions = [\n\
                 {{ variable = \"var_uri_path\", pattern = '^/v{rule}/([^/]+)/(.*)$' }},\n\
                 {{ variable = \"http_req_User-Agent\", pattern = '(curl|wget)/[0-9.]+', ignore_case = true }} ]\n\
                 request_headers = {{ X-Set = \"{{var_uri_path_1}} of {{var_host}}\" }}"
            )
            .unwrap();
        }
    }
    text
}

/// A folder that goes with the bench.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("portcullis-start-{}", process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
