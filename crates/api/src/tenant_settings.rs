//! What a tenant has set, shown to its administrators and changed by them.

use std::sync::Arc;

use axum::extract::State;
use domain::money::Currency;
use domain::rule::{Catalogue, Declared};
use domain::tenant::{Ceilings, Quotas, Settings, Tenant};
use domain::time::Zone;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::collections::check_named;
use crate::extract::Json;
use crate::if_match::edited_version;
use crate::problem::Problem;
use crate::rejections::refused;
use crate::reply::{Answered, Reply};
use crate::schemas;
use crate::stacking_body::PricingBody;
use crate::warnings::{self, WarningBody};

/// The most attributes that a tenant declares.
const ATTRIBUTES_MAX: usize = 200;
/// A share of everything, in basis points.
const RATE_BP_MAX: u32 = 10_000;

/// What a tenant has set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantSettings {
    /// Where its days begin. Cannot change: what was counted per day was counted in it.
    #[schema(value_type = String, example = "Europe/Berlin")]
    zone: Zone,
    /// What its prices usually are in. Cannot change once there is a coupon.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Whether a customer who is signed in may redeem, at the prices that their own order names. Right only where these
    /// cannot be forged.
    #[serde(default)]
    customer_checkout: bool,
    #[serde(default)]
    quotas: QuotasBody,
    #[serde(default)]
    ceilings: CeilingsBody,
    /// What may cost more than this at worst, in minor units of whatever currency the coupon names, begins to grant only
    /// when a second person has approved it; `null`: nobody is asked.
    #[schema(minimum = 0)]
    liability_ceiling_minor: Option<i64>,
    /// Coupons that may together take more than this share of the goods are warned of, in basis points; 5000 unless given.
    #[schema(maximum = 10_000)]
    warn_above_bp: Option<u32>,
    /// Attributes of orders, lines and customers that conditions may ask for, each with the kind of its value: by `order.NAME`,
    /// `line.NAME` and `customer.NAME`.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, schemas::FieldKind>, example = json!({"line.color": "text"}))]
    attributes: Declared,
    #[serde(default)]
    pricing: PricingBody,
}

/// How many of each may ever be made; `null`: as many as there are numbers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Quotas)]
pub(crate) struct QuotasBody {
    coupons: Option<u32>,
    campaigns: Option<u32>,
    customers: Option<u32>,
    /// Of customers and of staff.
    accounts: Option<u32>,
}

/// What no coupon may give more of to one order; `null`: no ceiling.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Ceilings)]
pub(crate) struct CeilingsBody {
    /// Of a share, in basis points.
    #[schema(maximum = 10_000)]
    rate_bp: Option<u32>,
    /// Of an amount, in minor units of whatever currency the coupon names.
    #[schema(minimum = 0)]
    amount_minor: Option<i64>,
}

/// A tenant with what it has set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(crate) struct TenantBody {
    name: String,
    /// The host names at which who is not signed in is its guest.
    hosts: Vec<String>,
    version: u32,
    /// Where its days begin.
    #[schema(value_type = String, example = "Europe/Berlin")]
    zone: Zone,
    /// What its prices usually are in.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Whether a customer who is signed in may redeem.
    customer_checkout: bool,
    quotas: QuotasBody,
    ceilings: CeilingsBody,
    /// What may cost more than this at worst needs a second person.
    liability_ceiling_minor: Option<i64>,
    /// Coupons that may together take more than this share of the goods are warned of, in basis points.
    warn_above_bp: Option<u32>,
    /// Attributes of orders, lines and customers that conditions may ask for, each with the kind of its value: by `order.NAME`,
    /// `line.NAME` and `customer.NAME`.
    #[schema(value_type = BTreeMap<String, schemas::FieldKind>, example = json!({"line.color": "text"}))]
    attributes: Declared,
    pricing: PricingBody,
    /// What is suspicious about it; only in the answer to who has just saved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<WarningBody>>,
}

impl TenantSettings {
    fn of(settings: &Settings) -> Self {
        let Settings { zone, currency, customer_checkout, quotas, ceilings, attributes, pricing, .. } =
            settings.clone();
        let Quotas { coupons, campaigns, customers, accounts } = quotas;
        let Ceilings { rate_bp, amount_minor } = ceilings;
        Self {
            zone,
            currency,
            customer_checkout,
            quotas: QuotasBody { coupons, campaigns, customers, accounts },
            ceilings: CeilingsBody { rate_bp, amount_minor },
            liability_ceiling_minor: settings.liability_ceiling_minor,
            warn_above_bp: Some(settings.warn_above_bp),
            attributes,
            pricing: (&pricing).into(),
        }
    }

