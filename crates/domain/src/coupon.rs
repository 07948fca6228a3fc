//! The definition a voucher is made from, its versions and its states.

mod state;
mod vetting;

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

pub use state::{CouponState, CouponStep};
pub use vetting::{Approval, Vetting};

use crate::bearing::CostBearer;
use crate::benefit::Benefit;
use crate::codes::{Folded, Pattern, Worth, check_density, fold};
use crate::event::JournalNo;
use crate::field::FieldError;
use crate::id::{CampaignNo, CouponId, CouponNo, CustomerNo};
use crate::limit::{Counts, GiveBack, Limit, Per};
use crate::money::Currency;
use crate::period::Period;
use crate::rejection::Rejection;

use crate::rule::{Catalogue, Condition, Declared, Rule};
use crate::scope::{Listing, Scope};
use crate::stacking::Stacking;
use crate::time::{Span, Timestamp};
use crate::validity::Validity;
use crate::window::Window;

/// Who is told of a coupon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Listed to customers.
    Public,
    /// Only for those who know of it.
    #[default]
    Hidden,
}

/// Where the voucher of a claim, or of an issue to a customer, comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimsFrom {
    /// A new one with a computed code.
    #[default]
    Computed,
    /// The one that waits longest among those of codes given by people.
    Pool,
}

/// A limit as staff writes it; [`Limit`] is what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitDefinition {
    /// Its name in the coupon, by which later versions mean the same limit.
    pub id: String,
    /// What it counts.
    pub counts: Counts,
    /// For whom.
    pub per: Per,
    /// Per which period.
    pub period: Period,
    /// How much at most.
    pub max: i64,
    /// What comes back; the period's default when absent.
    pub give_back: Option<GiveBack>,
}

/// A coupon's conditions cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMeaning;

/// Everything staff says about a coupon. Saved whole with every version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// What staff calls it.
    pub name: String,
    /// Its shared code in display form, such as `SAVE10`.
    #[serde(default)]
    pub code: Option<String>,
    /// What it gives.
    pub benefit: Benefit,
    /// The currency its amounts are in; needed by amounts, else any order's.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// On which lines it works.
    #[serde(default, skip_serializing_if = "Scope::is_all")]
    pub scope: Scope,
    /// What must hold of the order, of who buys, and of the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Rule>,
    /// Goods in scope worth less than this get nothing, in minor units.
    #[serde(default)]
    pub minimum_order_minor: Option<i64>,
    /// It needs no code: every order that it applies to has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub automatic: bool,
    /// Which other coupons it goes with.
    #[serde(default, skip_serializing_if = "Stacking::is_default")]
    pub stacking: Stacking,
    /// Whose coupon it is, if a merchant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// Who bears what it gives; what is left over, the platform does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost_bearers: Vec<CostBearer>,
    /// When it may be used.
    #[serde(default)]
    pub validity: Validity,
    /// What may be taken of it.
    #[serde(default)]
    pub limits: Vec<LimitDefinition>,
    /// A claim is held this long, then ends unused. Without it a claim is owned at once.
    #[serde(default)]
    pub hold: Option<Span>,
    /// Who is told of it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Only these customers may claim and use it, in rising order. Absent: all.
    #[serde(default)]
    pub customers: Option<Vec<CustomerNo>>,
    /// How its unique codes look; absent: 16 characters without a prefix.
    #[serde(default)]
    pub pattern: Option<Pattern>,
    /// The campaign whose limits it obeys too.
    #[serde(default)]
    pub campaign: Option<CampaignNo>,
    /// When it grants.
    #[serde(default)]
    pub window: Window,
    /// Only customers of so many years may claim and use it.
    #[serde(default)]
    pub min_age: Option<u8>,
    /// Where its claims come from.
    #[serde(default)]
    pub claims_from: ClaimsFrom,
}

impl Definition {
    /// Whether it may give gift value, if it does: each voucher has a balance of its own and a code that is hard to guess.
    ///
    /// # Errors
    /// The first field that stands against it.
    pub fn check_stored_value(&self) -> Result<(), FieldError> {
        if !matches!(self.benefit, Benefit::GiftValue { .. }) {
            return Ok(());
        }
        for (pointer, is_given) in
            [("/code", self.code.is_some()), ("/automatic", self.automatic), ("/hold", self.hold.is_some())]
        {
            if is_given {
                return Err(FieldError::new(pointer, "must be left out: gift value is on vouchers that are owned"));
            }
        }
        if self.stacking != Stacking::default() {
            return Err(FieldError::new("/stacking", "must be left out: gift value is payment, and goes with all"));
        }
        let pattern = self.pattern.clone().unwrap_or_default();
        match check_density(&pattern, 1, Worth::StoredValue) {
            Ok(_) => Ok(()),
            Err(dense) => Err(FieldError::new("/pattern", dense.to_string())),
        }
    }

    /// Whether each use of it can have an amount of its own, if it gives a random one: that is drawn for a voucher when it is
    /// claimed or issued, and a code that everybody may type, or none, has no voucher.
    ///
    /// # Errors
    /// The first field that stands against it.
    pub fn check_drawn(&self) -> Result<(), FieldError> {
        if !self.is_drawn() {
            return Ok(());
        }
        for (pointer, is_given) in [("/code", self.code.is_some()), ("/automatic", self.automatic)] {
            if is_given {
                let detail = "must be left out: a random amount is drawn for each voucher when it is claimed or issued";
                return Err(FieldError::new(pointer, detail));
            }
        }
        Ok(())
    }

