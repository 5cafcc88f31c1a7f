//! Comparisons, truth and whole numbers.

use super::Function;
use crate::json::Json;

/// By its name in lower case.
pub(super) fn function(lower: &str) -> Option<Function> {
    Some(match lower {
        "equals" => (equals, "two values"),
        "not" => (not, "true or false"),
        "and" => (and, "true or false, twice or more"),
        "or" => (or, "true or false, twice or more"),
        "true" => (
            |arguments| constant(arguments, Json::Switch(true)),
            "nothing",
        ),
        "false" => (
            |arguments| constant(arguments, Json::Switch(false)),
            "nothing",
        ),
        "null" => (|arguments| constant(arguments, Json::Null), "nothing"),
        "bool" => (bool, "true, false, or a number"),
        "int" => (int, "a whole number"),
        "add" => (
            |arguments| numbers(arguments, i64::checked_add),
            "two whole numbers",
        ),
        "sub" => (
            |arguments| numbers(arguments, i64::checked_sub),
            "two whole numbers",
        ),
        "mul" => (
            |arguments| numbers(arguments, i64::checked_mul),
            "two whole numbers",
        ),
        "div" => (
            |arguments| numbers(arguments, i64::checked_div),
            "two whole numbers",
        ),
        "mod" => (
            |arguments| numbers(arguments, i64::checked_rem),
            "two whole numbers",
        ),
        "greater" => (|arguments| compare(arguments, i64::gt), "two whole numbers"),
        "greaterorequals" => (|arguments| compare(arguments, i64::ge), "two whole numbers"),
        "less" => (|arguments| compare(arguments, i64::lt), "two whole numbers"),
        "lessorequals" => (|arguments| compare(arguments, i64::le), "two whole numbers"),
        _ => return None,
    })
}

fn constant(arguments: &[Json], value: Json) -> Option<Json> {
    arguments.is_empty().then_some(value)
}

fn equals(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [left, right] => Some(Json::Switch(left == right)),
        _ => None,
    }
}

fn not(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::Switch(switch)] => Some(Json::Switch(!switch)),
        _ => None,
    }
}

fn and(arguments: &[Json]) -> Option<Json> {
    let switches = switches(arguments)?;
    Some(Json::Switch(switches.iter().all(|switch| *switch)))
}

fn or(arguments: &[Json]) -> Option<Json> {
    let switches = switches(arguments)?;
    Some(Json::Switch(switches.iter().any(|switch| *switch)))
}

fn switches(arguments: &[Json]) -> Option<Vec<bool>> {
    let switches = arguments.iter().map(|argument| match argument {
        Json::Switch(switch) => Some(*switch),
        _ => None,
    });
    switches.collect()
}

fn bool(arguments: &[Json]) -> Option<Json> {
    let switch = match arguments {
        [Json::Switch(switch)] => *switch,
        [Json::Integer(number)] => *number != 0,
        [Json::Text(text)] if text.eq_ignore_ascii_case("true") => true,
        [Json::Text(text)] if text.eq_ignore_ascii_case("false") => false,
        _ => return None,
    };
    Some(Json::Switch(switch))
}

fn int(arguments: &[Json]) -> Option<Json> {
    match arguments {
        [Json::Integer(number)] => Some(Json::Integer(*number)),
        [Json::Text(text)] => text.parse().ok().map(Json::Integer),
        _ => None,
    }
}

fn numbers(arguments: &[Json], of: fn(i64, i64) -> Option<i64>) -> Option<Json> {
    match arguments {
        [Json::Integer(left), Json::Integer(right)] => of(*left, *right).map(Json::Integer),
        _ => None,
    }
}

fn compare(arguments: &[Json], holds: fn(&i64, &i64) -> bool) -> Option<Json> {
    match arguments {
        [Json::Integer(left), Json::Integer(right)] => Some(Json::Switch(holds(left, right))),
        _ => None,
    }
}
