//! Where the log is kept: files that are rotated, readers that do not read.

use std::fs;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::time::Duration;

use portcullis_edge::StartError;

use super::HOST;
use crate::rig::{Backend, Client, Pki, Profile, Rig, Setup, patiently};

const FILE: &str = "[access_log]\npath = \"access.log\"";

async fn scene(log: &str) -> (Pki, Backend, Rig) {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .logging(log)
        .start();
    (pki, backend, gateway)
}

fn lines(file: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn a_file_that_was_moved_away_is_made_anew() {
    let (pki, _backend, mut gateway) = scene(FILE).await;
    let client = Client::new(&pki);
    let (file, moved) = (
        gateway.folder().join("access.log"),
        gateway.folder().join("access.log.1"),
    );
    client.get(gateway.address(), HOST).await;
    patiently(async {
        while lines(&file).len() != 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    fs::rename(&file, &moved).unwrap();
    gateway.running().reopen_access_log();
    patiently(async {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    client.get(gateway.address(), HOST).await;
    client.get(gateway.address(), HOST).await;
    gateway.stop();
    assert_eq!((lines(&moved).len(), lines(&file).len()), (1, 2));
}

#[tokio::test]
async fn a_reload_moves_the_log_and_loses_nothing() {
    let (pki, _backend, mut gateway) = scene(FILE).await;
    let client = Client::new(&pki);
    let (first, second) = (
        gateway.folder().join("access.log"),
        gateway.folder().join("second.log"),
    );
    client.get(gateway.address(), HOST).await;
    gateway.reload(|setup| setup.logging(FILE));
    client.get(gateway.address(), HOST).await;
    gateway.reload(|setup| setup.logging("[access_log]\npath = \"second.log\""));
    client.get(gateway.address(), HOST).await;
    gateway.reload(|setup| setup.logging("[access_log]\noutput = \"off\""));
    client.get(gateway.address(), HOST).await;
    gateway.stop();
    patiently(async {
        while lines(&first).len() != 2 || lines(&second).len() != 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_log_that_cannot_be_opened_is_no_log_in_silence() {
    let (_pki, _backend, mut gateway) = scene(FILE).await;
    gateway.stop();
    let nowhere = "[access_log]\npath = \"nowhere/access.log\"";
    let started = gateway.start_changed(|setup| setup.logging(nowhere));
    assert!(matches!(started, Err(StartError::AccessLog(_))));
}

#[tokio::test]
async fn a_reader_that_does_not_read_delays_nobody() {
    let (reader, writer) = io::pipe().unwrap();
    let path = format!("[access_log]\npath = \"/dev/fd/{}\"", writer.as_raw_fd());
    let (pki, _backend, mut gateway) = scene(&path).await;
    drop(writer);
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    let long = "x".repeat(8_000);
    let request = format!("GET /{long} HTTP/1.1\r\nhost: {HOST}\r\nuser-agent: {long}\r\n\r\n");
    patiently(async {
        while gateway.running().access_log_lines_lost() == 0 {
            raw.send(&request).await;
            assert_eq!(raw.answer().await.status, 200);
        }
    })
    .await;
    raw.send(&request).await;
    assert_eq!(raw.answer().await.status, 200);
    // Not even the end waits for the reader.
    patiently(tokio::task::spawn_blocking(move || gateway.stop()))
        .await
        .unwrap();
    drop(reader);
}

#[tokio::test]
async fn a_full_disk_refuses_no_request() {
    let (pki, _backend, gateway) = scene("[access_log]\npath = \"/dev/full\"").await;
    for _ in 0..3 {
        let answer = Client::new(&pki).get(gateway.address(), HOST).await;
        assert_eq!(answer.status, 200);
    }
    patiently(async {
        while gateway.running().access_log_lines_lost() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
