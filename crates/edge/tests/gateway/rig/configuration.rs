//! Configurations as an operator writes them, and gateways that run them.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis_edge::{Gateway, ReloadError, Running, StartError};
use rustls::crypto::aws_lc_rs;

use super::{Backend, Operator, Pki, log};

/// A TLS profile.
#[derive(Clone)]
pub(crate) struct Profile {
    client_auth: &'static str,
    trusted: Vec<String>,
    revocation: &'static str,
    on_failure: &'static str,
    more: String,
}

impl Profile {
    pub(crate) fn required(pki: &Pki) -> Self {
        Self {
            trusted: vec![pki.chain_pem()],
            ..Self::asking("required")
        }
    }

    pub(crate) fn optional(pki: &Pki) -> Self {
        Self {
            trusted: vec![pki.chain_pem()],
            ..Self::asking("optional")
        }
    }

    pub(crate) fn passthrough() -> Self {
        Self::asking("passthrough")
    }

    pub(crate) fn off() -> Self {
        Self::asking("off")
    }

    fn asking(client_auth: &'static str) -> Self {
        Self {
            client_auth,
            trusted: Vec::new(),
            revocation: "off",
            on_failure: "respond",
            more: String::new(),
        }
    }

    /// Trusts these chain files instead.
    pub(crate) fn trusting(mut self, chain_files: &[String]) -> Self {
        self.trusted = chain_files.to_vec();
        self
    }

    pub(crate) fn ocsp(mut self) -> Self {
        self.revocation = "ocsp";
        self
    }

    pub(crate) fn alert(mut self) -> Self {
        self.on_failure = "alert";
        self
    }

    /// One more line, as TOML.
    pub(crate) fn with(mut self, line: &str) -> Self {
        writeln!(self.more, "{line}").unwrap();
        self
    }

    fn write(&self, name: &str, folder: &Path, toml: &mut String) {
        let (client_auth, more) = (self.client_auth, &self.more);
        writeln!(
            toml,
            "[tls_profile.{name}]\ncertificate = {{ pem = \"server.pem\", key = \"server.key\" }}\n\
             client_auth = \"{client_auth}\"\n{more}"
        )
        .unwrap();
        if self.trusted.is_empty() {
            return;
        }
        let mut files = Vec::new();
        for (number, chain) in self.trusted.iter().enumerate() {
            let file = format!("{name}-{number}.pem");
            fs::write(folder.join(&file), chain).unwrap();
            files.push(file);
        }
        writeln!(
            toml,
            "trusted_client_certificates = {files:?}\nrevocation = {:?}\non_failure = {:?}",
            self.revocation, self.on_failure
        )
        .unwrap();
    }
}

/// A listener with its rule.
#[derive(Clone)]
struct Site {
    bind: String,
    hosts: Vec<String>,
    profile: usize,
    backend: SocketAddr,
    rewrites: bool,
}

/// A configuration in the making.
#[derive(Clone)]
pub(crate) struct Setup {
    pki: Pki,
    profiles: Vec<Profile>,
    sites: Vec<Site>,
    backend: SocketAddr,
    request_timeout: u32,
    backend_host: Option<&'static str>,
    backend_settings: String,
    ocsp_timeout: u32,
    more_ocsp: String,
    files: Vec<(&'static str, String)>,
    server_chain: String,
    extra_rules: String,
    whole: Option<String>,
    log: log::Table,
    cores: usize,
}

impl Setup {
    /// Without listeners yet. What they forward goes to `backend`.
    pub(crate) fn new(pki: &Pki, backend: &Backend) -> Self {
        Self {
            pki: pki.clone(),
            profiles: Vec::new(),
            sites: Vec::new(),
            backend: backend.address(),
            request_timeout: 20,
            backend_host: None,
            backend_settings: String::new(),
            ocsp_timeout: 5,
            more_ocsp: String::new(),
            files: Vec::new(),
            server_chain: pki.server.pem(),
            extra_rules: String::new(),
            whole: None,
            log: log::Table::new(),
            cores: 1,
        }
    }

