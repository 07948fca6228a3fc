//! Campaigns, their versions and their figures.

use std::sync::Arc;

use domain::campaign::Campaign;
use domain::id::{CampaignId, CampaignNo, TenantNo};
use domain::time::Timestamp;
use ports::{CampaignFigures, CampaignFilter, Page, PageRequest, StoreError};
use rusqlite::Connection;

use super::coupons::{of_state, statistics};
use super::pages::List;
use crate::error::store_error;
use crate::query::{each, one};
use crate::rows::{currency_or_none, json};

pub(super) const NUMBER: &str = "
    select campaign
    from campaign
    where campaign_id = ?1 and tenant = ?2";

pub(super) fn number(
    connection: &Connection,
    tenant: TenantNo,
    id: CampaignId,
) -> Result<Option<CampaignNo>, StoreError> {
    one(connection, NUMBER, (id.0.as_bytes(), tenant.0), |row| Ok(CampaignNo(row.get(0)?)))
}

pub(super) const LATEST: &str = "
    select document
    from campaign
    where tenant = ?1 and campaign = ?2";

pub(super) fn latest(
    connection: &Connection,
    tenant: TenantNo,
    no: CampaignNo,
) -> Result<Option<Arc<Campaign>>, StoreError> {
    one(connection, LATEST, (tenant.0, no.0), |row| json(row, 0).map(Arc::new))
}

pub(super) const VERSION: &str = "
    select document
    from campaign_version
    where tenant = ?1 and campaign = ?2 and version = ?3";

pub(super) fn version(
    connection: &Connection,
    tenant: TenantNo,
    no: CampaignNo,
    version: u32,
) -> Result<Option<Arc<Campaign>>, StoreError> {
    one(connection, VERSION, (tenant.0, no.0, version), |row| json(row, 0).map(Arc::new))
}

pub(super) const PAGE: &str = "
    select campaign, state, due_at, document
    from campaign
    where tenant = ?1 and campaign > ?2
    order by campaign";

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: CampaignFilter,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<Arc<Campaign>>, StoreError> {
    let list = List::<1>('m');
    let [after] = list.after(request, [0])?;
    let mut statement = connection.prepare_cached(PAGE).map_err(store_error)?;
    let mut rows = statement.query((tenant.0, after)).map_err(store_error)?;
    list.page(request, &mut rows, |row| {
        Ok(([row.get(0)?], of_state(row, filter.state, now, Campaign::state_at)?.map(Arc::new)))
    })
}

/// One row for each coupon, which are added up here: to group them by currency the store would sort them.
pub(super) const STATISTICS: &str = "
    select issued, held, locked, redeemed, returned, expired, revoked, value_given_minor, pooled,
        document ->> '$.definition.currency'
    from coupon indexed by coupon_of_campaign
    join coupon_statistics using (tenant, coupon)
    where tenant = ?1 and campaign = ?2";

pub(super) fn figures(
    connection: &Connection,
    tenant: TenantNo,
    campaign: CampaignNo,
) -> Result<CampaignFigures, StoreError> {
    let mut figures = CampaignFigures::default();
    each(connection, STATISTICS, (tenant.0, campaign.0), |row| {
        let statistics = statistics(row)?;
        figures.coupons += 1;
        figures.statistics.add(&statistics);
        *figures.value_given_minor.entry(currency_or_none(row, 9)?).or_default() += statistics.value_given_minor;
        Ok(())
    })?;
    Ok(figures)
}
