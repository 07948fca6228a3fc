//! How what has a name and a version, such as a segment or a collection, is saved over what there was.

use ports::{NotSaved, SavedOver};

/// Why it cannot be saved over that. `before` is the version that there is, and whether it is of the same sort. Only the
/// writer's thread writes, so what is in memory is what is in the rows.
pub(crate) fn not_saved(over: SavedOver, before: Option<(u32, bool)>, is_full: bool) -> Option<NotSaved> {
    match (over, before) {
        (SavedOver::Any | SavedOver::Version(_), None) => Some(NotSaved::Stale),
        (SavedOver::Nothing, None) => is_full.then_some(NotSaved::TooMany),
        (SavedOver::Nothing, Some((version, _))) => Some(NotSaved::Exists(version)),
        (SavedOver::Version(version), Some((there, _))) if version != there => Some(NotSaved::Stale),
        (SavedOver::Any | SavedOver::Version(_), Some((_, is_same))) => (!is_same).then_some(NotSaved::OtherSort),
    }
}

/// A statement by key has found its row.
pub(crate) fn changes_one(changed: usize) -> rusqlite::Result<()> {
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}
