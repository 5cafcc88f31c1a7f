//! `cargo xtask layers`: arrows go down only.

mod sources;
mod table;
#[cfg(test)]
mod tests;
mod workspace;

use std::collections::BTreeSet;

use crate::command::{cargo, output, say};
use crate::root;
use crate::task::{Failure, Outcome, no_arguments};

use table::{LAYERS, Layer, NO_RUNTIME_OR_TLS, PROVIDER_FEATURES, PROVIDERS, TEST_PKI};
use workspace::{Kind, Package};

pub(crate) use workspace::Workspace;

/// Every rule of the table against what cargo resolved and what the sources say; all problems at once.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    no_arguments(arguments)?;
    let metadata = output(&mut cargo(&["metadata", "--format-version", "1"]))?;
    let workspace = Workspace::parse(&metadata)?;
    let mut problems = dependency_problems(&workspace);
    problems.extend(sources::problems(&root(), &workspace)?);
    for problem in &problems {
        say(&format!("  {problem}"))?;
    }
    if problems.is_empty() {
        return Ok(say(&format!(
            "layers: {} crates keep to their layer",
            LAYERS.len()
        ))?);
    }
    Err(Failure::Failed(format!(
        "{} broken rules, see above",
        problems.len()
    )))
}

fn dependency_problems(workspace: &Workspace) -> Vec<String> {
    let mut problems = Vec::new();
    for package in workspace.members() {
        problems.extend(test_pki_is_dev_only(package));
        match LAYERS.iter().find(|layer| layer.name == package.name) {
            Some(layer) => problems.extend(layer_problems(workspace, package, layer)),
            None if package.is_library() => problems.push(format!(
                "{} is not in the table of layers: say what it may depend on",
                package.name
            )),
            None => {}
        }
    }
    problems
}

fn layer_problems(workspace: &Workspace, package: &Package, layer: &Layer) -> Vec<String> {
    let mut problems = only_downward(workspace, package, layer);
    problems.extend(only_listed_third_parties(workspace, package, layer));
    if layer.pure {
        problems.extend(reaches_nothing_of(workspace, package, NO_RUNTIME_OR_TLS));
    }
    if layer.provider_free {
        problems.extend(names_no_provider(package));
    }
    problems
}

/// Normal dependencies inside the workspace are those the row allows. test-pki, the oracle, sees none even in its tests.
fn only_downward(workspace: &Workspace, package: &Package, layer: &Layer) -> Vec<String> {
    let counts = |kind: Kind| kind != Kind::Development || package.name == TEST_PKI;
    let inside = package
        .declared
        .iter()
        .filter(|d| counts(d.kind) && workspace.has_member(&d.name));
    inside
        .filter(|d| d.name != TEST_PKI && !layer.sees.contains(&d.name.as_str()))
        .map(|d| format!("{} must not depend on {}", package.name, d.name))
        .collect()
}

fn only_listed_third_parties(
    workspace: &Workspace,
    package: &Package,
    layer: &Layer,
) -> Vec<String> {
    let Some(allowed) = layer.third_parties else {
        return Vec::new();
    };
    let outside = package
        .declared
        .iter()
        .filter(|d| d.kind == Kind::Normal && !workspace.has_member(&d.name));
    outside
        .filter(|d| !allowed.contains(&d.name.as_str()))
        .map(|d| {
            format!(
                "{} must not depend on {}: its row lists {}",
                package.name,
                d.name,
                allowed.join(", ")
            )
        })
        .collect()
}

fn reaches_nothing_of(workspace: &Workspace, package: &Package, forbidden: &[&str]) -> Vec<String> {
    let paths = workspace.normal_paths(package);
    let reached: BTreeSet<&Vec<String>> = paths
        .iter()
        .filter(|path| {
            path.last()
                .is_some_and(|name| forbidden.contains(&name.as_str()))
        })
        .collect();
    reached
        .into_iter()
        .map(|path| format!("{} must not reach {}", package.name, path.join(" -> ")))
        .collect()
}

/// The caller injects the crypto provider: neither the crate nor a feature of rustls names one.
fn names_no_provider(package: &Package) -> Vec<String> {
    let mut problems = Vec::new();
    for dependency in package
        .declared
        .iter()
        .filter(|d| d.kind != Kind::Development)
    {
        if PROVIDERS.contains(&dependency.name.as_str()) {
            problems.push(format!(
                "{} must not name the provider {}",
                package.name, dependency.name
            ));
        }
        let chosen = dependency
            .features
            .iter()
            .find(|f| PROVIDER_FEATURES.contains(&f.as_str()));
        if let Some(feature) = chosen {
            problems.push(format!(
                "{} must not choose a provider: feature {feature} of {}",
                package.name, dependency.name
            ));
        }
        if dependency.name == "rustls" && dependency.default_features {
            problems.push(format!(
                "{} must not take rustls' default provider",
                package.name
            ));
        }
    }
    problems
}

fn test_pki_is_dev_only(package: &Package) -> Option<String> {
    let wrong = package
        .declared
        .iter()
        .any(|d| d.name == TEST_PKI && d.kind != Kind::Development);
    wrong.then(|| {
        format!(
            "{} must not depend on {TEST_PKI} outside its tests",
            package.name
        )
    })
}
