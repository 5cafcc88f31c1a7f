//! `cargo xtask benches`: they are measured by hand, but always work.
//!
//! They alone compare with the OpenSSL of the system, which a machine that only builds and tests Portcullis need not
//! have; so they are not among the targets of the other checks.

use crate::command::{cargo, run, say};
use crate::task::Outcome;
use crate::tools::{self, Tool};

/// The package that nothing else of the workspace needs.
pub(crate) const PACKAGE: &str = "portcullis-benches";

/// What its `openssl-sys` builds with.
const TOOLS: &[Tool] = &[
    Tool::debian("pkg-config", "pkg-config", &["pkg-config", "--version"]),
    Tool::debian(
        "libssl",
        "libssl-dev",
        &["pkg-config", "--modversion", "openssl"],
    ),
];

/// No lint fires in the benches, and each measures once.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    tools::install_where_asked(arguments, TOOLS, "benches")?;
    let missing = tools::missing(TOOLS);
    if missing.is_empty() {
        lint()?;
        return run(&mut cargo(&["bench", "--package", PACKAGE, "--", "--test"]));
    }
    for tool in missing {
        say(&format!(
            "benches: skipped: {} is missing ({}; `cargo xtask benches --install` gets it)",
            tool.name, tool.origin
        ))?;
    }
    Ok(())
}

fn lint() -> Outcome {
    let words = ["clippy", "--package", PACKAGE, "--all-targets"];
    run(cargo(&words).args(["--", "-D", "warnings"]))
}
