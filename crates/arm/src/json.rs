//! JSON as it was written: members in their order, none lost because another has its name.

mod relaxed;

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Switch(bool),
    Integer(i64),
    /// What is no whole number of 64 bits, as it was written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Table(Vec<(String, Json)>),
}

/// Values that a document may have: several times those of the largest gateway that Azure allows.
const VALUES: usize = 1_000_000;

impl Json {
    /// Reads a document; serde_json bounds its depth. What Resource Manager allows beyond JSON is
    /// allowed here too.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::read_strictly(text).or_else(|_| Self::read_strictly(&relaxed::strict(text)))
    }

    fn read_strictly(text: &str) -> Result<Self, serde_json::Error> {
        let left = Cell::new(VALUES);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = Reader { left: &left }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(value)
    }

    /// The first member of that name, upper and lower case alike.
    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        let members = self.members()?.iter();
        let mut named = members.filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value)
    }

    pub(crate) fn members(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Table(members) => Some(members),
            _ => None,
        }
    }

    pub(crate) fn elements(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Switch(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Table(_) => "an object",
        }
    }

    /// Roughly the memory it takes, to spend from a budget.
    pub(crate) fn weight(&self) -> usize {
        let inner = match self {
            Self::Null | Self::Switch(_) | Self::Integer(_) => 0,
            Self::Number(text) | Self::Text(text) => text.len(),
            Self::List(elements) => elements
                .iter()
                .fold(0, |sum: usize, one| sum.saturating_add(one.weight())),
            Self::Table(members) => members.iter().fold(0, |sum: usize, (name, one)| {
                sum.saturating_add(name.len()).saturating_add(one.weight())
            }),
        };
        inner.saturating_add(size_of::<Self>())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Switch(switch) => switch.fmt(f),
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => quoted(text, f),
            Self::List(elements) => {
                f.write_str("[")?;
                for (position, element) in elements.iter().enumerate() {
                    f.write_str(if position == 0 { "" } else { "," })?;
                    element.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Table(members) => {
                f.write_str("{")?;
                for (position, (name, value)) in members.iter().enumerate() {
                    f.write_str(if position == 0 { "" } else { "," })?;
                    quoted(name, f)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

/// As JSON has it, and what would move a terminal's cursor escaped too.
fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            letter if letter.is_control() => write!(f, "\\u{:04x}", u32::from(letter))?,
            letter => write!(f, "{letter}")?,
        }
    }
    f.write_str("\"")
}

/// Reads a value, and spends from what may be read at all.
#[derive(Clone, Copy)]
struct Reader<'r> {
    left: &'r Cell<usize>,
}

impl Reader<'_> {
    fn spend<E: Error>(self) -> Result<(), E> {
        let left = self.left.get().checked_sub(1);
        self.left.set(
            left.ok_or_else(|| E::custom(format_args!("there are more than {VALUES} values")))?,
        );
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.spend()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, switch: bool) -> Result<Json, E> {
        Ok(Json::Switch(switch))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(match i64::try_from(number) {
            Ok(number) => Json::Integer(number),
            Err(_) => Json::Number(number.to_string()),
        })
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Json::List(list))
    }

    /// Of two members of one name a reader would believe one, and another reader the other.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut table = Vec::new();
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                let name: String = name.chars().take(80).collect();
                return Err(A::Error::custom(format_args!("{name:?} stands here twice")));
            }
            table.push((name, members.next_value_seed(self)?));
        }
        Ok(Json::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, VALUES};

    #[test]
    fn members_keep_their_order_and_are_shown_as_they_were_read() {
        let text =
            r#"{"b":[1,-2,3.5,18446744073709551615],"a":{"B":null,"b":true},"c":"\u007f\n\""}"#;
        assert_eq!(Json::read(text).unwrap().to_string(), text);
        assert_eq!(
            Json::read(&format!("\u{feff}{text}")).unwrap().to_string(),
            text
        );
    }

    #[test]
    fn two_members_of_one_name_and_endless_values_are_refused() {
        let error = Json::read(r#"{ "a": 1, "a": 2 }"#).unwrap_err();
        assert!(
            error.to_string().starts_with("\"a\" stands here twice"),
            "{error}"
        );
        let many = format!("[{}1]", "1,".repeat(VALUES));
        assert!(
            Json::read(&many)
                .unwrap_err()
                .to_string()
                .starts_with("there are more")
        );
    }
}
