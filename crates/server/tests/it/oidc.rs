//! Staff signs in at a provider of identities, and nobody else does.

use reqwest::redirect::Policy;
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::accounts::{PASSWORD, staff};
use crate::provider::{CLIENT_ID, CLIENT_SECRET, Provider, Signing, now_s};
use crate::scrip::{Reply, Server, folder, send, write};

/// A shop whose staff signs in at a provider, and a browser.
struct Shop {
    server: Server,
    provider: Provider,
    browser: Client,
    folder: TempDir,
}

/// Where the browser was sent, and with which cookie.
struct Sent {
    to: String,
    cookie: String,
}

impl Shop {
    async fn open() -> Self {
        let (folder, provider) = (folder(), Provider::start().await);
        let settings = format!(
            "[oidc]\nissuer = \"{}\"\nclient_id = \"{CLIENT_ID}\"\n\n\
             [oidc.roles]\nshop-admins = \"admin\"\nshop-operators = \"operator\"\n",
            provider.issuer
        );
        let settings = write(folder.path(), "scrip.toml", &settings);
        let options = ["--test-clock", "--config", settings.to_str().expect("a path of text")];
        let environment = [("SCRIP_OIDC_CLIENT_SECRET", CLIENT_SECRET)];
        let server = Server::start_in(&folder.path().join("data"), &options, &environment);
        let browser = Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
        Self { server, provider, browser, folder }
    }

    /// Follows one link.
    async fn go(&self, url: &str, cookie: &str) -> Reply {
        send(self.browser.get(url).header("cookie", cookie)).await
    }

