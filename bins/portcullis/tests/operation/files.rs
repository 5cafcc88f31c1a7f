//! Files that change while the gateway runs, in all the ways that files are changed.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::symlink;
use std::time::SystemTime;

use portcullis_test_pki::Ca;
use rustls::HandshakeKind;
use rustls_pki_types::UnixTime;

use crate::backend;
use crate::gateway::Scene;

#[tokio::test]
async fn a_renewed_certificate_is_shown_and_nobody_is_cut_off() {
    let scene = Scene::new(backend::start().await);
    let gateway = scene.start();
    let address = gateway.address();
    let client = scene.client();
    let mut live = client.connect(address).await.unwrap();
    assert_eq!(live.server, scene.server.der);
    assert_eq!(live.mark().await, "first");

    let mark = gateway.program.mark();
    let renewed = scene.root.server(&["www.contoso.com"]).issue();
    scene.put("server.key", renewed.key_pem());
    scene.put("server.pem", renewed.pem());
    let line = gateway.replaced(mark);
    assert!(line.contains("a file changed"), "{line}");
    let mut other = scene.client().connect(address).await.unwrap();
    assert_eq!(other.server, renewed.der);
    other.get().await.unwrap();
    live.get().await.unwrap();
    // The trust is what it was, and so are sessions.
    let mut resumed = client.connect(address).await.unwrap();
    assert_eq!(resumed.kind, HandshakeKind::Resumed);
    resumed.get().await.unwrap();
    assert_eq!(gateway.attempts(mark), [1, 0]);
}

/// Volumes of ConfigMaps and Secrets: all files are links through one, which is swapped.
#[tokio::test]
async fn a_swapped_link_changes_all_files_at_once() {
    let scene = Scene::new(backend::start().await);
    let names = ["portcullis.toml", "server.pem", "server.key", "chain.pem"];
    let fill = |version: &str| {
        fs::create_dir(scene.file(version)).unwrap();
        for name in names {
            fs::copy(scene.file(name), scene.file(version).join(name)).unwrap();
        }
    };
    fill("..1");
    fill("..2");
    for name in names {
        fs::remove_file(scene.file(name)).unwrap();
        symlink(format!("..data/{name}"), scene.file(name)).unwrap();
    }
    symlink("..1", scene.file("..data")).unwrap();
    let gateway = scene.start();
    let address = gateway.address();
    let mark = gateway.program.mark();
    let other = Ca::root("Fabrikam Root CA")
        .valid_around(UnixTime::now().as_secs())
        .issue();
    let renewed = other.server(&["www.contoso.com"]).issue();
    let there = |name: &str| scene.file("..2").join(name);
    fs::write(
        there("portcullis.toml"),
        scene.text("127.0.0.1:0", "second"),
    )
    .unwrap();
    fs::write(there("server.pem"), renewed.pem()).unwrap();
    fs::write(there("server.key"), renewed.key_pem()).unwrap();
    fs::write(there("chain.pem"), other.pem()).unwrap();
    let before = scene.client();
    let mut live = before.connect(address).await.unwrap();
    assert_eq!(live.mark().await, "first");

    symlink("..2", scene.file("..data_tmp")).unwrap();
    fs::rename(scene.file("..data_tmp"), scene.file("..data")).unwrap();
    fs::remove_dir_all(scene.file("..1")).unwrap();
    gateway.replaced(mark);
    let client = crate::client::Client::new(&other, &other.client("bob").issue());
    let mut new = client.connect(address).await.unwrap();
    assert_eq!(new.server, renewed.der);
    assert_eq!(new.mark().await, "second");
    // Whom the new trust does not know is refused on the connection that it has.
    let refused = format!("{:?}", live.get().await.unwrap_err());
    assert!(refused.contains("issuer_not_found"), "{refused}");
    assert_eq!(gateway.attempts(mark), [1, 0]);
}

#[tokio::test]
async fn a_half_written_file_changes_nothing_until_it_is_whole() {
    let scene = Scene::new(backend::start().await);
    let gateway = scene.start();
    let address = gateway.address();
    let whole = scene.text("127.0.0.1:0", "second");
    let (half, _) = whole.split_at(whole.find("[pool.b]").unwrap());

    // Truncated, then left at that.
    let mark = gateway.program.mark();
    fs::write(scene.file("portcullis.toml"), half).unwrap();
    gateway.refused(mark);
    let mut http = scene.client().connect(address).await.unwrap();
    assert_eq!(http.mark().await, "first");
    fs::write(scene.file("portcullis.toml"), &whole).unwrap();
    gateway.replaced(mark);
    assert_eq!(http.mark().await, "second");
    assert_eq!(gateway.attempts(mark), [1, 1]);
}

