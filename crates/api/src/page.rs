//! Lists, a page at a time.

use ports::PageRequest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// The longest page.
pub(crate) const PAGE_ROWS_MAX: usize = 1_000;

/// A page whose length is not asked for.
const PAGE_ROWS_DEFAULT: usize = 50;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// In the order of the list. A filtered page may hold fewer than asked for and still have a next one.
    data: Vec<T>,
    /// Asks for the next page as `cursor`; `null` when there is none.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// All there is.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }

    pub(crate) fn page(data: Vec<T>, next: Option<String>) -> Self {
        Self { data, next_cursor: next }
    }
}

/// Of `?limit=` and `?cursor=`.
pub(crate) fn page_request(limit: Option<usize>, cursor: Option<String>) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(PAGE_ROWS_DEFAULT);
    if !(1..=PAGE_ROWS_MAX).contains(&limit) {
        return Err(Problem::invalid_field("?limit", "invalid", format!("must be from 1 to {PAGE_ROWS_MAX}")));
    }
    Ok(PageRequest { limit, after: cursor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_1_to_1000_rows_and_50_unless_said() {
        for (limit, rows) in [(None, Some(50)), (Some(1), Some(1)), (Some(1_000), Some(1_000))] {
            assert_eq!(page_request(limit, None).ok().map(|request| request.limit), rows);
        }
        for limit in [0, 1_001] {
            let problem = page_request(Some(limit), None).expect_err("it is out of bounds");
            assert_eq!(problem.errors()[0].pointer, "?limit");
        }
    }
}
