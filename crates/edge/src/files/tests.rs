use std::fs::FileTimes;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const LIMIT: u64 = 1_000;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-files-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_change_of_content_is_seen_and_nothing_else_is() {
    let folder = Folder::new();
    let path = folder.at("server.pem");
    fs::write(&path, "one").unwrap();
    let mut files = Files::new();
    assert_eq!(files.read(&path, LIMIT).unwrap(), b"one");
    assert_eq!(files.look_again(), files);
    // As long as before, and within the same tick of a coarse clock.
    fs::write(&path, "two").unwrap();
    assert_ne!(files.look_again(), files);
    fs::write(&path, "one").unwrap();
    assert_eq!(files.look_again(), files);
    fs::remove_file(&path).unwrap();
    assert_ne!(files.look_again(), files);
    // Another file in its place.
    fs::write(folder.at("new"), "two").unwrap();
    fs::rename(folder.at("new"), &path).unwrap();
    assert_ne!(files.look_again(), files);
}

#[test]
fn what_a_link_leads_to_counts() {
    let folder = Folder::new();
    for (version, content) in [("..1", "one"), ("..2", "two")] {
        fs::create_dir(folder.at(version)).unwrap();
        fs::write(folder.at(version).join("server.pem"), content).unwrap();
    }
    symlink("..1", folder.at("..data")).unwrap();
    symlink("..data/server.pem", folder.at("server.pem")).unwrap();
    let mut files = Files::new();
    files.read(&folder.at("server.pem"), LIMIT).unwrap();
    symlink("..2", folder.at("..data_tmp")).unwrap();
    fs::rename(folder.at("..data_tmp"), folder.at("..data")).unwrap();
    assert_ne!(files.look_again(), files);
}

#[test]
fn what_cannot_be_read_is_waited_for() {
    let folder = Folder::new();
    let path = folder.at("missing.pem");
    let mut files = Files::new();
    let error = files.read(&path, LIMIT).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(files.look_again(), files);
    fs::create_dir(&path).unwrap();
    let folder_there = files.look_again();
    assert_ne!(folder_there, files);
    assert_eq!(folder_there.look_again(), folder_there);
    fs::remove_dir(&path).unwrap();
    fs::write(&path, "").unwrap();
    assert_ne!(files.look_again(), files);
    assert_eq!(files.paths().collect::<Vec<_>>(), [path]);
}

#[test]
fn what_was_read_first_counts() {
    let folder = Folder::new();
    let path = folder.at("chain.pem");
    let mut files = Files::new();
    fs::write(&path, "one").unwrap();
    files.read(&path, LIMIT).unwrap();
    fs::write(&path, "two").unwrap();
    assert_eq!(files.read(&path, LIMIT).unwrap(), b"two");
    assert_ne!(files.look_again(), files);
}

#[test]
fn no_more_is_read_than_shows_that_it_is_too_much() {
    let folder = Folder::new();
    let path = folder.at("large");
    fs::write(&path, vec![0; 5_000]).unwrap();
    let mut files = Files::new();
    assert_eq!(files.read(&path, LIMIT).unwrap().len(), 1_001);
    assert_eq!(files.look_again(), files);
}

#[test]
fn times_that_were_set_are_not_trusted() {
    let folder = Folder::new();
    let path = folder.at("server.pem");
    fs::write(&path, "one").unwrap();
    let old = SystemTime::now() - Duration::from_secs(60);
    let file = File::open(&path).unwrap();
    file.set_times(FileTimes::new().set_modified(old)).unwrap();
    // The change of its times was just now, whatever they say.
    assert!(Stamp::of(&file.metadata().unwrap()).is_none());
}

#[test]
fn a_pipe_is_read_once() {
    let mut files = Files::new();
    let null = Path::new("/dev/null");
    assert_eq!(files.read(null, LIMIT).unwrap(), b"");
    assert_eq!(files.look_again(), files);
}