    /// All that say which lines it is for, or gives of.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        [Some(&self.scope), self.benefit.scope()]
            .into_iter()
            .flatten()
            .flat_map(|scope| [&scope.include, &scope.exclude])
    }

    /// Whether it gives a random amount.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        matches!(self.benefit, Benefit::RandomAmount { .. })
    }

    /// With that name and benefit, and nothing else said: hidden, without limits, valid for ever, for everybody.
    #[must_use]
    pub fn new(name: impl Into<String>, benefit: Benefit) -> Self {
        Self {
            name: name.into(),
            code: None,
            benefit,
            currency: None,
            scope: Scope::default(),
            conditions: None,
            minimum_order_minor: None,
            automatic: false,
            stacking: Stacking::default(),
            merchant: None,
            cost_bearers: Vec::new(),
            validity: Validity::default(),
            limits: Vec::new(),
            hold: None,
            visibility: Visibility::Hidden,
            customers: None,
            pattern: None,
            campaign: None,
            window: Window::default(),
            min_age: None,
            claims_from: ClaimsFrom::Computed,
        }
    }
}

/// A coupon: its latest definition with what has become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Keys its rows and is part of its codes.
    pub no: CouponNo,
    /// Its public id.
    pub id: CouponId,
    /// Counts changes of definition and state, from 1.
    pub version: u32,
    /// Where it stands, as far as it is written down: see [`Coupon::state_at`].
    pub state: CouponState,
    /// What staff says.
    pub definition: Definition,
    /// The limits of the definition, with the numbers that key their usages.
    pub limits: Vec<Limit>,
    /// Limits of former versions; one that comes back goes on with its usage.
    pub limits_retired: Vec<Limit>,
    /// Who answers for what it may cost.
    #[serde(default)]
    pub vetting: Vetting,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Where its latest event is.
    pub journal: JournalNo,
    /// What was made of its conditions and its code, so that they are read once.
    #[serde(skip)]
    pub compiled: Compiled,
}

/// What a coupon is asked at every order. Made when it is asked first, from the definition and the attributes that were declared
/// then: no two coupons differ by it, and a copy makes its own.
#[derive(Default)]
pub struct Compiled {
    condition: OnceLock<(Declared, Option<Condition>)>,
    code: OnceLock<Option<Folded>>,
}

impl Clone for Compiled {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Compiled {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Compiled {}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compiled")
    }
}

impl Coupon {
    /// Where it stands at that instant, the bounds of its window acting.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> CouponState {
        self.state.at(&self.definition.window, now)
    }

    /// When the clock moves it next, seen from what is written down.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.state.next_by_clock(&self.definition.window).map(|(due_at, _)| due_at)
    }

    /// Its conditions, to be asked; `attributes` are those that the tenant has declared. `None` if it has none, an error if
    /// they mean nothing any more, as an attribute was declared otherwise since: then they do not hold.
    ///
    /// # Errors
    /// See above.
    pub fn condition(&self, attributes: &Declared) -> Result<Option<Cow<'_, Condition>>, NoMeaning> {
        let Some(rule) = &self.definition.conditions else { return Ok(None) };
        let compile = || Catalogue::new(attributes).and_then(|known| Condition::compile(rule, &known)).ok();
        let (under, kept) = self.compiled.condition.get_or_init(|| (attributes.clone(), compile()));
        // The tenant may have declared others since, or a decision of before be looked at.
        let condition = if under == attributes { kept.as_ref().map(Cow::Borrowed) } else { compile().map(Cow::Owned) };
        condition.map(Some).ok_or(NoMeaning)
    }

    /// Its shared code, as typed ones are compared with it.
    #[must_use]
    pub fn folded_code(&self) -> Option<&Folded> {
        self.compiled.code.get_or_init(|| self.definition.code.as_deref().map(fold)).as_ref()
    }

    /// Whether orders may have it without a code, as far as is written down.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        self.definition.automatic && matches!(self.state, CouponState::Scheduled | CouponState::Running)
    }

    /// Whether its claims are handed out of a pool of given codes.
    #[must_use]
    pub fn has_pool(&self) -> bool {
        self.definition.claims_from == ClaimsFrom::Pool
    }

    /// Why it takes no given codes at that instant. A code that goes into a pool grants nothing, so a pool can be filled
    /// before the coupon is active and while it is paused.
    #[must_use]
    pub fn import_refusal(&self, now: Timestamp) -> Option<Rejection> {
        let state = self.state_at(now);
        match state {
            CouponState::Draft | CouponState::Scheduled | CouponState::Paused if self.has_pool() => None,
            CouponState::Draft
            | CouponState::Scheduled
            | CouponState::Running
            | CouponState::Paused
            | CouponState::Ended
            | CouponState::Aborted => state.refusal(),
        }
    }

    /// Whether this customer is among those it is for.
    #[must_use]
    pub fn is_for(&self, customer: Option<CustomerNo>) -> bool {
        match (&self.definition.customers, customer) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(list), Some(no)) => list.binary_search(&no).is_ok(),
        }
    }
}
