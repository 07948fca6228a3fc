//! The OpenAPI document, made from the handlers and their types.

mod refusals;

use std::collections::BTreeSet;

use http::Method;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Required, Type};
use utoipa::{Modify, OpenApi};

use crate::idempotency::KEY_BYTES_MAX;
use crate::problem::ProblemBody;
use crate::{
    access_blocks, accounts, api_keys, approvals, audit, campaign_states, campaigns, claims, code_blocks, collections,
    condition_fields, coupon_states, coupons, customer_history, customer_patch, customers, decisions, export, gifts,
    health, history, identities, imports, issue, me, oidc, quotes, recovery, redemptions, registration, restock,
    second_factor, segments, settlements, setup, short_form, sign_in, simulations, tenant_settings, test_clock,
    vouchers, wallet, wallet_quotes, warnings,
};

/// Changes nothing of value, or takes every code once, so that no key is needed to repeat it.
const WITHOUT_KEY: [&str; 15] = [
    "/v1/quotes",
    "/v1/simulations",
    "/v1/quotes/wallet",
    "/v1/coupons/{id}/imports",
    "/v1/blocks",
    "/v1/blocks/{id}",
    "/v1/segments/{id}",
    "/v1/segments/{id}/members",
    "/v1/collections/{id}",
    "/v1/collections/{id}/entries",
    "/v1/test-clock",
    "/v1/api-keys",
    "/v1/api-keys/{id}",
    "/v1/me",
    "/v1/tenant",
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Scrip",
        description = "Coupons and vouchers: claims, pricing, redemption, return.\n\n\
            Amounts are integers in minor units; times are RFC 3339 in UTC; durations are ISO 8601. Every answer that is \
            not a success is a problem (RFC 9457) with a stable `code`. Every answer has an `X-Request-Id`: the request's own, or a \
            new one.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        customers::create_customer, customers::list_customers, customers::get_customer, customer_patch::update_customer,
        identities::list_identities, identities::add_identity, identities::remove_identity,
        customer_history::list_customer_history, export::export_customer, customers::erase_customer,
        segments::save_segment, segments::list_segments, segments::get_segment, segments::delete_segment,
        segments::change_segment_members,
        coupons::create_coupon, coupons::list_coupons, coupons::get_coupon, coupons::update_coupon,
        coupons::get_coupon_version, coupons::get_coupon_statistics,
        coupon_states::activate_coupon, coupon_states::pause_coupon, coupon_states::end_coupon,
        coupon_states::abort_coupon,
        collections::save_collection, collections::list_collections, collections::get_collection,
        collections::delete_collection, collections::change_collection_entries,
        condition_fields::list_condition_fields,
        warnings::list_coupon_warnings, approvals::get_coupon_liability, approvals::approve_coupon,
        restock::restock_coupon, restock::list_coupon_contributions,
        campaigns::create_campaign, campaigns::list_campaigns, campaigns::get_campaign, campaigns::update_campaign,
        campaigns::get_campaign_version, campaigns::get_campaign_statistics,
        campaign_states::activate_campaign, campaign_states::pause_campaign, campaign_states::end_campaign,
        campaign_states::abort_campaign,
        issue::issue_vouchers,
        claims::claim_voucher, claims::claim_vouchers, claims::claim_package,
        vouchers::list_vouchers, vouchers::get_voucher, history::list_voucher_history,
        gifts::list_voucher_entries, gifts::top_up_voucher, gifts::adjust_voucher,
        vouchers::release_voucher, vouchers::revoke_voucher, vouchers::assign_voucher,
        code_blocks::list_coupon_code_blocks, code_blocks::get_code_block, code_blocks::revoke_code_block,
        imports::create_import, imports::list_imports, imports::get_import, imports::list_import_refusals,
        quotes::create_quote, wallet_quotes::create_wallet_quote,
        redemptions::create_redemption, redemptions::list_redemptions, redemptions::get_redemption,
        redemptions::confirm_redemption, redemptions::cancel_redemption, redemptions::return_redemption,
        redemptions::amend_redemption, redemptions::get_redemption_decision,
        settlements::list_settlements, decisions::get_decision, simulations::create_simulation,
        registration::register_account, registration::create_verification, registration::verify_address,
        sign_in::create_session, sign_in::renew_session, sign_in::delete_session, sign_in::update_password,
        recovery::recover_password, recovery::reset_password, setup::set_up_account,
        second_factor::begin_totp, second_factor::confirm_totp, second_factor::delete_totp,
        oidc::start_oidc, oidc::finish_oidc, oidc::create_oidc_session,
        me::get_me, me::update_me, wallet::get_wallet, wallet::get_customer_wallet,
        accounts::create_account, accounts::list_accounts, accounts::get_account, accounts::update_account,
        api_keys::create_api_key, api_keys::list_api_keys, api_keys::revoke_api_key,
        tenant_settings::get_tenant, tenant_settings::update_tenant,
        audit::list_audit_entries,
        access_blocks::create_block, access_blocks::list_blocks, access_blocks::get_block, access_blocks::delete_block,
        short_form::coupons::list_public_coupons, short_form::vouchers::list_user_vouchers,
        short_form::redeem::redeem_code, short_form::admin::create_public_coupon,
        short_form::admin::update_public_coupon, short_form::issue::issue_short_vouchers,
        short_form::pool::take_pool_coupon, short_form::pool::add_pool_coupon,
        test_clock::get_test_clock, test_clock::advance_test_clock,
        health::get_health, health::get_readiness, health::get_metrics,
    ),
    components(schemas(ProblemBody<'_>, short_form::ErrorBody)),
    tags(
        (name = "customers", description = "Who holds and uses vouchers"),
        (name = "coupons", description = "Definitions that vouchers are made from"),
        (name = "campaigns", description = "Coupons under common limits and one window"),
        (name = "claims", description = "Customers take vouchers"),
        (name = "vouchers", description = "Individual entitlements"),
        (name = "imports", description = "Files of codes given by people"),
        (name = "redemptions", description = "Orders are priced, redeemed and returned"),
        (name = "sign-in", description = "Accounts and sessions"),
        (name = "staff", description = "Who works for the tenant, people and servers"),
        (name = "audit", description = "What was changed by hand"),
        (name = "blocks", description = "Who is kept out"),
        (name = "short form", description = "A few calls with flat bodies, decimal amounts and `{\"error\": \"...\"}`"),
        (name = "test clock", description = "Only on a server started with it"),
        (name = "operation", description = "For those who run the server"),
    ),
    security(("key" = [])),
    modifiers(&Everywhere),
)]
struct Document;

