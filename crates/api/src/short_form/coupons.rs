//! The coupons that everybody is told of.

use std::sync::Arc;

use axum::extract::State;
use domain::coupon::{Coupon, CouponState, Visibility};
use domain::id::TenantNo;
use domain::money::Currency;
use domain::time::Timestamp;
use ports::{CouponFilter, PageRequest};

use super::coupon_fields::ShortCoupon;
use super::users::Anyone;
use crate::app::App;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

/// The most that a list of the short form holds, and what is read at a time.
pub(super) const LISTED_MAX: usize = 1_000;

/// List public coupons
///
/// Those that run and have a shared code, by number, at most 1,000. Who has signed in sees those that are for them.
#[utoipa::path(get, path = "/coupons", tag = "short form", security((), ("key" = [])),
    responses((status = 200, description = "By number", body = Vec<ShortCoupon>)))]
pub(crate) async fn list_public_coupons(State(app): State<App>, anyone: Anyone) -> Answered<Vec<ShortCoupon>> {
    let tenant = anyone.tenant;
    let currency = currency_of(&app, tenant).await?;
    let sight = Sight::of(&app, anyone).await?;
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let filter = CouponFilter { state: Some(CouponState::Running), campaign: None };
        let page = app.store.coupons(tenant, filter, PageRequest { limit: LISTED_MAX, after }).await?;
        for coupon in page.items {
            if listed.len() < LISTED_MAX && sight.sees(&coupon) && campaign_runs(&app, tenant, &coupon).await? {
                listed.push(ShortCoupon::of(&coupon, currency));
            }
        }
        after = page.next;
        if after.is_none() || listed.len() == LISTED_MAX {
            return Ok(Reply::ok(listed));
        }
    }
}

/// For whom, and at what instant, a coupon is looked at.
#[derive(Clone, Copy, Debug)]
struct Sight {
    anyone: Anyone,
    /// Of who has signed in and told the date of birth.
    age_years: Option<i16>,
    now: Timestamp,
}

impl Sight {
    async fn of(app: &App, anyone: Anyone) -> Result<Self, Problem> {
        let (tenant, now) = (anyone.tenant, app.now());
        let customer = match anyone.customer {
            Some(no) => app.store.customer(tenant, no).await?,
            None => None,
        };
        let zone = app.store.settings(tenant).await?.zone.clone();
        let age_years = customer.and_then(|customer| customer.profile.age_at(now, &zone));
        Ok(Self { anyone, age_years, now })
    }

    /// A stranger sees what asks for an age: it is public, and the ledger asks again.
    fn sees(&self, coupon: &Arc<Coupon>) -> bool {
        let definition = &coupon.definition;
        let is_told = definition.visibility == Visibility::Public && definition.code.is_some();
        let is_over = definition.validity.until.is_some_and(|until| until <= self.now);
        let is_old_enough = match (self.anyone.customer, definition.min_age) {
            (Some(_), Some(min_age)) => self.age_years.is_some_and(|age| age >= i16::from(min_age)),
            (Some(_), None) | (None, _) => true,
        };
        is_told && !is_over && is_old_enough && coupon.is_for(self.anyone.customer)
    }
}

async fn campaign_runs(app: &App, tenant: TenantNo, coupon: &Coupon) -> Result<bool, Problem> {
    let Some(no) = coupon.definition.campaign else { return Ok(true) };
    let campaign = app.store.campaign(tenant, no).await?;
    Ok(campaign.is_some_and(|campaign| campaign.state_at(app.now()) == CouponState::Running))
}

/// What the tenant's amounts are in.
pub(super) async fn currency_of(app: &App, tenant: TenantNo) -> Result<Currency, Problem> {
    Ok(app.store.settings(tenant).await?.currency)
}
