//! Who the client is, in headers of one dialect, for a listener whose configuration names it.

use http::HeaderMap;
use portcullis_model::{self as model, IdentityForm};
use portcullis_rewrite::{Client, Fact, IdentityFormat, Oversize, set_identity};

use crate::refused::Refused;

/// What a listener was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdentityHeaders {
    format: IdentityFormat,
    oversize: Oversize,
}

impl IdentityHeaders {
    pub(crate) fn of(model: model::IdentityHeaders) -> Self {
        Self {
            format: match model.form {
                IdentityForm::Rfc9440 => IdentityFormat::Rfc9440,
                IdentityForm::Xfcc => IdentityFormat::Xfcc,
                IdentityForm::Aws => IdentityFormat::Aws,
                IdentityForm::AppService => IdentityFormat::AppService,
                IdentityForm::Nginx => IdentityFormat::Nginx,
            },
            oversize: match model.oversize {
                model::Oversize::Refuse => Oversize::Refuse,
                model::Oversize::Omit => Oversize::Omit,
            },
        }
    }

    /// What they tell.
    pub(crate) fn facts(self) -> &'static [Fact] {
        self.format.facts()
    }

    /// Has the last word on the headers of its dialect, so that no rule can set one for a client that is not
    /// proven. What the client itself has sent under these names is gone before.
    pub(crate) fn set(self, headers: &mut HeaderMap, client: Client<'_>) -> Result<(), Refused> {
        set_identity(headers, self.format, self.oversize, client).map_err(Refused::IdentityTooLarge)
    }
}