/// The OpenAPI document as JSON, the same for the same build.
///
/// # Panics
/// Never: the document is made of texts and numbers.
#[must_use]
pub fn openapi() -> String {
    let mut text = Document::openapi().to_pretty_json().expect("the document is made of texts and numbers");
    text.push('\n');
    text
}

/// What holds for all operations: the key, idempotency, and what may be refused.
struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description = Some("An API key, `scrip_...`, or an access token".to_owned());
        components.add_security_scheme("key", SecurityScheme::Http(bearer));
        for (path, item) in &mut openapi.paths.paths {
            let all = [
                (Method::GET, &mut item.get),
                (Method::POST, &mut item.post),
                (Method::PUT, &mut item.put),
                (Method::PATCH, &mut item.patch),
                (Method::DELETE, &mut item.delete),
            ];
            let is_short = short_form::is_short(path);
            for (method, operation) in all {
                let Some(operation) = operation else { continue };
                for status in describe(&method, path, operation) {
                    let name = refusals::name_of(status, is_short);
                    components.responses.entry(name).or_insert_with(|| refusals::response(status, is_short).into());
                }
            }
        }
    }
}

/// Completes an operation; returns the statuses of what it may refuse.
fn describe(method: &Method, path: &str, operation: &mut Operation) -> BTreeSet<u16> {
    let is_short = short_form::is_short(path);
    let takes_key = *method != Method::GET
        && (path.starts_with("/v1/") || is_short)
        && !path.starts_with("/v1/auth/")
        && !WITHOUT_KEY.contains(&path);
    let successes = operation.responses.responses.values_mut().filter_map(|response| match response {
        RefOr::T(response) => Some(response),
        RefOr::Ref(_) => None,
    });
    for response in successes {
        response.headers.values_mut().for_each(refusals::require);
        if takes_key {
            response.headers.insert("Idempotency-Replayed".to_owned(), replayed().into());
        }
    }
    if takes_key {
        operation.parameters.get_or_insert_default().push(idempotency_key().into());
    }
    let statuses = refusals::of(method, path, operation, takes_key);
    for status in &statuses {
        let response = Ref::from_response_name(refusals::name_of(*status, is_short));
        // What a handler says of a status itself is more than what holds for all.
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| response.into());
    }
    statuses
}

fn replayed() -> Header {
    let mut header = Header::default();
    header.description = Some("`true` if this answer was given before to the same key".to_owned());
    header
}

fn idempotency_key() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(KEY_BYTES_MAX))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The same key with the same request gives the same answer, with `Idempotency-Replayed: true`, for 30 days.",
        ))
        .schema(Some(schema))
        .build()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(&openapi()).expect("it is JSON")
    }

    #[test]
    fn every_route_is_in_the_reference_and_nothing_else() {
        let table = include_str!("routes.rs");
        let routes: BTreeSet<&str> = table
            .split(".route(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|path| *path != "/")
            .collect();
        let document = document();
        let paths: BTreeSet<&str> = document["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
        assert_eq!(routes, paths);
    }

    #[test]
    fn operations_have_names_of_their_own_that_begin_with_a_verb() {
        let document = document();
        let operations = document["paths"].as_object().expect("paths").values().flat_map(|item| {
            item.as_object().expect("operations").values().filter_map(|operation| operation["operationId"].as_str())
        });
        let names: Vec<&str> = operations.collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| name.contains('_')), "{names:?}");
    }

    #[test]
    fn what_is_referred_to_is_there() {
        let document = document();
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference).is_some(), "{reference}");
        }
    }

    #[test]
    fn orders_and_returns_have_as_many_lines_as_the_domain_takes() {
        let document = document();
        for schema in ["Order", "ReturnBody"] {
            let lines = &document["components"]["schemas"][schema]["properties"]["lines"];
            assert_eq!(lines["maxItems"].as_u64(), u64::try_from(domain::order::LINES_MAX).ok(), "{schema}: {lines}");
        }
    }

    #[test]
    fn the_document_is_the_same_each_time() {
        assert_eq!(openapi(), openapi());
    }
}
