//! What every store does, as tests: an adapter that passes them may be put in the place of another.
//!
//! An adapter's tests implement [`Harness`] and write `ports::conformance_suite!(make_harness)`; that is one test for
//! each function listed below, under the same name. Names that begin with `race_` are bugs that other platforms have
//! had; names that begin with two letters and a number (`tx_1_...`) are statements somebody can hold the project to.
//! Every test ends with the store's own check of its data.
//!
//! Read in this order: `world`, `orders` and `looks` (the words of the tests), `specs` (coupons), `crowd` (many at
//! once), then any theme.

mod clock;
mod world;
mod orders;
mod looks;
mod specs;
mod crowd;
mod day;

mod stock;
mod caps;
mod multi_claims;
mod repeats;
mod automatic;
mod uses;
mod draws;
mod holds;
mod reservations;
mod returns;
mod gifts;
mod definitions;
mod texts;
mod pools;
mod imports;
mod validity;
mod crashes;
mod reads;
mod contention;
mod keys;
mod tokens;
mod mails;
mod persons;
mod merges;
mod audit;
mod campaigns;
mod approvals;
mod access_blocks;
mod decisions;
mod shoppers;
mod collections;

use std::sync::Arc;

use async_trait::async_trait;
use domain::tenant::Settings;
use domain::time::Zone;

pub use clock::TestClock;

use crate::{Clock, Store};

/// An adapter under test, on real files or servers that hold nothing at the start.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The open store.
    fn store(&self) -> Arc<dyn Store>;

    /// The clock the store decides by; it can be moved, like [`TestClock`].
    fn clock(&self) -> Arc<dyn Clock>;

    /// Closes the store, after all that waits, and opens it again on the same data and clock. Nobody else has it.
    async fn restart(&mut self);

    /// Ends the store without closing it, as far as the adapter can, and opens it again on the same data and clock.
    /// What nobody was told of may be lost. Nobody else has the store.
    async fn crash(&mut self);

    /// What the store's own check finds wrong with its data. The store is open meanwhile.
    async fn check(&self) -> Vec<String>;

    /// How many random claims of several coupons are made.
    fn multi_claims(&self) -> usize {
        2_000
    }
}

/// What the first tenant of a harness's store has set: its days begin when those of UTC do not.
#[must_use]
pub fn settings() -> Settings {
    Settings::new("Asia/Kolkata".parse::<Zone>().expect("a zone of the bundled database"), specs::euro())
}

/// The store's own check, at the end of every test.
async fn check_sound(harness: &dyn Harness) {
    let findings = harness.check().await;
    assert!(findings.is_empty(), "the store's check found: {findings:#?}");
}

/// Makes the list below what an adapter runs. A function that is not on it is dead code, which the compiler tells.
macro_rules! suite {
    ($dollar:tt $($theme:ident { $($test:ident)* })*) => {
        $(pub use $theme::{$($test),*};)*

        /// The suite as tests of an adapter: `ports::conformance_suite!(make)`, where `make` is an async function
        /// without arguments that returns a [`Harness`](crate::conformance::Harness) on empty data.
        #[macro_export]
        macro_rules! conformance_suite {
            ($dollar make:path) => {
                $($(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $test() {
                        let mut harness = $dollar make().await;
                        $crate::conformance::$test(&mut harness).await;
                    }
                )*)*
            };
        }
    };
}

