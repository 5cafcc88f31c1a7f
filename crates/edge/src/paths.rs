//! The path by which a request is told apart, whatever way it is written.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::refused::Refused;

/// A path as servers understand it: percent-encoding undone, `.` and `..` followed, slashes that follow one another
/// joined, a backslash taken for a slash. It decides who may pass, so that none of these spellings of a path is a way round;
/// what is forwarded is what was received.
///
/// One that leads above the root is refused; so are `..;` and `.;`, which some servers follow and others do not.
pub(crate) fn normal(path: &str) -> Result<Cow<'_, str>, Refused> {
    if !path.contains(['%', '\\']) && !path.contains("//") && !path.contains("/.") {
        return Ok(Cow::Borrowed(path));
    }
    let decoded = percent_decode_str(path)
        .decode_utf8_lossy()
        .replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => (),
            ".." => {
                segments.pop().ok_or(Refused::PathInvalid)?;
            }
            segment if segment.starts_with(".;") || segment.starts_with("..;") => {
                return Err(Refused::PathInvalid);
            }
            segment => segments.push(segment),
        }
    }
    let mut normal = String::with_capacity(decoded.len());
    for segment in &segments {
        normal.push('/');
        normal.push_str(segment);
    }
    if normal.is_empty()
        || decoded.ends_with('/')
        || decoded.ends_with("/.")
        || decoded.ends_with("/..")
    {
        normal.push('/');
    }
    Ok(Cow::Owned(normal))
}

/// The same path to servers for which what follows a `;` is no part of a segment (RFC 3986 section 3.3), nor what follows
/// NUL, where it is another.
pub(crate) fn without_parameters(normal: &str) -> Option<String> {
    const ENDS: [char; 2] = [';', '\0'];
    if !normal.contains(ENDS) {
        return None;
    }
    let bare = |segment| str::split(segment, ENDS).next().unwrap_or_default();
    let mut path = String::with_capacity(normal.len());
    for segment in normal.split('/').map(bare).filter(|bare| !bare.is_empty()) {
        path.push('/');
        path.push_str(segment);
    }
    if path.is_empty() || normal.ends_with('/') {
        path.push('/');
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_no_part_of_a_segment_to_some() {
        for (path, expected) in [
            ("/admin;a/x", "/admin/x"),
            ("/admin;/x;b=c;d", "/admin/x"),
            ("/admin/;/x/", "/admin/x/"),
            ("/;a", "/"),
            ("/admin\0/x", "/admin/x"),
        ] {
            assert_eq!(without_parameters(path).as_deref(), Some(expected));
        }
        assert_eq!(without_parameters("/admin/x"), None);
    }

    #[test]
    fn what_servers_disagree_about_is_refused() {
        for path in [
            "/public/..;/admin",
            "/public/..;a=b/admin",
            "/public/%2e%2e;/admin",
            "/public/..%3b/admin",
            "/public/.;/admin",
        ] {
            assert!(normal(path).is_err(), "{path}");
        }
    }

    #[test]
    fn other_spellings_of_a_path_are_the_same_path() {
        for (path, expected) in [
            ("/", "/"),
            ("/admin", "/admin"),
            ("/%61dmin", "/admin"),
            ("//admin", "/admin"),
            ("/public/../admin", "/admin"),
            ("/public/%2e%2e/admin", "/admin"),
            ("/public/..%2fadmin", "/admin"),
            ("/public/..%5Cadmin", "/admin"),
            ("/public\\..\\admin", "/admin"),
            ("/./admin/.", "/admin/"),
            ("/admin/..", "/"),
            ("/admin//", "/admin/"),
            ("/a.b/..c", "/a.b/..c"),
            ("/%zz", "/%zz"),
        ] {
            assert_eq!(normal(path).unwrap(), expected, "{path}");
        }
    }

    #[test]
    fn a_path_above_the_root_is_refused() {
        for path in ["/..", "/../admin", "/%2e%2e/", "/a/../../b"] {
            assert!(normal(path).is_err(), "{path}");
        }
    }
}