    fn parse(self) -> Result<Settings, Problem> {
        let Self { liability_ceiling_minor, warn_above_bp, .. } = self;
        let Self { zone, currency, customer_checkout, quotas, ceilings, attributes, pricing, .. } = self;
        check_attributes(&attributes)?;
        check_answerable(liability_ceiling_minor, warn_above_bp)?;
        let QuotasBody { coupons, campaigns, customers, accounts } = quotas;
        let CeilingsBody { rate_bp, amount_minor } = ceilings;
        if rate_bp.is_some_and(|rate| rate > RATE_BP_MAX) {
            let detail = format!("must be at most {RATE_BP_MAX}");
            return Err(Problem::invalid_field("/ceilings/rate_bp", "invalid", detail));
        }
        if amount_minor.is_some_and(|amount| amount < 0) {
            return Err(Problem::invalid_field("/ceilings/amount_minor", "invalid", "must be 0 or more"));
        }
        let quotas = Quotas { coupons, campaigns, customers, accounts };
        let pricing = pricing.parse().map_err(|error| error.under("/pricing"))?;
        let unset = Settings::new(zone, currency);
        Ok(Settings {
            customer_checkout,
            quotas,
            ceilings: Ceilings { rate_bp, amount_minor },
            liability_ceiling_minor,
            warn_above_bp: warn_above_bp.unwrap_or(unset.warn_above_bp),
            attributes,
            pricing,
            ..unset
        })
    }
}

fn check_answerable(ceiling_minor: Option<i64>, warn_above_bp: Option<u32>) -> Result<(), Problem> {
    if ceiling_minor.is_some_and(|ceiling| ceiling < 0) {
        return Err(Problem::invalid_field("/liability_ceiling_minor", "invalid", "must be 0 or more"));
    }
    if warn_above_bp.is_some_and(|rate| rate > RATE_BP_MAX) {
        let detail = format!("must be at most {RATE_BP_MAX}");
        return Err(Problem::invalid_field("/warn_above_bp", "invalid", detail));
    }
    Ok(())
}

fn check_attributes(attributes: &Declared) -> Result<(), Problem> {
    if attributes.len() > ATTRIBUTES_MAX {
        let detail = format!("must be at most {ATTRIBUTES_MAX} attributes");
        return Err(Problem::invalid_field("/attributes", "invalid", detail));
    }
    Catalogue::new(attributes).map(drop).map_err(|error| error.under("/attributes").into())
}

/// Show the tenant
#[utoipa::path(get, path = "/v1/tenant", tag = "staff",
    responses((status = 200, description = "As it is now", body = TenantBody,
        headers(("ETag", description = "The version")))))]
pub(crate) async fn get_tenant(State(app): State<App>, caller: Caller) -> Answered<TenantBody> {
    Ok(show(&*own(&app, caller)?))
}

/// Save the tenant's settings anew
///
/// All of them; what is left out is as nobody had set it. The version that was edited stands in `If-Match`; `*` is
/// whichever there is. Name and hosts are for who runs the server.
#[utoipa::path(put, path = "/v1/tenant", tag = "staff", request_body = TenantSettings,
    params(("If-Match" = String, Header, description = "The `ETag` of the version that was edited", example = "\"3\"")),
    responses((status = 200, description = "Saved", body = TenantBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn update_tenant(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Json(body): Json<TenantSettings>,
) -> Answered<TenantBody> {
    let before = own(&app, caller)?;
    let version = edited_version(&headers)?.unwrap_or(before.version);
    let exclusions = [("/pricing/exclusions", &body.pricing.exclusions)];
    check_named(&app.store.collections(before.no), exclusions)?;
    let tenant = Tenant { settings: Arc::new(body.parse()?), version, ..(*before).clone() };
    let saved = app.store.update_tenant(caller.actor, tenant).await?;
    let saved = saved.map_err(|refusal| refused(refusal, app.now()))?;
    let warnings = warnings::of_settings(&app, saved.no, &saved.settings).await?;
    Ok(show(&saved).map(|body| TenantBody { warnings: Some(warnings), ..body }))
}

fn own(app: &App, caller: Caller) -> Result<Arc<Tenant>, Problem> {
    app.store.tenant(caller.tenant).ok_or_else(unexpected)
}

fn show(tenant: &Tenant) -> Reply<TenantBody> {
    let Tenant { name, hosts, settings, version, .. } = tenant.clone();
    let set = TenantSettings::of(&settings);
    let TenantSettings { zone, currency, customer_checkout, quotas, ceilings, attributes, pricing, .. } = set;
    let TenantSettings { liability_ceiling_minor, warn_above_bp, .. } = set;
    let body = TenantBody {
        name,
        hosts,
        version,
        zone,
        currency,
        customer_checkout,
        quotas,
        ceilings,
        liability_ceiling_minor,
        warn_above_bp,
        attributes,
        pricing,
        warnings: None,
    };
    Reply::ok(body).version(version)
}
