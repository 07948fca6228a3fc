//! Damage done to a copy of the busy shop, and the checks that must name it: these and no others.

mod rows;

use domain::coupon::CouponState;
use domain::event::{Event, EventKind};
use domain::redemption::{Part, RedemptionState};
use domain::voucher::VoucherState;

pub enum Damage {
    Sql(&'static str),
    /// In the journal row whose number this statement gives.
    Events(&'static str, fn(&mut Vec<Event>)),
    /// In the redemption row whose number this statement gives.
    Parts(&'static str, fn(&mut Vec<Part>)),
}
use Damage::{Events, Sql};

/// The redemption whose voucher is locked.
const PENDING: &str = "select redemption from redemption where redemption_id = 't-pending'";
/// The redemption of two coupons.
const TWO: &str = "select redemption from redemption where redemption_id = 's-two'";
/// The event that returned a redemption.
const RETURNED: &str = "select journal from redemption where redemption_id = 't-shared'";
/// The event that ended a hold.
const EXPIRED: &str = "select journal from voucher where coupon = 1 and ordinal = 3";

/// Changes where a voucher's event says it came from and went to.
fn voucher_moves(events: &mut [Event], states: (Option<VoucherState>, VoucherState)) {
    for event in events {
        if let EventKind::Voucher { from, to, .. } = &mut event.kind {
            (*from, *to) = states;
        }
    }
}

/// What was done, how, and what is found. Coupons: 1 tea, 2 spring, 3 partner, 4 gone, 5 one with a pool. Limits: 1 the
/// campaign's budget, 2 to 4 tea's, 5 to 7 spring's.
pub fn damages() -> impl Iterator<Item = &'static (&'static str, Damage, &'static [&'static str])> {
    OF_EVENTS.iter().chain(rows::DAMAGES)
}

const OF_EVENTS: &[(&str, Damage, &[&str])] = &[
    (
        "an index lacks rows",
        Sql("pragma writable_schema = on;
            update sqlite_schema set sql = replace(sql, 'state = 0', 'state = 1') where name = 'voucher_due'"),
        &["integrity"],
    ),
    ("a counter is raised", Sql("update usage set used = used + 1 where usage_limit = 2"), &["usage_equals_events"]),
    (
        "a counter is lowered",
        Sql("update usage set used = used - 1 where usage_limit = 2"),
        &["usage_equals_events", "usage_equals_takings"],
    ),
    (
        "more is held than there are holds",
        Sql("update usage set held = held + 1 where usage_limit = 2"),
        &["usage_equals_events", "usage_equals_takings"],
    ),
    ("a counter is above its bound", Sql("update usage set bound = 1 where usage_limit = 5"), &["usage_within_bound"]),
    (
        "a counter is gone",
        Sql("delete from usage where usage_limit = 5 and subject = 0"),
        &["usage_equals_events", "usage_equals_takings"],
    ),
    (
        "a row of the journal is gone",
        Sql("delete from journal where journal = (select journal from redemption where redemption_id = 't-part')"),
        &["usage_equals_events", "redemption_state_follows_events", "statistics_equal_events"],
    ),
    (
        "a row of the journal does not read",
        Sql("update journal set events = x'0105' where journal = (select max(journal) from customer)"),
        &["journal_readable_and_ordered", "definitions_follow_events"],
    ),
    (
        "time goes back",
        Sql("update journal set at = at - 3600000 where journal = 40"),
        &["journal_readable_and_ordered"],
    ),
    (
        "an event says another state than the row",
        Events(EXPIRED, |events| voucher_moves(events, (Some(VoucherState::Held), VoucherState::Revoked))),
        &["voucher_state_follows_events", "statistics_equal_events"],
    ),
    (
        "an event moves a voucher as none may",
        Events(EXPIRED, |events| voucher_moves(events, (Some(VoucherState::Redeemed), VoucherState::Expired))),
        &["voucher_state_follows_events", "voucher_transitions_legal", "statistics_equal_events"],
    ),
    (
        "an event moves a coupon as none may",
        Events("select journal from coupon where coupon = 4", |events| {
            for event in events {
                if let EventKind::Coupon { from, .. } = &mut event.kind {
                    *from = Some(CouponState::Aborted);
                }
            }
        }),
        &["definitions_follow_events", "definition_transitions_legal"],
    ),
    ("a coupon is due that never is", Sql("update coupon set due_at = 1 where coupon = 2"), &["definitions_due_right"]),
    ("a campaign is due that never is", Sql("update campaign set due_at = 1"), &["definitions_due_right"]),
    ("a campaign's column says another state", Sql("update campaign set state = 2"), &["campaign_versions_complete"]),
    ("a version of a campaign is gone", Sql("delete from campaign_version"), &["campaign_versions_complete"]),
    (
        "a campaign is not its latest version",
        Sql("update campaign set document = replace(document, 'spring', 'summer')"),
        &["campaign_versions_complete"],
    ),
    (
        "an event moves a redemption as none may",
        Events(RETURNED, |events| {
            for event in events {
                if let EventKind::Redemption { from, .. } = &mut event.kind {
                    *from = Some(RedemptionState::Pending);
                }
            }
        }),
        &["redemption_state_follows_events", "redemption_transitions_legal", "statistics_equal_events"],
    ),
    (
        "an event happened twice",
        Events(EXPIRED, |events| events.push(events[0].clone())),
        &["usage_equals_events", "voucher_state_follows_events", "statistics_equal_events"],
    ),
    (
        "a used voucher is free again",
        Sql("update voucher set state = 1 where redemption_id = 't-part'"),
        &["voucher_state_follows_events", "redemption_whole_or_not", "voucher_use_has_redemption"],
    ),
    (
        "a revoked voucher is free again",
        Sql("update voucher set state = 1 where state = 5 and kind = 0"),
        &["voucher_state_follows_events", "statistics_equal_rows"],
    ),
    (
        "a voucher has another owner",
        Sql("update voucher set customer = 6 where coupon = 2 and kind = 0 and ordinal = 0"),
        &["voucher_state_follows_events", "wallet_matches_owner"],
    ),
    (
        "a voucher is in two wallets",
        Sql("insert into wallet (tenant, customer, coupon, kind, ordinal) values (1, 6, 2, 0, 0)"),
        &["wallet_matches_owner"],
    ),
    (
        "a voucher is in no wallet",
        Sql("delete from wallet where customer = 1 and coupon = 2 and ordinal = 0"),
        &["wallet_matches_owner"],
    ),
    (
        "a voucher is gone",
        Sql("delete from voucher where coupon = 3 and ordinal = 2"),
        &["voucher_state_follows_events", "given_code_has_voucher", "statistics_equal_rows"],
    ),
    (
        "a voucher's takings do not read",
        Sql("update voucher set takings = x'01ff' where coupon = 2 and kind = 0 and ordinal = 0"),
        &["rows_readable", "statistics_equal_rows"],
    ),
    (
        "a voucher forgets what used it",
        Sql("update voucher set redemption_id = null where redemption_id = 't-confirmed'"),
        &["voucher_state_follows_events", "redemption_whole_or_not", "voucher_use_has_redemption"],
    ),
    (
        "a voucher's reservation ended without it",
        Sql("update redemption set state = 2, deadline = null where redemption_id = 'b-pending'"),
        &[
            "usage_equals_takings",
            "redemption_state_follows_events",
            "redemption_whole_or_not",
            "voucher_lock_has_pending_redemption",
            "reservation_rows_match",
        ],
    ),
    (
        "a voucher's code is of a key that is not kept",
        Sql("update voucher set key_no = 9 where coupon = 1 and ordinal = 0"),
        &["code_roundtrip"],
    ),
    (
        "a block is shorter than what is used of it",
        Sql("update code_block set count = 6 where coupon = 2 and first = 0"),
        &["definitions_follow_events", "bearer_in_block", "statistics_equal_rows"],
    ),
    ("two blocks overlap", Sql("update code_block set first = 90 where first = 100"), &["series_above_ordinals"]),
    (
        "a block goes beyond the series",
        Sql("update code_block set first = 101 where first = 100"),
        &["series_above_ordinals"],
    ),
    (
        "an ordinal would be made again",
        Sql("update series set next = 3 where coupon = 1 and kind = 0"),
        &["series_above_ordinals"],
    ),
    ("a number would be given again", Sql("update sequence set next = 3 where kind = 1"), &["sequences_above_numbers"]),
    ("a given code is gone", Sql("delete from given_code where ordinal = 2"), &["given_code_has_voucher"]),
    (
        "a given code is sealed otherwise",
        Sql("update given_code set sealed = zeroblob(24) where ordinal = 0"),
        &["code_roundtrip"],
    ),
    (
        "a code that was held is not its next voucher's",
        Sql("update given_code set ordinal = 0 where coupon = 5 and ordinal = 4"),
        &["given_code_has_voucher"],
    ),
    (
        "a voucher in the pool has a validity",
        Sql("update voucher set valid_until = 1 where coupon = 5 and ordinal = 3"),
        &["pool_is_nobodys"],
    ),
    (
        "a voucher that is held has no owner",
        Sql("update voucher set customer = null where coupon = 5 and state = 0"),
        &["voucher_state_follows_events", "wallet_matches_owner", "pool_is_nobodys"],
    ),
    (
        "a line of an import counts twice",
        Sql("update import set accepted = accepted + 1 where state = 2"),
        &["imports_accounted"],
    ),
    ("a refused line is not listed", Sql("delete from import_refusal"), &["imports_accounted"]),
    (
        "a chunk of an import is gone",
        Sql("delete from import_chunk where chunk = (select max(chunk) from import_chunk)"),
        &["imports_accounted"],
    ),
    (
        "figures are changed",
        Sql("update coupon_statistics set redeemed = redeemed + 1 where coupon = 3"),
        &["statistics_equal_events", "statistics_equal_rows"],
    ),
    (
        "a settlement is changed",
        Sql("update settlement set borne_minor = borne_minor + 1 where per = 0 and coupon = 2"),
        &["settlements_equal_redemptions"],
    ),
];