    /// One more listener, for this host or for all when it is `*`, with a profile of its own.
    pub(crate) fn site(mut self, host: &str, profile: Profile) -> Self {
        self.profiles.push(profile);
        self.also(host)
    }

    /// One more listener with the latest profile.
    pub(crate) fn also(mut self, host: &str) -> Self {
        self.sites.push(Site {
            bind: "127.0.0.1:0".to_owned(),
            hosts: match host {
                "*" => Vec::new(),
                host => vec![host.to_owned()],
            },
            profile: self.profiles.len() - 1,
            backend: self.backend,
            rewrites: true,
        });
        self
    }

    /// The latest listener listens on another address.
    pub(crate) fn elsewhere(self) -> Self {
        self.at("127.0.0.2:0")
    }

    /// The latest listener listens there.
    pub(crate) fn at(mut self, bind: &str) -> Self {
        self.sites.last_mut().unwrap().bind = bind.to_owned();
        self
    }

    /// Without the latest listener.
    pub(crate) fn less(mut self) -> Self {
        self.sites.pop();
        self
    }

    /// The latest listener forwards to another backend.
    pub(crate) fn to(mut self, backend: SocketAddr) -> Self {
        self.sites.last_mut().unwrap().backend = backend;
        self
    }

    /// The latest listener rewrites nothing.
    pub(crate) fn without_rewrites(mut self) -> Self {
        self.sites.last_mut().unwrap().rewrites = false;
        self
    }

    /// Seconds until a backend must have answered.
    pub(crate) fn request_timeout(mut self, seconds: u32) -> Self {
        self.request_timeout = seconds;
        self
    }

    pub(crate) fn backend_host(mut self, host: &'static str) -> Self {
        self.backend_host = Some(host);
        self
    }

    /// One more line of the backend settings, as TOML.
    pub(crate) fn reaching(mut self, line: &str) -> Self {
        writeln!(self.backend_settings, "{line}").unwrap();
        self
    }

    /// Seconds until an OCSP responder must have answered.
    pub(crate) fn ocsp_timeout(mut self, seconds: u32) -> Self {
        self.ocsp_timeout = seconds;
        self
    }

    /// More lines of the `[ocsp]` table, as TOML; tables below it may follow them.
    pub(crate) fn asking(mut self, toml: &str) -> Self {
        writeln!(self.more_ocsp, "{toml}").unwrap();
        self
    }

    /// With a listener for operators, and more lines of its table.
    pub(crate) fn admin(self, more: &str) -> Self {
        self.asking(&format!("[admin]\nbind = \"127.0.0.1:0\"\n{more}"))
    }

    /// These lines with one text for another.
    pub(crate) fn replacing_in_ocsp(mut self, text: &str, by: &str) -> Self {
        assert!(self.more_ocsp.contains(text));
        self.more_ocsp = self.more_ocsp.replace(text, by);
        self
    }

    /// One more file that the configuration names.
    pub(crate) fn file(mut self, name: &'static str, content: String) -> Self {
        self.files.push((name, content));
        self
    }

    /// Serves with the certificate of this PKI, followed by that of its issuer.
    pub(crate) fn serving(mut self, pki: &Pki) -> Self {
        self.pki = pki.clone();
        self.server_chain = pki.server.pem_with(&[&pki.root]);
        self
    }

    /// Exactly this, with `server.pem`, `server.key` and `chain.pem` beside it.
    pub(crate) fn written(mut self, toml: &str) -> Self {
        self.whole = Some(toml.to_owned());
        self
    }

    /// One more rewrite rule of every listener that rewrites, as TOML.
    pub(crate) fn rule(mut self, toml: &str) -> Self {
        writeln!(self.extra_rules, "[[rewrite_set.identity.rule]]\n{toml}").unwrap();
        self
    }

