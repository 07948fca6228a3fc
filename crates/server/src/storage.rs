//! Says how much room each table takes and what a voucher costs, measured on a copy of the data.

use crate::cli::{Place, say};
use crate::copy::with_copy;

/// What a copy's name begins with.
const COPY: &str = "storage-";

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Tables for a terminal.
    Text,
    /// One JSON document.
    Json,
}

/// Prints it.
pub(crate) async fn storage(place: &Place, form: Form) -> anyhow::Result<()> {
    let storage = with_copy(place, COPY, async |copy| {
        let copy = copy.to_owned();
        Ok(tokio::task::spawn_blocking(move || sqlite::storage(&copy)).await??)
    });
    let storage = storage.await?;
    say(&match form {
        Form::Text => storage.to_string(),
        Form::Json => serde_json::to_string_pretty(&storage)?,
    });
    Ok(())
}
