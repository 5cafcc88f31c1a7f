//! A strict reader of OpenMetrics 1.0, as far as counters, gauges, histograms and infos go.

use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// Every sample by its name and labels.
pub(crate) struct Samples(BTreeMap<(String, Labels), f64>);

/// What a family says of itself.
#[derive(Default)]
struct Family {
    kind: String,
    unit: String,
}

impl Samples {
    /// Panics at whatever the specification does not allow.
    pub(crate) fn parse(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("an end");
        assert!(body.ends_with('\n') && !text.contains('\r'));
        let mut seen = BTreeSet::new();
        let mut current = (String::new(), Family::default());
        let mut samples = BTreeMap::new();
        for line in body.lines() {
            assert!(!line.is_empty(), "an empty line");
            if let Some(comment) = line.strip_prefix("# ") {
                let (keyword, rest) = comment.split_once(' ').unwrap();
                let (name, said) = rest.split_once(' ').unwrap();
                assert!(is_name(name) && name.starts_with("portcullis_"), "{line}");
                match keyword {
                    "HELP" => {
                        assert!(seen.insert(name.to_owned()), "{name} twice");
                        current = (name.to_owned(), Family::default());
                    }
                    "TYPE" => current.1.kind = said.to_owned(),
                    "UNIT" => current.1.unit = said.to_owned(),
                    other => panic!("{other}"),
                }
                assert_eq!(name, current.0, "{line}");
                continue;
            }
            let (name, labels, value) = sample(line);
            belongs(&name, &labels, &current.0, &current.1, value);
            let before = samples.insert((name, labels), value);
            assert!(before.is_none(), "{line} twice");
        }
        check_histograms(&samples);
        Self(samples)
    }

    /// All samples of a name that have these labels, and others.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |found: &Labels| {
            let mut labels = labels.iter();
            labels.all(|(name, value)| found.get(*name).is_some_and(|found| found == value))
        };
        let samples = self.0.iter();
        let samples = samples.filter(|((found, labels), _)| found == name && has(labels));
        samples.map(|(_, value)| value).sum()
    }

    /// How many samples there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Every value of a label of a name.
    pub(crate) fn values(&self, name: &str, label: &str) -> BTreeSet<&str> {
        let samples = self.0.keys().filter(|(found, _)| found == name);
        samples
            .filter_map(|(_, labels)| labels.get(label).map(String::as_str))
            .collect()
    }
}

/// Whether a sample may stand in its family.
fn belongs(name: &str, labels: &Labels, family: &str, of: &Family, value: f64) {
    let suffix = name
        .strip_prefix(family)
        .unwrap_or_else(|| panic!("{name} in {family}"));
    let fine = match of.kind.as_str() {
        "counter" => suffix == "_total" && value >= 0.0,
        "gauge" => suffix.is_empty(),
        "info" => suffix == "_info" && (value - 1.0).abs() < 1e-9,
        "histogram" => match suffix {
            "_bucket" => labels.contains_key("le"),
            "_count" | "_sum" => !labels.contains_key("le") && value >= 0.0,
            _ => false,
        },
        other => panic!("{family} is a {other}"),
    };
    assert!(fine, "{name} is no {}", of.kind);
    assert!(
        of.unit.is_empty() || family.ends_with(&format!("_{}", of.unit)),
        "{family}"
    );
}

/// Buckets only grow, up to the count.
fn check_histograms(samples: &BTreeMap<(String, Labels), f64>) {
    let mut histograms: BTreeMap<(String, Labels), Vec<(f64, f64)>> = BTreeMap::new();
    for ((name, labels), value) in samples {
        if let Some(family) = name.strip_suffix("_bucket") {
            let mut labels = labels.clone();
            let bound = labels.remove("le").unwrap();
            let bound = if bound == "+Inf" {
                f64::INFINITY
            } else {
                bound.parse().unwrap()
            };
            let buckets = histograms.entry((family.to_owned(), labels)).or_default();
            buckets.push((bound, *value));
        }
    }
    for ((family, labels), mut buckets) in histograms {
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        assert!(
            buckets.is_sorted_by(|one, other| one.1 <= other.1),
            "{family}"
        );
        let (bound, last) = buckets.pop().unwrap();
        assert!(bound.is_infinite(), "{family}");
        let count = samples[&(format!("{family}_count"), labels.clone())];
        assert!((count - last).abs() < 1e-9, "{family}");
        assert!(samples.contains_key(&(format!("{family}_sum"), labels)));
    }
}

fn sample(line: &str) -> (String, Labels, f64) {
    let end = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = Labels::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").unwrap();
            assert!(is_name(label) && !label.contains(':'), "{line}");
            let (value, after) = quoted(after);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = after;
            if let Some(next) = rest.strip_prefix(',') {
                assert!(!next.starts_with('}'), "{line}");
                rest = next;
            }
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').unwrap();
    assert!(!value.contains(' '), "{line}");
    (name.to_owned(), labels, value.parse().unwrap())
}

/// A value up to its closing quote, and what is behind.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => match letters.next().unwrap().1 {
                'n' => value.push('\n'),
                letter @ ('\\' | '"') => value.push(letter),
                other => panic!("\\{other}"),
            },
            letter => value.push(letter),
        }
    }
    panic!("no end of {text}")
}

fn is_name(name: &str) -> bool {
    let mut octets = name.bytes();
    octets
        .next()
        .is_some_and(|octet| octet.is_ascii_alphabetic() || octet == b'_')
        && octets.all(|octet| octet.is_ascii_alphanumeric() || b"_:".contains(&octet))
}
