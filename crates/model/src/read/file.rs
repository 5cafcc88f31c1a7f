//! Files, named by a path or given inline as `data:;base64,…` (RFC 2397).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::diagnostic::{DataUrlError, Located};
use crate::gateway::{FileSource, InlineFile};

/// Reads what names a file or holds it. A text that does not begin with `data:` is a path; such a
/// path can be written `./data:…`.
pub(super) fn file(text: &str) -> Result<FileSource, DataUrlError> {
    match strip_scheme(text) {
        Some(url) => inline(url).map(FileSource::Inline),
        None => Ok(FileSource::Path(text.into())),
    }
}

pub(super) fn located(text: Located<String>) -> Option<Located<FileSource>> {
    Some(Located::new(file(&text.value).ok()?, text.place))
}

/// Whether a text holds a file rather than naming one.
pub(super) fn is_inline(text: &str) -> bool {
    strip_scheme(text).is_some()
}

/// Schemes are the same in upper and lower case (RFC 3986 section 3.1).
fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

const SCHEME: &str = "data:";

/// The media type before `;base64` says nothing that matters here.
fn inline(url: &str) -> Result<InlineFile, DataUrlError> {
    let (kind, data) = url.split_once(',').ok_or(DataUrlError::NotBase64)?;
    if !kind.ends_with(";base64") {
        return Err(DataUrlError::NotBase64);
    }
    // Texts of several lines may be folded.
    let folded: String;
    let data = if data.contains(char::is_whitespace) {
        folded = data.split_whitespace().collect();
        &folded
    } else {
        data
    };
    let bytes = STANDARD.decode(data).map_err(|_| DataUrlError::Malformed)?;
    match bytes.is_empty() {
        true => Err(DataUrlError::Empty),
        false => Ok(InlineFile::new(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::file;
    use crate::diagnostic::DataUrlError;

    #[test]
    fn a_data_url_holds_the_file_and_anything_else_is_a_path() {
        for url in [
            "data:;base64,aGVsbG8=",
            "DATA:application/x-pem-file;base64,aGVs\n  bG8=\n",
        ] {
            assert_eq!(file(url).unwrap().inline(), Some(&b"hello"[..]), "{url}");
        }
        for path in ["a.pem", "./data:;base64,", "data", "daté:"] {
            assert_eq!(file(path).unwrap().path(), Some(Path::new(path)));
        }
    }

    #[test]
    fn a_data_url_without_a_file_is_none() {
        for (url, why) in [
            ("data:", DataUrlError::NotBase64),
            ("data:,hello", DataUrlError::NotBase64),
            ("data:;base64,", DataUrlError::Empty),
            ("data:;base64,aGVsbG8", DataUrlError::Malformed),
            ("data:;base64,a-_=", DataUrlError::Malformed),
        ] {
            assert_eq!(file(url).unwrap_err(), why, "{url}");
        }
    }

    #[test]
    fn an_inline_file_is_never_printed() {
        let file = file("data:;base64,aGVsbG8=").unwrap();
        assert_eq!(file.to_string(), "an inline file of 5 bytes");
        assert_eq!(format!("{file:?}"), "Inline(InlineFile(5 bytes))");
    }
}
