//! What a client was answered.

/// An HTTP response as a client program tells it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// `1.1` or `2`.
    pub(crate) version: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Answer {
    /// Reads a response as it is on the wire.
    #[track_caller]
    pub(crate) fn parse(text: &str) -> Self {
        let (head, rest) = text
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{text:?}"));
        let header = |name: &str| {
            let fields = head.lines().filter_map(|line| line.split_once(": "));
            let mut fields = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
            fields.next().map(|(_, value)| value.to_owned())
        };
        let length: usize = header("content-length").unwrap().parse().unwrap();
        let status = head.strip_prefix("HTTP/1.1 ").unwrap();
        Self {
            status: status[..3].parse().unwrap(),
            version: "1.1".to_owned(),
            content_type: header("content-type").unwrap_or_default(),
            body: rest[..length].to_owned(),
        }
    }

    /// The reason that a page names, as HTML or as JSON.
    pub(crate) fn reason(&self) -> Option<String> {
        if self.content_type == "application/json" {
            let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
            return Some(body["reason"].as_str()?.to_owned());
        }
        let (_, reason) = self.body.split_once("<center>reason: ")?;
        Some(reason.split_once("</center>")?.0.to_owned())
    }

    /// Fails unless the backend answered.
    #[track_caller]
    pub(crate) fn expect_backend(&self) {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.body, crate::backend::GREETING, "{self:?}");
    }

    /// Fails unless the gateway refused for this reason.
    #[track_caller]
    pub(crate) fn expect_refusal(&self, reason: &str) {
        assert_eq!(self.status, 400, "{self:?}");
        assert_eq!(self.reason().as_deref(), Some(reason), "{self:?}");
    }
}