    fn sent(reply: &Reply) -> Sent {
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{:#}", reply.body);
        assert_eq!(reply.header("cache-control"), reply.header("set-cookie").map(|_| "no-store"));
        let cookie = reply.header("set-cookie").unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        Sent { to: reply.header("location").expect("somewhere").to_owned(), cookie }
    }

    /// To the provider and back, up to the last step: the link that it sends the browser back with.
    async fn depart(&self) -> Sent {
        let start = self.server.url("/v1/auth/oidc/start");
        let Sent { to, cookie } = Self::sent(&self.go(&start, "").await);
        assert!(to.starts_with(&format!("{}/authorize?", self.provider.issuer)), "{to}");
        let Sent { to, .. } = Self::sent(&self.go(&to, "").await);
        Sent { to, cookie }
    }

    /// The whole way there and back.
    async fn come_back(&self) -> Reply {
        let Sent { to, cookie } = self.depart().await;
        self.go(&to, &format!("theme=dark; {cookie}")).await
    }

    /// The account that one is signed in as.
    async fn sign_in(&self) -> Value {
        let Sent { to, cookie } = Self::sent(&self.come_back().await);
        assert_eq!(cookie, "scrip_oidc=", "it is taken back");
        let (page, token) = to.split_once("#token=").expect("a token for the page");
        assert_eq!(page, self.server.url("/sign-in"));
        let body = json!({ "token": token });
        let pair = self.server.guest("/v1/auth/oidc", &body).await.expect(200);
        let again = self.server.guest("/v1/auth/oidc", &body).await;
        assert_eq!(again.expect(422)["errors"][0]["code"], "token_unknown", "it is good once");
        self.server.get_as(pair["access_token"].as_str().expect("a token"), "/v1/me").await.expect(200)
    }

    /// What comes of a sign-in whose ID token has these claims in place of the right ones.
    async fn check(&self, claims: Value, status: u16, code: &str) {
        self.provider.set(|behaviour| behaviour.claims = claims.clone());
        assert_eq!(self.come_back().await.refused(status), code, "{claims}");
    }
}

#[tokio::test]
async fn staff_signs_in_at_the_provider_as_what_its_groups_say() {
    let shop = Shop::open().await;
    let me = shop.sign_in().await;
    assert_eq!((&me["role"], &me["email"]), (&json!("operator"), &json!("olga@shop.example")), "{me:#}");
    let again = shop.sign_in().await;
    assert_eq!(again["id"], me["id"], "it is the same account");
    // Another address makes nobody else, nor do other groups.
    let claims = json!({ "email": "petrova@shop.example", "groups": ["shop-operators", "shop-admins"] });
    shop.provider.set(|behaviour| behaviour.claims = claims);
    let promoted = shop.sign_in().await;
    assert_eq!((&promoted["id"], &promoted["role"]), (&me["id"], &json!("admin")));
    // Somebody else with her address is somebody else.
    shop.provider.set(|behaviour| behaviour.claims = json!({ "sub": "8a01" }));
    assert_ne!(shop.sign_in().await["id"], me["id"]);
}

#[tokio::test]
async fn signatures_of_rsa_are_known_too_and_one_group_may_stand_alone() {
    let shop = Shop::open().await;
    let signing = Signing::rs256("one");
    shop.provider.set(|behaviour| {
        behaviour.shown = vec![signing.clone()];
        behaviour.signing = signing;
        behaviour.claims = json!({ "groups": "shop-admins", "aud": [CLIENT_ID], "email_verified": "false" });
    });
    let me = shop.sign_in().await;
    assert_eq!((&me["role"], &me["email"]), (&json!("admin"), &Value::Null), "{me:#}");
}

#[tokio::test]
async fn who_is_in_no_group_of_ours_may_not_sign_in() {
    let shop = Shop::open().await;
    for groups in [json!([]), json!(["everybody", "SHOP-ADMINS"]), json!({ "shop-admins": true }), Value::Null] {
        shop.check(json!({ "groups": groups }), 403, "forbidden").await;
    }
}

#[tokio::test]
async fn an_id_token_that_is_not_for_this_sign_in_is_not_believed() {
    let shop = Shop::open().await;
    let now_s = now_s();
    for claims in [
        json!({ "nonce": "of another sign-in" }),
        json!({ "nonce": null }),
        json!({ "aud": "another client" }),
        json!({ "aud": [CLIENT_ID, "another client"] }),
        json!({ "aud": [CLIENT_ID, "another client"], "azp": "another client" }),
        json!({ "azp": "another client" }),
        json!({ "aud": null }),
        json!({ "iss": "https://login.example" }),
        json!({ "iss": null }),
        json!({ "iat": now_s - 400, "exp": now_s - 100 }),
        json!({ "iat": now_s - 700 }),
        json!({ "iat": now_s + 200 }),
        json!({ "exp": null }),
        json!({ "sub": "" }),
        json!({ "sub": null }),
        json!({ "sub": "s".repeat(256) }),
        json!({ "email": "e".repeat(255) }),
        json!({ "email": 7 }),
    ] {
        shop.check(claims, 401, "sign_in_failed").await;
    }
    // Clocks differ a little.
    shop.provider.set(|behaviour| behaviour.claims = json!({ "iat": now_s - 400, "exp": now_s - 20 }));
    shop.sign_in().await;
    let both = json!({ "aud": [CLIENT_ID, "another client"], "azp": CLIENT_ID });
    shop.provider.set(|behaviour| behaviour.claims = both);
    shop.sign_in().await;
}

#[tokio::test]
async fn an_id_token_that_the_provider_did_not_sign_is_not_believed() {
    let shop = Shop::open().await;
    shop.sign_in().await;
    // The last would be good if what is public were taken for a secret, or our secret for its signature.
    for signing in [Signing::es256("one"), Signing::rs256("one"), Signing::hs256("one", CLIENT_SECRET)] {
        shop.provider.set(|behaviour| behaviour.signing = signing);
        assert_eq!(shop.come_back().await.refused(401), "sign_in_failed");
    }
}

#[tokio::test]
async fn new_keys_are_asked_for_when_they_are_needed_but_not_at_every_made_up_name() {
    let shop = Shop::open().await;
    shop.sign_in().await;
    let signing = Signing::es256("two");
    shop.provider.set(|behaviour| {
        behaviour.shown.push(signing.clone());
        behaviour.signing = signing;
    });
    for _ in 0..3 {
        assert_eq!(shop.come_back().await.refused(401), "sign_in_failed");
    }
    assert_eq!(shop.provider.keys_asked(), 1);
    shop.server.post("/v1/test-clock", &json!({ "advance": "PT1M" })).await.expect(200);
    shop.sign_in().await;
    assert_eq!(shop.provider.keys_asked(), 2);
}

#[tokio::test]
async fn only_the_browser_that_left_comes_back_and_only_once_and_soon() {
    let shop = Shop::open().await;
    let unknown = |reply: Reply| assert_eq!(reply.expect(422)["errors"][0]["code"], "token_unknown");
    let Sent { to, cookie } = shop.depart().await;
    unknown(shop.go(&to, "").await);
    let other = shop.depart().await;
    unknown(shop.go(&to, &other.cookie).await);
    unknown(shop.go(&shop.server.url("/v1/auth/oidc/callback?state=abc&code=code-0"), "scrip_oidc=abc").await);
    Shop::sent(&shop.go(&to, &cookie).await);
    unknown(shop.go(&to, &cookie).await);
    let Sent { to, cookie } = shop.depart().await;
    shop.server.post("/v1/test-clock", &json!({ "advance": "PT10M" })).await.expect(200);
    unknown(shop.go(&to, &cookie).await);
}

#[tokio::test]
async fn what_the_provider_refuses_or_never_gave_signs_nobody_in() {
    let shop = Shop::open().await;
    for query in ["error=access_denied", "code=made-up", "code="] {
        let Sent { to, cookie } = shop.depart().await;
        let state = Url::parse(&to).expect("a URL");
        let state = state.query_pairs().find(|(name, _)| name == "state").expect("a state").1.into_owned();
        let back = shop.server.url(&format!("/v1/auth/oidc/callback?state={state}&{query}"));
        assert_eq!(shop.go(&back, &cookie).await.refused(401), "sign_in_failed", "{query}");
    }
    let bare = shop.go(&shop.server.url("/v1/auth/oidc/callback?code=code-0"), "").await;
    assert_eq!(bare.expect(422)["errors"][0]["pointer"], "?state");
}

#[tokio::test]
async fn a_provider_that_is_away_or_is_another_is_told_of_and_comes_back() {
    let shop = Shop::open().await;
    let start = shop.server.url("/v1/auth/oidc/start");
    shop.provider.set(|behaviour| behaviour.is_away = true);
    let away = shop.go(&start, "").await;
    assert_eq!(away.header("retry-after"), Some("10"));
    assert_eq!(away.refused(503), "provider_away");
    shop.provider.set(|behaviour| behaviour.is_away = false);
    assert_eq!(shop.go(&start, "").await.refused(503), "provider_away", "nobody asks again so soon");
    for metadata in [
        json!({ "issuer": "https://login.example" }),
        json!({ "jwks_uri": null }),
        json!({ "more": "x".repeat(300_000) }),
    ] {
        shop.provider.set(|behaviour| behaviour.metadata = metadata);
        shop.server.post("/v1/test-clock", &json!({ "advance": "PT5S" })).await.expect(200);
        assert_eq!(shop.go(&start, "").await.refused(503), "provider_away");
    }
    shop.provider.set(|behaviour| behaviour.metadata = json!({}));
    shop.server.post("/v1/test-clock", &json!({ "advance": "PT5S" })).await.expect(200);
    shop.sign_in().await;
}

#[tokio::test]
async fn who_was_shut_out_here_does_not_come_in_by_the_provider() {
    let shop = Shop::open().await;
    let id = shop.sign_in().await["id"].as_str().expect("an id").to_owned();
    staff(&shop.folder.path().join("data"), "root", "admin");
    let root = shop.server.signed_in("root", PASSWORD).await;
    let shut_out = shop.server.bare(Method::PATCH, &format!("/v1/accounts/{id}")).bearer_auth(&root.access);
    send(shut_out.json(&json!({ "active": false }))).await.expect(200);
    assert_eq!(shop.come_back().await.refused(401), "sign_in_failed");
}

#[tokio::test]
async fn without_a_provider_there_is_nothing_to_sign_in_at() {
    let folder = folder();
    let server = Server::start(folder.path());
    for path in ["/v1/auth/oidc/start", "/v1/auth/oidc/callback?state=a"] {
        assert_eq!(send(server.bare(Method::GET, path)).await.refused(404), "not_found");
    }
}
