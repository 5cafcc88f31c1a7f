//! What a client was answered with.

/// One response: of the gateway, or of a backend that tells what it was asked.
pub(crate) struct Answer(pub(crate) String);

impl Answer {
    /// The status code.
    #[track_caller]
    pub(crate) fn status(&self) -> u16 {
        let code = self.0.strip_prefix("HTTP/1.1 ").and_then(|at| at.get(..3));
        code.and_then(|code| code.parse().ok())
            .unwrap_or_else(|| panic!("{}", self.0))
    }

    /// The values of one of its headers, in their order.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let (head, _) = self.0.split_once("\r\n\r\n").unwrap();
        fields(head, name)
    }

    /// Which backend answered.
    #[track_caller]
    pub(crate) fn backend(&self) -> &str {
        match self.headers("x-backend")[..] {
            [only] => only,
            _ => panic!("no backend answered: {}", self.0),
        }
    }

    /// What the backend was asked: its request line and headers.
    #[track_caller]
    pub(crate) fn asked(&self) -> &str {
        self.backend();
        self.0.split_once("\r\n\r\nok ").unwrap().1
    }

    /// The target that the backend was asked for.
    #[track_caller]
    pub(crate) fn target(&self) -> &str {
        self.asked().split(' ').nth(1).unwrap()
    }

    /// The values of a header that the backend got, in their order.
    #[track_caller]
    pub(crate) fn got(&self, name: &str) -> Vec<&str> {
        fields(self.asked(), name)
    }

    /// The status and the place of a redirect.
    #[track_caller]
    pub(crate) fn redirect(&self) -> (u16, &str) {
        match self.headers("location")[..] {
            [only] => (self.status(), only),
            _ => panic!("{}", self.0),
        }
    }
}

fn fields<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.trim()).collect()
}