    /// The tables of the access log and the traces, as TOML, instead of the log of all tests.
    pub(crate) fn logging(mut self, toml: &str) -> Self {
        self.log = self.log.instead(toml);
        self
    }

    /// Takes part in traces as these lines say, with the log of all tests.
    pub(crate) fn tracing(mut self, toml: &str) -> Self {
        self.log = self.log.and(&format!("[traces]\n{toml}\n"));
        self
    }

    pub(crate) fn cores(mut self, cores: usize) -> Self {
        self.cores = cores;
        self
    }

    /// Another trust for the first profile, nothing else changed.
    pub(crate) fn with_profile(mut self, profile: Profile) -> Self {
        self.profiles[0] = profile;
        self
    }

    pub(crate) fn start(self) -> Rig {
        let mut rig = Rig {
            setup: self,
            folder: Folder::new(),
            running: None,
        };
        rig.start_anew().unwrap();
        rig
    }

    fn build(&self, folder: &Folder) -> Gateway {
        let toml = self.toml(&folder.0);
        let model = portcullis_model::parse(&toml).unwrap_or_else(|problems| {
            panic!("{}\n{toml}", listed(&problems));
        });
        let provider = Arc::new(aws_lc_rs::default_provider());
        Gateway::build(&model, &folder.0, provider)
            .unwrap_or_else(|problems| panic!("{}\n{toml}", listed(&problems)))
    }

    fn toml(&self, folder: &Path) -> String {
        for (name, content) in &self.files {
            fs::write(folder.join(name), content).unwrap();
        }
        fs::write(folder.join("server.pem"), &self.server_chain).unwrap();
        fs::write(folder.join("server.key"), self.pki.server.key_pem()).unwrap();
        fs::write(folder.join("chain.pem"), self.pki.chain_pem()).unwrap();
        let log = self.log.text();
        if let Some(whole) = &self.whole {
            return format!("{whole}\n{log}");
        }
        let mut toml = String::new();
        for (number, profile) in self.profiles.iter().enumerate() {
            profile.write(&format!("p{number}"), folder, &mut toml);
        }
        for (number, site) in self.sites.iter().enumerate() {
            site.write(number, &mut toml);
        }
        let timeout = self.request_timeout;
        writeln!(toml, "[backend_settings.all]\nrequest_timeout = {timeout}").unwrap();
        if let Some(host) = self.backend_host {
            writeln!(toml, "host = {host:?}").unwrap();
        }
        toml.push_str(&self.backend_settings);
        let timeout = self.ocsp_timeout;
        writeln!(toml, "[ocsp]\nallow_loopback = true\ntimeout = {timeout}").unwrap();
        toml.push_str(&self.more_ocsp);
        toml.push_str(log);
        toml.push_str(IDENTITY);
        toml.push_str(&self.extra_rules);
        toml
    }
}

impl Site {
    fn write(&self, number: usize, toml: &mut String) {
        let (bind, profile, backend) = (&self.bind, self.profile, self.backend);
        let priority = number + 1;
        writeln!(
            toml,
            "[[listener]]\nname = \"l{number}\"\nbind = \"{bind}\"\ntls_profile = \"p{profile}\""
        )
        .unwrap();
        if !self.hosts.is_empty() {
            writeln!(toml, "hosts = {:?}", self.hosts).unwrap();
        }
        writeln!(
            toml,
            "[pool.b{number}]\ntargets = [\"{backend}\"]\n[[rule]]\nname = \"r{number}\"\n\
             priority = {priority}\nlistener = \"l{number}\"\npool = \"b{number}\"\n\
             backend_settings = \"all\""
        )
        .unwrap();
        if self.rewrites {
            writeln!(toml, "rewrite_set = \"identity\"").unwrap();
        }
    }
}

/// The eight variables of mutual TLS, each in a header.
const IDENTITY: &str = r#"
[rewrite_set.identity]
[[rewrite_set.identity.rule]]
name = "identity"
sequence = 100
[rewrite_set.identity.rule.request_headers]
X-Client-Certificate = "{var_client_certificate}"
X-Client-Certificate-Subject = "{var_client_certificate_subject}"
X-Client-Certificate-Issuer = "{var_client_certificate_issuer}"
X-Client-Certificate-Serial = "{var_client_certificate_serial}"
X-Client-Certificate-Fingerprint = "{var_client_certificate_fingerprint}"
X-Client-Certificate-Start-Date = "{var_client_certificate_start_date}"
X-Client-Certificate-End-Date = "{var_client_certificate_end_date}"
X-Client-Certificate-Verification = "{var_client_certificate_verification}"
"#;

fn listed(problems: &[portcullis_model::Diagnostic]) -> String {
    let shown = |problem: &portcullis_model::Diagnostic| {
        problem.display(Path::new("portcullis.toml")).to_string()
    };
    problems.iter().map(shown).collect::<Vec<_>>().join("\n")
}

/// A gateway at work. It ends with the test.
pub(crate) struct Rig {
    setup: Setup,
    folder: Folder,
    running: Option<Running>,
}

impl Rig {
    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses()[0]
    }

