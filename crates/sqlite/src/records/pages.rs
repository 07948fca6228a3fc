//! Keyset pages. A cursor is the key of the last row that was looked at, so a page costs the same wherever it begins.

use ports::{Page, PageRequest, StoreError};
use rusqlite::{Row, Rows};

use crate::error::store_error;

/// The most items of a page.
const ITEMS_MAX: usize = 1000;
/// The most rows one page looks at, some 10 ms of work: a filter that few rows pass gives short pages instead of long
/// waits.
const EXAMINED_MAX: usize = 5000;

/// A list, by the letter its cursors begin with. Its rows have keys of `N` numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<const N: usize>(pub char);

impl<const N: usize> List<N> {
    /// The key after which the page begins.
    pub(crate) fn after(self, page: &PageRequest, first: [i64; N]) -> Result<[i64; N], StoreError> {
        page.after.as_deref().map_or(Ok(first), |text| self.parse(text).ok_or(StoreError::Cursor))
    }

    /// Reads a page. `rows` come in the order of their keys and are read as far as needed, so their statement needs no
    /// limit; `read` gives a row's key, and the item if it passes the filter.
    pub(crate) fn page<T>(
        self,
        request: &PageRequest,
        rows: &mut Rows<'_>,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<([i64; N], Option<T>)>,
    ) -> Result<Page<T>, StoreError> {
        let next = || rows.next().and_then(|row| row.map(&read).transpose()).map_err(store_error).transpose();
        self.page_of(request, std::iter::from_fn(next))
    }

    /// Makes a page of what comes in the order of its keys, of which it takes no more than it needs.
    pub(super) fn page_of<T>(
        self,
        request: &PageRequest,
        entries: impl Iterator<Item = Result<([i64; N], Option<T>), StoreError>>,
    ) -> Result<Page<T>, StoreError> {
        let items_max = request.limit.clamp(1, ITEMS_MAX);
        let (mut items, mut examined, mut last) = (Vec::new(), 0, None);
        for entry in entries {
            let (key, item) = entry?;
            if items.len() == items_max || examined == EXAMINED_MAX {
                return Ok(Page { items, next: last.map(|key| self.text(key)) });
            }
            items.extend(item);
            examined += 1;
            last = Some(key);
        }
        Ok(Page { items, next: None })
    }

    fn text(self, key: [i64; N]) -> String {
        format!("{}{}", self.0, key.map(|number| number.to_string()).join("."))
    }

    fn parse(self, text: &str) -> Option<[i64; N]> {
        let numbers: Option<Vec<i64>> =
            text.strip_prefix(self.0)?.split('.').map(|number| number.parse().ok()).collect();
        let key: [i64; N] = numbers?.try_into().ok()?;
        // One key has one spelling, and no key has a number below zero.
        (key.iter().all(|number| *number >= 0) && self.text(key) == text).then_some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_in_its_own_list_only() {
        let list = List::<3>('v');
        for (text, key) in [
            ("v12.0.55", Some([12, 0, 55])),
            ("v12.0", None),
            ("v12.0.55.1", None),
            ("c12.0.55", None),
            ("v12.0.-5", None),
            ("v12.0.+5", None),
            ("v12.00.5", None),
            ("v12.0.99999999999999999999", None),
            ("", None),
            ("v", None),
        ] {
            assert_eq!(list.parse(text), key, "{text}");
        }
        assert_eq!(list.text([12, 0, 55]), "v12.0.55");
    }

    #[test]
    fn a_filter_that_few_rows_pass_gives_short_pages_that_go_on() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let sql = "with recursive n(i) as (select 1 union all select i + 1 from n limit 12000) select i from n";
        let mut statement = connection.prepare(sql).unwrap();
        let request = PageRequest { limit: 10, after: None };
        let read =
            |row: &Row<'_>| Ok(([row.get(0)?], Some(row.get::<_, i64>(0)?).filter(|number| number % 6_000 == 0)));
        let mut rows = statement.query([]).unwrap();
        let page = List('n').page(&request, &mut rows, read).unwrap();
        assert_eq!((page.items, page.next), (vec![], Some("n5000".to_owned())));
        let page = List('n').page(&PageRequest { limit: 1, ..request }, &mut rows, read).unwrap();
        // The row after it was read to learn that there is one.
        assert_eq!((page.items, page.next), (vec![6_000], Some("n6000".to_owned())));
    }
}
