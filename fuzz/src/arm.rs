//! What holds for any text that somebody calls an ARM document.

use std::net::{IpAddr, Ipv4Addr};

use portcullis_arm::{Certificates, Fate, Import, Options, import};

/// An import ends, says the same again, keeps its report printable, and never gives a configuration
/// that cannot be read.
pub fn property(data: &[u8]) {
    // A damaged letter leaves JSON that says something else.
    let text = &*String::from_utf8_lossy(data);
    let options = Options {
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ..Options::default()
    };
    let Ok(imported) = import(text, &options) else {
        return;
    };
    check(&imported);
    if let Ok(again) = import(text, &options) {
        assert_eq!(imported.toml, again.toml);
        assert_eq!(imported.findings, again.findings);
    }
    beside(text, &imported);
}

fn check(imported: &Import) {
    for finding in &imported.findings {
        assert!(!finding.path.contains(char::is_control), "{finding:?}");
        assert!(!finding.fate.message().is_empty());
    }
    match &imported.toml {
        None => assert!(imported.has_problems(), "nothing and no reason"),
        Some(toml) => {
            let read = portcullis_model::parse(toml);
            assert!(read.is_ok(), "{:?} of\n{toml}", read.err());
        }
    }
}

/// With files beside the configuration nothing else is a problem, and no file leaves its folder.
fn beside(text: &str, inline: &Import) {
    let options = Options {
        certificates: Certificates::Files {
            folder: "folder".to_owned(),
        },
        ..Options::default()
    };
    let Ok(imported) = import(text, &options) else {
        return;
    };
    let problems = |import: &Import| {
        let findings = import.findings.iter();
        findings
            .filter(|finding| matches!(finding.fate, Fate::Problem(_)))
            .count()
    };
    assert_eq!(problems(&imported), problems(inline));
    for file in &imported.files {
        assert!(!file.name.contains(['/', '\\', '\0']) && !file.name.starts_with('.'));
    }
}
