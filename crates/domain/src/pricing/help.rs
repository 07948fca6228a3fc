//! The smallest change of an order with which a refused coupon would apply.

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// What to add to the order, of what the coupon is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Help {
    /// Goods for so many more minor units.
    AddMinor(i64),
    /// So many more units.
    AddUnits(u64),
}

impl Help {
    pub(super) fn amount(minor: i64) -> Self {
        Self::AddMinor(minor)
    }

    pub(super) fn units(count: u64) -> Self {
        Self::AddUnits(count)
    }

    /// In words for whoever buys; `of` is what the coupon is for, in the shop's words, if it is not for everything, and
    /// `amount` writes minor units as that shop's customers read them.
    #[must_use]
    pub fn say(self, language: Language, of: Option<&str>, amount: impl FnOnce(i64) -> String) -> String {
        match (language, self) {
            (Language::English, Self::AddMinor(minor)) => match of {
                Some(of) => format!("Add {} of {of}.", amount(minor)),
                None => format!("Add goods for {}.", amount(minor)),
            },
            (Language::English, Self::AddUnits(1)) => format!("Add one more unit{}.", of_what(" of ", of)),
            (Language::English, Self::AddUnits(count)) => format!("Add {count} more units{}.", of_what(" of ", of)),
            (Language::Chinese, Self::AddMinor(minor)) => {
                format!("再购买{}的{}即可使用。", amount(minor), of.unwrap_or("商品"))
            }
            (Language::Chinese, Self::AddUnits(count)) => format!("再购买{count}件{}即可使用。", of.unwrap_or("商品")),
        }
    }
}

fn of_what(before: &str, of: Option<&str>) -> String {
    of.map_or_else(String::new, |of| format!("{before}{of}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_help_is_said_in_both_languages() {
        let euros = |minor: i64| format!("{}.{:02} EUR", minor / 100, minor % 100);
        for (help, language, of, said) in [
            (Help::AddMinor(800), Language::English, Some("shoes"), "Add 8.00 EUR of shoes."),
            (Help::AddMinor(800), Language::English, None, "Add goods for 8.00 EUR."),
            (Help::AddUnits(1), Language::English, Some("shoes"), "Add one more unit of shoes."),
            (Help::AddUnits(3), Language::English, None, "Add 3 more units."),
            (Help::AddMinor(805), Language::Chinese, Some("鞋"), "再购买8.05 EUR的鞋即可使用。"),
            (Help::AddUnits(2), Language::Chinese, None, "再购买2件商品即可使用。"),
        ] {
            assert_eq!(help.say(language, of, euros), said);
        }
    }
}
