//! Who may do what: one table of every operation, from which requests are let in and a test walks every role.
//!
//! A letter for each role says how far it reaches: `A` all of the tenant's, `o` only what is the caller's own (else it is
//! not there: 404), `-` not at all (403). A server's key reaches all of what its scopes allow; an operation without a
//! scope is for people only. What is not in the table is open to anyone, and stands in [`OPEN`] to be so.

use std::collections::HashMap;
use std::sync::LazyLock;

use domain::account::Role;
use http::Method;
use ports::Scope;

/// What an operation asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// Of a server's key; none: no key may.
    pub scope: Option<Scope>,
    roles: &'static str,
}

/// How far a caller reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Far {
    All,
    Own,
}

impl Rule {
    /// How far that role reaches; none: not at all.
    pub(crate) fn reach(self, role: Role) -> Option<Far> {
        match self.roles.as_bytes()[role as usize] {
            b'A' => Some(Far::All),
            b'o' => Some(Far::Own),
            _ => None,
        }
    }
}

type Row = (&'static str, &'static str, Option<Scope>, &'static str);

const READ: Option<Scope> = Some(Scope::Read);
const DEFINITIONS: Option<Scope> = Some(Scope::Definitions);
const VOUCHERS: Option<Scope> = Some(Scope::Vouchers);
const CLAIMS: Option<Scope> = Some(Scope::Claims);
const REDEMPTIONS: Option<Scope> = Some(Scope::Redemptions);
const CUSTOMERS: Option<Scope> = Some(Scope::Customers);
const TEST_DATA: Option<Scope> = Some(Scope::TestData);
const ADMIN: Option<Scope> = Some(Scope::Admin);

/// Method, route, the scope of a key, and the roles: admin, operator, merchant, analyst, customer.
#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    ("POST",  "/v1/customers",                       CUSTOMERS,   "AA---"),
    ("GET",   "/v1/customers",                       CUSTOMERS,   "AA---"),
    ("GET",   "/v1/customers/{id}",                  CUSTOMERS,   "AA--o"),
    ("PATCH", "/v1/customers/{id}",                  CUSTOMERS,   "AA---"),
    ("GET",   "/v1/customers/{id}/wallet",           CUSTOMERS,   "AA--o"),
    ("GET",   "/v1/customers/{id}/history",          CUSTOMERS,   "AA--o"),
    ("GET",   "/v1/customers/{id}/identities",       CUSTOMERS,   "AA--o"),
    ("POST",  "/v1/customers/{id}/identities",       CUSTOMERS,   "AA---"),
    ("DELETE", "/v1/customers/{id}/identities/{identity_id}", CUSTOMERS, "AA---"),
    ("GET",   "/v1/customers/{id}/export",           CUSTOMERS,   "AA--o"),
    ("POST",  "/v1/customers/{id}/erase",            CUSTOMERS,   "A----"),
    ("GET",   "/v1/segments",                        CUSTOMERS,   "AA---"),
    ("GET",   "/v1/segments/{id}",                   CUSTOMERS,   "AA---"),
    ("PUT",   "/v1/segments/{id}",                   CUSTOMERS,   "AA---"),
    ("DELETE", "/v1/segments/{id}",                  CUSTOMERS,   "AA---"),
    ("POST",  "/v1/segments/{id}/members",           CUSTOMERS,   "AA---"),
    ("GET",   "/v1/collections",                     READ,        "AAAA-"),
    ("GET",   "/v1/collections/{id}",                READ,        "AAAA-"),
    ("PUT",   "/v1/collections/{id}",                DEFINITIONS, "AA---"),
    ("DELETE", "/v1/collections/{id}",               DEFINITIONS, "AA---"),
    ("POST",  "/v1/collections/{id}/entries",        DEFINITIONS, "AA---"),
    ("GET",   "/v1/condition-fields",                READ,        "AAAA-"),
    ("POST",  "/v1/campaigns",                       DEFINITIONS, "AA---"),
    ("GET",   "/v1/campaigns",                       READ,        "AAAA-"),
    ("GET",   "/v1/campaigns/{id}",                  READ,        "AAAA-"),
    ("PUT",   "/v1/campaigns/{id}",                  DEFINITIONS, "AA---"),
    ("GET",   "/v1/campaigns/{id}/versions/{version}", READ,      "AA-A-"),
    ("GET",   "/v1/campaigns/{id}/statistics",       READ,        "AAAA-"),
    ("POST",  "/v1/campaigns/{id}/activate",         DEFINITIONS, "AA---"),
    ("POST",  "/v1/campaigns/{id}/pause",            DEFINITIONS, "AA---"),
    ("POST",  "/v1/campaigns/{id}/end",              DEFINITIONS, "AA---"),
    ("POST",  "/v1/campaigns/{id}/abort",            DEFINITIONS, "AA---"),
    ("POST",  "/v1/campaigns/{id}/claims",           CLAIMS,      "AA--o"),
    ("POST",  "/v1/coupons/{id}/restock",            DEFINITIONS, "AA---"),
    ("GET",   "/v1/coupons/{id}/contributions",      READ,        "AA-A-"),
    ("GET",   "/v1/coupons/{id}/liability",          READ,        "AA-A-"),
    ("GET",   "/v1/coupons/{id}/warnings",           READ,        "AA-A-"),
    // A key is told by the ledger that only people approve.
    ("POST",  "/v1/coupons/{id}/approvals",          DEFINITIONS, "AA---"),
    ("POST",  "/v1/coupons/{id}/imports",            VOUCHERS,    "AA---"),
    ("GET",   "/v1/imports",                         VOUCHERS,    "AA---"),
    ("GET",   "/v1/imports/{id}",                    VOUCHERS,    "AA---"),
    ("GET",   "/v1/imports/{id}/refusals",           VOUCHERS,    "AA---"),
    ("GET",   "/v1/audit",                           ADMIN,       "A----"),
    ("POST",  "/v1/coupons",                         DEFINITIONS, "AA---"),
    ("GET",   "/v1/coupons",                         READ,        "AAAAo"),
    ("GET",   "/v1/coupons/{id}",                    READ,        "AAAAo"),
    ("PUT",   "/v1/coupons/{id}",                    DEFINITIONS, "AA---"),
    ("GET",   "/v1/coupons/{id}/versions/{version}", READ,        "AA-A-"),
    ("GET",   "/v1/coupons/{id}/statistics",         READ,        "AAAA-"),
    ("POST",  "/v1/coupons/{id}/activate",           DEFINITIONS, "AA---"),
    ("POST",  "/v1/coupons/{id}/pause",              DEFINITIONS, "AA---"),
    ("POST",  "/v1/coupons/{id}/end",                DEFINITIONS, "AA---"),
    ("POST",  "/v1/coupons/{id}/abort",              DEFINITIONS, "AA---"),
    ("POST",  "/v1/coupons/{id}/vouchers",           VOUCHERS,    "AA---"),
    ("GET",   "/v1/coupons/{id}/code-blocks",        VOUCHERS,    "AA---"),
    ("POST",  "/v1/coupons/{id}/claims",             CLAIMS,      "AA--o"),
    ("POST",  "/v1/claims",                          CLAIMS,      "AA--o"),
    ("GET",   "/v1/vouchers",                        VOUCHERS,    "AA--o"),
    ("GET",   "/v1/vouchers/{id}",                   VOUCHERS,    "AA--o"),
    ("GET",   "/v1/vouchers/{id}/history",           VOUCHERS,    "AA--o"),
    ("GET",   "/v1/vouchers/{id}/entries",           VOUCHERS,    "AA--o"),
    ("POST",  "/v1/vouchers/{id}/top-ups",           VOUCHERS,    "AA---"),
    ("POST",  "/v1/vouchers/{id}/adjustments",       VOUCHERS,    "AA---"),
    ("POST",  "/v1/vouchers/{id}/release",           VOUCHERS,    "AA--o"),
    ("POST",  "/v1/vouchers/{id}/revoke",            VOUCHERS,    "AA---"),
    ("POST",  "/v1/vouchers/{id}/assign",            VOUCHERS,    "AA---"),
    ("GET",   "/v1/code-blocks/{id}",                VOUCHERS,    "AA---"),
    ("POST",  "/v1/code-blocks/{id}/revoke",         VOUCHERS,    "AA---"),
    ("POST",  "/v1/blocks",                          ADMIN,       "AA---"),
    ("GET",   "/v1/blocks",                          ADMIN,       "AA---"),
    ("GET",   "/v1/blocks/{id}",                     ADMIN,       "AA---"),
    ("DELETE", "/v1/blocks/{id}",                    ADMIN,       "AA---"),
    ("POST",  "/v1/quotes",                          REDEMPTIONS, "AAA-o"),
    ("POST",  "/v1/quotes/wallet",                   REDEMPTIONS, "AAA-o"),
    ("POST",  "/v1/redemptions",                     REDEMPTIONS, "AAA-o"),
    ("GET",   "/v1/redemptions",                     REDEMPTIONS, "AA--o"),
    ("GET",   "/v1/redemptions/{id}",                REDEMPTIONS, "AAA-o"),
    ("POST",  "/v1/redemptions/{id}/confirm",        REDEMPTIONS, "AAA-o"),
    ("POST",  "/v1/redemptions/{id}/cancel",         REDEMPTIONS, "AAA-o"),
    ("POST",  "/v1/redemptions/{id}/return",         REDEMPTIONS, "AA---"),
    ("POST",  "/v1/redemptions/{id}/amend",          REDEMPTIONS, "AA---"),
    ("GET",   "/v1/redemptions/{id}/decision",       REDEMPTIONS, "AA-A-"),
    ("GET",   "/v1/settlements",                     READ,        "AA-A-"),
    ("GET",   "/v1/decisions/{id}",                  REDEMPTIONS, "AA-A-"),
    ("POST",  "/v1/simulations",                     DEFINITIONS, "AA-A-"),
    ("GET",   "/vouchers",                           VOUCHERS,    "AA--o"),
    ("POST",  "/redeem",                             REDEMPTIONS, "----o"),
    ("POST",  "/admin/coupons",                      DEFINITIONS, "AA---"),
    ("PUT",   "/admin/coupons/{id}",                 DEFINITIONS, "AA---"),
    ("POST",  "/admin/coupons/{id}/vouchers",        VOUCHERS,    "AA---"),
    ("POST",  "/api/v1/coupon",                      DEFINITIONS, "AA--o"),
    ("GET",   "/api/v1/coupon",                      CLAIMS,      "----o"),
    // Strangers too; of who shows a key or a token it is asked whether it is good.
    ("GET",   "/coupons",                            READ,        "AAAAo"),
    ("GET",   "/v1/test-clock",                      TEST_DATA,   "A----"),
    ("POST",  "/v1/test-clock",                      TEST_DATA,   "A----"),
    ("GET",   "/v1/me",                              None,        "ooooo"),
    ("PATCH", "/v1/me",                              None,        "ooooo"),
    ("GET",   "/v1/wallet",                          None,        "----o"),
    ("POST",  "/v1/auth/logout",                     None,        "ooooo"),
    ("POST",  "/v1/auth/password",                   None,        "ooooo"),
    ("POST",  "/v1/auth/verification",               None,        "ooooo"),
    ("POST",  "/v1/auth/verify",                     None,        "ooooo"),
    ("POST",  "/v1/auth/totp",                       None,        "oooo-"),
    ("POST",  "/v1/auth/totp/confirm",               None,        "oooo-"),
    ("DELETE", "/v1/auth/totp",                      None,        "oooo-"),
    ("GET",   "/v1/tenant",                          ADMIN,       "A----"),
    ("PUT",   "/v1/tenant",                          ADMIN,       "A----"),
    ("GET",   "/v1/accounts",                        ADMIN,       "A----"),
    ("POST",  "/v1/accounts",                        ADMIN,       "A----"),
    ("GET",   "/v1/accounts/{id}",                   ADMIN,       "A----"),
    ("PATCH", "/v1/accounts/{id}",                   ADMIN,       "A----"),
    ("GET",   "/v1/api-keys",                        ADMIN,       "A----"),
    ("POST",  "/v1/api-keys",                        ADMIN,       "A----"),
    ("DELETE", "/v1/api-keys/{id}",                  ADMIN,       "A----"),
];

