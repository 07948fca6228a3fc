//! A demonstration shop for an empty data folder.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context, bail};
use api::passwords::Password;
use domain::account::{Credentials, Profile, Role};
use domain::benefit::{Benefit, Target};
use domain::codes::{Alphabet, Pattern};
use domain::coupon::{Definition, LimitDefinition, Visibility};
use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{AccountId, CouponId, CouponNo, CustomerId, FIRST_TENANT};
use domain::ledger::{Action, Command, GivenEntry, NewAccount, Outcome, Start};
use domain::limit::{Counts, Per};
use domain::money::{Currency, Rate};
use domain::period::Period;
use domain::tenant::{Settings, Tenant};
use ports::{CouponFilter, Ledger, PageRequest, Records, Scopes, Tenants};
use sqlite::SqliteStore;

use crate::{admin, secrets, staff};

/// Of the accounts' password; too many to guess.
const PASSWORD_CHARS: usize = 16;

/// What a person needs to try the demonstration.
#[derive(Debug)]
pub(crate) struct Shown {
    /// An API key.
    pub key: String,
    /// The flash sale's coupon.
    pub flash: CouponId,
    /// A customer.
    pub customer: CustomerId,
    /// The password of every account; none in a folder from before there were accounts.
    pub password: Option<String>,
}

/// Who may sign in: an account of each role.
pub(crate) const ACCOUNTS: [(&str, Role); 5] = [
    ("admin", Role::Admin),
    ("operator", Role::Operator),
    ("merchant", Role::Merchant),
    ("analyst", Role::Analyst),
    ("ann", Role::Customer),
];

/// Fills an empty folder, and tells what is in a filled one. `None`: the folder holds other data.
pub(crate) async fn fill(store: &SqliteStore, data: &Path) -> anyhow::Result<Option<Shown>> {
    let file = data.join("demo.txt");
    if let Ok(text) = fs::read_to_string(&file) {
        return parse(&text).map(Some).with_context(|| format!("{}", file.display()));
    }
    let page = PageRequest { limit: 1, after: None };
    if !store.coupons(FIRST_TENANT, CouponFilter::default(), page).await?.items.is_empty() {
        return Ok(None);
    }
    let [_, key] = admin::create_key(store, FIRST_TENANT, ("demo".to_owned(), Scopes::SERVER)).await?;
    let password = Some(api::auth::new_secret(secrets::random()?).chars().rev().take(PASSWORD_CHARS).collect());
    let shown = Shown { key, flash: CouponId(api::new_id()), customer: CustomerId(api::new_id()), password };
    let currency = store.settings(FIRST_TENANT).await?.currency;
    accounts(store, &shown).await?;
    customers(store).await?;
    let_customers_check_out(store).await?;
    coupons(store, shown.flash, currency).await?;
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
    writeln!(out, "{}\n{}\n{}\n{}", shown.key, shown.flash, shown.customer, shown.password.as_deref().unwrap_or(""))?;
    Ok(Some(shown))
}

fn parse(text: &str) -> anyhow::Result<Shown> {
    let mut lines = text.lines();
    let mut next = || lines.next().context("a line is missing");
    let (key, flash, customer) = (next()?.to_owned(), next()?.parse()?, next()?.parse()?);
    Ok(Shown { key, flash, customer, password: lines.next().map(str::to_owned) })
}

/// All with one password, which only this folder has.
async fn accounts(store: &SqliteStore, shown: &Shown) -> anyhow::Result<()> {
    let Some(password) = &shown.password else { return Ok(()) };
    let hash = staff::hash(Password::new(password.clone())).await?;
    for (username, role) in ACCOUNTS {
        let new = NewAccount {
            login: api::login_hash(store.codes(), FIRST_TENANT, username),
            email_login: None,
            role,
            profile: Profile { username: username.to_owned(), ..Profile::default() },
            credentials: Credentials { password: Some(hash.clone()), totp: None },
        };
        let person = || (shown.customer, Box::new(profile(username, "Ann Arbor")));
        let customer = (role == Role::Customer).then(person);
        must(store, Action::CreateAccount { id: AccountId(api::new_id()), new: Box::new(new), customer }).await?;
    }
    Ok(())
}

