//! Verifies every promise on a copy of the data, so that a running server is not held up.

use std::path::Path;
use std::process::ExitCode;

use sqlite::SqliteStore;

use crate::cli::{Place, say};
use crate::copy::with_copy;
use crate::secrets;

/// What a copy's name begins with.
const COPY: &str = "check-";

/// Prints the report; 1 when a promise is broken.
pub(crate) async fn check(place: &Place) -> anyhow::Result<ExitCode> {
    with_copy(place, COPY, async |copy| report_on(place, copy).await).await
}

/// The same for data whose server has just closed them: no copy is needed.
pub(crate) async fn check_closed(place: &Place) -> anyhow::Result<ExitCode> {
    report_on(place, &place.data.join("scrip.db")).await
}

async fn report_on(place: &Place, file: &Path) -> anyhow::Result<ExitCode> {
    let codes = SqliteStore::codes_of(file, &secrets::master_key(&place.data)?)?;
    let file = file.to_owned();
    let report = tokio::task::spawn_blocking(move || sqlite::check(&file, Some(&codes))).await??;
    say(&report.to_string());
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
