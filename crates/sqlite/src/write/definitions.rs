//! Campaigns and coupons, with what hangs on a coupon.

use domain::campaign::Campaign;
use domain::coupon::Coupon;
use domain::id::{CampaignNo, CouponNo};
use domain::ledger::Facts;
use domain::limit::{Counts, Limit, Per};
use domain::period::Period;
use domain::time::Timestamp;
use rusqlite::params;
use serde::Serialize;

use super::{Target, sorted};

const INSERT_CAMPAIGN: &str =
    "insert into campaign (tenant, campaign, campaign_id, version, created_at, journal, document, state, due_at)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const UPDATE_CAMPAIGN: &str = "update campaign
    set version = ?3, state = ?4, due_at = ?5, journal = ?6, document = ?7
    where tenant = ?1 and campaign = ?2 and version = ?8";
const INSERT_CAMPAIGN_VERSION: &str =
    "insert into campaign_version (tenant, campaign, version, document) values (?1, ?2, ?3, ?4)";

const INSERT_COUPON: &str =
    "insert into coupon (tenant, coupon, coupon_id, campaign, version, state, journal, document, due_at, automatic)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
/// A coupon stays in its campaign.
const UPDATE_COUPON: &str = "update coupon
    set version = ?3, state = ?4, due_at = ?5, journal = ?6, document = ?7, automatic = ?9
    where tenant = ?1 and coupon = ?2 and version = ?8";
const INSERT_VERSION: &str = "insert into coupon_version (tenant, coupon, version, document) values (?1, ?2, ?3, ?4)";

/// Figures begin with the coupon, so that later batches only add to them.
const INSERT_STATISTICS: &str = "insert into coupon_statistics (tenant, coupon, issued, held, locked, redeemed,
        returned, expired, revoked, value_given_minor)
    values (?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0)";

const INSERT_PATTERN: &str = "insert into code_pattern (tenant, coupon, document) values (?1, ?2, ?3)";

const INSERT_LIMIT: &str = "insert into usage_limit (tenant, usage_limit, coupon, campaign, counts, per, period)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const INSERT_CONTRIBUTION: &str =
    "insert into contribution (tenant, coupon, contributor, units) values (?1, ?2, ?3, ?4)";
const UPDATE_CONTRIBUTION: &str = "update contribution
    set units = ?4
    where tenant = ?1 and coupon = ?2 and contributor = ?3 and units = ?5";

const INSERT_SHARED_CODE: &str = "insert into shared_code (tenant, folded, coupon) values (?1, ?2, ?3)";

/// Whose a limit is.
#[derive(Clone, Copy)]
enum Owner {
    Coupon(CouponNo),
    Campaign(CampaignNo),
}

impl Target<'_> {
    pub(super) fn campaigns(&self, facts: &Facts) -> rusqlite::Result<()> {
        let tenant = self.tenant.0;
        for (no, before, campaign) in sorted(&facts.campaigns) {
            let Campaign { id, version, state, created_at, journal, .. } = &**campaign;
            let (state, due_at, document) = (*state as u8, campaign.due_at().map(Timestamp::as_ms), json(campaign));
            match before {
                None => {
                    let (id, created_at) = (id.0.as_bytes(), created_at.as_ms());
                    let row = params![tenant, no.0, id, version, created_at, journal.0, document, state, due_at];
                    self.one(INSERT_CAMPAIGN, row)?;
                }
                Some(before) => {
                    let row = params![tenant, no.0, version, state, due_at, journal.0, document, before.version];
                    self.one(UPDATE_CAMPAIGN, row)?;
                }
            }
            let known = before.iter().flat_map(|old| old.limits.iter().chain(&old.limits_retired));
            let all = campaign.limits.iter().chain(&campaign.limits_retired);
            self.new_limits(known, all, Owner::Campaign(*no))?;
        }
        for campaign in facts.campaign_versions() {
            let row = params![tenant, campaign.no.0, campaign.version, json(campaign)];
            self.one(INSERT_CAMPAIGN_VERSION, row)?;
        }
        Ok(())
    }

    pub(super) fn coupons(&self, facts: &Facts) -> rusqlite::Result<()> {
        let tenant = self.tenant.0;
        for (no, before, coupon) in sorted(&facts.coupons) {
            let document = json(coupon);
            let Coupon { version, state, journal, .. } = **coupon;
            let (state, due_at) = (state as u8, coupon.due_at().map(Timestamp::as_ms));
            match before {
                None => self.insert_coupon(coupon, &document)?,
                Some(before) => {
                    let automatic = coupon.definition.automatic;
                    let row =
                        params![tenant, no.0, version, state, due_at, journal.0, document, before.version, automatic];
                    self.one(UPDATE_COUPON, row)?;
                }
            }
            let known = before.iter().flat_map(|old| old.limits.iter().chain(&old.limits_retired));
            let all = coupon.limits.iter().chain(&coupon.limits_retired);
            self.new_limits(known, all, Owner::Coupon(*no))?;
        }
        // Several of one coupon, if the batch changed it several times.
        for coupon in facts.coupon_versions() {
            self.one(INSERT_VERSION, params![tenant, coupon.no.0, coupon.version, json(coupon)])?;
        }
        Ok(())
    }

    fn insert_coupon(&self, coupon: &Coupon, document: &str) -> rusqlite::Result<()> {
        let Coupon { no, id, version, state, definition, journal, .. } = coupon;
        let (tenant, campaign) = (self.tenant.0, definition.campaign.map(|no| no.0));
        let (id, state, due_at) = (id.0.as_bytes(), *state as u8, coupon.due_at().map(Timestamp::as_ms));
        let automatic = definition.automatic;
        let row = params![tenant, no.0, id, campaign, version, state, journal.0, document, due_at, automatic];
        self.one(INSERT_COUPON, row)?;
        self.one(INSERT_STATISTICS, params![tenant, no.0])?;
        match &definition.pattern {
            // The pattern of a coupon never changes.
            Some(pattern) => self.one(INSERT_PATTERN, params![tenant, no.0, json(pattern)]),
            None => Ok(()),
        }
    }

    pub(super) fn contributions(&self, facts: &Facts) -> rusqlite::Result<()> {
        for ((coupon, contributor), before, units) in sorted(&facts.contributions) {
            match before {
                None => self.one(INSERT_CONTRIBUTION, params![self.tenant.0, coupon.0, contributor, units])?,
                Some(before) => {
                    self.one(UPDATE_CONTRIBUTION, params![self.tenant.0, coupon.0, contributor, units, before])?;
                }
            }
        }
        Ok(())
    }

    /// Those that a version of this batch began with, also if the last of its versions has retired them.
    fn new_limits<'l>(
        &self,
        known: impl Iterator<Item = &'l Limit> + Clone,
        all: impl Iterator<Item = &'l Limit>,
        owner: Owner,
    ) -> rusqlite::Result<()> {
        self.limits(all.filter(|limit| known.clone().all(|old| old.no != limit.no)), owner)
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
