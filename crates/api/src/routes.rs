//! The whole route table.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use bytes::Bytes;

use crate::app::App;
use crate::body_room::FREE_BYTES;
use crate::imports::FILE_BYTES_MAX;
use crate::metrics::Observer;
use crate::openapi::openapi;
use crate::{
    access_blocks, accounts, api_keys, approvals, audit, campaign_states, campaigns, claims, code_blocks, collections,
    condition_fields, coupon_states, coupons, customer_history, customer_patch, customers, decisions, docs, export,
    extract, gate, gifts, health, history, identities, imports, issue, links, me, oidc, quotes, recovery, redemptions,
    registration, restock, second_factor, segments, settlements, setup, short_form, sign_in, simulations,
    tenant_settings, test_clock, vouchers, wallet, wallet_quotes, warnings,
};

/// Made once, however many routers there are.
static OPENAPI: LazyLock<Bytes> = LazyLock::new(|| openapi().into());

/// Everything that is served, with problems for what is not there, counted and logged.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .merge(customer_routes())
        .merge(coupon_routes())
        .merge(campaign_routes())
        .merge(voucher_routes())
        .merge(redemption_routes())
        .merge(sign_in_routes())
        .merge(administration_routes())
        .merge(short_form_routes())
        .route("/", get(health::get_root))
        .merge(docs::routes(OPENAPI.clone()))
        .merge(links::routes())
        .route("/healthz", get(health::get_health))
        .route("/readyz", get(health::get_readiness))
        .route("/metrics", get(health::get_metrics));
    let around = Around { app: app.clone(), observer: Observer::new(app.new_id) };
    extract::with_fallbacks(routes).layer(from_fn_with_state(around, go_around)).with_state(app)
}

/// What is done around every handler.
#[derive(Clone)]
struct Around {
    app: App,
    observer: Observer,
}

/// One layer for all of it: each costs every request a copy of the rest and a future on the heap.
async fn go_around(State(Around { app, observer }): State<Around>, mut request: Request, next: Next) -> Response {
    let begun = observer.begin(&mut request);
    let is_short = short_form::is_short(request.uri().path());
    let mut response = gate::admit(&app, request, next).await;
    if is_short {
        response = short_form::plain_errors(response).await;
    }
    observer.end(begun, &mut response);
    response
}

/// Customers, and what they see of themselves.
fn customer_routes() -> Router<App> {
    let segment = put(segments::save_segment).get(segments::get_segment).delete(segments::delete_segment);
    Router::new()
        .route("/v1/customers", post(customers::create_customer).get(customers::list_customers))
        .route("/v1/customers/{id}", get(customers::get_customer).patch(customer_patch::update_customer))
        .route("/v1/customers/{id}/wallet", get(wallet::get_customer_wallet))
        .route("/v1/customers/{id}/identities", get(identities::list_identities).post(identities::add_identity))
        .route("/v1/customers/{id}/identities/{identity_id}", delete(identities::remove_identity))
        .route("/v1/customers/{id}/history", get(customer_history::list_customer_history))
        .route("/v1/customers/{id}/export", get(export::export_customer))
        .route("/v1/customers/{id}/erase", post(customers::erase_customer))
        .route("/v1/segments", get(segments::list_segments))
        .route("/v1/segments/{id}", segment)
        .route("/v1/segments/{id}/members", post(segments::change_segment_members))
        .route("/v1/me", get(me::get_me).patch(me::update_me))
        .route("/v1/wallet", get(wallet::get_wallet))
}

/// Coupons, and what is made of one.
fn coupon_routes() -> Router<App> {
    let collection = put(collections::save_collection).get(collections::get_collection);
    let collection = collection.delete(collections::delete_collection);
    Router::new()
        .route("/v1/collections", get(collections::list_collections))
        .route("/v1/collections/{id}", collection)
        .route("/v1/collections/{id}/entries", post(collections::change_collection_entries))
        .route("/v1/condition-fields", get(condition_fields::list_condition_fields))
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
        .route("/v1/coupons/{id}/imports", post(imports::create_import).layer(DefaultBodyLimit::max(FILE_BYTES_MAX)))
        .route("/v1/coupons/{id}/claims", post(claims::claim_voucher))
        .route("/v1/coupons/{id}/restock", post(restock::restock_coupon))
        .route("/v1/coupons/{id}/liability", get(approvals::get_coupon_liability))
        .route("/v1/coupons/{id}/warnings", get(warnings::list_coupon_warnings))
        .route("/v1/coupons/{id}/approvals", post(approvals::approve_coupon))
        .route("/v1/coupons/{id}/contributions", get(restock::list_coupon_contributions))
}

/// Campaigns, and their packages.
fn campaign_routes() -> Router<App> {
    Router::new()
        .route("/v1/campaigns", post(campaigns::create_campaign).get(campaigns::list_campaigns))
        .route("/v1/campaigns/{id}", get(campaigns::get_campaign).put(campaigns::update_campaign))
        .route("/v1/campaigns/{id}/versions/{version}", get(campaigns::get_campaign_version))
        .route("/v1/campaigns/{id}/statistics", get(campaigns::get_campaign_statistics))
        .route("/v1/campaigns/{id}/activate", post(campaign_states::activate_campaign))
        .route("/v1/campaigns/{id}/pause", post(campaign_states::pause_campaign))
        .route("/v1/campaigns/{id}/end", post(campaign_states::end_campaign))
        .route("/v1/campaigns/{id}/abort", post(campaign_states::abort_campaign))
        .route("/v1/campaigns/{id}/claims", post(claims::claim_package))
}

