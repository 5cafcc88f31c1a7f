//! PFX files and keys as OpenSSL writes them.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_test_pki::{Algorithm, Ca, Certified};
use portcullis_tls::{ServerCertificate, ServerCertificateError};
use rustls::crypto::aws_lc_rs;

/// A folder that is removed again, with a server's files in it.
struct Files {
    folder: PathBuf,
    server: Certified,
    issuing: Ca,
}

impl Files {
    fn new(name: &str, algorithm: Algorithm) -> Self {
        let folder = format!("portcullis-pfx-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir(&folder).unwrap();
        let root = Ca::root("Root").issue();
        let issuing = root.intermediate("Issuing").issue();
        let server = issuing.server(&["www.contoso.com"]);
        let server = server.algorithm(algorithm).issue();
        fs::write(folder.join("server.pem"), server.pem()).unwrap();
        fs::write(folder.join("server.key"), server.key_pem()).unwrap();
        let others = issuing.pem_with(&[&root]);
        fs::write(folder.join("others.pem"), others).unwrap();
        Self {
            folder,
            server,
            issuing,
        }
    }

    /// Runs `openssl` with these words in the folder.
    #[track_caller]
    fn openssl(&self, words: &str) {
        let output = Command::new("openssl")
            .args(words.split_ascii_whitespace())
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {words}: {said}");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(Path::new(&self.folder).join(name)).unwrap()
    }

    fn open_pfx(&self, password: &str) -> Result<ServerCertificate, ServerCertificateError> {
        let provider = aws_lc_rs::default_provider();
        ServerCertificate::from_pfx(&self.read("server.pfx"), password, &provider)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

const EXPORT: &str = "pkcs12 -export -in server.pem -inkey server.key -certfile others.pem \
                      -out server.pfx";

#[test]
#[ignore = "needs openssl"]
fn what_openssl_exports_is_read() {
    for (name, algorithm, options) in [
        ("p256", Algorithm::P256, "-passout pass:secret"),
        ("rsa", Algorithm::Rsa2048, "-passout pass:secret -name www"),
        ("ed25519", Algorithm::Ed25519, "-passout pass:secret"),
        (
            "aes128",
            Algorithm::P384,
            "-passout pass:secret -keypbe AES-128-CBC -certpbe AES-128-CBC",
        ),
        (
            "sha512",
            Algorithm::P256,
            "-passout pass:secret -macalg sha512",
        ),
        ("rc2", Algorithm::P256, "-passout pass:secret -legacy"),
        ("nomac", Algorithm::P256, "-passout pass:secret -nomac"),
        (
            "rc2-3des",
            Algorithm::Rsa2048,
            "-passout pass:secret -legacy -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-RC2-40 -macalg sha1",
        ),
        (
            "sha1mac",
            Algorithm::P256,
            "-passout pass:secret -keypbe AES-256-CBC -certpbe AES-256-CBC -macalg sha1",
        ),
        (
            "plaincerts",
            Algorithm::P256,
            "-passout pass:secret -certpbe NONE",
        ),
        (
            "3des",
            Algorithm::P256,
            "-passout pass:secret -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
        ),
    ] {
        let files = Files::new(name, algorithm);
        files.openssl(&format!("{EXPORT} {options}"));
        let certificate = files
            .open_pfx("secret")
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let chain = certificate.chain();
        assert_eq!(chain.first(), Some(&files.server.der), "{name}");
        assert_eq!(chain.get(1), Some(&files.issuing.der), "{name}");
        for wrong in ["wrong", "", "secret ", "SECRET"] {
            let opened = files.open_pfx(wrong);
            assert!(
                matches!(opened, Err(ServerCertificateError::Pfx(_))),
                "{name}: {wrong:?}"
            );
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn an_empty_password_is_one() {
    for (name, options) in [
        ("empty", ""),
        ("empty-legacy", "-legacy"),
        (
            "empty-3des",
            "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
        ),
    ] {
        let files = Files::new(name, Algorithm::P256);
        files.openssl(&format!("{EXPORT} -passout pass: {options}"));
        files
            .open_pfx("")
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        for wrong in ["x", " "] {
            assert!(matches!(
                files.open_pfx(wrong),
                Err(ServerCertificateError::Pfx(_))
            ));
        }
    }
}

/// Old and new encryption derive keys from other encodings of the password.
#[test]
#[ignore = "needs openssl"]
fn a_password_may_have_any_characters() {
    for (name, options) in [("umlaut", ""), ("umlaut-legacy", "-legacy")] {
        let files = Files::new(name, Algorithm::P256);
        files.openssl(&format!("{EXPORT} -passout pass:pässwörd€ {options}"));
        files
            .open_pfx("pässwörd€")
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(files.open_pfx("password").is_err());
    }
}

#[test]
#[ignore = "needs openssl"]
fn an_algorithm_that_is_not_known_is_not_taken_for_a_wrong_password() {
    let files = Files::new("rc2-128", Algorithm::P256);
    let options = "-legacy -certpbe PBE-SHA1-RC2-128 -macalg sha1";
    files.openssl(&format!("{EXPORT} -passout pass:secret {options}"));
    assert!(matches!(
        files.open_pfx("secret"),
        Err(ServerCertificateError::PfxEncryption(_))
    ));
}

#[test]
#[ignore = "needs openssl"]
fn a_pfx_of_certificates_alone_is_refused() {
    let files = Files::new("nokey", Algorithm::P256);
    files.openssl("pkcs12 -export -nokeys -in server.pem -out server.pfx -passout pass:secret");
    assert!(matches!(
        files.open_pfx("secret"),
        Err(ServerCertificateError::NoKeyInPfx)
    ));
}

#[test]
#[ignore = "needs openssl"]
fn keys_are_read_in_every_encoding_that_openssl_writes() {
    for (name, algorithm, command) in [
        ("sec1", Algorithm::P256, "ec -in server.key -out other.key"),
        (
            "pkcs1",
            Algorithm::Rsa2048,
            "rsa -in server.key -traditional -out other.key",
        ),
        (
            "pkcs8",
            Algorithm::P384,
            "pkcs8 -topk8 -nocrypt -in server.key -out other.key",
        ),
    ] {
        let files = Files::new(name, algorithm);
        files.openssl(command);
        let provider = aws_lc_rs::default_provider();
        let (chain, key) = (files.read("server.pem"), files.read("other.key"));
        ServerCertificate::from_pem(&chain, &key, &provider)
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}