    /// The addresses, in their own order.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        self.running.as_ref().unwrap().addresses()
    }

    /// Whoever asks its listener for operators.
    pub(crate) fn operator(&self) -> Operator {
        let address = self.running.as_ref().unwrap().admin_address();
        Operator::new(address.expect("a listener for operators"))
    }

    /// The configuration as it was written.
    pub(crate) fn toml(&self) -> String {
        self.setup.toml(&self.folder.0)
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// Replaces the configuration by a changed one.
    pub(crate) fn reload(&mut self, change: impl FnOnce(Setup) -> Setup) {
        self.setup = change(self.setup.clone());
        self.try_reload().unwrap();
    }

    /// Replaces the configuration by the one as it is written now.
    fn try_reload(&mut self) -> Result<(), ReloadError> {
        let gateway = self.setup.build(&self.folder);
        self.running.as_mut().unwrap().reload(gateway)
    }

    /// Tries to replace the configuration by a changed one, and leaves it at that.
    pub(crate) fn reload_in_vain(&mut self, change: impl FnOnce(Setup) -> Setup) -> ReloadError {
        let before = self.setup.clone();
        self.setup = change(before.clone());
        let error = self.try_reload().unwrap_err();
        self.setup = before;
        error
    }

    /// The gateway itself.
    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Ends it, and leaves its files.
    pub(crate) fn stop(&mut self) {
        self.take().drain(Duration::ZERO);
    }

    /// Starts it with the files that are there, as a new process would.
    pub(crate) fn start_anew(&mut self) -> Result<(), StartError> {
        let gateway = self.setup.build(&self.folder);
        let cores = NonZeroUsize::new(self.setup.cores).unwrap();
        self.running = Some(Running::start(gateway, cores)?);
        Ok(())
    }

    /// Starts it with sockets that somebody else opened.
    pub(crate) fn start_with(setup: Setup, sockets: Vec<TcpListener>) -> Self {
        let folder = Folder::new();
        let gateway = setup.build(&folder);
        let cores = NonZeroUsize::new(setup.cores).unwrap();
        let running = Some(Running::start_with(gateway, cores, sockets).unwrap());
        Self {
            setup,
            folder,
            running,
        }
    }

    /// Starts it with a changed configuration.
    pub(crate) fn start_changed(
        &mut self,
        change: impl FnOnce(Setup) -> Setup,
    ) -> Result<(), StartError> {
        self.setup = change(self.setup.clone());
        self.start_anew()
    }

    /// Takes the gateway out, for a test that drains it itself.
    pub(crate) fn take(&mut self) -> Running {
        self.running.take().unwrap()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.drain(Duration::ZERO);
        }
    }
}

/// A temporary folder.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-edge-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