/// Vouchers and codes, however they came about.
fn voucher_routes() -> Router<App> {
    Router::new()
        .route("/v1/claims", post(claims::claim_vouchers))
        .route("/v1/vouchers", get(vouchers::list_vouchers))
        .route("/v1/vouchers/{id}", get(vouchers::get_voucher))
        .route("/v1/vouchers/{id}/history", get(history::list_voucher_history))
        .route("/v1/vouchers/{id}/entries", get(gifts::list_voucher_entries))
        .route("/v1/vouchers/{id}/top-ups", post(gifts::top_up_voucher))
        .route("/v1/vouchers/{id}/adjustments", post(gifts::adjust_voucher))
        .route("/v1/vouchers/{id}/release", post(vouchers::release_voucher))
        .route("/v1/vouchers/{id}/revoke", post(vouchers::revoke_voucher))
        .route("/v1/vouchers/{id}/assign", post(vouchers::assign_voucher))
        .route("/v1/code-blocks/{id}", get(code_blocks::get_code_block))
        .route("/v1/code-blocks/{id}/revoke", post(code_blocks::revoke_code_block))
        .route("/v1/imports", get(imports::list_imports))
        .route("/v1/imports/{id}", get(imports::get_import))
        .route("/v1/imports/{id}/refusals", get(imports::list_import_refusals))
}

/// Orders: priced, redeemed, returned.
fn redemption_routes() -> Router<App> {
    Router::new()
        .route("/v1/quotes", post(quotes::create_quote))
        .route("/v1/quotes/wallet", post(wallet_quotes::create_wallet_quote))
        .route("/v1/redemptions", post(redemptions::create_redemption).get(redemptions::list_redemptions))
        .route("/v1/redemptions/{id}", get(redemptions::get_redemption))
        .route("/v1/redemptions/{id}/confirm", post(redemptions::confirm_redemption))
        .route("/v1/redemptions/{id}/cancel", post(redemptions::cancel_redemption))
        .route("/v1/redemptions/{id}/return", post(redemptions::return_redemption))
        .route("/v1/redemptions/{id}/amend", post(redemptions::amend_redemption))
        .route("/v1/redemptions/{id}/decision", get(redemptions::get_redemption_decision))
        .route("/v1/settlements", get(settlements::list_settlements))
        .route("/v1/decisions/{id}", get(decisions::get_decision))
        .route("/v1/simulations", post(simulations::create_simulation))
}

/// More than any body needs that a stranger may send; and no more than is free, so that strangers do not fill the room.
const STRANGERS_BYTES_MAX: usize = FREE_BYTES;

/// Accounts by whoever has one or wants one.
fn sign_in_routes() -> Router<App> {
    Router::new()
        .route("/v1/auth/register", post(registration::register_account))
        .route("/v1/auth/verification", post(registration::create_verification))
        .route("/v1/auth/verify", post(registration::verify_address))
        .route("/v1/auth/login", post(sign_in::create_session))
        .route("/v1/auth/refresh", post(sign_in::renew_session))
        .route("/v1/auth/logout", post(sign_in::delete_session))
        .route("/v1/auth/password", post(sign_in::update_password))
        .route("/v1/auth/recover", post(recovery::recover_password))
        .route("/v1/auth/reset", post(recovery::reset_password))
        .route("/v1/auth/setup", post(setup::set_up_account))
        .route("/v1/auth/totp", post(second_factor::begin_totp).delete(second_factor::delete_totp))
        .route("/v1/auth/totp/confirm", post(second_factor::confirm_totp))
        .route("/v1/auth/oidc/start", get(oidc::start_oidc))
        .route("/v1/auth/oidc/callback", get(oidc::finish_oidc))
        .route("/v1/auth/oidc", post(oidc::create_oidc_session))
        .layer(DefaultBodyLimit::max(STRANGERS_BYTES_MAX))
}

/// What staff and the operator look after.
fn administration_routes() -> Router<App> {
    Router::new()
        .route("/v1/accounts", post(accounts::create_account).get(accounts::list_accounts))
        .route("/v1/accounts/{id}", get(accounts::get_account).patch(accounts::update_account))
        .route("/v1/api-keys", post(api_keys::create_api_key).get(api_keys::list_api_keys))
        .route("/v1/api-keys/{id}", delete(api_keys::revoke_api_key))
        .route("/v1/tenant", get(tenant_settings::get_tenant).put(tenant_settings::update_tenant))
        .route("/v1/audit", get(audit::list_audit_entries))
        .route("/v1/blocks", post(access_blocks::create_block).get(access_blocks::list_blocks))
        .route("/v1/blocks/{id}", get(access_blocks::get_block).delete(access_blocks::delete_block))
        .route("/v1/test-clock", get(test_clock::get_test_clock).post(test_clock::advance_test_clock))
}

/// The same in a few flat calls.
fn short_form_routes() -> Router<App> {
    Router::new()
        .route("/coupons", get(short_form::coupons::list_public_coupons))
        .route("/vouchers", get(short_form::vouchers::list_user_vouchers))
        .route("/redeem", post(short_form::redeem::redeem_code))
        .route("/admin/coupons", post(short_form::admin::create_public_coupon))
        .route("/admin/coupons/{id}", put(short_form::admin::update_public_coupon))
        .route("/admin/coupons/{id}/vouchers", post(short_form::issue::issue_short_vouchers))
        .route("/api/v1/coupon", get(short_form::pool::take_pool_coupon).post(short_form::pool::add_pool_coupon))
}
