//! Staff writes coupons with a shared code.

use axum::extract::State;
use domain::benefit::Benefit;
use domain::codes::Reading;
use domain::coupon::{Coupon, CouponState, CouponStep, Definition, LimitDefinition, Visibility};
use domain::field::FieldError;
use domain::id::{CouponId, CouponNo, TenantNo};
use domain::ledger::{Action, Start};
use domain::limit::{Counts, LIMIT_MAX, Per};
use domain::money::{Currency, Rate};
use domain::period::Period;
use domain::tenant::Settings;
use domain::time::{Span, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::coupon_fields::{DiscountType, PER_USER_LIMIT, ShortStaffCoupon, USAGE_LIMIT};
use super::coupons::currency_of;
use super::scalar::Scalar;
use crate::app::{App, unexpected};
use crate::coupons::gone;
use crate::definition_body::check_code;
use crate::extract::Path;
use crate::idempotency::{Change, Origin};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

const AGE_YEARS_MAX: u8 = 120;

/// How often an edit begins anew because somebody else's came between.
const EDITS_MAX: usize = 5;

/// What staff says of a coupon. When one is saved anew, what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShortCouponBody {
    /// The shared code; needed for a new coupon.
    #[schema(min_length = 1, max_length = 64, example = "SUMMER25")]
    code: Option<String>,
    /// A percentage, or an amount in the tenant's currency; needed for a new coupon.
    #[schema(example = 25)]
    discount: Option<Scalar>,
    /// What `discount` is in; `percent` unless given.
    discount_type: Option<DiscountType>,
    /// Carts worth less get nothing.
    #[schema(example = 75)]
    min_cart_value: Option<Scalar>,
    /// The last day on which it is used, in the tenant's zone.
    #[schema(format = Date, example = "2026-08-31")]
    expiry_date: Option<String>,
    /// How often it is used in all.
    #[schema(minimum = 0)]
    usage_limit: Option<i64>,
    /// How often one user uses it.
    #[schema(minimum = 0)]
    per_user_limit: Option<i64>,
    /// Only for users of so many years.
    #[schema(minimum = 1, maximum = 120)]
    min_age: Option<u8>,
    /// Whether it grants; a new one does unless this is `false`.
    active: Option<bool>,
}

/// What was written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShortWritten {
    #[schema(example = "Coupon created successfully")]
    message: &'static str,
    coupon: ShortStaffCoupon,
}

/// Create a public coupon
///
/// It grants at once.
#[utoipa::path(post, path = "/admin/coupons", tag = "short form", request_body = ShortCouponBody,
    responses((status = 201, description = "Created", body = ShortWritten)))]
pub(crate) async fn create_public_coupon(
    State(app): State<App>,
    Change { origin, body }: Change<ShortCouponBody>,
) -> Answered<ShortWritten> {
    let tenant = origin.caller.tenant;
    let settings = app.store.settings(tenant).await?;
    let start = if body.active.unwrap_or(true) { Start::Active } else { Start::Draft };
    let definition = body.new_definition(&settings)?;
    let code = read(&app, tenant, &definition);
    let id = CouponId((app.new_id)());
    let action = Action::CreateCoupon { id, definition: Box::new(definition), code, start };
    let answer = app.submit(&origin, action).await?;
    let domain::ledger::Outcome::Coupon { no, .. } = answer.outcome else { return Err(unexpected()) };
    let written = written(&app, tenant, no, "Coupon created successfully").await?;
    Ok(Reply::created(written).replayed(answer.replayed))
}

/// Save a public coupon anew
///
/// What is left out stays as it is.
#[utoipa::path(put, path = "/admin/coupons/{id}", tag = "short form", request_body = ShortCouponBody,
    params(("id" = u32, Path, description = "The coupon's number")),
    responses((status = 200, description = "Saved", body = ShortWritten)))]
