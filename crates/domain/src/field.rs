//! What is wrong with one field of something a caller sent.

/// One field breaks a rule of its definition. The way to the field is a JSON pointer, so that a form can show the
/// reason beside its input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct FieldError {
    /// RFC 6901 pointer to the field, from the value that was checked, e.g. `/lines/3/quantity`.
    pub pointer: String,
    /// What the field must be, fit for a caller.
    pub detail: String,
}

impl FieldError {
    /// The field at `pointer` breaks the rule `detail`.
    #[must_use]
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }

    /// The same error seen from a value that holds the checked one at `parent`, e.g. `/benefit`.
    #[must_use]
    pub fn under(self, parent: &str) -> Self {
        Self { pointer: format!("{parent}{}", self.pointer), detail: self.detail }
    }
}