async fn customers(store: &SqliteStore) -> anyhow::Result<()> {
    for (external_id, name) in [("ben", "Ben Nevis"), ("chen", "Chen Lu")] {
        let profile = Box::new(profile(external_id, name));
        must(store, Action::CreateCustomer { id: CustomerId(api::new_id()), profile }).await?;
    }
    Ok(())
}

fn profile(external_id: &str, name: &str) -> CustomerProfile {
    CustomerProfile {
        external_id: Some(external_id.to_owned()),
        email: Some(format!("{external_id}@shop.example")),
        name: Some(name.to_owned()),
        ..CustomerProfile::default()
    }
}

/// Nobody loses by a forged price here.
async fn let_customers_check_out(store: &SqliteStore) -> anyhow::Result<()> {
    let tenant = store.tenant(FIRST_TENANT).context("the first tenant is always there")?;
    let settings = Settings { customer_checkout: true, ..Settings::clone(&tenant.settings) };
    let tenant = Tenant { settings: settings.into(), ..Tenant::clone(&tenant) };
    match store.update_tenant(Actor::Operator, tenant).await? {
        Ok(_) => Ok(()),
        Err(refusal) => bail!("the demonstration was refused: {}", refusal.detail),
    }
}

async fn coupons(store: &SqliteStore, flash: CouponId, currency: Currency) -> anyhow::Result<()> {
    let save10 = Definition {
        code: Some("SAVE10".to_owned()),
        minimum_order_minor: Some(5_000),
        visibility: Visibility::Public,
        ..definition(
            "Ten percent from 50.00",
            Benefit::PercentOff { rate_bp: rate(1_000)?, max_minor: Some(5_000), on: Target::Goods },
            currency,
        )
    };
    start(store, CouponId(api::new_id()), save10).await?;
    let sale = Definition {
        hold: Some("PT5M".parse()?),
        visibility: Visibility::Public,
        limits: vec![limit("stock", Per::Everyone, Period::Ever, 100), limit("a_day", Per::Customer, Period::Day, 1)],
        ..definition("Flash sale: 5.00 off", Benefit::amount_off(500), currency)
    };
    start(store, flash, sale).await?;
    let printed = definition("Printed vouchers: 15.00 off", Benefit::amount_off(1_500), currency);
    let no = start(store, CouponId(api::new_id()), printed).await?;
    give(store, no, "VOUCHER123").await?;
    let cards = Definition {
        pattern: Some(Pattern::new("GIFT-", Alphabet::Base32, 16)?),
        ..definition("Gift card: 50.00", Benefit::GiftValue { amount_minor: 5_000 }, currency)
    };
    let no = start(store, CouponId(api::new_id()), cards).await?;
    give(store, no, "GIFTCARD50").await
}

/// A voucher with that code.
async fn give(store: &SqliteStore, coupon: CouponNo, text: &str) -> anyhow::Result<()> {
    let reading = store.codes().read(FIRST_TENANT, text);
    let sealed = store.codes().seal(FIRST_TENANT, &reading, text);
    let given = GivenEntry { reading, sealed, customer: None };
    must(store, Action::IssueGiven { coupon, codes: vec![given] }).await.map(drop)
}

async fn start(store: &SqliteStore, id: CouponId, definition: Definition) -> anyhow::Result<CouponNo> {
    let code = definition.code.as_deref().map(|text| store.codes().read(FIRST_TENANT, text));
    let create = Action::CreateCoupon { id, definition: Box::new(definition), code, start: Start::Active };
    let Outcome::Coupon { no, .. } = must(store, create).await? else { bail!("a coupon was asked for") };
    Ok(no)
}

async fn must(store: &SqliteStore, action: Action) -> anyhow::Result<Outcome> {
    let command = Command { actor: Actor::Operator, key: None, fingerprint: [0; 16], action };
    match store.submit(FIRST_TENANT, command).await? {
        Ok(answer) => Ok(answer.outcome),
        Err(refusal) => bail!("the demonstration was refused: {}", refusal.detail),
    }
}

fn definition(name: &str, benefit: Benefit, currency: Currency) -> Definition {
    Definition { currency: Some(currency), ..Definition::new(name, benefit) }
}

fn limit(id: &str, per: Per, period: Period, max: i64) -> LimitDefinition {
    LimitDefinition { id: id.to_owned(), counts: Counts::Claims, per, period, max, give_back: None }
}

fn rate(bp: u32) -> anyhow::Result<Rate> {
    Rate::from_bp(bp).context("a rate of the demonstration")
}
