//! The whole route table.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::app::App;
use crate::openapi::openapi;
use crate::{
    access_blocks, claims, code_blocks, coupon_states, coupons, customers, docs, extract, gate, health, history, issue,
    metrics, quotes, redemptions, test_clock, vouchers,
};

/// Everything that is served, with problems for what is not there, counted and logged.
pub fn router(app: App) -> Router {
    let new_id = app.new_id;
    let routes = Router::new()
        .route("/v1/customers", post(customers::create_customer).get(customers::list_customers))
        .route("/v1/customers/{id}", get(customers::get_customer))
        .route("/v1/coupons", post(coupons::create_coupon).get(coupons::list_coupons))
        .route("/v1/coupons/{id}", get(coupons::get_coupon).put(coupons::update_coupon))
        .route("/v1/coupons/{id}/versions/{version}", get(coupons::get_coupon_version))
        .route("/v1/coupons/{id}/statistics", get(coupons::get_coupon_statistics))
        .route("/v1/coupons/{id}/activate", post(coupon_states::activate_coupon))
        .route("/v1/coupons/{id}/pause", post(coupon_states::pause_coupon))
        .route("/v1/coupons/{id}/end", post(coupon_states::end_coupon))
        .route("/v1/coupons/{id}/abort", post(coupon_states::abort_coupon))
        .route("/v1/coupons/{id}/vouchers", post(issue::issue_vouchers))
        .route("/v1/coupons/{id}/code-blocks", get(code_blocks::list_coupon_code_blocks))
        .route("/v1/coupons/{id}/claims", post(claims::claim_voucher))
        .route("/v1/claims", post(claims::claim_vouchers))
        .route("/v1/vouchers", get(vouchers::list_vouchers))
        .route("/v1/vouchers/{id}", get(vouchers::get_voucher))
        .route("/v1/vouchers/{id}/history", get(history::list_voucher_history))
        .route("/v1/vouchers/{id}/release", post(vouchers::release_voucher))
        .route("/v1/vouchers/{id}/revoke", post(vouchers::revoke_voucher))
        .route("/v1/vouchers/{id}/assign", post(vouchers::assign_voucher))
        .route("/v1/code-blocks/{id}", get(code_blocks::get_code_block))
        .route("/v1/code-blocks/{id}/revoke", post(code_blocks::revoke_code_block))
        .route("/v1/quotes", post(quotes::create_quote))
        .route("/v1/redemptions", post(redemptions::create_redemption).get(redemptions::list_redemptions))
        .route("/v1/redemptions/{id}", get(redemptions::get_redemption))
        .route("/v1/redemptions/{id}/confirm", post(redemptions::confirm_redemption))
        .route("/v1/redemptions/{id}/cancel", post(redemptions::cancel_redemption))
        .route("/v1/redemptions/{id}/return", post(redemptions::return_redemption))
        .route("/v1/redemptions/{id}/amend", post(redemptions::amend_redemption))
        .route("/v1/redemptions/{id}/decision", get(redemptions::get_redemption_decision))
        .route("/v1/blocks", post(access_blocks::create_block).get(access_blocks::list_blocks))
        .route("/v1/blocks/{id}", get(access_blocks::get_block).delete(access_blocks::delete_block))
        .route("/v1/test-clock", get(test_clock::get_test_clock).post(test_clock::advance_test_clock))
        .route("/", get(health::get_root))
        .merge(docs::routes(openapi()))
        .layer(from_fn_with_state(app.clone(), gate::admit))
        // Who looks after the server is neither counted nor kept out.
        .route("/healthz", get(health::get_health))
        .route("/readyz", get(health::get_readiness))
        .route("/metrics", get(health::get_metrics));
    metrics::observed(extract::with_fallbacks(routes).with_state(app), new_id)
}
