//! What SQLite could not do, as what a store could not do. One place, so that both sides tell it alike.

use ports::StoreError;
use rusqlite::{Error, ErrorCode};

/// A value that does not read, a constraint that is hurt or a row that is not as it was loaded is damage; anything else may be over when it is tried again.
pub(crate) fn store_error(error: Error) -> StoreError {
    if is_damage(&error) { StoreError::Corrupt(error.to_string()) } else { StoreError::Unavailable(error.to_string()) }
}

fn is_damage(error: &Error) -> bool {
    match error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::StatementChangedRows(_)
        | Error::Utf8Error(..) => true,
        _ => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation)
        ),
    }
}
