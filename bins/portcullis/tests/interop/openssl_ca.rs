//! A CA that is nothing but OpenSSL: a root, an issuing CA and the database that `openssl ca` keeps.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::credentials::Credentials;
use crate::program::{Mark, Program, run};

/// What every command reads by way of the environment.
const CONFIGURATION: &str = "
[req]
distinguished_name = as_asked_for
string_mask = utf8only
[as_asked_for]

[ca]
default_ca = database
[database]
database = index.txt
serial = serial
new_certs_dir = issued
certificate = issuing.pem
private_key = issuing.key
default_md = sha256
default_days = 30
policy = anything
preserve = yes
unique_subject = no
[anything]
commonName = optional
";

const AUTHORITY: &str = "basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
";
const OCSP_SIGNER: &str = "basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = OCSPSigning
";
const NO_CHECK: &str = "noCheck = ignored\n";
const END_ENTITY: &str = "basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

/// The kind of key that a certificate has unless its test says another.
pub(crate) const P256: &str = "EC -pkeyopt ec_paramgen_curve:P-256";

/// A CA in a folder.
pub(crate) struct OpensslCa {
    folder: PathBuf,
}

impl OpensslCa {
    /// Makes a CA in a new folder.
    pub(crate) fn new(folder: PathBuf, name: &str) -> Self {
        fs::create_dir_all(folder.join("issued")).unwrap();
        let ca = Self { folder };
        ca.write("openssl.cnf", CONFIGURATION);
        ca.write("index.txt", "");
        ca.write("serial", "00F00D\n");

        ca.request(
            "root",
            P256,
            &format!("/O={name}/CN={name} Root"),
            AUTHORITY,
        );
        ca.openssl(
            "x509 -req -in root.csr -signkey root.key -extfile root.ext -days 30 -out root.pem",
        );
        ca.request(
            "issuing",
            P256,
            &format!("/O={name}/CN={name} Issuing"),
            AUTHORITY,
        );
        ca.sign_unrecorded("issuing", "root");
        let extensions = [OCSP_SIGNER, NO_CHECK].concat();
        ca.request(
            "ocsp",
            P256,
            &format!("/O={name}/CN={name} OCSP"),
            &extensions,
        );
        ca.sign_unrecorded("ocsp", "issuing");
        ca.write(
            "chain.pem",
            &(ca.read("issuing.pem") + &ca.read("root.pem")),
        );
        ca
    }

    /// The root's certificate.
    pub(crate) fn root(&self) -> PathBuf {
        self.file("root.pem")
    }

    /// The issuing CA's certificate.
    pub(crate) fn issuing(&self) -> PathBuf {
        self.file("issuing.pem")
    }

    /// The issuing CA's certificate and the root's: what a gateway trusts.
    pub(crate) fn chain(&self) -> PathBuf {
        self.file("chain.pem")
    }

