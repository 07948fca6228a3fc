//! All that is kept of a customer, as one JSON document. It is read page by page while it is sent, so that a large one
//! needs no memory; what happens meanwhile may be in it or not.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use domain::event::Subject;
use domain::id::{CustomerNo, TenantNo};
use ports::{PageRequest, RedemptionFilter, VoucherFilter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::customers::CustomerBody;
use crate::extract::Path;
use crate::gifts::{EntryBody, show_entries};
use crate::history::{VoucherEvent, show_history};
use crate::identities::{IdentityBody, identity_bodies};
use crate::names::customer_no;
use crate::problem::Problem;
use crate::redemption_body::{RedemptionBody, show_redemptions};
use crate::redemptions::{Decision, show_decision};
use crate::streamed::{Pieces, streamed};
use crate::voucher_body::{VoucherBody, show_vouchers};

/// Vouchers or redemptions read at once.
const PAGE_ROWS: usize = 100;
/// The latest events of one voucher, and changes of its balance.
const EVENTS_MAX: usize = 1_000;

/// All that is kept of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerExport {
    customer: CustomerBody,
    identities: Vec<IdentityBody>,
    /// The names of the segments that list the customer.
    segments: Vec<String>,
    vouchers: Vec<ExportedVoucher>,
    /// Those of whoever was merged into the customer, too.
    redemptions: Vec<ExportedRedemption>,
}

/// A voucher with what has happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedVoucher {
    voucher: VoucherBody,
    history: Vec<VoucherEvent>,
    /// Of gift value: the changes of its balance, the newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entries: Vec<EntryBody>,
}

/// A redemption with what it was decided on, unless that was removed for its age.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedRedemption {
    redemption: RedemptionBody,
    decision: Option<Decision>,
}

/// Export all that is kept of a customer
///
/// One document, read while it is sent: an answer that breaks off is not whole.
#[utoipa::path(get, path = "/v1/customers/{id}/export", tag = "customers",
    params(("id" = String, Path, description = "The customer")),
    responses((status = 200, description = "All there is", body = CustomerExport)))]
pub(crate) async fn export_customer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let tenant = caller.tenant;
    let customer = customer_no(&app, caller, &id).await?;
    let first = Export { app, tenant, customer, part: Part::Customer };
    streamed(first, "application/json").await
}

/// What of the document comes next.
enum Part {
    Customer,
    Vouchers { after: Option<String>, is_first: bool },
    Redemptions { after: Option<String>, is_first: bool },
}

struct Export {
    app: App,
    tenant: TenantNo,
    customer: CustomerNo,
    part: Part,
}

impl Pieces for Export {
    async fn next(self) -> Result<(Bytes, Option<Self>), Problem> {
        let mut text = String::new();
        let part = match &self.part {
            Part::Customer => {
                text.push_str(&self.head().await?);
                Some(Part::Vouchers { after: None, is_first: true })
            }
            Part::Vouchers { after, is_first } => {
                let after = self.vouchers(&mut text, after.clone(), *is_first).await?;
                match after {
                    Some(after) => Some(Part::Vouchers { after: Some(after), is_first: text.is_empty() && *is_first }),
                    None => {
                        text.push_str("],\"redemptions\":[");
                        Some(Part::Redemptions { after: None, is_first: true })
                    }
                }
            }
            Part::Redemptions { after, is_first } => {
                let after = self.redemptions(&mut text, after.clone(), *is_first).await?;
                if after.is_none() {
                    text.push_str("]}\n");
                }
                after.map(|after| Part::Redemptions { after: Some(after), is_first: text.is_empty() && *is_first })
            }
        };
        Ok((text.into(), part.map(|part| Self { part, ..self })))
    }
}

impl Export {
    async fn head(&self) -> Result<String, Problem> {
        let customer = self.app.store.customer(self.tenant, self.customer).await?;
        let customer = customer.ok_or_else(|| Problem::internal(&"a customer with a number is missing"))?;
        let identities = identity_bodies(self.app.store.codes(), self.tenant, &customer);
        let customer = CustomerBody::of(customer)?;
        let segments = self.app.store.memberships(self.tenant, self.customer).await?;
        let (customer, identities, segments) = (json(&customer)?, json(&identities)?, json(&segments)?);
        Ok(format!("{{\"customer\":{customer},\"identities\":{identities},\"segments\":{segments},\"vouchers\":["))
    }

    async fn vouchers(
        &self,
        text: &mut String,
        after: Option<String>,
        is_first: bool,
    ) -> Result<Option<String>, Problem> {
        let (app, tenant) = (&self.app, self.tenant);
        let filter = VoucherFilter { customer: Some(self.customer), ..VoucherFilter::default() };
        let page = app.store.vouchers(tenant, filter, PageRequest { limit: PAGE_ROWS, after }).await?;
        let keys: Vec<_> = page.items.iter().map(|voucher| voucher.key).collect();
        let shown = show_vouchers(app, tenant, page.items, app.now()).await?;
        for (key, voucher) in keys.into_iter().zip(shown) {
            let history = app.store.history(tenant, Subject::Voucher(key), EVENTS_MAX).await?;
            let history = show_history(app, tenant, history).await?;
            let entries = match voucher.balance {
                Some(_) => {
                    let page = PageRequest { limit: EVENTS_MAX, after: None };
                    show_entries(app, tenant, app.store.gift_entries(tenant, key, page).await?.items).await?
                }
                None => Vec::new(),
            };
            push(text, is_first, &ExportedVoucher { voucher, history, entries })?;
        }
        Ok(page.next)
    }

    async fn redemptions(
        &self,
        text: &mut String,
        after: Option<String>,
        is_first: bool,
    ) -> Result<Option<String>, Problem> {
        let (app, tenant) = (&self.app, self.tenant);
        let filter = RedemptionFilter { customer: Some(self.customer) };
        let page = app.store.redemptions(tenant, filter, PageRequest { limit: PAGE_ROWS, after }).await?;
        let ids: Vec<_> = page.items.iter().map(|redemption| redemption.id.clone()).collect();
        let shown = show_redemptions(app, tenant, page.items, app.now()).await?;
        for (id, redemption) in ids.into_iter().zip(shown) {
            let decision = match app.store.decision(tenant, &id).await? {
                Some(record) => Some(show_decision(app, tenant, record).await?),
                None => None,
            };
            push(text, is_first, &ExportedRedemption { redemption, decision })?;
        }
        Ok(page.next)
    }
}

fn push(text: &mut String, is_first: bool, item: &impl Serialize) -> Result<(), Problem> {
    if !text.is_empty() || !is_first {
        text.push(',');
    }
    text.push_str(&json(item)?);
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::internal(&error))
}
