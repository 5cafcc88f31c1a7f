use std::time::Duration;

use portcullis_ocsp::MAX_LENGTH;

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

    /// What holds of an open store and of the file when it is opened anew.
    fn before_and_after(&self, store: Store, check: impl Fn(&Store)) {
        check(&store);
        drop(store);
        check(&self.open(100));
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

/// An answer of the beginning that ends then.
fn until(seconds: u64) -> Kept {
    Kept {
        revoked: false,
        this_update: at(0),
        until: at(seconds),
    }
}

fn found(store: &Store, cert_id: &[u8]) -> Option<Vec<u8>> {
    store.find(cert_id).unwrap().map(|stored| stored.response)
}

#[test]
fn the_last_answer_of_a_certificate_is_found_before_and_after_reading_anew() {
    let scratch = Scratch::new("last");
    let store = scratch.open(100);
    for (cert_id, response) in [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")] {
        store.keep(cert_id, URL, response, until(9), at(0)).unwrap();
    }
    scratch.before_and_after(store, |store| {
        assert_eq!(found(store, b"a").unwrap(), b"3");
        assert_eq!(found(store, b"b").unwrap(), b"2");
        assert_eq!(found(store, b"c"), None);
    });
}

#[test]
fn a_file_that_is_mostly_out_of_date_is_written_anew_and_says_the_same() {
    let scratch = Scratch::new("anew");
    let store = scratch.open(100);
    let response = vec![7; 30_000];
    for round in 0..200_u8 {
        store
            .keep(&[round % 4], URL, &response, until(9), at(0))
            .unwrap();
        assert!(scratch.length() < 3 * WORTH_REWRITING, "{round}");
    }
    store.keep(b"last", URL, b"9", until(9), at(0)).unwrap();
    scratch.before_and_after(store, |store| {
        for cert_id in 0..4 {
            assert_eq!(found(store, &[cert_id]).unwrap(), response);
        }
        assert_eq!(found(store, b"last").unwrap(), b"9");
    });
}

#[test]
fn a_full_store_takes_a_new_certificate_when_an_answer_has_ended() {
    let scratch = Scratch::new("full");
    let store = scratch.open(2);
    store.keep(b"a", URL, b"1", until(5), at(0)).unwrap();
    store.keep(b"b", URL, b"2", until(9), at(0)).unwrap();
    store.keep(b"c", URL, b"3", until(9), at(5)).unwrap();
    assert_eq!(found(&store, b"c"), None);
    store.keep(b"b", URL, b"4", until(9), at(5)).unwrap();
    assert_eq!(found(&store, b"b").unwrap(), b"4");
    store.keep(b"c", URL, b"3", until(9), at(6)).unwrap();
    assert_eq!(found(&store, b"c").unwrap(), b"3");
    assert_eq!(found(&store, b"a"), None);
}

#[test]
fn an_endless_line_is_passed_over() {
    let scratch = Scratch::new("endless");
    let store = scratch.open(100);
    store.keep(b"a", URL, b"1", until(9), at(0)).unwrap();
    let mut text = fs::read(&scratch.0).unwrap();
    text.extend(vec![b'x'; 1_000_000]);
    text.push(b'\n');
    drop(store);
    fs::write(&scratch.0, text).unwrap();
    let store = scratch.open(100);
    store.keep(b"b", URL, b"2", until(9), at(0)).unwrap();
    scratch.before_and_after(store, |store| {
        assert_eq!(found(store, b"a").unwrap(), b"1");
        assert_eq!(found(store, b"b").unwrap(), b"2");
    });
}

#[test]
fn a_url_that_would_forge_a_line_of_a_log_is_not_taken() {
    let scratch = Scratch::new("url");
    let store = scratch.open(100);
    for url in ["http://a/\u{1b}[2J", "nothing", "file:///etc/passwd"] {
        store.keep(b"a", url, b"1", until(9), at(0)).unwrap();
        assert_eq!(found(&store, b"a"), None, "{url}");
    }
}

#[test]
fn an_older_answer_does_not_take_the_place_of_a_newer_one_in_whichever_order_they_come() {
    let scratch = Scratch::new("older");
    let store = scratch.open(100);
    let kept = |this_update| Kept {
        revoked: true,
        this_update: at(this_update),
        until: at(9),
    };
    store.keep(b"a", URL, b"new", kept(5), at(6)).unwrap();
    store.keep(b"a", URL, b"old", kept(4), at(6)).unwrap();
    let mut text = fs::read_to_string(&scratch.0).unwrap();
    text.push_str(&Line::encode(b"a", URL, b"old", kept(4)));
    fs::write(&scratch.0, text).unwrap();
    scratch.before_and_after(store, |store| {
        assert_eq!(found(store, b"a").unwrap(), b"new")
    });
}

#[test]
fn that_a_certificate_was_revoked_is_not_forgotten_for_others() {
    let scratch = Scratch::new("revoked");
    let store = scratch.open(1);
    let revoked = Kept {
        revoked: true,
        ..until(5)
    };
    store.keep(b"a", URL, b"1", revoked, at(0)).unwrap();
    store.keep(b"b", URL, b"2", until(9), at(6)).unwrap();
    assert_eq!(found(&store, b"a").unwrap(), b"1");
    assert_eq!(found(&store, b"b"), None);
}

#[test]
fn a_file_does_not_grow_without_end() {
    let scratch = Scratch::new("octets");
    let store = scratch.open(100);
    for number in 0..100_u8 {
        let response = vec![7; 60_000];
        store
            .keep(&[number], URL, &response, until(9), at(0))
            .unwrap();
    }
    assert!(scratch.length() < 100 * OCTETS_EACH + MAX_LINE);
    assert!(found(&store, &[0]).is_some());
    // One that is longer than any that is read.
    let url = format!("http://a/{}", "b".repeat(20_000));
    store
        .keep(b"long", &url, &vec![7; MAX_LENGTH], until(9), at(0))
        .unwrap();
    assert_eq!(found(&store, b"long"), None);
}

#[test]
fn one_process_at_a_time_has_it() {
    let scratch = Scratch::new("lock");
    let store = scratch.open(100);
    let error = Store::open(&scratch.0, 100).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    drop(store);
    scratch.open(100);
}
