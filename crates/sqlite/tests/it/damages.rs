//! Damage done to a copy of the busy shop, and the checks that must name it: these and no others.

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
use Damage::{Events, Parts, Sql};

/// The redemption whose voucher is locked.
const PENDING: &str = "select redemption from redemption where redemption_id = 't-pending'";
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

/// What was done, how, and what is found. Coupons: 1 tea, 2 spring, 3 partner, 4 gone, 5 one with a pool. Limits: 1 the campaign's budget,
/// 2 to 4 tea's, 5 to 7 spring's.
pub const DAMAGES: &[(&str, Damage, &[&str])] = &[
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
    ("settlements by month are gone", Sql("delete from settlement where per = 1"), &["settlements_equal_redemptions"]),
    (
        "a reservation is not listed",
        Sql("delete from reservation where redemption_id = 't-pending'"),
        &["reservation_rows_match"],
    ),
    (
        "a reservation is listed under another coupon",
        Sql("insert into reservation (tenant, coupon, deadline, redemption_id)
            select tenant, 3, deadline, redemption_id from reservation where redemption_id = 't-pending'"),
        &["reservation_rows_match"],
    ),
    (
        "a reservation would end later than it is listed",
        Sql("update redemption set deadline = deadline + 1 where redemption_id = 't-pending'"),
        &["reservation_rows_match"],
    ),
    (
        "a reservation's takings are raised",
        Parts(PENDING, |parts| parts[0].takings[0].amount += 1),
        &["usage_equals_takings", "takings_equal_events"],
    ),
    (
        "a redemption forgets its voucher",
        Parts(TWO, |parts| parts.iter_mut().for_each(|part| part.voucher = None)),
        &["voucher_use_has_redemption"],
    ),
    ("a line got more than the part", Parts(TWO, |parts| parts[0].lines_minor[0] += 1), &["discount_adds_up"]),
    (
        "a total is changed",
        Sql("update redemption set total_minor = total_minor - 1 where redemption_id = 's-two'"),
        &["discount_adds_up", "decision_replays"],
    ),
    (
        "a redemption is gone",
        Sql("delete from redemption where redemption_id = 'g-used'"),
        &[
            "foreign_keys",
            "redemption_state_follows_events",
            "voucher_use_has_redemption",
            "statistics_equal_rows",
            "settlements_equal_redemptions",
        ],
    ),
    (
        "an order has two live redemptions",
        Sql("drop index redemption_of_order_is_unique;
            update redemption set order_id = 'order of t-part' where redemption_id = 't-confirmed'"),
        &["one_live_redemption_per_order", "decision_replays"],
    ),
    (
        "what was decided on is changed",
        Sql("update decision set document = replace(document, '\"unit_price_minor\":500', '\"unit_price_minor\":501')
            where redemption in (select redemption from redemption where redemption_id = 's-two')"),
        &["decision_replays"],
    ),
    (
        "what was decided on is gone",
        Sql("delete from decision
            where redemption in (select redemption from redemption where redemption_id = 's-two')"),
        &["decision_replays"],
    ),
    (
        "a version of a coupon is gone",
        Sql("delete from coupon_version where coupon = 1 and version = 1"),
        &["coupon_versions_complete"],
    ),
    (
        "a version that was used is gone",
        Sql("delete from coupon_version where coupon = 1 and version = 2"),
        &["decision_replays", "coupon_versions_complete"],
    ),
    (
        "a coupon is not its latest version",
        Sql("update coupon_version set document = replace(document, 'ten', 'nine') where coupon = 1 and version = 3"),
        &["coupon_versions_complete"],
    ),
    (
        "the settings that were decided under are gone",
        Sql("delete from tenant_version"),
        &["decision_replays", "settings_versions_complete"],
    ),
    (
        "the settings are not their latest version",
        Sql("update tenant_version set settings = json_set(settings, '$.customer_checkout', json('true'))"),
        &["settings_versions_complete"],
    ),
    ("a coupon runs again", Sql("update coupon set state = 1 where coupon = 4"), &["coupon_versions_complete"]),
    ("a shared code is gone", Sql("delete from shared_code"), &["definition_rows_match"]),
    ("a pattern is gone", Sql("delete from code_pattern"), &["definition_rows_match"]),
    (
        "a limit is gone",
        Sql("delete from usage_limit where usage_limit = 4"),
        &["foreign_keys", "definition_rows_match"],
    ),
    (
        "a person is part of another",
        Sql("insert into person (tenant, customer, person) values (1, 9, 8)"),
        &["persons_settled"],
    ),
    (
        "who stands for others was merged",
        Sql("insert into person (tenant, customer, person, merged_into) values (1, 8, 7, 9)
            on conflict do update set merged_into = 9"),
        &["definitions_follow_events", "persons_settled", "merged_own_nothing"],
    ),
    ("who was merged is another person", Sql("update person set person = 6 where customer = 7"), &["persons_settled"]),
    (
        "who was merged is not any more",
        Sql("update person set merged_into = null where customer = 7"),
        &["definitions_follow_events"],
    ),
    (
        "who was merged owns a voucher",
        Sql("update voucher set customer = 7 where customer = 8; update wallet set customer = 7 where customer = 8"),
        &["voucher_state_follows_events", "merged_own_nothing"],
    ),
    (
        "who was merged carries an identity",
        Sql("update identity set customer = 7 where customer = 8 and kind = 1"),
        &["merged_own_nothing", "personal_fields_open"],
    ),
    (
        "an identity is proven to be two customers'",
        Sql("drop index identity_holder_is_unique; update identity set verified_at = added_at where kind = 1"),
        &["one_holder_per_identity"],
    ),
    (
        "an external id is not proven",
        Sql("update identity set verified_at = null where customer = 8 and kind = 0"),
        &["personal_fields_open"],
    ),
    ("a customer's key is gone", Sql("delete from customer_key where customer = 8"), &["personal_fields_open"]),
    (
        "a customer's key is another's",
        Sql("update customer_key set sealed = (select sealed from customer_key where customer = 9) where customer = 8"),
        &["personal_fields_open"],
    ),
    (
        "a profile is another's",
        Sql("update customer set profile = (select profile from customer where customer = 9) where customer = 10"),
        &["personal_fields_open"],
    ),
    (
        "an identity is not found by what it says",
        Sql("update identity set hash = zeroblob(16) where customer = 9"),
        &["personal_fields_open"],
    ),
    (
        "what was erased is there again",
        Sql("update customer set erased_at = null where customer = 11"),
        &["definitions_follow_events"],
    ),
    (
        "a balance is higher than its entries",
        Sql("update gift_account set balance_minor = balance_minor + 1 where ordinal = 0 and kind = 0"),
        &["gift_follows_events", "gift_equals_entries"],
    ),
    ("an entry is gone", Sql("delete from gift_entry where step = 1"), &["gift_equals_entries"]),
    (
        "an entry says another amount",
        Sql("update gift_entry set amount_minor = amount_minor - 1 where step = 2 and kind = 1"),
        &["gift_equals_entries"],
    ),
    (
        "more is held of a card than reservations will pay",
        Sql("update gift_account set held_minor = 1 where kind = 1"),
        &["gift_follows_events", "gift_held_by_reservations", "gift_not_negative"],
    ),
    (
        "a balance is below zero",
        Sql("update gift_account set balance_minor = -1 where kind = 0 and ordinal = 0"),
        &["gift_follows_events", "gift_equals_entries", "gift_not_negative"],
    ),
    (
        "an order was paid with nothing that is known of",
        Sql("update redemption set payments = null where redemption_id = 'gift-pending'"),
        &["gift_held_by_reservations"],
    ),
    (
        "a payment came back that did not",
        Sql("update redemption
            set payments = (select payments from redemption as other where other.redemption_id = 'gift-part')
            where redemption_id = 'gift-printed'"),
        &["payments_add_up"],
    ),
    ("an answer does not read", Sql("update answer set outcome = x'02'"), &["answers_readable"]),
    ("a token is for nothing", Sql("update token set purpose = 99"), &["rows_readable"]),
    ("a token is for something else", Sql("update token set purpose = purpose + 1"), &["sealed_rows_open"]),
    (
        "two letters stand in for each other",
        Sql("update mail set sealed = (select sealed from mail as other where other.mail_no = 3 - mail.mail_no)"),
        &["sealed_rows_open"],
    ),
    ("a letter was never sealed", Sql("update mail set sealed = x'' where mail_no = 1"), &["sealed_rows_open"]),
    (
        "an entry of the audit log says something else",
        Sql("update audit set after = replace(after, 'ten percent', 'one percent') where action = 'coupon.create'"),
        &["audit_chain_unbroken"],
    ),
    (
        "somebody else is said to have done it",
        Sql("update audit set actor_kind = 2, actor = 9 where audit = 2"),
        &["audit_chain_unbroken"],
    ),
    (
        "the operator is said to be one of several",
        Sql("update audit set actor = 9 where audit = 2"),
        &["audit_chain_unbroken"],
    ),
    (
        "an entry of the audit log does not read",
        Sql("update audit set subject_kind = 'x' where audit = 2"),
        &["audit_chain_unbroken"],
    ),
    ("an entry in the middle is gone", Sql("delete from audit where audit = 3"), &["audit_chain_unbroken"]),
    (
        "a change of a coupon is gone from the audit log",
        Sql("delete from audit where action = 'coupon.update'"),
        &["audit_chain_unbroken", "audit_complete"],
    ),
    (
        "the last entry is gone",
        Sql("delete from audit where audit = (select max(audit) from audit)"),
        &["audit_chain_unbroken"],
    ),
    (
        "two entries changed places",
        Sql("update audit set audit = audit + 1000 where audit in (2, 3);
            update audit set audit = 1005 - audit where audit > 1000"),
        &["audit_chain_unbroken"],
    ),
    (
        "an entry is missing and the others close the gap",
        Sql("delete from audit where audit = 3;
            update audit set audit = audit - 1 where audit > 3;
            update audit_head set number = number - 1"),
        &["audit_chain_unbroken"],
    ),
    ("the audit log is gone", Sql("delete from audit; delete from audit_head"), &["audit_complete"]),
    ("its end is not known", Sql("delete from audit_head"), &["audit_chain_unbroken"]),
    (
        "a block was forgotten",
        Sql("update access_block set stands = 0 where access_block = 3"),
        &["access_blocks_kept"],
    ),
    (
        "a voucher of ten per cent has an amount",
        Sql("update voucher set amount_minor = 5 where coupon = 1 and ordinal = 0"),
        &["drawn_amounts_counted"],
    ),
    (
        "a block ended before its end",
        Sql("update access_block set until = until + 86400000 where access_block = 1"),
        &["access_blocks_kept"],
    ),
    ("a collection counts wrong", Sql("insert into collection values (1,1,'','skus',1,1,0)"), &["collections_counted"]),
    ("a block is gone", Sql("delete from access_block where access_block = 2"), &["access_blocks_kept"]),
    ("a block keeps nobody out", Sql("update access_block set addresses = null"), &["rows_readable"]),
    (
        "a block's range does not read",
        Sql("update access_block set addresses = '203.0.113' where access_block = 2"),
        &["rows_readable"],
    ),
];
