//! The gateway's own certificate, from files that OpenSSL wrote.

use std::path::Path;
use std::process::Command;

use crate::backend::Backend;
use crate::configuration::{IDENTITY, Listener, configuration, judged, pem};
use crate::credentials::Credentials;
use crate::curl::Curl;
use crate::gateway::{Gateway, Site};
use crate::openssl_ca::OpensslCa;
use crate::program::run;
use crate::s_client::SClient;
use crate::scene::HOST;
use crate::scratch::Scratch;

const PASSWORD: &str = "corr\u{e9}ct horse";

#[test]
#[ignore = "needs curl, openssl"]
fn a_pfx_that_openssl_exported_serves_with_its_password_and_its_chain() {
    let scratch = Scratch::new();
    let ca = OpensslCa::new(scratch.file("ca"), "Contoso");
    let server = ca.server(HOST).issue();
    let pfx = scratch.file("server.pfx");
    export(&server, &ca.issuing(), &pfx, &[]);
    let password = scratch.write("server.password", format!("{PASSWORD}\n"));
    for secret in [
        format!("password = \"{PASSWORD}\""),
        format!("password_file = \"{}\"", password.display()),
    ] {
        let certificate = format!("{{ pfx = \"{}\", {secret} }}", pfx.display());
        assert_serves(&scratch, &ca, &certificate);
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_pfx_as_other_systems_encrypt_it_serves_too() {
    let scratch = Scratch::new();
    let ca = OpensslCa::new(scratch.file("ca"), "Contoso");
    let server = ca.server(HOST).issue();
    for (name, options) in [
        (
            "aes128",
            &["-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC"][..],
        ),
        (
            "3des",
            &[
                "-keypbe",
                "PBE-SHA1-3DES",
                "-certpbe",
                "PBE-SHA1-3DES",
                "-macalg",
                "sha1",
            ],
        ),
        ("plain-certificates", &["-certpbe", "NONE"]),
    ] {
        let pfx = scratch.file(name);
        export(&server, &ca.issuing(), &pfx, options);
        let certificate = format!(
            "{{ pfx = \"{}\", password = \"{PASSWORD}\" }}",
            pfx.display()
        );
        assert_serves(&scratch, &ca, &certificate);
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn keys_of_every_kind_and_encoding_serve() {
    let scratch = Scratch::new();
    let ca = OpensslCa::new(scratch.file("ca"), "Contoso");
    for (key, traditional) in [
        ("EC -pkeyopt ec_paramgen_curve:P-256", true),
        ("EC -pkeyopt ec_paramgen_curve:P-384", true),
        ("RSA -pkeyopt rsa_keygen_bits:2048", true),
        ("ED25519", false),
    ] {
        let server = ca.server(HOST).key(key).issue();
        assert_serves(&scratch, &ca, &pem(&server));
        if traditional {
            let file = scratch.file("traditional.key");
            let mut command = Command::new("openssl");
            command
                .args(["pkey", "-traditional", "-in"])
                .arg(&server.key)
                .arg("-out")
                .arg(&file);
            run(&mut command).succeeded();
            assert_serves(
                &scratch,
                &ca,
                &pem(&Credentials {
                    key: file,
                    ..server
                }),
            );
        }
    }
}

/// As `openssl pkcs12 -export` does it.
fn export(server: &Credentials, issuing: &Path, pfx: &Path, options: &[&str]) {
    let mut command = Command::new("openssl");
    command
        .args([
            "pkcs12",
            "-export",
            "-passout",
            &format!("pass:{PASSWORD}"),
            "-in",
        ])
        .arg(&server.certificate)
        .arg("-inkey")
        .arg(&server.key)
        .arg("-certfile")
        .arg(issuing)
        .args(options)
        .arg("-out")
        .arg(pfx);
    run(&mut command).succeeded();
}

/// Clients that know the root alone believe a gateway with this certificate.
#[track_caller]
fn assert_serves(scratch: &Scratch, ca: &OpensslCa, certificate: &str) {
    let backend = Backend::start();
    let listener = Listener {
        host: HOST,
        certificate,
        client_auth: &judged("required", &ca.chain(), "off"),
        rewrites: IDENTITY,
    };
    let gateway = Gateway::start(scratch, &configuration(&[listener], backend.address()));
    let site = Site {
        address: gateway.address(),
        host: HOST,
        root: ca.root(),
    };
    let alice = ca.client("alice").issue();
    for version in ["1.2", "1.3"] {
        Curl::to(&site)
            .present(&alice)
            .options(["--tls-max", version])
            .get()
            .expect_backend();
    }
    SClient::to(&site).present(&alice).get().expect_backend();
}
