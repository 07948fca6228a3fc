//! What is said of a limit that is used up: put together of what it counts, for whom and per which period.

use crate::language::Language;
use crate::limit::{Counts, Per};
use crate::period::Period;

pub(super) fn limit(language: Language, counts: Counts, per: Per, period: Period) -> String {
    match language {
        Language::English => english(counts, per, period),
        Language::Chinese => chinese(counts, per, period),
    }
}

fn english(counts: Counts, per: Per, period: Period) -> String {
    let done = match (counts, per) {
        (Counts::Claims, Per::Everyone) => "All of this coupon have been taken",
        (Counts::Redemptions, Per::Everyone) => "This coupon has been used as often as it may be",
        (Counts::Value, Per::Everyone) => "The budget of this coupon is used up",
        (Counts::Claims, Per::Customer) => "You have taken as many of this coupon as you may",
        (Counts::Redemptions, Per::Customer) => "You have used this coupon as often as you may",
        (Counts::Value, Per::Customer) => "You have saved as much with this coupon as you may",
    };
    let when = match period {
        Period::Ever => "",
        Period::Hour => " this hour",
        Period::Day => " today",
        Period::Week => " this week",
        Period::Month => " this month",
    };
    format!("{done}{when}.")
}

fn chinese(counts: Counts, per: Per, period: Period) -> String {
    let when = match period {
        Period::Ever => "",
        Period::Hour => "本小时",
        Period::Day => "今天",
        Period::Week => "本周",
        Period::Month => "本月",
    };
    match (counts, per) {
        (Counts::Claims, Per::Everyone) => format!("此优惠券{when}已被领完。"),
        (Counts::Redemptions, Per::Everyone) => format!("此优惠券{when}的使用次数已用完。"),
        (Counts::Value, Per::Everyone) => format!("此优惠券{when}的预算已用完。"),
        (Counts::Claims, Per::Customer) => format!("您{when}领取此优惠券的数量已达上限。"),
        (Counts::Redemptions, Per::Customer) => format!("您{when}使用此优惠券的次数已达上限。"),
        (Counts::Value, Per::Customer) => format!("您{when}通过此优惠券节省的金额已达上限。"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::access_block::BlockReason;
    use crate::rejection::Rejection;

    /// Every code that an answer may have, with the sentence for it.
    fn all(language: Language) -> BTreeMap<String, String> {
        let counts = [Counts::Claims, Counts::Redemptions, Counts::Value];
        let limits = counts.into_iter().flat_map(|counts| {
            [Per::Everyone, Per::Customer].into_iter().flat_map(move |per| {
                let periods = [Period::Ever, Period::Hour, Period::Day, Period::Week, Period::Month];
                periods.into_iter().map(move |period| Rejection::Limit { counts, per, period })
            })
        });
        let blocked = BlockReason::ALL.into_iter().map(|reason| Rejection::Blocked { reason });
        let plain = Rejection::PLAIN.iter().copied().flatten();
        let said = |one: Rejection| (one.code().into_owned(), one.reason(language).into_owned());
        plain.chain(limits).chain(blocked).map(said).collect()
    }

    #[test]
    fn every_rejection_has_a_reason_in_every_language_and_one_of_its_own() {
        for (language, end) in [(Language::English, '.'), (Language::Chinese, '。')] {
            let reasons = all(language);
            assert!(reasons.len() > 90, "{} rejections", reasons.len());
            let mut said = BTreeMap::new();
            for (code, reason) in &reasons {
                assert!(reason.ends_with(end), "{code}: {reason}");
                let is_chinese = reason.chars().any(|char| ('\u{4e00}'..='\u{9fff}').contains(&char));
                assert_eq!(is_chinese, language == Language::Chinese, "{code}: {reason}");
                assert!(!reason.contains('_'), "{code}: {reason}");
                assert_eq!(said.insert(reason, code), None, "{code} says what another says: {reason}");
            }
        }
    }

    #[test]
    fn a_limit_says_what_it_counts_for_whom_and_until_when() {
        let reasons = |code: &str| (all(Language::English)[code].clone(), all(Language::Chinese)[code].clone());
        for (code, english, chinese) in [
            ("out_of_stock", "All of this coupon have been taken.", "此优惠券已被领完。"),
            ("budget_exhausted", "The budget of this coupon is used up.", "此优惠券的预算已用完。"),
            (
                "customer_day_limit",
                "You have taken as many of this coupon as you may today.",
                "您今天领取此优惠券的数量已达上限。",
            ),
            (
                "redemption_week_limit",
                "This coupon has been used as often as it may be this week.",
                "此优惠券本周的使用次数已用完。",
            ),
            (
                "below_minimum",
                "The order has not reached the minimum of this coupon.",
                "订单未达到此优惠券的最低金额。",
            ),
        ] {
            assert_eq!(reasons(code), (english.to_owned(), chinese.to_owned()), "{code}");
        }
    }
}
