//! curl, as a person calls it.

use std::process::Command;

use crate::answer::Answer;
use crate::credentials::Credentials;
use crate::gateway::Site;
use crate::program::{Ended, run};

/// One call of curl.
pub(crate) struct Curl {
    command: Command,
    url: String,
}

impl Curl {
    /// A call that proves the site's certificate, and is not led elsewhere by anybody's settings.
    pub(crate) fn to(site: &Site) -> Self {
        let mut command = Command::new("curl");
        let port = site.address.port();
        command
            .args(["-q", "--silent", "--show-error", "--noproxy", "*"])
            .arg("--resolve")
            .arg(format!("{}:{port}:{}", site.host, site.address.ip()))
            .arg("--cacert")
            .arg(&site.root);
        Self {
            command,
            url: format!("https://{}:{port}/", site.host),
        }
    }

    /// Presents a certificate with those of its issuers.
    pub(crate) fn present(mut self, credentials: &Credentials) -> Self {
        self.command.arg("--cert").arg(&credentials.chain);
        self.command.arg("--key").arg(&credentials.key);
        self
    }

    pub(crate) fn options<const N: usize>(mut self, options: [&str; N]) -> Self {
        self.command.args(options);
        self
    }

    /// Asks for this below `/`.
    pub(crate) fn path(mut self, path: &str) -> Self {
        self.url.push_str(path);
        self
    }

    /// Asks so many times in all on one connection. For [`Curl::end`].
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.command.args((1..times).map(|_| self.url.clone()));
        self
    }

    /// What is answered to a GET of `/`.
    #[track_caller]
    pub(crate) fn get(mut self) -> Answer {
        let format = "\n%{http_code} %{http_version} %{content_type}";
        self.command.args(["--write-out", format]);
        let printed = self.end().succeeded();
        let (body, line) = printed.rsplit_once('\n').unwrap();
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        Answer {
            status: words[0].parse().unwrap(),
            version: words[1].to_owned(),
            content_type: words[2].to_owned(),
            body: body.to_owned(),
        }
    }

    /// How a call ends, whether well or not.
    pub(crate) fn end(mut self) -> Ended {
        run(self.command.arg(self.url))
    }
}
