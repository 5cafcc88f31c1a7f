//! `openssl s_client`, into which a person types a request.

use std::path::Path;
use std::process::Command;

use crate::answer::Answer;
use crate::credentials::Credentials;
use crate::gateway::Site;
use crate::program::{Ended, run_with_input};

/// One call of `openssl s_client`.
pub(crate) struct SClient {
    command: Command,
    typed: String,
}

impl SClient {
    /// A call that proves the site's certificate.
    pub(crate) fn to(site: &Site) -> Self {
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-crlf", "-verify_return_error"])
            .args(["-connect", &site.address.to_string()])
            .args(["-servername", site.host, "-verify_hostname", site.host])
            .arg("-CAfile")
            .arg(&site.root);
        let typed = format!("GET / HTTP/1.1\nHost: {}\nConnection: close\n\n", site.host);
        Self { command, typed }
    }

    /// Presents a certificate with those of its issuers.
    pub(crate) fn present(self, credentials: &Credentials) -> Self {
        let mut client = self.present_alone(credentials);
        client.command.arg("-cert_chain").arg(&credentials.chain);
        client
    }

    /// Presents a certificate alone.
    pub(crate) fn present_alone(mut self, credentials: &Credentials) -> Self {
        self.command.arg("-cert").arg(&credentials.certificate);
        self.command.arg("-key").arg(&credentials.key);
        self
    }

    pub(crate) fn option(mut self, option: &str) -> Self {
        self.command.arg(option);
        self
    }

    /// Writes the session to a file.
    pub(crate) fn keep_session(mut self, file: &Path) -> Self {
        self.command.arg("-sess_out").arg(file);
        self
    }

    /// Offers to resume the session of a file.
    pub(crate) fn resume_session(mut self, file: &Path) -> Self {
        self.command.arg("-sess_in").arg(file);
        self
    }

    /// What was said on both sides when the gateway has closed the connection.
    pub(crate) fn talk(mut self) -> Conversation {
        Conversation(run_with_input(&mut self.command, &self.typed))
    }

    /// What is answered to a typed GET of `/`.
    #[track_caller]
    pub(crate) fn get(self) -> Answer {
        self.talk().answer()
    }
}

/// What `openssl s_client` printed.
#[derive(Debug)]
pub(crate) struct Conversation(pub(crate) Ended);

impl Conversation {
    #[track_caller]
    pub(crate) fn answer(&self) -> Answer {
        let start = self
            .0
            .stdout
            .find("HTTP/1.1 ")
            .unwrap_or_else(|| panic!("{self:#?}"));
        Answer::parse(&self.0.stdout[start..])
    }

    /// What was stapled, as OpenSSL tells it; nothing where it got no response, or did not ask for one.
    #[track_caller]
    pub(crate) fn staple(&self) -> Option<&str> {
        let (_, said) = self.0.stdout.split_once("\nOCSP response:")?;
        if said.starts_with(" no response sent") {
            return None;
        }
        // The certificates of the server come next.
        let end = said.find("\n---\n").unwrap_or_else(|| panic!("{self:#?}"));
        Some(&said[..end])
    }

    /// Whether the session was resumed; it was made anew otherwise.
    #[track_caller]
    pub(crate) fn is_resumed(&self) -> bool {
        let says = |word: &str| self.0.stdout.contains(&format!("\n{word}, TLSv1."));
        assert_ne!(says("Reused"), says("New"), "{self:#?}");
        says("Reused")
    }
}
