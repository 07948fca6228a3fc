//! Public ids to the numbers that key rows, and back. The store answers both from memory when asked again.

use std::collections::BTreeSet;

use domain::id::{CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, TenantNo};
use domain::rejection::Rejection;
use http::StatusCode;

use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// 404: what the path names is not there.
pub(crate) fn not_found(rejection: Rejection, detail: &'static str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, rejection.code(), detail)
}

/// The coupon that a path names.
pub(crate) async fn coupon_no(app: &App, tenant: TenantNo, id: &str) -> Result<CouponNo, Problem> {
    let found = match id.parse::<CouponId>() {
        Ok(id) => app.store.coupon_no(tenant, id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| not_found(Rejection::CouponNotFound, "There is no such coupon."))
}

/// The coupon that a body or a query names at `pointer`.
pub(crate) async fn coupon_no_at(
    app: &App,
    tenant: TenantNo,
    id: CouponId,
    pointer: &str,
) -> Result<CouponNo, Problem> {
    let found = app.store.coupon_no(tenant, id).await?;
    found.ok_or_else(|| Problem::invalid_field(pointer, "coupon_not_found", "there is no such coupon"))
}

/// The campaign that a path names.
pub(crate) async fn campaign_no(app: &App, tenant: TenantNo, id: &str) -> Result<CampaignNo, Problem> {
    let found = match id.parse::<CampaignId>() {
        Ok(id) => app.store.campaign_no(tenant, id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| not_found(Rejection::CampaignNotFound, "There is no such campaign."))
}

/// The campaign that a body or a query names at `pointer`, if it names one.
pub(crate) async fn campaign_no_if_named(
    app: &App,
    tenant: TenantNo,
    id: Option<CampaignId>,
    pointer: &str,
) -> Result<Option<CampaignNo>, Problem> {
    let Some(id) = id else { return Ok(None) };
    let found = app.store.campaign_no(tenant, id).await?;
    let found = found.ok_or_else(|| Problem::invalid_field(pointer, "campaign_not_found", "there is no such campaign"));
    found.map(Some)
}

/// The customer that a path names, if the caller sees it.
pub(crate) async fn customer_no(app: &App, caller: Caller, id: &str) -> Result<CustomerNo, Problem> {
    let found = match id.parse::<CustomerId>() {
        Ok(id) => app.store.customer_no(caller.tenant, id).await?,
        Err(_) => None,
    };
    found.filter(|no| caller.sees(Some(*no))).ok_or_else(no_customer)
}

fn no_customer() -> Problem {
    not_found(Rejection::CustomerNotFound, "There is no such customer.")
}

/// For whom something is done: whom the body or query names at `pointer`, if the caller sees it. A customer who is signed
/// in need not be named.
pub(crate) async fn acting_customer(
    app: &App,
    caller: Caller,
    id: Option<CustomerId>,
    pointer: &str,
) -> Result<Option<CustomerNo>, Problem> {
    let Some(id) = id else { return Ok(caller.own()) };
    match caller.own() {
        None => customer_no_at(app, caller.tenant, id, pointer).await.map(Some),
        Some(own) => {
            let named = app.store.customer_no(caller.tenant, id).await?;
            if named == Some(own) { Ok(named) } else { Err(no_customer()) }
        }
    }
}

/// The customer that a body or a query names at `pointer`.
pub(crate) async fn customer_no_at(
    app: &App,
    tenant: TenantNo,
    id: CustomerId,
    pointer: &str,
) -> Result<CustomerNo, Problem> {
    let found = app.store.customer_no(tenant, id).await?;
    found.ok_or_else(|| Problem::invalid_field(pointer, "customer_not_found", "there is no such customer"))
}

/// The same for a customer that may be left out.
pub(crate) async fn customer_no_if_named(
    app: &App,
    tenant: TenantNo,
    id: Option<CustomerId>,
    pointer: &str,
) -> Result<Option<CustomerNo>, Problem> {
    match id {
        Some(id) => customer_no_at(app, tenant, id, pointer).await.map(Some),
        None => Ok(None),
    }
}

/// The customers of a list at `pointer`, in its order.
pub(crate) async fn customer_nos_at(
    app: &App,
    tenant: TenantNo,
    ids: &[CustomerId],
    pointer: &str,
) -> Result<Vec<CustomerNo>, Problem> {
    let mut numbers = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let found = app.store.customer_no(tenant, *id).await?;
        let number = found.ok_or_else(|| {
            Problem::invalid_field(format!("{pointer}/{index}"), "customer_not_found", "there is no such customer")
        })?;
        numbers.push(number);
    }
    Ok(numbers)
}

/// The coupons of a list at `pointer`, in its order.
pub(crate) async fn coupon_nos_at(
    app: &App,
    tenant: TenantNo,
    ids: &[CouponId],
    pointer: &str,
) -> Result<Vec<CouponNo>, Problem> {
    let mut numbers = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        numbers.push(coupon_no_at(app, tenant, *id, &format!("{pointer}/{index}")).await?);
    }
    Ok(numbers)
}

/// The public ids of what an answer mentions, each looked up once; in the order of the numbers.
#[derive(Debug, Default)]
pub(crate) struct Names {
    coupons: Vec<(CouponNo, CouponId)>,
    customers: Vec<(CustomerNo, CustomerId)>,
    campaigns: Vec<(CampaignNo, CampaignId)>,
}

fn id_of<No: Ord + Copy, Id: Copy>(names: &[(No, Id)], no: No) -> Id {
    let place = names.binary_search_by_key(&no, |(no, _)| *no).expect("it was looked up with the answer");
    names[place].1
}

impl Names {
    pub(crate) async fn of(
        app: &App,
        tenant: TenantNo,
        coupons: BTreeSet<CouponNo>,
        customers: BTreeSet<CustomerNo>,
    ) -> Result<Self, Problem> {
        let mut names = Self::default();
        for no in coupons {
            let coupon = app.store.coupon(tenant, no).await?;
            let coupon =
                coupon.ok_or_else(|| Problem::internal(&format_args!("coupon {no} is mentioned and missing")))?;
            names.coupons.push((no, coupon.id));
        }
        for no in customers {
            let id = app.store.customer_id(tenant, no).await?;
            let id = id.ok_or_else(|| Problem::internal(&format_args!("customer {no} is mentioned and missing")))?;
            names.customers.push((no, id));
        }
        Ok(names)
    }

    /// The same with these campaigns.
    pub(crate) async fn with_campaigns(
        mut self,
        app: &App,
        tenant: TenantNo,
        campaigns: BTreeSet<CampaignNo>,
    ) -> Result<Self, Problem> {
        for no in campaigns {
            let campaign = app.store.campaign(tenant, no).await?;
            let campaign =
                campaign.ok_or_else(|| Problem::internal(&format_args!("campaign {no} is mentioned and missing")))?;
            self.campaigns.push((no, campaign.id));
        }
        Ok(self)
    }

    pub(crate) fn campaign(&self, no: CampaignNo) -> CampaignId {
        id_of(&self.campaigns, no)
    }

    pub(crate) fn coupon(&self, no: CouponNo) -> CouponId {
        id_of(&self.coupons, no)
    }

    pub(crate) fn customer(&self, no: CustomerNo) -> CustomerId {
        id_of(&self.customers, no)
    }
}

#[cfg(test)]
impl Names {
    pub(crate) fn for_test(no: CouponNo, id: CouponId) -> Self {
        Self { coupons: [(no, id)].into(), ..Self::default() }
    }
}
