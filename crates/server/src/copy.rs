//! A copy of the data to look through, so that a running server is not held up: made step by step between its commands,
//! and removed afterwards.

use std::fs;
use std::path::Path;

use crate::admin;
use crate::cli::Place;

/// Hands a copy over and removes it. `prefix`: what its name begins with; copies under it that are there already were left
/// by a command that was killed.
pub(crate) async fn with_copy<T>(
    place: &Place,
    prefix: &str,
    look: impl AsyncFnOnce(&Path) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    remove(&place.data, prefix)?;
    let copy = place.data.join(format!("{prefix}{}.db", api::new_id().simple()));
    admin::backup_quietly(place, &copy).await?;
    let seen = look(&copy).await;
    remove(&place.data, prefix)?;
    seen
}

fn remove(data: &Path, prefix: &str) -> std::io::Result<()> {
    let Ok(entries) = fs::read_dir(data) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(prefix) && name.contains(".db")) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
