//! Damage that shows in rows beside the events: settlements, reservations, codes, people, the audit log and what is kept out.

use super::Damage::{Parts, Sql};
use super::{Damage, PENDING, TWO};

pub const DAMAGES: &[(&str, Damage, &[&str])] = &[
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
    (
        "a key was answered twice",
        Sql("insert into answer (answer, tenant, hash, fingerprint, at, outcome)
            select answer + 1000000, tenant, hash, fingerprint, at, outcome from answer limit 1"),
        &["answers_found"],
    ),
    (
        "an answer that the index should have is not in it",
        Sql("update answers_indexed set up_to = (select min(answer) from answer)"),
        &["answers_found"],
    ),
    (
        "a key leads to an answer that is not there",
        Sql("insert into answer_key (hash_start, answer) values (x'0011223344556677', 1000000)"),
        &["answers_found"],
    ),
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