/// What anyone may ask.
#[cfg(test)]
pub(crate) const OPEN: &[&str] = &[
    "POST /v1/auth/register",
    "POST /v1/auth/login",
    "POST /v1/auth/refresh",
    "POST /v1/auth/recover",
    "POST /v1/auth/reset",
    "POST /v1/auth/setup",
    "GET /v1/auth/oidc/start",
    "GET /v1/auth/oidc/callback",
    "POST /v1/auth/oidc",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
];

static RULES: LazyLock<HashMap<(Method, &'static str), Rule>> = LazyLock::new(|| {
    let rule = |&(method, route, scope, roles): &Row| {
        let method = method.parse().expect("a method of the table is one");
        ((method, route), Rule { scope, roles })
    };
    TABLE.iter().map(rule).collect()
});

/// The rule of an operation; none: nobody may.
pub(crate) fn rule(method: &Method, route: &str) -> Option<Rule> {
    // A HEAD asks for what a GET would show.
    let method = if method == Method::HEAD { Method::GET } else { method.clone() };
    RULES.get(&(method, route)).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    #[test]
    fn every_operation_of_the_reference_stands_in_the_table_or_is_open_and_nothing_else_does() {
        let document: Value = serde_json::from_str(&crate::openapi()).expect("it is JSON");
        let mut served = BTreeSet::new();
        for (path, item) in document["paths"].as_object().expect("paths") {
            for method in item.as_object().expect("operations").keys().filter(|key| *key != "parameters") {
                served.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
        let listed = TABLE.iter().map(|(method, route, ..)| format!("{method} {route}"));
        let known: BTreeSet<String> = listed.chain(OPEN.iter().map(|open| (*open).to_owned())).collect();
        assert_eq!(served, known);
    }

    #[test]
    fn a_row_has_a_letter_for_each_role_and_an_administrator_reaches_all_that_staff_does() {
        for (method, route, _, roles) in TABLE {
            assert_eq!(roles.len(), Role::ALL.len(), "{method} {route}");
            assert!(roles.bytes().all(|letter| b"Ao-".contains(&letter)), "{method} {route}");
            let staff = &roles[..4];
            assert!(roles.starts_with('A') || !staff.contains('A'), "{method} {route}");
        }
    }
}
