//! Settings. The file `config.default.toml` is the defaults, the reference and the example at once.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::Context;
use domain::address::AddressRange;
use domain::money::Currency;
use domain::time::Zone;
use reqwest::Url;
use serde::Deserialize;

use crate::mail::MailSettings;
use crate::oidc::OidcSettings;

const DEFAULTS: &str = include_str!("../config.default.toml");

/// Everything that can be set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub listen: SocketAddr,
    #[serde(default)]
    pub public_url: Option<PublicUrl>,
    pub tenant: Tenant,
    pub limits: Limits,
    pub proxies: Proxies,
    pub rates: Rates,
    pub guesses: Guesses,
    pub retention: Retention,
    pub mail: MailSettings,
    pub oidc: OidcSettings,
}

/// Where browsers reach the server, without a slash at the end.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PublicUrl(pub String);

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_public = Url::parse(&text).is_ok_and(|url| {
            let is_bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
            is_bare && matches!(url.scheme(), "http" | "https")
        });
        if !is_public {
            return Err(format!("public_url must be like \"https://shop.example\", not \"{text}\""));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tenant {
    pub zone: Zone,
    pub currency: Currency,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub connections_max: usize,
    pub body_bytes_max: usize,
    pub queue_max: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Proxies {
    pub trusted: Vec<AddressRange>,
    pub header: Header,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Header {
    XForwardedFor,
    Forwarded,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rates {
    pub address_per_s: NonZeroU32,
    pub address_burst: NonZeroU32,
    pub key_per_s: NonZeroU32,
    pub key_burst: NonZeroU32,
    pub account_per_s: NonZeroU32,
    pub account_burst: NonZeroU32,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guesses {
    pub address_per_hour: NonZeroU32,
    pub key_per_hour: NonZeroU32,
    pub tenant_per_hour: NonZeroU32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    pub idempotency_days: u64,
    pub events_days: u64,
    pub decisions_days: u64,
    #[serde(default)]
    pub archive: Option<PathBuf>,
}

impl Config {
    /// The defaults, with what the file says instead.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let text = match file {
            Some(file) => {
                std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?
            }
            None => String::new(),
        };
        let whose = || file.map_or("the defaults".to_owned(), |file| file.display().to_string());
        Self::merged(&text).with_context(|| format!("settings in {} are not understood", whose()))
    }

    fn merged(text: &str) -> anyhow::Result<Self> {
        let config = Self::read(text)?;
        for (name, number) in [
            ("limits.connections_max", config.limits.connections_max),
            ("limits.body_bytes_max", config.limits.body_bytes_max),
            ("limits.queue_max", config.limits.queue_max),
        ] {
            anyhow::ensure!(number > 0, "{name} must be 1 or more");
        }
        Ok(config)
    }

    fn read(text: &str) -> anyhow::Result<Self> {
        let mut settings: toml::Table = DEFAULTS.parse().context("the defaults are valid")?;
        merge(&mut settings, text.parse()?);
        Ok(settings.try_into()?)
    }
}

/// Puts what is said over what is there, table by table.
fn merge(into: &mut toml::Table, from: toml::Table) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(toml::Value::Table(into)), toml::Value::Table(from)) => merge(into, from),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn without_a_file_the_defaults_hold() {
        let config = Config::merged("").expect("the defaults are valid");
        assert_eq!(config.listen.port(), 8080);
        assert_eq!(config.retention.idempotency_days, 30);
    }

    #[test]
    fn a_file_changes_only_what_it_names() {
        let config = Config::merged("[tenant]\nzone = \"Asia/Shanghai\"\n").expect("a valid file");
        assert_eq!(config.tenant.zone.name(), "Asia/Shanghai");
        assert_eq!(config.tenant.currency.to_string(), "EUR");
    }

    #[test]
    fn an_unknown_name_is_refused_and_named() {
        for text in ["colour = 1", "[limits]\nspeed = 3\n"] {
            let error = format!("{:#}", Config::merged(text).expect_err("unknown"));
            assert!(error.contains("unknown field"), "{error}");
        }
    }

    #[test]
    fn a_limit_that_lets_nothing_through_is_refused_and_named() {
        let error = format!("{:#}", Config::merged("[limits]\nqueue_max = 0\n").expect_err("nothing could be done"));
        assert!(error.contains("limits.queue_max"), "{error}");
    }

    #[test]
    fn removed_events_go_to_a_folder_only_where_one_is_named() {
        assert_eq!(Config::merged("").expect("the defaults are valid").retention.archive, None);
        let config = Config::merged("[retention]\narchive = \"/var/lib/scrip-archive\"\n").expect("a valid file");
        assert_eq!(config.retention.archive.as_deref(), Some(std::path::Path::new("/var/lib/scrip-archive")));
    }

    #[test]
    fn a_public_url_is_a_place_without_more() {
        let url = |text: &str| {
            Config::merged(&format!("public_url = \"{text}\"\n")).map(|config| config.public_url.map(|url| url.0))
        };
        let said = url("https://shop.example/scrip/").expect("valid");
        assert_eq!(said.as_deref(), Some("https://shop.example/scrip"));
        for wrong in ["", "shop.example", "ftp://shop.example", "https://shop.example?a=b", "https://ann@shop.example"]
        {
            let error = format!("{:#}", url(wrong).expect_err("no public address"));
            assert!(error.contains("public_url must be"), "{error}");
        }
    }

    #[test]
    fn rates_and_proxies_that_make_no_sense_are_refused_and_named() {
        for (text, named) in [
            ("[rates]\nkey_per_s = 0\n", "key_per_s"),
            ("[guesses]\naddress_per_hour = -1\n", "address_per_hour"),
            ("[proxies]\ntrusted = [\"10.0.0.0/33\"]\n", "trusted"),
            ("[proxies]\nheader = \"x-real-ip\"\n", "header"),
        ] {
            let error = format!("{:#}", Config::merged(text).expect_err("it makes no sense"));
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn an_unknown_zone_is_refused_and_named() {
        let error = format!("{:#}", Config::merged("[tenant]\nzone = \"Mars/Olympus\"\n").expect_err("no such zone"));
        assert!(error.contains("Mars/Olympus"), "{error}");
    }
}
