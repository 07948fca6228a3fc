//! What conditions ask for of who buys.

use domain::ledger::{Facts, HISTORY_MAX, History};
use domain::segment::SegmentNo;
use rusqlite::params;

use super::Loader;
use crate::rows;
use crate::segments::MEMBERSHIPS;

impl Loader<'_> {
    pub(super) fn shoppers(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.memberships, MEMBERSHIPS, |statement, no| {
            let rows = statement.query_map(params![self.tenant.0, no.0], |row| row.get(0).map(SegmentNo))?;
            rows.collect::<rusqlite::Result<_>>().map(Some)
        })?;
        self.each(&mut facts.histories, HISTORY, |statement, no| {
            let key = params![self.tenant.0, no.0, self.now.as_ms(), HISTORY_MAX as i64];
            let mut history = History::default();
            let mut orders = statement.query(key)?;
            while let Some(row) = orders.next()? {
                // The mark of a cancel that came first has none, and is no order.
                if let Some(currency) = rows::currency_or_none(row, 0)? {
                    history.add(currency, row.get(1)?);
                }
            }
            Ok(Some(history))
        })
    }
}

/// The newest of a customer's by the index `redemption_of_customer`, and of those what counts as an order: what is reserved,
/// and what succeeded and was not wholly returned.
const HISTORY: &str = "select currency, total_minor
    from (
        select state, deadline, currency, total_minor
        from redemption
        where tenant = ?1 and customer = ?2
        order by redemption desc
        limit ?4
    )
    where state = 1 or (state = 0 and deadline > ?3)";