#[tokio::test]
async fn a_bad_configuration_is_told_once_and_the_last_good_one_goes_on() {
    let scene = Scene::new(backend::start().await);
    let gateway = scene.start();
    let address = gateway.address();
    let mut live = scene.client().connect(address).await.unwrap();
    let mark = gateway.program.mark();
    let bad = scene
        .text("127.0.0.1:0", "second")
        .replace("\"required\"", "\"sometimes\"");
    scene.put("portcullis.toml", bad);
    gateway.refused(mark);
    let line = gateway
        .program
        .wait_for(mark, &["client_auth", "sometimes"]);
    assert!(line.contains("portcullis.toml:"), "{line}");
    // An unrelated change of metadata is none.
    let file = File::open(scene.file("server.pem")).unwrap();
    let times = FileTimes::new().set_modified(SystemTime::now());
    file.set_times(times).unwrap();
    assert_eq!(live.mark().await, "first");
    // What was read at the first attempt has to differ for a second one.
    let other_bad = scene
        .text("127.0.0.1:0", "second")
        .replace("\"required\"", "\"never\"");
    scene.put("portcullis.toml", other_bad);
    gateway.program.wait_for(mark, &["client_auth", "never"]);
    scene.put("portcullis.toml", scene.text("127.0.0.1:0", "third"));
    gateway.replaced(mark);
    assert_eq!(live.mark().await, "third");
    assert_eq!(gateway.attempts(mark), [1, 2]);
}

#[tokio::test]
async fn a_key_that_does_not_fit_waits_for_its_certificate() {
    let scene = Scene::new(backend::start().await);
    let gateway = scene.start();
    let address = gateway.address();
    let mark = gateway.program.mark();
    let renewed = scene.root.server(&["www.contoso.com"]).issue();
    scene.put("server.key", renewed.key_pem());
    gateway.refused(mark);
    gateway.program.wait_for(mark, &["tls_profile.p"]);
    let shown = scene.client().connect(address).await.unwrap().server;
    assert_eq!(shown, scene.server.der);
    scene.put("server.pem", renewed.pem());
    gateway.replaced(mark);
    let shown = scene.client().connect(address).await.unwrap().server;
    assert_eq!(shown, renewed.der);
    assert_eq!(gateway.attempts(mark), [1, 1]);
}

#[tokio::test]
async fn a_file_that_was_missing_is_taken_when_it_comes() {
    let scene = Scene::new(backend::start().await);
    let gateway = scene.start();
    let address = gateway.address();
    let mark = gateway.program.mark();
    let text = scene.text("127.0.0.1:0", "second");
    scene.put("portcullis.toml", text.replace("chain.pem", "other.pem"));
    gateway.refused(mark);
    gateway.program.wait_for(mark, &["other.pem"]);
    fs::copy(scene.file("chain.pem"), scene.file("other.pem")).unwrap();
    gateway.replaced(mark);
    let mut http = scene.client().connect(address).await.unwrap();
    assert_eq!(http.mark().await, "second");

    // A trust that is gone is no trust in everybody, and no reason to stop.
    let mark = gateway.program.mark();
    fs::remove_file(scene.file("other.pem")).unwrap();
    gateway.refused(mark);
    assert_eq!(http.mark().await, "second");
    let stranger = Ca::root("Fabrikam Root CA")
        .valid_around(UnixTime::now().as_secs())
        .issue();
    let stranger = crate::client::Client::new(&scene.root, &stranger.client("eve").issue());
    let mut refused = stranger.connect(address).await.unwrap();
    assert!(refused.get().await.is_err());
}

#[tokio::test]
async fn addresses_follow_the_file() {
    let scene = Scene::new(backend::start().await);
    let gateway = scene.start();
    let before = gateway.address();
    let mark = gateway.program.mark();
    scene.put("portcullis.toml", scene.text("127.0.0.2:0", "second"));
    let address = gateway.address_after(mark);
    assert_ne!(address.ip(), before.ip());
    let mut http = scene.client().connect(address).await.unwrap();
    assert_eq!(http.mark().await, "second");
    // An address of nobody here.
    let mark = gateway.program.mark();
    scene.put("portcullis.toml", scene.text("192.0.2.1:443", "third"));
    let line = gateway.refused(mark);
    assert!(line.contains("cannot listen on 192.0.2.1:443"), "{line}");
    let mut new = scene.client().connect(address).await.unwrap();
    assert_eq!([http.mark().await, new.mark().await], ["second", "second"]);
}
