//! Who is kept out.

use ports::StoreError;

use super::Run;
use super::report::Promise;
use crate::access_blocks::{COLUMNS, access_block};
use crate::query::each;

pub(super) fn walk(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut number = 0;
    each(run.connection, &format!("select {COLUMNS}, tenant, access_block from access_block"), [], |row| {
        number += 1;
        let (tenant, no): (u32, i64) = (row.get("tenant")?, row.get("access_block")?);
        if let Err(error) = access_block(row) {
            run.findings.add(Promise::RowsReadable, || format!("block {no} of tenant {tenant}: {error}"));
        }
        Ok(())
    })?;
    run.findings.counted("access blocks", number);
    Ok(())
}
