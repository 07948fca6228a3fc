//! An isolated line of business, and what it has set once for all.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::benefit::{Benefit, Most};
use crate::field::FieldError;
use crate::id::TenantNo;
use crate::money::Currency;
use crate::rule::Declared;
use crate::stacking::Pricing;
use crate::time::Zone;

/// The most characters of a tenant's name.
pub const TENANT_NAME_CHARS_MAX: usize = 64;
/// The most host names of a tenant.
pub const HOSTS_MAX: usize = 20;
/// RFC 1035, section 2.3.4.
pub const HOST_CHARS_MAX: usize = 253;

/// What a tenant has set. Kept as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Where its days begin.
    pub zone: Zone,
    /// What its prices usually are in. Amounts always name theirs.
    pub currency: Currency,
    /// Whether a customer who is signed in may redeem with the prices that their own order names. Right only where these
    /// cannot be forged: in a demonstration, or behind a checkout that makes the call.
    #[serde(default)]
    pub customer_checkout: bool,
    /// How much it may make.
    #[serde(default)]
    pub quotas: Quotas,
    /// How much a coupon of it may give.
    #[serde(default)]
    pub ceilings: Ceilings,
    /// What may cost more than this at worst, in minor units of whatever currency the coupon names, begins to grant only
    /// when a second person has approved it; none: no ceiling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liability_ceiling_minor: Option<i64>,
    /// Coupons that may together take more than this share of the goods are warned of, in basis points.
    #[serde(default = "warn_above_bp")]
    pub warn_above_bp: u32,
    /// What the shop says of orders, lines and customers in words of its own, by `order.NAME`, `line.NAME` and
    /// `customer.NAME`: conditions may ask for it.
    #[serde(default, skip_serializing_if = "Declared::is_empty")]
    pub attributes: Declared,
    /// What holds for all coupons together.
    #[serde(default, skip_serializing_if = "Pricing::is_default")]
    pub pricing: Pricing,
}

/// Half of what goods cost: more than that is seldom meant.
fn warn_above_bp() -> u32 {
    5_000
}

/// How many of each a tenant may ever make; none: as many as there are numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Coupons.
    pub coupons: Option<u32>,
    /// Campaigns.
    pub campaigns: Option<u32>,
    /// Customers.
    pub customers: Option<u32>,
    /// Accounts, of customers and of staff.
    pub accounts: Option<u32>,
}

/// What no coupon of a tenant may give more of to one order; none: no ceiling.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ceilings {
    /// Of a share, in basis points.
    pub rate_bp: Option<u32>,
    /// Of an amount, in minor units of whatever currency the coupon names.
    pub amount_minor: Option<i64>,
}

impl Ceilings {
    /// The field of a benefit that is above its ceiling.
    #[must_use]
    pub fn exceeded_by(&self, benefit: &Benefit) -> Option<FieldError> {
        benefit.most().into_iter().find_map(|(pointer, most)| {
            let max = match most {
                Most::RateBp(rate) => self.rate_bp.filter(|max| rate.as_bp() > *max).map(i64::from),
                Most::Minor(minor) => self.amount_minor.filter(|max| minor > *max),
            };
            Some(FieldError::new(format!("/benefit{pointer}"), format!("may be at most {} here", max?)))
        })
    }
}

impl Settings {
    /// With that zone and currency, and nothing else set.
    #[must_use]
    pub fn new(zone: Zone, currency: Currency) -> Self {
        Self {
            zone,
            currency,
            customer_checkout: false,
            quotas: Quotas::default(),
            ceilings: Ceilings::default(),
            liability_ceiling_minor: None,
            warn_above_bp: warn_above_bp(),
            attributes: Declared::default(),
            pricing: Pricing::default(),
        }
    }
}

/// A tenant as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Keys all its rows.
    pub no: TenantNo,
    /// What the command line and people call it, unique in the installation.
    pub name: String,
    /// The host names at which who is not signed in is its guest; in lower case, each of one tenant only.
    pub hosts: Vec<String>,
    /// What it has set.
    pub settings: Arc<Settings>,
    /// Counts its changes, from 1.
    pub version: u32,
}

impl Tenant {
    /// Whether name and hosts are within their bounds.
    ///
    /// # Errors
    /// The first field that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        if !(1..=TENANT_NAME_CHARS_MAX).contains(&self.name.len()) || !self.name.bytes().all(is_plain) {
            let detail = format!("must be 1 to {TENANT_NAME_CHARS_MAX} of the characters a-z 0-9 - _");
            return Err(FieldError::new("/name", detail));
        }
        if self.hosts.len() > HOSTS_MAX {
            return Err(FieldError::new("/hosts", format!("must be at most {HOSTS_MAX} names")));
        }
        let in_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
        for (index, host) in self.hosts.iter().enumerate() {
            if !(1..=HOST_CHARS_MAX).contains(&host.len()) || !host.bytes().all(in_host) {
                let detail = "must be a host name in lower case, without a port, such as shop.example";
                return Err(FieldError::new(format!("/hosts/{index}"), detail));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, hosts: &[&str], pointer: Option<&str>) {
        let settings = Settings::new(Zone::utc(), "EUR".parse().unwrap());
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let tenant = Tenant { no: TenantNo(1), name: name.to_owned(), hosts, settings: Arc::new(settings), version: 1 };
        assert_eq!(tenant.check().err().map(|error| error.pointer).as_deref(), pointer, "{name} {:?}", tenant.hosts);
    }

    #[test]
    fn a_tenant_has_a_plain_name_and_hosts_without_ports() {
        check("shop-2", &["shop.example", "a-b.example"], None);
        check("", &[], Some("/name"));
        check("Shop", &[], Some("/name"));
        check("a", &["shop.example", "shop.example:8080"], Some("/hosts/1"));
        check("a", &["Shop.example"], Some("/hosts/0"));
        check("a", &[""], Some("/hosts/0"));
    }

    #[test]
    fn settings_read_back_also_from_before_there_were_quotas() {
        let old = r#"{"zone":"Europe/Berlin","currency":"EUR"}"#;
        let settings: Settings = serde_json::from_str(old).unwrap();
        assert_eq!(settings, Settings::new("Europe/Berlin".parse().unwrap(), "EUR".parse().unwrap()));
    }
}
