//! `portcullis tickets`, as an operator runs it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn rotate(file: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["tickets", "rotate"])
        .arg(file)
        .args(more)
        .output()
        .unwrap()
}

#[test]
fn keys_are_made_rotated_and_dropped_and_are_their_owners_alone() {
    let name = format!("portcullis-tickets-cli-{}", std::process::id());
    let folder = Folder(std::env::temp_dir().join(name));
    fs::create_dir(&folder.0).unwrap();
    let file = folder.0.join("ticket.keys");
    let mut former = Vec::new();
    for count in [1, 2, 3, 3] {
        assert_eq!(rotate(&file, &[]).status.code(), Some(0));
        let text = fs::read_to_string(&file).unwrap();
        let keys: Vec<String> = text.lines().map(str::to_owned).collect();
        assert_eq!(keys.len(), count);
        assert_eq!(keys[1..], former[..count - 1]);
        assert!(!former.contains(&keys[0]));
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        former = keys;
    }
    assert_eq!(rotate(&file, &["--keep", "1"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
    assert_eq!(rotate(&file, &["--keep", "17"]).status.code(), Some(2));

    // What others could read is not kept.
    let exposed = fs::read_to_string(&file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = rotate(&file, &[]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("mode 0640"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), exposed);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

    // A file of another kind is left as it is.
    fs::write(&file, "something else\n").unwrap();
    let refused = rotate(&file, &[]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("line 1 is not a ticket key"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "something else\n");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}
