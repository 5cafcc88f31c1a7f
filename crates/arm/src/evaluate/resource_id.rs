//! `resourceId()` and its kin.

use super::Cause;
use crate::json::Json;
use crate::stand_in::stand_in;

/// `[subscription], [resource group], type, name, name…`: the type is the first with a `/`.
pub(super) fn resource_id(function: &str, arguments: &[Json]) -> Result<Json, Cause> {
    let texts = texts(function, arguments)?;
    let at = texts.iter().position(|text| text.contains('/'));
    let (subscription, group, rest) = match (at, &texts[..]) {
        (Some(0), rest) => (None, None, rest),
        (Some(1), [group, rest @ ..]) => (None, Some(*group), rest),
        (Some(2), [subscription, group, rest @ ..]) => (Some(*subscription), Some(*group), rest),
        _ => return Err(refused(function)),
    };
    let subscription = subscription.map_or_else(
        || stand_in("subscription().subscriptionId"),
        |text| Json::Text(text.to_owned()),
    );
    let group = group.map_or_else(
        || stand_in("resourceGroup().name"),
        |text| Json::Text(text.to_owned()),
    );
    let path = provider_path(function, rest)?;
    let (subscription, group) = (plain(&subscription), plain(&group));
    let id = format!("/subscriptions/{subscription}/resourceGroups/{group}/{path}");
    Ok(Json::Text(id))
}

/// `[subscription], type, name, name…`
pub(super) fn subscription_resource_id(function: &str, arguments: &[Json]) -> Result<Json, Cause> {
    let texts = texts(function, arguments)?;
    let (subscription, rest) = match &texts[..] {
        [kind, ..] if kind.contains('/') => (stand_in("subscription().subscriptionId"), &texts[..]),
        [subscription, rest @ ..] => (Json::Text((*subscription).to_owned()), rest),
        [] => return Err(refused(function)),
    };
    let path = provider_path(function, rest)?;
    let subscription = plain(&subscription);
    Ok(Json::Text(format!("/subscriptions/{subscription}/{path}")))
}

/// `Microsoft.Network/applicationGateways/httpListeners`, `gw`, `l` as
/// `providers/Microsoft.Network/applicationGateways/gw/httpListeners/l`.
fn provider_path(function: &str, arguments: &[&str]) -> Result<String, Cause> {
    let [kind, names @ ..] = arguments else {
        return Err(refused(function));
    };
    let mut segments = kind.split('/');
    let mut path = format!("providers/{}", segments.next().unwrap_or_default());
    let mut names = names.iter();
    for segment in segments {
        let name = names.next().ok_or_else(|| refused(function))?;
        path.push_str(&format!("/{segment}/{name}"));
    }
    match names.next() {
        None => Ok(path),
        Some(_) => Err(refused(function)),
    }
}

fn texts<'v>(function: &str, arguments: &'v [Json]) -> Result<Vec<&'v str>, Cause> {
    let texts = arguments.iter().map(Json::text);
    let texts: Option<Vec<&str>> = texts.collect();
    texts.ok_or_else(|| refused(function))
}

fn plain(value: &Json) -> &str {
    value.text().unwrap_or_default()
}

fn refused(function: &str) -> Cause {
    let takes = "a type of resource and a name for each of its segments, after an optional \
                 subscription and resource group";
    Cause::arguments(function, takes)
}
