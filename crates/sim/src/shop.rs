//! The coupons of the simulated shop: every kind of limit, small enough to run out.

use domain::benefit::{Benefit, Target};
use domain::codes::{Alphabet, Pattern};
use domain::coupon::{Definition, LimitDefinition};
use domain::limit::{Counts, Per};
use domain::money::Rate;
use domain::period::Period;
use domain::rule::{FieldTest, Operator, Rule};

use crate::random::Random;

pub(crate) fn definitions(random: &mut Random) -> anyhow::Result<Vec<Definition>> {
    let percent = Benefit::PercentOff { rate_bp: Rate::from_bp(1_050)?, max_minor: Some(300), on: Target::Goods };
    let amount = Benefit::amount_off(250);
    let mut flash = Definition::new("flash", amount.clone());
    flash.hold = Some("PT5M".parse()?);
    flash.limits = vec![
        limit(random, "stock", Counts::Claims, (Per::Everyone, Period::Ever), 12),
        limit(random, "a_day", Counts::Claims, (Per::Customer, Period::Day), 3),
        limit(random, "each", Counts::Claims, (Per::Customer, Period::Ever), 6),
    ];
    let mut budget = Definition::new("budget", percent.clone());
    budget.code = Some("BUDGET".to_owned());
    budget.minimum_order_minor = Some(500);
    budget.limits = vec![
        limit(random, "money", Counts::Value, (Per::Everyone, Period::Ever), 1_500),
        limit(random, "uses", Counts::Redemptions, (Per::Customer, Period::Ever), 5),
    ];
    let mut both = Definition::new("both", percent);
    both.code = Some("BOTH".to_owned());
    both.hold = Some("PT3M".parse()?);
    both.limits = vec![
        limit(random, "stock", Counts::Claims, (Per::Everyone, Period::Ever), 8),
        limit(random, "uses", Counts::Redemptions, (Per::Everyone, Period::Day), 5),
        limit(random, "own_money", Counts::Value, (Per::Customer, Period::Day), 400),
    ];
    let mut open = Definition::new("open", amount);
    open.code = Some("OPEN".to_owned());
    let [own, automatic] = automatic(random)?;
    let (lasting, ending) = (card(random, "CARD-", 1_500, None)?, card(random, "SOON-", 900, Some("PT40M"))?);
    Ok(vec![flash, own, budget, both, open, automatic, drawn(random)?, lasting, ending, listed()])
}

/// For those that the shop has listed as so.
pub(crate) const SEGMENT: &str = "regulars";

fn listed() -> Definition {
    let mut listed = Definition::new("listed", Benefit::amount_off(130));
    listed.code = Some("LISTED".to_owned());
    let (field, value) = ("customer.segments".to_owned(), Some(SEGMENT.into()));
    listed.conditions = Some(Rule::Field(FieldTest { field, op: Operator::Contains, value }));
    listed
}

/// Two that need no code, one of which has one all the same.
fn automatic(random: &mut Random) -> anyhow::Result<[Definition; 2]> {
    let percent = Benefit::PercentOff { rate_bp: Rate::from_bp(500)?, max_minor: Some(120), on: Target::Goods };
    let mut own = Definition::new("own", Benefit::amount_off(70));
    own.automatic = true;
    own.limits = vec![limit(random, "a_day", Counts::Claims, (Per::Customer, Period::Day), 4)];
    let mut automatic = Definition::new("automatic", percent);
    automatic.automatic = true;
    automatic.code = Some("AUTOMATIC".to_owned());
    automatic.minimum_order_minor = Some(800);
    automatic.limits = vec![
        limit(random, "money", Counts::Value, (Per::Everyone, Period::Ever), 1_000),
        limit(random, "uses", Counts::Redemptions, (Per::Everyone, Period::Day), 12),
    ];
    Ok([own, automatic])
}

/// Random amounts, of a budget that is sometimes too small for the stock.
fn drawn(random: &mut Random) -> anyhow::Result<Definition> {
    let mut drawn = Definition::new("drawn", Benefit::RandomAmount { min_minor: 100, max_minor: 400 });
    drawn.currency = Some("EUR".parse()?);
    drawn.hold = Some("PT6M".parse()?);
    drawn.limits = vec![
        limit(random, "stock", Counts::Claims, (Per::Everyone, Period::Ever), 16),
        limit(random, "money", Counts::Value, (Per::Everyone, Period::Ever), 3_500),
        limit(random, "own_money", Counts::Value, (Per::Customer, Period::Day), 1_500),
    ];
    Ok(drawn)
}

/// Gift value, with as much of it to be put in as a few cards have.
fn card(random: &mut Random, prefix: &str, amount_minor: i64, ends: Option<&str>) -> anyhow::Result<Definition> {
    let mut card = Definition::new(prefix, Benefit::GiftValue { amount_minor });
    card.currency = Some("EUR".parse()?);
    card.pattern = Some(Pattern::new(prefix, Alphabet::Base32, 16)?);
    card.validity.after_claim = ends.map(str::parse).transpose()?;
    card.limits = vec![
        limit(random, "put_in", Counts::Value, (Per::Everyone, Period::Ever), 30_000),
        limit(random, "own_a_day", Counts::Value, (Per::Customer, Period::Day), 6_000),
        limit(random, "payments", Counts::Redemptions, (Per::Customer, Period::Day), 12),
    ];
    Ok(card)
}

fn limit(random: &mut Random, id: &str, counts: Counts, (per, period): (Per, Period), about: usize) -> LimitDefinition {
    let max = i64::try_from(1 + about / 2 + random.below(about)).expect("small");
    LimitDefinition { id: id.to_owned(), counts, per, period, max, give_back: None }
}
