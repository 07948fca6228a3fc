//! What rows keep sealed: it opens for its row, and reads.

use domain::id::TenantNo;
use ports::{MailNo, StoreError, TokenKey, TokenPurpose};

use super::Run;
use super::report::Promise;
use crate::query::each;
use crate::{mails, tokens};

const TOKENS: &str = "
    select tenant, purpose, hash, sealed
    from token";

pub(super) fn tokens(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut counted = 0;
    each(run.connection, TOKENS, [], |row| {
        counted += 1;
        let (tenant, number): (u32, u8) = (row.get(0)?, row.get(1)?);
        let Some(purpose) = TokenPurpose::ALL.into_iter().find(|purpose| purpose.number() == number) else {
            run.findings.add(Promise::RowsReadable, || format!("a token of tenant {tenant} is for purpose {number}"));
            return Ok(());
        };
        let key = TokenKey { tenant: TenantNo(tenant), purpose, hash: row.get(2)? };
        let sealed = row.get_ref(3)?.as_blob()?;
        if let Some(Err(error)) = run.codes.map(|codes| tokens::open(codes, key, sealed)) {
            run.findings.add(Promise::SealedRowsOpen, || error.to_string());
        }
        Ok(())
    })?;
    run.findings.counted("tokens", counted);
    Ok(())
}

const MAILS: &str = "
    select mail_no, tenant, sealed
    from mail";

pub(super) fn mails(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut counted = 0;
    each(run.connection, MAILS, [], |row| {
        counted += 1;
        let (no, tenant) = (MailNo(crate::rows::ordinal(row, 0)?), TenantNo(row.get(1)?));
        let sealed = row.get_ref(2)?.as_blob()?;
        if let Some(Err(error)) = run.codes.map(|codes| mails::open(codes, tenant, no, sealed)) {
            run.findings.add(Promise::SealedRowsOpen, || format!("mail {} of tenant {}: {error}", no.0, tenant.0));
        }
        Ok(())
    })?;
    run.findings.counted("mails", counted);
    Ok(())
}