suite! {
    $
    stock {
        jc_2_ten_times_as_many_customers_as_units_hold_one_each_and_no_code_is_held_twice
        jc_2_a_unit_that_comes_back_has_a_code_nobody_has_seen
        tx_1_a_stock_is_given_out_to_the_last_unit_and_not_one_more_in_ten_runs
        tx_1_every_refused_claim_is_told_its_own_reason
        tx_1_a_repeated_request_is_told_that_it_is_one
        mz_5_a_customer_who_claims_fifty_times_at_once_gets_one
        first_come_is_first_served_among_claims_of_one_caller
        an_issue_to_many_takes_for_all_of_them_or_for_none
    }
    caps {
        tx_2_three_caps_hold_exactly_under_claims_of_the_same_and_of_many_customers
        tx_2_day_caps_begin_again_at_midnight_of_the_tenants_zone
        tx_2_a_hold_that_ends_gives_back_the_unit_but_not_the_days_allowance
    }
    multi_claims {
        vv_1_a_claim_of_four_beside_a_claim_of_one_of_them_gives_that_one_once
        vv_1_claims_that_overlap_at_random_neither_lock_up_nor_take_in_part
    }
    repeats {
        tx_3_a_key_sent_many_times_at_once_and_later_gives_one_voucher_for_one_unit
        tx_3_a_key_is_known_after_a_restart
        vv_2_one_request_answers_the_same_and_issues_once
        a_key_that_was_used_with_another_body_is_refused
        a_refusal_is_not_kept_so_the_same_key_may_succeed_later
        answers_are_forgotten_in_bounded_steps_and_only_old_ones
        race_15_a_caller_who_went_away_and_comes_again_gets_the_first_answer
        race_15_what_was_handed_in_is_done_before_a_restart_though_nobody_waits
    }
    automatic {
        race_13_an_automatic_coupon_with_a_limit_obeys_it
        an_automatic_coupon_joins_codes_and_is_not_used_twice_by_its_own_code
        an_automatic_coupon_applies_from_its_start_to_its_end_and_after_a_restart
    }
    uses {
        race_01_concurrent_redeems_of_a_code_with_a_limit_succeed_exactly_that_often
        race_02_two_coupons_under_one_campaign_limit_share_it_exactly
        race_03_a_budget_is_never_exceeded_by_one_minor_unit_under_unequal_amounts
        race_14_a_coupon_without_limits_keeps_no_counter_and_holds_up_nobody
        rp_6_a_use_beyond_the_total_is_refused_even_if_too_many_vouchers_are_out
        re_5_a_voucher_is_verified_once_however_many_orders_try
        re_5_a_redemption_repeated_under_its_id_is_the_same_redemption
        who_types_a_shared_code_uses_the_oldest_voucher_that_is_free_then_the_code_itself
        several_codes_of_one_order_are_used_all_or_none
        a_quote_says_what_a_redemption_comes_to_and_takes_nothing
    }
    draws {
        re_1_random_amounts_stay_within_bounds_and_the_budget_beside_fixed_ones_under_concurrency
        re_1_without_a_stock_a_budget_of_random_amounts_is_given_out_until_the_least_is_not_left
        re_1_what_was_drawn_comes_back_as_the_budget_says_and_is_drawn_once_for_a_key
    }
    holds {
        jc_3_a_hold_can_be_used_until_its_last_second_then_its_unit_is_anothers_also_over_a_crash
        jc_4_a_failed_or_cancelled_purchase_returns_the_unit_at_once
        jc_4_the_history_lists_claim_use_expiry_and_release_with_customer_and_time
        race_04_a_redeem_racing_a_release_loses_no_update_either_way
        race_05_whatever_ends_a_hold_ends_it_once
        race_06_a_holders_own_hold_never_blocks_the_holder
        race_07_a_hold_that_runs_out_while_it_is_used_has_one_winner
        abandoned_holds_free_their_units_at_their_deadline_without_a_sweep
        an_abandoned_hold_frees_its_unit_of_the_campaign_for_another_coupon
        a_sweep_writes_down_what_is_due_oldest_first_in_bounded_calls
    }
    reservations {
        race_07_a_reservation_that_runs_out_while_it_is_confirmed_has_one_winner
        a_reservation_that_no_coupon_applies_to_is_ended_by_a_sweep_like_any
        race_08_a_failed_payment_gives_the_use_back_at_once
        race_10_two_steps_on_one_order_count_once
        mz_3_ten_confirms_and_ten_cancels_in_any_order_leave_one_end_and_one_event_for_it
        mz_3_one_caller_who_repeats_both_in_shuffled_order_gets_what_came_first
        mz_3_a_cancel_before_its_reserve_makes_the_late_reserve_fail_and_locks_nothing
        mz_3_an_order_that_is_never_confirmed_is_let_go_by_time
        abandoned_reservations_do_not_block_beyond_their_deadline_without_a_sweep
        a_voucher_whose_lock_ran_out_is_its_holders_again_by_whichever_code
        rp_6_a_voucher_is_locked_by_one_order_then_used_or_free_again
    }
    returns {
        race_09_a_return_gives_the_use_back_exactly_if_the_definition_said_so
        race_09_what_comes_back_is_what_was_recorded_not_what_is_defined_today
        race_04_uses_that_come_back_while_others_are_made_are_counted_once_each
        re_5_an_order_that_is_cancelled_or_returned_restores_its_voucher
        race_18_an_order_that_is_edited_moves_budget_and_use_by_the_difference
        race_18_edits_of_one_order_at_once_leave_one_live_redemption
        race_18_parts_that_come_back_sum_to_the_whole_and_the_use_follows_the_last
        race_18_a_part_that_comes_back_frees_its_share_of_the_budget_and_no_use
    }
    gifts {
        race_20_a_gift_balance_spent_from_two_tills_at_once_is_never_below_zero_and_nothing_is_lost
        race_20_a_spend_racing_a_return_and_a_top_up_loses_neither
        race_20_a_repeated_key_spends_and_tops_up_once_also_over_a_crash
        a_reservation_that_runs_out_lets_go_of_what_it_held_without_a_sweep
    }
    definitions {
        race_16_a_limit_lowered_below_its_use_stops_grants_and_breaks_nothing
        race_17_after_a_pause_is_acknowledged_nothing_new_succeeds
        race_17_a_pause_gets_its_turn_in_a_crowd_that_claims_until_it_is_refused
        a_reservation_is_honoured_though_its_coupon_was_paused_ended_or_changed
        an_abort_cancels_what_is_reserved_however_much_it_is
        a_code_that_was_replaced_is_good_for_nothing_and_nobody_elses
        every_version_of_a_coupon_is_kept_and_only_the_latest_can_be_edited
    }
    texts {
        race_12_spellings_of_a_code_are_one_code_with_one_limit
        race_12_spellings_given_to_two_coupons_at_once_are_one_coupons
        a_unique_code_and_a_voucher_id_read_back_to_their_voucher
        given_codes_are_found_in_any_spelling_and_shown_as_given
        codes_of_a_block_are_worth_something_once_each_until_it_is_revoked
        blocks_made_at_once_do_not_overlap
    }
    pools {
        re_3_own_codes_made_in_bulk_are_unique
        re_3_duplicates_within_and_across_imports_are_refused_and_named_and_the_rest_goes_in
        re_3_the_same_codes_imported_many_times_at_once_are_taken_once
        re_3_each_code_of_a_pool_is_handed_to_at_most_one_of_a_crowd
        a_code_that_was_held_unseen_goes_to_the_next_and_its_voucher_stays_the_firsts
        a_hidden_code_is_used_by_the_id_of_its_voucher_with_its_owner_named
    }
    imports {
        re_3_a_file_is_taken_in_chunk_by_chunk_and_its_refused_lines_are_listed
        re_3_after_a_crash_an_import_goes_on_where_it_was_and_a_torn_file_is_forgotten
        imports_take_turns_and_are_listed_newest_first
        an_import_is_its_tenants_and_only_one_that_arrives_takes_chunks
    }
    validity {
        tx_8_a_fixed_validity_is_the_same_for_every_voucher
        tx_8_a_validity_from_the_claim_is_each_vouchers_own
        a_hold_never_outlives_the_validity
    }
    crashes {
        race_19_a_restart_between_any_two_steps_changes_nothing
        race_19_a_crash_between_any_two_steps_changes_nothing
        tx_5_after_a_crash_in_the_middle_every_answered_claim_is_there_and_every_retry_takes_once
        race_19_after_a_busy_day_that_ends_in_a_crash_the_data_are_sound_and_work_goes_on
    }
    reads {
        a_busy_day_leaves_figures_that_equal_the_rows_and_histories_without_gaps
        refusals_are_counted_for_their_coupon_by_their_code
        a_list_read_page_by_page_shows_every_voucher_once_while_claims_go_on
        a_list_of_vouchers_knows_their_states_at_the_instant_of_reading
        redemptions_are_listed_newest_first_and_each_once
        coupons_are_listed_by_number_and_state
        a_cursor_of_another_list_or_of_none_is_refused
        a_history_can_be_asked_for_its_latest_events
        a_decision_is_kept_and_decides_the_same_again
        old_events_and_decisions_are_removed_in_bounded_steps_and_the_rest_is_sound
        customers_are_found_by_number_and_id
    }
    decisions {
        a_decision_names_the_settings_it_was_made_under
        decisions_are_listed_by_time_without_those_that_came_to_nothing
    }
    contention {
        contention_for_one_thing_is_answered_and_never_an_error
        a_crowd_larger_than_the_queue_is_told_to_come_again_and_loses_nothing
    }
    persons {
        race_11_a_guest_and_an_account_of_one_email_are_one_person_for_limits
        race_11_two_guest_orders_of_one_email_at_the_same_instant_are_one_person
        race_11_what_two_took_before_they_were_known_to_be_one_is_counted_together
        race_11_customers_who_share_nothing_stay_apart
        an_identity_that_is_not_proven_shows_and_spends_nothing_of_anothers
        customers_are_found_by_what_they_carry_the_one_who_has_proven_it_first
        what_is_erased_is_gone_and_what_was_counted_stays
    }
    merges {
        re_2_a_claim_by_phone_and_one_by_open_id_are_one_holders_after_the_merge
        re_2_the_holder_sees_claims_of_a_guest_once_and_limits_count_one_person
        re_2_one_who_claims_by_phone_at_many_places_at_once_is_one_guest
        re_2_the_later_of_two_proofs_wins_and_merges_the_earlier
        a_large_wallet_is_merged_step_by_step_while_claims_go_on
        who_was_merged_is_known_by_both_ids_also_after_a_restart
        a_customers_history_lists_what_happened_to_all_that_is_its_newest_first
    }
    keys {
        an_api_key_is_known_by_its_secret_and_its_revocation_acts_at_once
    }
    tokens {
        a_token_is_taken_once_for_its_purpose_by_its_tenant_and_before_its_time_is_over
        of_many_who_take_a_token_at_once_one_gets_it
        tokens_whose_time_is_over_are_removed_in_bounded_steps
    }
    mails {
        a_letter_is_due_until_it_is_sent_also_over_a_crash
        a_letter_that_failed_comes_again_when_it_is_told_to_and_is_kept_when_it_is_given_up
        letters_that_were_given_up_are_listed_page_by_page_and_forgotten_when_they_are_old
    }
    audit {
        what_is_changed_by_hand_is_in_the_audit_log_and_business_is_not
        keys_are_made_and_revoked_with_their_entry_also_over_a_restart
        the_audit_log_is_read_by_subject_actor_and_time_newest_first
        changes_made_at_once_are_one_chain_without_gaps_also_over_a_crash
    }
    campaigns {
        hm_4_packages_claimed_at_once_come_to_the_last_unit_and_are_whole
        race_17_after_a_campaigns_pause_is_acknowledged_nothing_new_succeeds
        rp_2_definitions_start_and_end_by_the_clock_with_one_event_each
        rp_2_a_start_during_a_restart_is_written_down_afterwards
        rp_4_edits_of_a_campaign_at_once_are_versions_and_none_comes_late
        an_abort_of_a_campaign_cancels_what_is_reserved_of_all_its_coupons
        a_campaigns_figures_are_the_sums_over_its_coupons_by_currency
        restocks_at_once_all_count_and_so_do_their_contributors
    }
    approvals {
        two_persons_start_what_one_alone_may_not_also_after_a_restart
        nobody_gets_around_the_second_person_by_a_change_that_races_the_approval
    }
    access_blocks {
        a_block_keeps_its_target_out_at_once_and_over_a_restart_until_its_end_or_its_removal
        a_blocked_customer_neither_claims_nor_redeems_not_even_by_the_code_of_a_voucher_alone
        blocks_are_listed_newest_first_and_by_state
    }
    shoppers {
        hm_5_of_many_first_orders_at_once_one_has_the_coupon_for_first_orders
        orders_and_spending_are_those_redeemed_here_unless_the_order_says_otherwise
        an_order_counts_while_it_is_reserved_and_until_it_is_wholly_returned
        who_is_one_person_has_one_first_order
        a_segment_is_asked_for_as_it_is_listed_at_once_and_over_a_restart
        a_segment_by_a_rule_has_whom_the_rule_holds_of
        a_merge_hands_memberships_on_and_an_erasure_ends_them
    }
    collections {
        a_scope_asks_for_a_collection_as_it_lists_at_once_and_over_a_restart
        a_collection_of_categories_lists_all_that_is_below_and_what_it_listed_is_recorded
        what_the_tenant_excludes_by_a_collection_no_coupon_takes_anything_off
        collections_are_few_and_bounded_and_a_change_of_one_happens_wholly_or_not_at_all
    }
}
