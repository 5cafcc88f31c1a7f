//! The words of an expression.

use super::SyntaxError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number(i64),
    Dot,
    Comma,
    /// `(`
    Begin,
    /// `)`
    Finish,
    /// `[`
    Open,
    /// `]`
    Close,
    End,
}

/// Hands out tokens, one looked at ahead.
pub(super) struct Lexer<'a> {
    text: &'a str,
    rest: &'a str,
    /// Where the last token begins, in bytes.
    at: usize,
    ahead: Option<Token>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            rest: text,
            at: 0,
            ahead: None,
        }
    }

    pub(super) fn peek(&mut self) -> Result<Token, SyntaxError> {
        match &self.ahead {
            Some(token) => Ok(token.clone()),
            None => {
                let token = self.read()?;
                self.ahead = Some(token.clone());
                Ok(token)
            }
        }
    }

    pub(super) fn next(&mut self) -> Result<Token, SyntaxError> {
        match self.ahead.take() {
            Some(token) => Ok(token),
            None => self.read(),
        }
    }

    pub(super) fn unexpected(&self, token: &Token, expected: &'static str) -> SyntaxError {
        let found = match token {
            Token::Name(name) => format!("\"{name}\""),
            Token::Text(text) => format!("the text {text:?}"),
            Token::Number(number) => number.to_string(),
            Token::Dot => "\".\"".to_owned(),
            Token::Comma => "\",\"".to_owned(),
            Token::Begin => "\"(\"".to_owned(),
            Token::Finish => "\")\"".to_owned(),
            Token::Open => "\"[\"".to_owned(),
            Token::Close => "\"]\"".to_owned(),
            Token::End => "the end".to_owned(),
        };
        self.found(found.chars().take(40).collect(), expected)
    }

    fn found(&self, found: String, expected: &'static str) -> SyntaxError {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        // The bracket before the text is character 1.
        let at = before.chars().count().saturating_add(2);
        SyntaxError::Unexpected {
            at,
            found,
            expected,
        }
    }

    fn read(&mut self) -> Result<Token, SyntaxError> {
        self.rest = self.rest.trim_start();
        self.at = self.text.len().saturating_sub(self.rest.len());
        let mut letters = self.rest.chars();
        let Some(first) = letters.next() else {
            return Ok(Token::End);
        };
        let simple = match first {
            '.' => Some(Token::Dot),
            ',' => Some(Token::Comma),
            '(' => Some(Token::Begin),
            ')' => Some(Token::Finish),
            '[' => Some(Token::Open),
            ']' => Some(Token::Close),
            _ => None,
        };
        if let Some(token) = simple {
            self.rest = letters.as_str();
            return Ok(token);
        }
        match first {
            '\'' => self.text(),
            '-' | '0'..='9' => self.number(),
            letter if letter.is_alphabetic() || letter == '_' || letter == '$' => Ok(self.name()),
            letter => {
                let expected = "a function, a text or a number";
                Err(self.found(format!("{:?}", letter.to_string()), expected))
            }
        }
    }

    fn name(&mut self) -> Token {
        Token::Name(self.take(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$')))
    }

    fn number(&mut self) -> Result<Token, SyntaxError> {
        let digits = self.take(|letter| letter.is_ascii_digit() || letter == '-');
        let number = digits.parse().map(Token::Number);
        number.map_err(|_| self.found(format!("\"{digits}\""), "a whole number of 64 bits"))
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let end = self.rest.find(|letter| !belongs(letter));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken.to_owned()
    }

    fn text(&mut self) -> Result<Token, SyntaxError> {
        let mut text = String::new();
        let mut rest = self.rest.strip_prefix('\'').unwrap_or(self.rest);
        while let Some((before, after)) = rest.split_once('\'') {
            text.push_str(before);
            let Some(more) = after.strip_prefix('\'') else {
                self.rest = after;
                return Ok(Token::Text(text));
            };
            text.push('\'');
            rest = more;
        }
        self.at = self.text.len();
        Err(self.found("the end".to_owned(), "\"'\""))
    }
}
