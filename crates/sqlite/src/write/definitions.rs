//! Campaigns and coupons, with what hangs on a coupon.

use domain::coupon::{Campaign, Coupon};
use domain::id::{CampaignNo, CouponNo};
use domain::ledger::Facts;
use domain::limit::{Counts, Limit, Per};
use domain::period::Period;
use rusqlite::params;
use serde::Serialize;

use super::{Target, sorted};

const INSERT_CAMPAIGN: &str =
    "insert into campaign (tenant, campaign, campaign_id, version, created_at, journal, document)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const INSERT_COUPON: &str =
    "insert into coupon (tenant, coupon, coupon_id, campaign, version, state, journal, document)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
/// A coupon stays in its campaign.
const UPDATE_COUPON: &str = "update coupon
    set version = ?3, state = ?4, journal = ?5, document = ?6
    where tenant = ?1 and coupon = ?2 and version = ?7";
const INSERT_VERSION: &str = "insert into coupon_version (tenant, coupon, version, document) values (?1, ?2, ?3, ?4)";

/// Figures begin with the coupon, so that later batches only add to them.
const INSERT_STATISTICS: &str = "insert into coupon_statistics (tenant, coupon, issued, held, locked, redeemed,
        returned, expired, revoked, value_given_minor)
    values (?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0)";

const INSERT_PATTERN: &str = "insert into code_pattern (tenant, coupon, document) values (?1, ?2, ?3)";

const INSERT_LIMIT: &str = "insert into usage_limit (tenant, usage_limit, coupon, campaign, counts, per, period)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const INSERT_SHARED_CODE: &str = "insert into shared_code (tenant, folded, coupon) values (?1, ?2, ?3)";

/// Whose a limit is.
#[derive(Clone, Copy)]
enum Owner {
    Coupon(CouponNo),
    Campaign(CampaignNo),
}

impl Target<'_> {
    /// Nothing changes a campaign yet: a row that is there fails on its key.
    pub(super) fn campaigns(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (no, _, campaign) in sorted(&facts.campaigns) {
            let Campaign { id, version, created_at, journal, limits, .. } = &**campaign;
            let document = json(campaign);
            self.one(
                INSERT_CAMPAIGN,
                params![self.tenant.0, no.0, id.0.as_bytes(), version, created_at.as_ms(), journal.0, document],
            )?;
            self.limits(limits.iter(), Owner::Campaign(*no))?;
        }
        Ok(())
    }

    pub(super) fn coupons(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (no, before, coupon) in sorted(&facts.coupons) {
            let document = json(coupon);
            let Coupon { version, state, journal, .. } = **coupon;
            let (tenant, state) = (self.tenant.0, state as u8);
            match before {
                None => self.insert_coupon(coupon, &document)?,
                Some(before) => {
                    self.one(UPDATE_COUPON, params![tenant, no.0, version, state, journal.0, document, before.version])?
                }
            }
            self.one(INSERT_VERSION, params![tenant, no.0, version, document])?;
            let known = |limit: &&Limit| {
                before.is_some_and(|old| old.limits.iter().chain(&old.limits_retired).any(|known| known.no == limit.no))
            };
            self.limits(coupon.limits.iter().filter(|limit| !known(limit)), Owner::Coupon(*no))?;
        }
        Ok(())
    }

    fn insert_coupon(&self, coupon: &Coupon, document: &str) -> rusqlite::Result<()> {
        let Coupon { no, id, version, state, definition, journal, .. } = coupon;
        let (tenant, campaign) = (self.tenant.0, definition.campaign.map(|no| no.0));
        self.one(
            INSERT_COUPON,
            params![tenant, no.0, id.0.as_bytes(), campaign, version, *state as u8, journal.0, document],
        )?;
        self.one(INSERT_STATISTICS, params![tenant, no.0])?;
        match &definition.pattern {
            // The pattern of a coupon never changes.
            Some(pattern) => self.one(INSERT_PATTERN, params![tenant, no.0, json(pattern)]),
            None => Ok(()),
        }
    }

    fn limits<'l>(&self, limits: impl Iterator<Item = &'l Limit>, owner: Owner) -> rusqlite::Result<()> {
        let (coupon, campaign) = match owner {
            Owner::Coupon(no) => (Some(no.0), None),
            Owner::Campaign(no) => (None, Some(no.0)),
        };
        for limit in limits {
            let (counts, per, period) = numbers(limit);
            self.one(INSERT_LIMIT, params![self.tenant.0, limit.no.0, coupon, campaign, counts, per, period])?;
        }
        Ok(())
    }

    pub(super) fn shared_codes(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (folded, _, coupon) in sorted(&facts.shared_codes) {
            self.one(INSERT_SHARED_CODE, params![self.tenant.0, folded.as_str(), coupon.0])?;
        }
        Ok(())
    }
}

/// What the columns of `usage_limit` say.
fn numbers(limit: &Limit) -> (u8, u8, u8) {
    let counts = match limit.counts {
        Counts::Claims => 0,
        Counts::Redemptions => 1,
        Counts::Value => 2,
    };
    let per = match limit.per {
        Per::Everyone => 0,
        Per::Customer => 1,
    };
    let period = match limit.period {
        Period::Ever => 0,
        Period::Hour => 1,
        Period::Day => 2,
        Period::Week => 3,
        Period::Month => 4,
    };
    (counts, per, period)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("domain values serialise")
}
