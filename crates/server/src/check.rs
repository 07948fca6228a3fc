//! Verifies every promise on a copy of the data, so that a running server is not held up.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use sqlite::SqliteStore;

use crate::cli::{Place, say};
use crate::{admin, secrets};

/// What a copy's name begins with.
const COPY: &str = "check-";

/// Prints the report; 1 when a promise is broken.
pub(crate) async fn check(place: &Place) -> anyhow::Result<ExitCode> {
    // A check that was killed left its copy behind.
    remove_copies(&place.data)?;
    let copy = place.data.join(format!("{COPY}{}.db", api::new_id().simple()));
    admin::backup_quietly(place, &copy).await?;
    let report = report_on(place, &copy).await;
    remove_copies(&place.data)?;
    report
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

fn remove_copies(data: &Path) -> std::io::Result<()> {
    let Ok(entries) = fs::read_dir(data) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(COPY) && name.contains(".db")) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