pub(crate) async fn update_public_coupon(
    State(app): State<App>,
    Path(id): Path<u32>,
    Change { origin, body }: Change<ShortCouponBody>,
) -> Answered<ShortWritten> {
    let (tenant, no) = (origin.caller.tenant, CouponNo(id));
    let replayed = save(&app, &origin, no, &body).await?;
    if let Some(active) = body.active {
        set_active(&app, &origin, no, active).await?;
    }
    Ok(Reply::ok(written(&app, tenant, no, "Coupon updated successfully").await?).replayed(replayed))
}

/// The callers know of no versions, so whoever comes second edits what the first has left. Returns whether it is a repetition.
async fn save(app: &App, origin: &Origin, no: CouponNo, body: &ShortCouponBody) -> Result<bool, Problem> {
    let tenant = origin.caller.tenant;
    let settings = app.store.settings(tenant).await?;
    let mut edits = 0;
    loop {
        let coupon = app.store.coupon(tenant, no).await?.ok_or_else(gone)?;
        let definition = body.edited(&coupon.definition, &settings)?;
        let code = read(app, tenant, &definition);
        let if_version = coupon.version;
        let action = Action::UpdateCoupon { coupon: no, if_version, definition: Box::new(definition), code };
        edits += 1;
        match app.submit(origin, action).await {
            Err(problem) if problem.code() == "version_stale" && edits < EDITS_MAX => {}
            Err(problem) => return Err(problem),
            Ok(answer) => return Ok(answer.replayed),
        }
    }
}

async fn set_active(app: &App, origin: &Origin, coupon: CouponNo, active: bool) -> Result<(), Problem> {
    let now = app.store.coupon(origin.caller.tenant, coupon).await?.ok_or_else(gone)?;
    let step = match (now.state_at(app.now()), active) {
        (CouponState::Running | CouponState::Scheduled, true) | (CouponState::Draft | CouponState::Paused, false) => {
            return Ok(());
        }
        (_, true) => CouponStep::Activate,
        (_, false) => CouponStep::Pause,
    };
    app.submit(&origin.without_key(), Action::MoveCoupon { coupon, step }).await.map(drop)
}

fn read(app: &App, tenant: TenantNo, definition: &Definition) -> Option<Reading> {
    definition.code.as_deref().map(|code| app.store.codes().read(tenant, code))
}

async fn written(app: &App, tenant: TenantNo, no: CouponNo, message: &'static str) -> Result<ShortWritten, Problem> {
    let coupon: std::sync::Arc<Coupon> = app.store.coupon(tenant, no).await?.ok_or_else(gone)?;
    let own = currency_of(app, tenant).await?;
    Ok(ShortWritten { message, coupon: ShortStaffCoupon::of(&coupon, own, app.now()) })
}

impl ShortCouponBody {
    fn new_definition(&self, settings: &Settings) -> Result<Definition, Problem> {
        let missing = |name: &str| Problem::invalid_field(format!("/{name}"), "missing", "is needed");
        let code = self.code.as_ref().ok_or_else(|| missing("code"))?;
        let discount = self.discount.as_ref().ok_or_else(|| missing("discount"))?;
        let kind = self.discount_type.unwrap_or(DiscountType::Percent);
        let mut definition = Definition::new(code.clone(), benefit(discount, kind, settings.currency)?);
        definition.visibility = Visibility::Public;
        definition.currency = Some(settings.currency);
        Ok(self.edited(&definition, settings)?)
    }

    /// The definition with what is said now. Its amounts are in its own currency, else in the tenant's.
    fn edited(&self, before: &Definition, settings: &Settings) -> Result<Definition, FieldError> {
        let mut definition = before.clone();
        let currency = before.currency.unwrap_or(settings.currency);
        if let Some(code) = &self.code {
            check_code("/code", code)?;
            definition.code = Some(code.clone());
        }
        definition.benefit = self.benefit(&before.benefit, currency)?;
        if let Some(minimum) = &self.min_cart_value {
            definition.minimum_order_minor =
                Some(minimum.minor(currency, "/min_cart_value")?).filter(|minor| *minor > 0);
        }
        let names_an_amount =
            matches!(definition.benefit, Benefit::AmountOff { .. }) || definition.minimum_order_minor.is_some();
        if names_an_amount {
            definition.currency = Some(currency);
        }
        if let Some(date) = &self.expiry_date {
            definition.validity.until = Some(day_after(date, &settings.zone)?);
        }
        definition
            .validity
            .check_definition()
            .map_err(|_| FieldError::new("/expiry_date", "is before its first day"))?;
        set_limit(&mut definition, USAGE_LIMIT, Per::Everyone, self.usage_limit)?;
        set_limit(&mut definition, PER_USER_LIMIT, Per::Customer, self.per_user_limit)?;
        definition.min_age = self.age()?.or(before.min_age);
        definition.check_drawn()?;
        Ok(definition)
    }
}

