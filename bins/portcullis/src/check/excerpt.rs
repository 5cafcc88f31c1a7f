//! A problem with the line that it is about, for people at a terminal.

use std::fmt::{self, Display};
use std::path::Path;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity,
    SourceCode,
};
use portcullis_model as model;

use crate::terminal::Paint;

/// Bytes of a line that is shown. A longer one holds a file.
const LONGEST: usize = 200;

/// One problem, its line with the place marked, and what would be accepted. Where there is no line to show, one line of text.
pub(super) fn render(
    diagnostic: &model::Diagnostic,
    file: &Path,
    text: &str,
    paint: Paint,
) -> String {
    let Some(excerpt) = Excerpt::of(diagnostic, file, text) else {
        return format!("{}\n", diagnostic.display(file));
    };
    let theme = match paint {
        Paint::Colour => GraphicalTheme::unicode(),
        Paint::Plain => GraphicalTheme::unicode_nocolor(),
    };
    let mut shown = String::new();
    let handler = GraphicalReportHandler::new_themed(theme).with_context_lines(0);
    match handler.render_report(&mut shown, &excerpt) {
        Ok(()) => shown,
        Err(_) => format!("{}\n", diagnostic.display(file)),
    }
}

#[derive(Debug)]
struct Excerpt<'a> {
    diagnostic: &'a model::Diagnostic,
    source: NamedSource<String>,
    span: std::ops::Range<usize>,
}

impl<'a> Excerpt<'a> {
    /// Nothing where there is no line, where it is too long, and where it may hold a password.
    fn of(diagnostic: &'a model::Diagnostic, file: &Path, text: &str) -> Option<Self> {
        let span = diagnostic.span()?;
        let before = text.get(..span.start)?;
        let begin = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
        let line = text.get(begin..)?.lines().next()?;
        if line.len() > LONGEST || line.contains("password") {
            return None;
        }
        Some(Self {
            diagnostic,
            source: NamedSource::new(file.display().to_string(), text.to_owned()),
            // A table is as long as its lines: its first one tells where it is.
            span: span.start
                ..span
                    .end
                    .min(begin.saturating_add(line.len()))
                    .max(span.start),
        })
    }
}

impl Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message())
    }
}

impl std::error::Error for Excerpt<'_> {}

impl Diagnostic for Excerpt<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn Display + 'b>> {
        Some(Box::new(self.diagnostic.problem.code()))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.diagnostic.problem.severity() {
            model::Severity::Error => Severity::Error,
            model::Severity::Warning => Severity::Warning,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn Display + 'b>> {
        let accepted = self.diagnostic.accepted()?;
        Some(Box::new(format!("accepted: {accepted}")))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label =
            LabeledSpan::new_with_span(Some(self.diagnostic.place.path.clone()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let problems = model::diagnose(text).problems;
        let file = Path::new("portcullis.toml");
        let show = |problem| render(problem, file, text, Paint::Plain);
        problems.iter().map(show).collect()
    }

    #[test]
    fn a_problem_is_shown_with_its_line_and_what_would_be_accepted() {
        let shown = shown("[[listener]]\nnome = \"a\"\n");
        for expected in [
            "unknown_key",
            "did you mean \"name\"?",
            "portcullis.toml:2:1",
            "2 │ nome",
            "accepted: name, bind",
        ] {
            assert!(shown.contains(expected), "{expected}\n{shown}");
        }
    }

    #[test]
    fn a_line_with_a_password_is_not_shown() {
        let shown = shown(
            "[tls_profile.a]\nclient_auth = \"off\"\ncertificate = { pfx = \"a\", password = \"secret\", key = \"b\" }\n",
        );
        assert!(
            shown.contains("certificate") && !shown.contains("secret"),
            "{shown}"
        );
    }

    #[test]
    fn a_line_that_holds_a_file_is_not_shown() {
        let shown = shown(&format!("[[listener]]\nnome = \"{}\"\n", "a".repeat(1000)));
        assert!(!shown.contains("aaaa"), "{shown}");
    }
}
