//! What is typed to sign in, looked up.

use std::sync::Arc;

use domain::account::{Account, LoginHash, fold_login};
use domain::id::TenantNo;

use ports::Codes;

use crate::app::App;
use crate::problem::Problem;

/// The hash that a name is found by. Usernames and addresses share it: no username has an `@`.
#[must_use]
pub fn login_hash(codes: &Codes, tenant: TenantNo, typed: &str) -> LoginHash {
    codes.name_hash("login", tenant, &fold_login(typed))
}

pub(crate) fn hash(app: &App, tenant: TenantNo, typed: &str) -> LoginHash {
    login_hash(app.store.codes(), tenant, typed)
}

/// The account that goes by this name now: its username, or its address once that was verified.
pub(crate) async fn find(app: &App, tenant: TenantNo, typed: &str) -> Result<Option<Arc<Account>>, Problem> {
    let found = app.store.account_by_login(tenant, hash(app, tenant, typed)).await?;
    Ok(found.filter(|account| goes_by(account, &fold_login(typed))))
}

/// A hash points to whoever had the address last; who has another by now does not sign in by it.
fn goes_by(account: &Account, folded: &str) -> bool {
    let profile = &account.profile;
    let address = profile.email.as_deref().filter(|_| profile.email_verified);
    fold_login(&profile.username) == folded || address.is_some_and(|address| fold_login(address) == folded)
}
