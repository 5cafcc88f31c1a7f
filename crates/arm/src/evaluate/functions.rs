//! The functions that need nothing but their arguments.

mod lists;
mod logic;
mod texts;

use super::Cause;
use super::resource_id::{resource_id, subscription_resource_id};
use crate::json::Json;
use crate::stand_in::{has_mark, stand_in};

/// Calls a function; `lower` is its name in lower case, `name` as written.
pub(super) fn call(name: &str, lower: &str, arguments: Vec<Json>) -> Result<Json, Cause> {
    // What these make of a text that only a deployment knows is one again, and is marked.
    match lower {
        "resourceid" => return resource_id(name, &arguments),
        "subscriptionresourceid" => return subscription_resource_id(name, &arguments),
        "concat" => return texts::concat(name, &arguments),
        "format" => return texts::format(name, &arguments),
        "tolower" => return texts::change_case(name, &arguments, str::to_lowercase),
        "toupper" => return texts::change_case(name, &arguments, str::to_uppercase),
        "createarray" => return Ok(Json::List(arguments)),
        "createobject" => return lists::create_object(name, arguments),
        "coalesce" => return Ok(lists::coalesce(arguments)),
        "uniquestring" => return Ok(stand_in("uniqueString()")),
        "guid" => return Ok(stand_in("guid()")),
        "subscription" if arguments.is_empty() => return Ok(subscription()),
        "resourcegroup" if arguments.is_empty() => return Ok(resource_group()),
        _ => {}
    }
    if is_of_a_deployment(lower) {
        let function = name.to_owned();
        return Err(Cause::NotEvaluated { function });
    }
    if let Some(marked) = arguments.iter().find(|argument| has_mark(argument)) {
        return Err(Cause::deployment(&marked.to_string()));
    }
    let function = texts::function(lower)
        .or_else(|| lists::function(lower))
        .or_else(|| logic::function(lower));
    match function {
        Some((function, takes)) => {
            function(&arguments).ok_or_else(|| Cause::arguments(name, takes))
        }
        None => Err(Cause::UnknownFunction {
            function: name.to_owned(),
        }),
    }
}

/// What it makes of its arguments, and what it takes, for messages.
type Function = (fn(&[Json]) -> Option<Json>, &'static str);

fn is_of_a_deployment(lower: &str) -> bool {
    const NAMES: [&str; 10] = [
        "reference",
        "newguid",
        "utcnow",
        "deployment",
        "environment",
        "managementgroup",
        "tenant",
        "getsecret",
        "pickzones",
        "references",
    ];
    NAMES.contains(&lower) || lower.starts_with("list")
}

fn subscription() -> Json {
    known_later(
        "subscription",
        &["id", "subscriptionId", "tenantId", "displayName"],
    )
}

fn resource_group() -> Json {
    known_later(
        "resourceGroup",
        &["id", "name", "location", "type", "managedBy"],
    )
}

fn known_later(function: &str, names: &[&str]) -> Json {
    let members = names.iter().map(|name| {
        let source = format!("{function}().{name}");
        ((*name).to_owned(), stand_in(&source))
    });
    Json::Table(members.collect())
}