impl ShortCouponBody {
    fn benefit(&self, before: &Benefit, currency: Currency) -> Result<Benefit, FieldError> {
        match (&self.discount, self.discount_type) {
            (Some(discount), kind) => benefit(discount, kind.unwrap_or_else(|| kind_of(before)), currency),
            (None, Some(_)) => Err(FieldError::new("/discount", "is needed beside discount_type")),
            (None, None) => Ok(before.clone()),
        }
    }

    fn age(&self) -> Result<Option<u8>, FieldError> {
        match self.min_age {
            Some(years) if !(1..=AGE_YEARS_MAX).contains(&years) => {
                Err(FieldError::new("/min_age", format!("must be from 1 to {AGE_YEARS_MAX} years")))
            }
            other => Ok(other),
        }
    }
}

fn kind_of(benefit: &Benefit) -> DiscountType {
    match benefit {
        Benefit::PercentOff { .. } => DiscountType::Percent,
        Benefit::AmountOff { .. } => DiscountType::Amount,
        Benefit::Ladder { .. }
        | Benefit::EveryOff { .. }
        | Benefit::FixedPrice { .. }
        | Benefit::UnitsOff { .. }
        | Benefit::Gift { .. }
        | Benefit::FreePeriods { .. }
        | Benefit::RandomAmount { .. }
        | Benefit::GiftValue { .. } => DiscountType::Other,
    }
}

pub(super) fn benefit(discount: &Scalar, kind: DiscountType, currency: Currency) -> Result<Benefit, FieldError> {
    let benefit = match kind {
        DiscountType::Percent => {
            let rate = Rate::from_bp(discount.basis_points("/discount")?);
            let rate_bp = rate.map_err(|error| FieldError::new("/discount", error.to_string()))?;
            Benefit::percent_off(rate_bp)
        }
        DiscountType::Amount => Benefit::amount_off(discount.minor(currency, "/discount")?),
        DiscountType::Other => {
            return Err(FieldError::new("/discount_type", "must be percent or amount; other kinds have no one figure"));
        }
    };
    benefit.check().map_err(|_| FieldError::new("/discount", "must be more than nothing"))?;
    Ok(benefit)
}

/// The instant at which a day `YYYY-MM-DD` is over.
fn day_after(date: &str, zone: &Zone) -> Result<Timestamp, FieldError> {
    let wrong = || FieldError::new("/expiry_date", "must be a day such as 2026-08-31");
    let has_the_form = date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let start = zone.instant_of(&format!("{date}T00:00:00")).ok().filter(|_| has_the_form).ok_or_else(wrong)?;
    let day: Span = "P1D".parse().map_err(|_| wrong())?;
    Ok(day.after(start, zone))
}

fn set_limit(definition: &mut Definition, id: &str, per: Per, max: Option<i64>) -> Result<(), FieldError> {
    let Some(max) = max else { return Ok(()) };
    if !(0..=LIMIT_MAX).contains(&max) {
        return Err(FieldError::new(format!("/{id}"), format!("must be from 0 to {LIMIT_MAX}")));
    }
    definition.limits.retain(|limit| limit.id != id);
    let (counts, period) = (Counts::Redemptions, Period::Ever);
    definition.limits.push(LimitDefinition { id: id.to_owned(), counts, per, period, max, give_back: None });
    Ok(())
}
