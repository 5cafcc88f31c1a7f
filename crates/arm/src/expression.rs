//! The expression language of ARM templates: what stands between `[` and `]`.
//!
//! ```text
//! expression = primary *( "." name / "[" expression "]" )
//! primary    = name "(" [ expression *( "," expression ) ] ")" / "'" text "'" / number
//! ```
//! Within a text `''` is an apostrophe. Names of functions may have a namespace, `ns.name`.

mod lexer;

use lexer::{Lexer, Token};

/// What an expression says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Text(String),
    Number(i64),
    Call {
        function: String,
        arguments: Vec<Self>,
    },
    Member {
        of: Box<Self>,
        name: String,
    },
    Element {
        of: Box<Self>,
        at: Box<Self>,
    },
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxError {
    /// Something else should stand here.
    #[error("at character {at}: found {found}, expected {expected}")]
    Unexpected {
        /// Counted from 1, from the `[` on.
        at: usize,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// More brackets within each other than an import follows.
    #[error("it is nested more than {DEPTH} levels deep")]
    TooDeep,
    /// Longer than Resource Manager takes.
    #[error("it has more than {LENGTH} bytes")]
    TooLong,
}

/// Bytes that an expression may have: Resource Manager's limit.
const LENGTH: usize = 24_576;

/// Levels that an expression may be nested. Templates in the wild have fewer than ten.
pub(crate) const DEPTH: usize = 32;

/// What a string of a template stands for.
#[derive(Debug, PartialEq)]
pub(crate) enum Meaning<'a> {
    /// Itself.
    Literal(&'a str),
    /// What stands between the brackets.
    Expression(&'a str),
}

impl<'a> Meaning<'a> {
    /// A text in `[` and `]` is an expression, unless it begins with `[[`, which stands for `[`.
    pub(crate) fn of(text: &'a str) -> Self {
        match text.strip_prefix('[') {
            None => Self::Literal(text),
            Some(rest) if !rest.ends_with(']') => Self::Literal(text),
            Some(rest) if rest.starts_with('[') => Self::Literal(rest),
            Some(rest) => Self::Expression(rest.strip_suffix(']').unwrap_or(rest)),
        }
    }
}

impl Expression {
    /// Whether it begins with the call of a function, so that it can be meant as nothing else.
    pub(crate) fn calls(&self) -> bool {
        match self {
            Self::Text(_) | Self::Number(_) => false,
            Self::Call { .. } => true,
            Self::Member { of, .. } | Self::Element { of, .. } => of.calls(),
        }
    }

    /// Reads what stands between the outer brackets.
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        if text.len() > LENGTH {
            return Err(SyntaxError::TooLong);
        }
        let mut parser = Parser {
            lexer: Lexer::new(text),
        };
        let expression = parser.expression(DEPTH)?;
        match parser.lexer.next()? {
            Token::End => Ok(expression),
            token => Err(parser.lexer.unexpected(&token, "the end")),
        }
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
}

impl Parser<'_> {
    fn expression(&mut self, depth: usize) -> Result<Expression, SyntaxError> {
        let deeper = depth.checked_sub(1).ok_or(SyntaxError::TooDeep)?;
        let mut expression = self.primary(deeper)?;
        // Each step wraps the last, so steps are levels too.
        for _ in 0..DEPTH {
            let of = Box::new(expression);
            expression = match self.lexer.peek()? {
                Token::Dot => {
                    self.lexer.next()?;
                    let name = self.name("the name of a property")?;
                    Expression::Member { of, name }
                }
                Token::Open => {
                    self.lexer.next()?;
                    let at = Box::new(self.expression(deeper)?);
                    self.expect(&Token::Close, "\"]\"")?;
                    Expression::Element { of, at }
                }
                _ => return Ok(*of),
            };
        }
        Err(SyntaxError::TooDeep)
    }

    fn primary(&mut self, depth: usize) -> Result<Expression, SyntaxError> {
        match self.lexer.next()? {
            Token::Text(text) => Ok(Expression::Text(text)),
            Token::Number(number) => Ok(Expression::Number(number)),
            Token::Name(name) => self.call(name, depth),
            token => Err(self
                .lexer
                .unexpected(&token, "a function, a text or a number")),
        }
    }

    fn call(&mut self, mut function: String, depth: usize) -> Result<Expression, SyntaxError> {
        if self.lexer.peek()? == Token::Dot {
            self.lexer.next()?;
            function.push('.');
            function.push_str(&self.name("the name of a function")?);
        }
        self.expect(&Token::Begin, "\"(\"")?;
        let mut arguments = Vec::new();
        if self.lexer.peek()? == Token::Finish {
            self.lexer.next()?;
            return Ok(Expression::Call {
                function,
                arguments,
            });
        }
        loop {
            arguments.push(self.expression(depth)?);
            match self.lexer.next()? {
                Token::Comma => {}
                Token::Finish => {
                    return Ok(Expression::Call {
                        function,
                        arguments,
                    });
                }
                token => return Err(self.lexer.unexpected(&token, "\",\" or \")\"")),
            }
        }
    }

    fn name(&mut self, expected: &'static str) -> Result<String, SyntaxError> {
        match self.lexer.next()? {
            Token::Name(name) => Ok(name),
            token => Err(self.lexer.unexpected(&token, expected)),
        }
    }

    fn expect(&mut self, wanted: &Token, expected: &'static str) -> Result<(), SyntaxError> {
        let token = self.lexer.next()?;
        if token == *wanted {
            return Ok(());
        }
        Err(self.lexer.unexpected(&token, expected))
    }
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, Expression, Meaning, SyntaxError};

    #[test]
    fn brackets_make_an_expression_and_two_make_a_bracket() {
        assert_eq!(Meaning::of("[a()]"), Meaning::Expression("a()"));
        assert_eq!(Meaning::of("[[a-z]"), Meaning::Literal("[a-z]"));
        assert_eq!(Meaning::of("[a-z]+"), Meaning::Literal("[a-z]+"));
        assert_eq!(Meaning::of("[[x] y"), Meaning::Literal("[[x] y"));
        assert_eq!(Meaning::of("["), Meaning::Literal("["));
        assert_eq!(Meaning::of(""), Meaning::Literal(""));
    }

    #[test]
    fn what_is_no_expression_says_where_and_what_is_expected() {
        for (text, message) in [
            (
                "",
                "at character 2: found the end, expected a function, a text or a number",
            ),
            ("a", "at character 3: found the end, expected \"(\""),
            (
                "a(1",
                "at character 5: found the end, expected \",\" or \")\"",
            ),
            ("a() b", "at character 6: found \"b\", expected the end"),
            ("a()[1", "at character 7: found the end, expected \"]\""),
            ("'a", "at character 4: found the end, expected \"'\""),
            (
                "a(%)",
                "at character 4: found \"%\", expected a function, a text or a number",
            ),
        ] {
            let error = Expression::parse(text).unwrap_err();
            assert_eq!(error.to_string(), message, "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |levels: usize| format!("{}1{}", "a(".repeat(levels), ")".repeat(levels));
        assert!(Expression::parse(&deep(DEPTH - 1)).is_ok());
        assert_eq!(Expression::parse(&deep(DEPTH)), Err(SyntaxError::TooDeep));
        let long = format!("a(){}", ".b".repeat(1_000));
        assert_eq!(Expression::parse(&long), Err(SyntaxError::TooDeep));
        let endless = "a(".repeat(1 << 20);
        assert_eq!(Expression::parse(&endless), Err(SyntaxError::TooLong));
    }
}
