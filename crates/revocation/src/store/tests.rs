use std::time::Duration;

use super::*;

const URL: &str = "http://ocsp.example/";

fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// A file that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("portcullis-store-unit-{}-{name}", std::process::id());
        let scratch = Self(std::env::temp_dir().join(name));
        drop(fs::remove_file(&scratch.0));
        scratch
    }

    fn open(&self, most: usize) -> Store {
        Store::open(&self.0, most).unwrap()
    }

    fn length(&self) -> u64 {
        fs::metadata(&self.0).unwrap().len()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn found(store: &Store, cert_id: &[u8]) -> Option<Vec<u8>> {
    store.find(cert_id).unwrap().map(|stored| stored.response)
}

#[test]
fn the_last_answer_of_a_certificate_is_found_before_and_after_reading_anew() {
    let scratch = Scratch::new("last");
    let store = scratch.open(10);
    for (cert_id, response) in [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")] {
        store.keep(cert_id, URL, response, at(9), at(0)).unwrap();
    }
    for store in [store, scratch.open(10)] {
        assert_eq!(found(&store, b"a").unwrap(), b"3");
        assert_eq!(found(&store, b"b").unwrap(), b"2");
        assert_eq!(found(&store, b"c"), None);
    }
}

#[test]
fn a_file_that_is_mostly_out_of_date_is_written_anew_and_says_the_same() {
    let scratch = Scratch::new("anew");
    let store = scratch.open(10);
    let response = vec![7; 30_000];
    for round in 0..200_u8 {
        store
            .keep(&[round % 4], URL, &response, at(9), at(0))
            .unwrap();
        assert!(scratch.length() < 3 * WORTH_REWRITING, "{round}");
    }
    store.keep(b"last", URL, b"9", at(9), at(0)).unwrap();
    for store in [store, scratch.open(10)] {
        for cert_id in 0..4 {
            assert_eq!(found(&store, &[cert_id]).unwrap(), response);
        }
        assert_eq!(found(&store, b"last").unwrap(), b"9");
    }
}

#[test]
fn a_full_store_takes_a_new_certificate_when_an_answer_has_ended() {
    let scratch = Scratch::new("full");
    let store = scratch.open(2);
    store.keep(b"a", URL, b"1", at(5), at(0)).unwrap();
    store.keep(b"b", URL, b"2", at(9), at(0)).unwrap();
    store.keep(b"c", URL, b"3", at(9), at(5)).unwrap();
    assert_eq!(found(&store, b"c"), None);
    store.keep(b"b", URL, b"4", at(9), at(5)).unwrap();
    assert_eq!(found(&store, b"b").unwrap(), b"4");
    store.keep(b"c", URL, b"3", at(9), at(6)).unwrap();
    assert_eq!(found(&store, b"c").unwrap(), b"3");
    assert_eq!(found(&store, b"a"), None);
}

#[test]
fn an_endless_line_is_passed_over() {
    let scratch = Scratch::new("endless");
    let store = scratch.open(10);
    store.keep(b"a", URL, b"1", at(9), at(0)).unwrap();
    let mut text = fs::read(&scratch.0).unwrap();
    text.extend(vec![b'x'; 1_000_000]);
    text.push(b'\n');
    fs::write(&scratch.0, text).unwrap();
    let store = scratch.open(10);
    store.keep(b"b", URL, b"2", at(9), at(0)).unwrap();
    for store in [store, scratch.open(10)] {
        assert_eq!(found(&store, b"a").unwrap(), b"1");
        assert_eq!(found(&store, b"b").unwrap(), b"2");
    }
}

#[test]
fn a_url_that_would_forge_a_line_of_a_log_is_not_taken() {
    let scratch = Scratch::new("url");
    let store = scratch.open(10);
    for url in ["http://a/\u{1b}[2J", "nothing", "file:///etc/passwd"] {
        store.keep(b"a", url, b"1", at(9), at(0)).unwrap();
        assert_eq!(found(&store, b"a"), None, "{url}");
    }
}