    /// A client certificate to be issued.
    pub(crate) fn client(&self, name: &'static str) -> Leaf<'_> {
        self.leaf(name, "clientAuth")
    }

    /// A server certificate for a DNS name to be issued.
    pub(crate) fn server(&self, name: &'static str) -> Leaf<'_> {
        let alternative = format!("subjectAltName = DNS:{name}\n");
        self.leaf(name, "serverAuth").extension(&alternative)
    }

    fn leaf(&self, name: &'static str, usage: &str) -> Leaf<'_> {
        let leaf = Leaf {
            ca: self,
            name,
            subject: format!("/CN={name}"),
            key: P256,
            extensions: END_ENTITY.to_owned(),
            validity: "",
        };
        leaf.extension(&format!("extendedKeyUsage = {usage}\n"))
    }

    /// Revokes a certificate in the database.
    pub(crate) fn revoke(&self, credentials: &Credentials) {
        self.revoke_as(credentials, "-crl_reason keyCompromise");
    }

    /// Revokes a certificate with options of `openssl ca` that say why.
    pub(crate) fn revoke_as(&self, credentials: &Credentials, why: &str) {
        let certificate = credentials.certificate.to_str().unwrap();
        self.openssl(&format!("ca -revoke {certificate} {why}"));
    }

    /// Makes the certificate and key of another responder, `<name>.pem` and `<name>.key`. It lacks
    /// id-pkix-ocsp-nocheck.
    pub(crate) fn checked_delegate(&self, name: &str, key: &str, issuer: &str) {
        self.request(name, key, &format!("/CN={name}"), OCSP_SIGNER);
        self.sign_unrecorded(name, issuer);
    }

    /// Starts `openssl ocsp -port` over the database as it is now.
    pub(crate) fn responder(&self) -> OpensslResponder {
        self.responder_with("-rsigner ocsp.pem -rkey ocsp.key")
    }

    /// Starts `openssl ocsp -port` with options that say who signs, and how.
    pub(crate) fn responder_with(&self, options: &str) -> OpensslResponder {
        self.responder_for("-nmin 5", options)
    }

    /// Starts `openssl ocsp -port` whose answers live for as long as these options say.
    pub(crate) fn responder_for(&self, lifetime: &str, options: &str) -> OpensslResponder {
        let line = format!("ocsp -port 0 -index index.txt -CA issuing.pem {lifetime} {options}");
        let program = Program::start(&mut self.command(&line));
        let line = program.wait_for(Mark::START, &["ACCEPT "]);
        let address = line.split_whitespace().nth(1).unwrap();
        let port = address.rsplit(':').next().unwrap().parse().unwrap();
        OpensslResponder {
            port,
            _program: program,
        }
    }

    /// The answer to a question about `credentials` as `openssl ocsp` writes it to a file.
    pub(crate) fn answer_about(&self, credentials: &Credentials) -> Vec<u8> {
        let certificate = credentials.certificate.to_str().unwrap();
        self.answer_to(&format!("-cert {certificate}"), "-nmin 5")
    }

    /// The answer to a question in the words of `openssl ocsp`.
    pub(crate) fn answer_to(&self, question: &str, lifetime: &str) -> Vec<u8> {
        self.openssl(&format!(
            "ocsp -index index.txt -CA issuing.pem -rsigner ocsp.pem -rkey ocsp.key {lifetime} \
             -issuer issuing.pem {question} -respout answer.der"
        ));
        fs::read(self.file("answer.der")).unwrap()
    }

    /// Makes a key and a request for it, and writes down the extensions for whoever signs it.
    fn request(&self, name: &str, key: &str, subject: &str, extensions: &str) {
        self.openssl(&format!("genpkey -algorithm {key} -out {name}.key"));
        let line = format!("req -new -utf8 -key {name}.key -out {name}.csr -subj");
        run(self.command(&line).arg(subject)).succeeded();
        self.write(&format!("{name}.ext"), extensions);
    }

    /// Signs a request without a word in the database.
    fn sign_unrecorded(&self, name: &str, issuer: &str) {
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial \
             -extfile {name}.ext -days 30 -out {name}.pem"
        ));
    }

    fn openssl(&self, line: &str) {
        run(&mut self.command(line)).succeeded();
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("openssl");
        command
            .args(line.split_whitespace())
            .current_dir(&self.folder)
            .env("OPENSSL_CONF", self.file("openssl.cnf"));
        command
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).unwrap();
    }
}

/// An end-entity certificate to be issued.
pub(crate) struct Leaf<'a> {
    ca: &'a OpensslCa,
    name: &'static str,
    subject: String,
    key: &'static str,
    extensions: String,
    validity: &'static str,
}

impl Leaf<'_> {
    /// The subject as `openssl req -subj` takes it.
    pub(crate) fn subject(mut self, subject: &str) -> Self {
        self.subject = subject.to_owned();
        self
    }

    /// The kind of key as `openssl genpkey -algorithm` takes it.
    pub(crate) fn key(mut self, key: &'static str) -> Self {
        self.key = key;
        self
    }

    /// Names the OCSP responder.
    pub(crate) fn responder(self, url: &str) -> Self {
        self.extension(&format!("authorityInfoAccess = OCSP;URI:{url}\n"))
    }

    /// Ended years ago.
    pub(crate) fn expired(self) -> Self {
        self.valid("-startdate 20200101000000Z -enddate 20210101000000Z")
    }

    /// The dates as `openssl ca` takes them.
    pub(crate) fn valid(mut self, dates: &'static str) -> Self {
        self.validity = dates;
        self
    }

    fn extension(mut self, line: &str) -> Self {
        self.extensions.push_str(line);
        self
    }

    /// Issues through `openssl ca`, which records it in the database.
    pub(crate) fn issue(self) -> Credentials {
        self.request();
        let Self { name, validity, .. } = self;
        self.ca.openssl(&format!(
            "ca -batch -notext -in {name}.csr -out {name}.pem -extfile {name}.ext {validity}"
        ));
        self.credentials()
    }

    /// Issues without a word in the database.
    pub(crate) fn issue_unrecorded(self) -> Credentials {
        self.request();
        self.ca.sign_unrecorded(self.name, "issuing");
        self.credentials()
    }

    fn request(&self) {
        self.ca
            .request(self.name, self.key, &self.subject, &self.extensions);
    }

    fn credentials(&self) -> Credentials {
        let Self { ca, name, .. } = self;
        let certificate = format!("{name}.pem");
        let chain = format!("{name}-chain.pem");
        ca.write(&chain, &(ca.read(&certificate) + &ca.read("issuing.pem")));
        Credentials {
            certificate: ca.file(&certificate),
            chain: ca.file(&chain),
            key: ca.file(&format!("{name}.key")),
        }
    }
}

/// A running `openssl ocsp -port`.
pub(crate) struct OpensslResponder {
    pub(crate) port: u16,
    _program: Program,
}
