//! Staff: invited, given another role, kept out.

use axum::extract::State;
use domain::account::{Account, Credentials, Profile, Role, check_username};
use domain::id::{AccountId, TenantNo};
use domain::ledger::{AccountChange, Action, NewAccount, Outcome};
use domain::rejection::Rejection;
use ports::TokenPurpose;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::definition_body::check_chars;
use crate::extract::{Path, Query};
use crate::idempotency::{Change, Origin};
use crate::letters::{self, Errand};
use crate::logins;
use crate::me::{AccountBody, NAME_CHARS_MAX, show};
use crate::names::not_found;
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::registration::{check_email, check_language};
use crate::reply::{Answered, Reply};

/// How long an invitation is good: a week.
const INVITATION_MINUTES: u32 = 7 * 24 * 60;

/// A member of staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewStaff {
    #[schema(min_length = 3, max_length = 64, example = "olga")]
    username: String,
    /// Where the invitation goes.
    #[schema(max_length = 254, example = "olga@shop.example")]
    email: String,
    /// One of staff.
    #[schema(value_type = crate::schemas::Role)]
    role: Role,
    #[schema(max_length = 100)]
    first_name: Option<String>,
    #[schema(max_length = 100)]
    last_name: Option<String>,
    #[schema(example = "en")]
    language: Option<String>,
}

impl NewStaff {
    fn parse(self, app: &App, tenant: TenantNo) -> Result<NewAccount, Problem> {
        check_username("/username", &self.username)?;
        check_email(&self.email)?;
        check_staff("/role", self.role)?;
        for (pointer, name) in [("/first_name", &self.first_name), ("/last_name", &self.last_name)] {
            name.as_deref().map_or(Ok(()), |name| check_chars(pointer, name, NAME_CHARS_MAX))?;
        }
        check_language(self.language.as_deref())?;
        let Self { username, email, role, first_name, last_name, language } = self;
        let login = logins::hash(app, tenant, &username);
        let profile = Profile { username, email: Some(email), first_name, last_name, language, ..Profile::default() };
        Ok(NewAccount { login, email_login: None, role, profile, credentials: Credentials::default() })
    }
}

fn check_staff(pointer: &str, role: Role) -> Result<(), Problem> {
    if role.is_staff() {
        return Ok(());
    }
    Err(Problem::invalid_field(pointer, "invalid", "must be admin, operator, merchant or analyst"))
}

/// Invite a member of staff
///
/// A letter brings the link by which they choose a password; it is good for a week.
#[utoipa::path(post, path = "/v1/accounts", tag = "staff", request_body = NewStaff,
    responses((status = 201, description = "Made", body = AccountBody)))]
pub(crate) async fn create_account(
    State(app): State<App>,
    Change { origin, body }: Change<NewStaff>,
) -> Answered<AccountBody> {
    let tenant = origin.caller.tenant;
    let new = Box::new(body.parse(&app, tenant)?);
    let action = Action::CreateAccount { id: AccountId((app.new_id)()), new, customer: None };
    let answer = app.submit(&origin, action).await?;
    let Outcome::Account { no, .. } = answer.outcome else { return Err(unexpected()) };
    let account = app.store.account(tenant, no).await?.ok_or_else(unexpected)?;
    if !answer.replayed {
        invite(&app, tenant, &account).await?;
    }
    Ok(Reply::created(show(&app, tenant, &account).await?).replayed(answer.replayed))
}

async fn invite(app: &App, tenant: TenantNo, account: &Account) -> Result<(), Problem> {
    let Some(email) = account.profile.email.clone() else { return Ok(()) };
    let errand = Errand { account: Some(account.no), email: Some(email.clone()) };
    let to = (email.as_str(), account.profile.language.as_deref());
    let purpose = (TokenPurpose::SetUp, INVITATION_MINUTES);
    letters::send(app, tenant, purpose, &errand, to).await
}

/// Which staff to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StaffQuery {
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List staff
#[utoipa::path(get, path = "/v1/accounts", tag = "staff", params(StaffQuery),
    responses((status = 200, description = "Oldest first", body = List<AccountBody>)))]
pub(crate) async fn list_accounts(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Query(query): Query<StaffQuery>,
) -> Answered<List<AccountBody>> {
    let page = app.store.staff(tenant, page_request(query.limit, query.cursor)?).await?;
    let mut staff = Vec::with_capacity(page.items.len());
    for account in &page.items {
        staff.push(show(&app, tenant, account).await?);
    }
    Ok(Reply::ok(List::page(staff, page.next)))
}

/// Show an account
#[utoipa::path(get, path = "/v1/accounts/{id}", tag = "staff",
    params(("id" = String, Path, description = "The account")),
    responses((status = 200, description = "As it is now", body = AccountBody)))]
pub(crate) async fn get_account(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<AccountBody> {
    let account = find(&app, tenant, &id).await?;
    Ok(Reply::ok(show(&app, tenant, &account).await?))
}

/// What is to be otherwise.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountChangeBody {
    /// Another role, of staff; the account has to sign in again.
    #[schema(value_type = Option<crate::schemas::Role>)]
    role: Option<Role>,
    /// Whether it may sign in; who is signed in has to do so again.
    active: Option<bool>,
}

/// Give an account another role, or keep it out
#[utoipa::path(patch, path = "/v1/accounts/{id}", tag = "staff", request_body = AccountChangeBody,
    params(("id" = String, Path, description = "The account")),
    responses((status = 200, description = "As it is now", body = AccountBody)))]
pub(crate) async fn update_account(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<AccountChangeBody>,
) -> Answered<AccountBody> {
    let tenant = origin.caller.tenant;
    let account = find(&app, tenant, &id).await?;
    let change = parse_change(body, &account)?;
    let answer = app.submit(&origin, Action::ChangeAccount { account: account.no, change }).await?;
    let account = app.store.account(tenant, account.no).await?.ok_or_else(unexpected)?;
    Ok(Reply::ok(show(&app, tenant, &account).await?).replayed(answer.replayed))
}

fn parse_change(body: AccountChangeBody, account: &Account) -> Result<AccountChange, Problem> {
    match (body.role, body.active) {
        (Some(role), None) => {
            check_staff("/role", role)?;
            if !account.role.is_staff() {
                return Err(Problem::invalid_field("/role", "invalid", "a customer's account does not become staff"));
            }
            Ok(AccountChange::Role(role))
        }
        (None, Some(active)) => Ok(AccountChange::Active(active)),
        (Some(_), Some(_)) | (None, None) => {
            Err(Problem::invalid_field("", "invalid", "give exactly one of `role` and `active`"))
        }
    }
}

async fn find(app: &App, tenant: TenantNo, id: &str) -> Result<Arc<Account>, Problem> {
    let gone = || not_found(Rejection::AccountNotFound, "There is no such account.");
    let id = id.parse::<AccountId>().map_err(|_| gone())?;
    let no = app.store.account_no(tenant, id).await?.ok_or_else(gone)?;
    app.store.account(tenant, no).await?.ok_or_else(gone)
}

/// What an account that the system makes begins with: the first administrator, or one of the command line.
pub(crate) async fn create_staff(app: &App, origin: &Origin, new: NewAccount) -> Result<Arc<Account>, Problem> {
    let action = Action::CreateAccount { id: AccountId((app.new_id)()), new: Box::new(new), customer: None };
    let answer = app.submit(origin, action).await?;
    let Outcome::Account { no, .. } = answer.outcome else { return Err(unexpected()) };
    app.store.account(origin.caller.tenant, no).await?.ok_or_else(unexpected)
}
