//! What scopes and conditions ask for of what is bought.

use domain::ledger::Facts;
use rusqlite::params;

use super::{Loader, one};
use crate::collections::ENTRY;

impl Loader<'_> {
    pub(super) fn goods(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.entries, ENTRY, |statement, (no, entry)| {
            one(statement, params![self.tenant.0, no.0, entry], |_| Ok(()))
        })
    }
}
