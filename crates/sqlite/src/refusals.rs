//! How often each coupon refused, by reason: counted in memory and written with the next batch that writes anyhow, as a
//! refusal alone is not worth a write to stable storage.

use std::collections::BTreeMap;

use domain::id::{CouponNo, TenantNo};
use domain::ledger::{Action, Facts};
use domain::rejection::Rejection;
use rusqlite::{Connection, params};

/// Not written yet.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    counts: BTreeMap<(TenantNo, CouponNo, Rejection), i64>,
}

impl Refusals {
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    pub fn add(&mut self, tenant: TenantNo, coupon: CouponNo, rejection: Rejection) {
        *self.counts.entry((tenant, coupon, rejection)).or_default() += 1;
    }

    /// To be called when what [`Refusals::write`] wrote is committed.
    pub fn clear(&mut self) {
        self.counts.clear();
    }

    /// Adds the counts to their rows. The one upsert there is: nothing was decided on these rows.
    pub fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let mut statement = connection.prepare_cached(ADD)?;
        for ((tenant, coupon, rejection), count) in &self.counts {
            statement.execute(params![tenant.0, coupon.0, rejection.code(), count])?;
        }
        Ok(())
    }
}

const ADD: &str = "insert into refusal_count (tenant, coupon, rejection, count) values (?1, ?2, ?3, ?4)
    on conflict (tenant, coupon, rejection) do update set count = count + excluded.count";

/// The coupon that a refused command was about, if it was about one. Refusals of several coupons or codes at once do
/// not say which of them refused, so they count for none.
pub(crate) fn coupon_of(action: &Action, facts: &Facts) -> Option<CouponNo> {
    let no = match action {
        Action::Claim { coupons, .. } => match coupons[..] {
            [coupon] => coupon,
            _ => return None,
        },
        Action::Issue { coupon, .. }
        | Action::IssueGiven { coupon, .. }
        | Action::ImportGiven { coupon, .. }
        | Action::IssueBlock { coupon, .. }
        | Action::Restock { coupon, .. }
        | Action::ApproveCoupon { coupon, .. } => *coupon,
        Action::Assign { voucher, .. }
        | Action::Release { voucher }
        | Action::Revoke { voucher }
        | Action::ChangeGift { voucher, .. } => {
            voucher.iter().find(|code| matches!(facts.vouchers.get(&code.key), Ok(Some(_))))?.key.coupon
        }
        Action::Redeem(request) | Action::Amend { request, .. } => match &request.codes[..] {
            [code] => of_code(facts, code)?,
            _ => return None,
        },
        Action::RevokeBlock { block } => block.coupon,
        Action::CreateCustomer { .. }
        | Action::EnsureCustomer { .. }
        | Action::UpdateCustomer { .. }
        | Action::AddIdentity { .. }
        | Action::RemoveIdentity { .. }
        | Action::VerifyIdentity { .. }
        | Action::EraseCustomer { .. }
        | Action::CreateCampaign { .. }
        | Action::CreateCoupon { .. }
        | Action::UpdateCoupon { .. }
        | Action::MoveCoupon { .. }
        | Action::UpdateCampaign { .. }
        | Action::MoveCampaign { .. }
        | Action::ClaimPackage { .. }
        | Action::FollowClock { .. }
        | Action::Confirm { .. }
        | Action::Cancel { .. }
        | Action::Return { .. }
        | Action::CreateAccount { .. }
        | Action::ChangeAccount { .. }
        | Action::Expire { .. } => return None,
    };
    // One that does not exist has no figures.
    matches!(facts.coupons.get(&no), Ok(Some(_))).then_some(no)
}

fn of_code(facts: &Facts, code: &domain::codes::Reading) -> Option<CouponNo> {
    if let Ok(Some(coupon)) = facts.shared_codes.get(&code.folded) {
        return Some(*coupon);
    }
    if let Ok(Some(given)) = facts.given_codes.get(&code.hash) {
        return Some(given.voucher.coupon);
    }
    let known = code.computed.iter().find(|code| matches!(facts.vouchers.get(&code.key), Ok(Some(_))));
    known.map(|code| code.key.coupon)
}
