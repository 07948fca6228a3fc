//! Customers.

use std::sync::LazyLock;

use domain::customer::Customer;
use domain::id::{CustomerId, CustomerNo, TenantNo};
use ports::StoreError;
use rusqlite::Connection;

use crate::query::one;
use crate::rows::{self, CUSTOMER_COLUMNS};

pub(super) const NUMBER: &str = "
    select customer
    from customer
    where customer_id = ?1 and tenant = ?2";

pub(super) fn number(
    connection: &Connection,
    tenant: TenantNo,
    id: CustomerId,
) -> Result<Option<CustomerNo>, StoreError> {
    one(connection, NUMBER, (id.0.as_bytes(), tenant.0), |row| Ok(CustomerNo(row.get(0)?)))
}

pub(super) static BY_NUMBER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {CUSTOMER_COLUMNS}
         from customer
         where tenant = ?1 and customer = ?2"
    )
});

pub(super) fn by_number(
    connection: &Connection,
    tenant: TenantNo,
    no: CustomerNo,
) -> Result<Option<Customer>, StoreError> {
    one(connection, &BY_NUMBER, (tenant.0, no.0), rows::customer)
}

pub(super) static BY_EXTERNAL_ID: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {CUSTOMER_COLUMNS}
         from customer
         where tenant = ?1 and external_id = ?2"
    )
});

pub(super) fn by_external_id(
    connection: &Connection,
    tenant: TenantNo,
    external_id: &str,
) -> Result<Option<Customer>, StoreError> {
    one(connection, &BY_EXTERNAL_ID, (tenant.0, external_id), rows::customer)
}
