//! The path by which a request is told apart, whatever way it is written.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::refused::Refused;

/// A path as servers understand it: percent-encoding undone, `.` and `..` followed, slashes that follow one another
/// joined, a backslash taken for a slash. It decides who may pass, so that no other spelling of a path is a way round; what is
/// forwarded is what was received.
///
/// One that leads above the root is refused.
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

#[cfg(test)]
mod tests {
    use super::*;

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
