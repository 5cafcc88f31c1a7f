//! Who is compared, where it is found, and how it is told to do the same as the others.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Peer {
    /// What everybody else is compared with.
    #[value(skip)]
    Portcullis,
    /// Portcullis without the memory of verified chains
    PortcullisCold,
    /// nginx
    Nginx,
    /// HAProxy
    Haproxy,
}

/// What a template is filled with.
pub(crate) struct Setting<'a> {
    pub(crate) port: u16,
    pub(crate) backend: u16,
    /// The folder of certificates.
    pub(crate) pki: &'a Path,
    /// The folder of what the gateway writes.
    pub(crate) run: &'a Path,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Portcullis => "portcullis",
            Self::PortcullisCold => "portcullis-cold",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
        }
    }

    /// Its program: Portcullis beside this one, the others where shells and Debian's root find them.
    pub(crate) fn program(self) -> Option<PathBuf> {
        match self {
            Self::Portcullis | Self::PortcullisCold => {
                let own = env::current_exe().ok()?.with_file_name("portcullis");
                own.is_file().then_some(own)
            }
            Self::Nginx | Self::Haproxy => find(self.name()),
        }
    }

    /// What its program is called with, where its configuration is the file `configuration`.
    pub(crate) fn arguments(self, configuration: &Path) -> Vec<OsString> {
        let before: &[&str] = match self {
            Self::Portcullis | Self::PortcullisCold => &["run", "--cores", "1", "--drain", "0"],
            Self::Nginx => &["-e", "stderr"],
            Self::Haproxy => &["-db"],
        };
        let flag = match self {
            Self::Haproxy => "-f",
            Self::Portcullis | Self::PortcullisCold | Self::Nginx => "-c",
        };
        let words = before.iter().chain([&flag]).map(OsString::from);
        words.chain([configuration.into()]).collect()
    }

    /// The arguments of Portcullis with so many cores.
    pub(crate) fn portcullis(cores: usize, configuration: &Path) -> Vec<OsString> {
        let cores = cores.to_string();
        let words = ["run", "--cores", &cores, "--drain", "0", "-c"];
        let words = words.iter().map(OsString::from);
        words.chain([configuration.into()]).collect()
    }

    /// The text of its configuration.
    pub(crate) fn configuration(self, setting: &Setting<'_>) -> String {
        let (template, chains) = match self {
            Self::Portcullis => (PORTCULLIS, "16384"),
            Self::PortcullisCold => (PORTCULLIS, "0"),
            Self::Nginx => (NGINX, ""),
            Self::Haproxy => (HAPROXY, ""),
        };
        fill(
            template,
            &[
                ("@PORT@", &setting.port.to_string()),
                ("@BACKEND@", &setting.backend.to_string()),
                ("@PKI@", &setting.pki.to_string_lossy()),
                ("@RUN@", &setting.run.to_string_lossy()),
                ("@CHAINS@", chains),
            ],
        )
    }
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(template.to_owned(), |text, (mark, value)| {
            text.replace(mark, value)
        })
}

/// The file of a program, in the folders of PATH and those that only root has in it.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(SYSTEM.iter().map(PathBuf::from));
    let mut files = folders.map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}

const SYSTEM: &[&str] = &["/usr/local/sbin", "/usr/sbin"];

const PORTCULLIS: &str = include_str!("../peers/portcullis.toml.in");
const NGINX: &str = include_str!("../peers/nginx.conf.in");
const HAPROXY: &str = include_str!("../peers/haproxy.cfg.in");

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Peer; 4] = [
        Peer::Portcullis,
        Peer::PortcullisCold,
        Peer::Nginx,
        Peer::Haproxy,
    ];

    fn configuration(peer: Peer) -> String {
        peer.configuration(&Setting {
            port: 8443,
            backend: 8080,
            pki: Path::new("/pki"),
            run: Path::new("/run/it"),
        })
    }

    #[test]
    fn every_mark_of_every_template_is_filled() {
        for peer in ALL {
            let text = configuration(peer);
            assert!(!text.contains('@'), "{}: {text}", peer.name());
            for value in ["127.0.0.1:8443", "127.0.0.1:8080", "/pki/root.pem"] {
                assert!(text.contains(value), "{} has no {value}", peer.name());
            }
        }
    }

    #[test]
    fn only_the_cold_one_remembers_no_chain() {
        assert!(configuration(Peer::PortcullisCold).contains("remembered_chains = 0\n"));
        assert!(configuration(Peer::Portcullis).contains("remembered_chains = 16384\n"));
    }

    #[test]
    fn the_configuration_is_the_last_argument() {
        for peer in ALL {
            let arguments = peer.arguments(Path::new("/run/file"));
            assert_eq!(arguments.last().unwrap(), "/run/file");
        }
    }
}
