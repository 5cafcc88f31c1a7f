//! What `cargo metadata` says, reduced to what the rules ask.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::task::Failure;

/// All packages of the graph.
pub(crate) struct Workspace {
    packages: BTreeMap<String, Package>,
    members: BTreeSet<String>,
}

/// One package, of this workspace or of others.
pub(super) struct Package {
    id: String,
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// The dependencies in its own manifest.
    pub(super) declared: Vec<Declared>,
    /// The ids of its normal dependencies as cargo resolved them.
    resolved: Vec<String>,
    targets: Vec<(String, String)>,
}

/// One line of a manifest.
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) features: Vec<String>,
    pub(super) default_features: bool,
}

/// Which table of the manifest the line stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Build,
    Development,
}

impl Workspace {
    /// Reads the output of `cargo metadata --format-version 1`.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Failure> {
        let value: Value = serde_json::from_slice(json)
            .map_err(|error| Failure::Failed(format!("cargo metadata: {error}")))?;
        let members = strings(value.get("workspace_members")).collect();
        let mut packages: BTreeMap<String, Package> = items(value.get("packages"))
            .map(package)
            .map(|package| (package.id.clone(), package))
            .collect();
        for node in items(value.pointer("/resolve/nodes")) {
            if let Some(package) = packages.get_mut(&string(node, "id")) {
                package.resolved = normal_dependencies(node);
            }
        }
        Ok(Self { packages, members })
    }

    /// The packages of this workspace.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .values()
            .filter(|package| self.members.contains(&package.id))
    }

    pub(super) fn has_member(&self, name: &str) -> bool {
        self.members().any(|package| package.name == name)
    }

    /// The examples of a package, in order of name.
    pub(crate) fn examples(&self, package: &str) -> Vec<String> {
        let package = self.members().find(|member| member.name == package);
        let targets = package
            .map(|package| package.targets.as_slice())
            .unwrap_or_default();
        let mut names: Vec<String> = targets
            .iter()
            .filter(|(kind, _)| kind == "example")
            .map(|(_, name)| name.clone())
            .collect();
        names.sort();
        names
    }

    /// For every package that `from` reaches through normal dependencies, one shortest way there, by name.
    pub(super) fn normal_paths(&self, from: &Package) -> Vec<Vec<String>> {
        let mut seen = BTreeSet::from([from.id.clone()]);
        let mut queue = VecDeque::from([(from, Vec::new())]);
        let mut paths = Vec::new();
        while let Some((package, path)) = queue.pop_front() {
            for next in package
                .resolved
                .iter()
                .filter_map(|id| self.packages.get(id))
            {
                if seen.insert(next.id.clone()) {
                    let mut longer: Vec<String> = path.clone();
                    longer.push(next.name.clone());
                    paths.push(longer.clone());
                    queue.push_back((next, longer));
                }
            }
        }
        paths
    }
}

impl Package {
    /// Whether it lies in `crates/`.
    pub(super) fn is_library(&self) -> bool {
        self.folder
            .parent()
            .and_then(Path::file_name)
            .is_some_and(|name| name == "crates")
    }
}

fn package(value: &Value) -> Package {
    let manifest = PathBuf::from(string(value, "manifest_path"));
    Package {
        id: string(value, "id"),
        name: string(value, "name"),
        folder: manifest.parent().map(Path::to_path_buf).unwrap_or_default(),
        declared: items(value.get("dependencies")).map(declared).collect(),
        resolved: Vec::new(),
        targets: items(value.get("targets")).flat_map(target).collect(),
    }
}

fn target(value: &Value) -> Vec<(String, String)> {
    strings(value.get("kind"))
        .map(|kind| (kind, string(value, "name")))
        .collect()
}

fn declared(value: &Value) -> Declared {
    let kind = match value.get("kind").and_then(Value::as_str) {
        Some("dev") => Kind::Development,
        Some("build") => Kind::Build,
        _ => Kind::Normal,
    };
    Declared {
        name: string(value, "name"),
        kind,
        features: strings(value.get("features")).collect(),
        default_features: value.get("uses_default_features") == Some(&Value::Bool(true)),
    }
}

fn normal_dependencies(node: &Value) -> Vec<String> {
    let is_normal = |dependency: &&Value| {
        items(dependency.get("dep_kinds")).any(|kind| kind.get("kind").is_none_or(Value::is_null))
    };
    items(node.get("deps"))
        .filter(is_normal)
        .map(|dependency| string(dependency, "pkg"))
        .collect()
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = String> {
    items(value).filter_map(Value::as_str).map(str::to_owned)
}

fn string(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
