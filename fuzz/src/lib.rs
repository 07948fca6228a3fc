//! A shop in one process, for targets that come in by the front door: the router of the API over a real store in a folder
//! of its own. The clock stands still and ids are counted, so that one input does the same again on a fresh shop.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::auth::{hash_secret, new_secret};
use api::gate::{Gate, Rates};
use api::guesses::GuessRates;
use api::passwords::{PasswordCosts, Passwords};
use api::source::{ForwardedIn, Proxies};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use domain::codes::MasterKey;
use domain::event::Actor;
use domain::id::{ApiKeyId, FIRST_TENANT};
use domain::time::Timestamp;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use ports::{Access as _, Allowance, Clock, Counted, Limiter, Scope, Scopes, Wait};
use serde_json::{Value, json};
use sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;
use uuid::Uuid;

/// Of everybody in the shop.
pub const PASSWORD: &str = "correct horse battery";

/// A shop with something of everything in it.
pub struct Shop {
    runtime: Runtime,
    router: Router,
    /// What is below the API.
    pub store: SqliteStore,
    /// A server's secret, which may do everything.
    pub key: String,
    /// The tokens of a customer who is signed in.
    pub access: String,
    pub refresh: String,
    /// Ids by the words that stand for them, such as `@coupon`.
    pub named: Vec<(&'static str, String)>,
    _folder: TempDir,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Shop {
    /// Opens one.
    #[must_use]
    pub fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let clock: Arc<dyn Clock> = Arc::new(Still);
        let options = Options::new(folder.path().to_owned(), MasterKey::new([7; 32]), Arc::clone(&clock));
        let store = SqliteStore::open(Options { readers: 1, ..options }).expect("an empty folder opens");
        let key = new_secret([7; 32]);
        let scopes = ("fuzz".to_owned(), Scopes::of(&Scope::ALL));
        let by = (FIRST_TENANT, Actor::Operator);
        let made = store.create_api_key(by, ApiKeyId(counted_id()), scopes, hash_secret(&key));
        runtime.block_on(made).expect("a key");
        let router = api::router(app(&store, clock));
        let (access, refresh, named) = (String::new(), String::new(), Vec::new());
        let mut shop = Self { runtime, router, store, key, access, refresh, named, _folder: folder };
        shop.sign_in();
        shop.fill();
        shop
    }

    /// Sends a request and reads all of the answer.
    pub fn ask(&self, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 1))));
        self.runtime.block_on(async {
            let Ok(response) = self.router.clone().oneshot(request).await;
            let status = response.status();
            let bytes = response.into_body().collect().await.expect("it is in memory").to_bytes();
            Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
        })
    }

    /// Sends JSON as the server with the key.
    pub fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        self.ask(self.request(method, path, &self.key).body(body.into()).expect("a request"))
    }

    /// A request with that token.
    #[must_use]
    pub fn request(&self, method: Method, path: &str, token: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        request.header(header::AUTHORIZATION, format!("Bearer {token}")).header(header::IF_MATCH, "*")
    }

    /// The id that a word stands for.
    #[must_use]
    pub fn id(&self, word: &str) -> &str {
        self.named.iter().find(|(named, _)| *named == word).map(|(_, id)| id.as_str()).expect("it was made")
    }

    /// A text with ids in the place of their words.
    #[must_use]
    pub fn named_in(&self, text: &str) -> String {
        self.named.iter().fold(text.to_owned(), |text, (word, id)| text.replace(word, id))
    }

    fn make(&mut self, word: &'static str, path: &str, body: Value, at: &str) {
        let path = self.named_in(path);
        let body = self.named_in(&body.to_string());
        let made = self.send(Method::POST, &path, body);
        assert!(made.status.is_success(), "{path}: {made:?}");
        let id = made.body.pointer(at).and_then(Value::as_str).expect("an id").to_owned();
        self.named.push((word, id));
    }

    fn sign_in(&mut self) {
        let post = |path: &str, body: Value| self.send(Method::POST, path, body.to_string());
        let ann = json!({ "username": "ann", "email": "ann@shop.example", "password": PASSWORD });
        assert_eq!(post("/v1/auth/register", ann).status, 201);
        let pair = post("/v1/auth/login", json!({ "username": "ann", "password": PASSWORD })).body;
        let text = |name: &str| pair[name].as_str().expect("a token").to_owned();
        (self.access, self.refresh) = (text("access_token"), text("refresh_token"));
    }

    /// Two of most, so that lists have pages.
    fn fill(&mut self) {
        let limits =
            json!([{ "id": "stock", "counts": "claims", "per": "everyone", "period": "ever", "max": 1_000_000 }]);
        let coupon = |code: Value, from: &str| {
            json!({
                "name": "Five off", "currency": "EUR", "benefit": { "type": "amount_off", "amount_minor": 500 },
                "limits": limits, "code": code, "claims_from": from, "activate": true,
            })
        };
        let order = |id: &str| json!({ "id": id, "currency": "EUR", "lines": [{ "sku": "A1", "quantity": 2, "unit_price_minor": 2_000 }] });
        self.make("@customer", "/v1/customers", json!({ "external_id": "eve" }), "/id");
        self.make("@victim", "/v1/customers", json!({ "external_id": "victim" }), "/id");
        self.make("@campaign", "/v1/campaigns", json!({ "name": "Spring" }), "/id");
        self.make("@fair", "/v1/campaigns", json!({ "name": "Fair" }), "/id");
        self.make("@coupon", "/v1/coupons", coupon(json!("SAVE5"), "computed"), "/id");
        self.make("@pool", "/v1/coupons", coupon(Value::Null, "pool"), "/id");
        let claim = json!({ "customer_id": "@customer" });
        self.make("@voucher", "/v1/coupons/@coupon/claims", claim.clone(), "/voucher/id");
        self.make("@second", "/v1/coupons/@coupon/claims", claim, "/voucher/id");
        for (word, id) in [("@redemption", "o1"), ("@reserved", "o2")] {
            let reserve = word == "@reserved";
            self.make(
                word,
                "/v1/redemptions",
                json!({ "codes": ["SAVE5"], "order": order(id), "reserve": reserve }),
                "/id",
            );
        }
        for word in ["@block", "@codes"] {
            self.make(word, "/v1/coupons/@coupon/vouchers", json!({ "count": 2 }), "/block/id");
        }
        for contributor in ["ann", "ben"] {
            let by = json!({ "limit": "stock", "by": 1, "contributor": contributor });
            self.make("@restocked", "/v1/coupons/@coupon/restock", by, "/coupon_id");
        }
        for username in ["olga", "otto"] {
            let email = format!("{username}@shop.example");
            let staff = json!({ "username": username, "email": email, "role": "analyst" });
            self.make("@account", "/v1/accounts", staff, "/id");
        }
        for addresses in ["203.0.113.1", "203.0.113.2"] {
            self.make("@kept_out", "/v1/blocks", json!({ "reason": "abuse", "addresses": addresses }), "/id");
        }
    }
}

fn app(store: &SqliteStore, clock: Arc<dyn Clock>) -> api::App {
    let uncounted = Allowance::per_second(u32::MAX, u32::MAX);
    let guesses = GuessRates { address_per_hour: u32::MAX, key_per_hour: u32::MAX, tenant_per_hour: u32::MAX };
    let gate = Gate {
        proxies: Proxies { trusted: Vec::new(), header: ForwardedIn::default() },
        limiter: Box::new(Uncounted),
        rates: Rates { address: uncounted, key: uncounted, account: uncounted },
        guesses,
    };
    let parts = api::Parts {
        store: Arc::new(store.clone()),
        clock,
        test_clock: false,
        new_id: counted_id,
        // As cheap as may be: what is looked for is not in the hash.
        passwords: Passwords::new(PasswordCosts { memory_kib: 8, passes: 1, parallel: 2, waiting_max: 2 }),
        public_url: "http://shop.example".into(),
        open_id: None,
        gate: Arc::new(gate),
        metrics: Arc::new(String::new),
    };
    parts.into()
}

/// UUIDv7 in shape, one after the other.
fn counted_id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let no = NEXT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(0x0198_f0c2_a5b4_7d10_8000_0000_0000_0000 | u128::from(no))
}

/// A clock that stands still.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000)
    }

    fn advance(&self, _by_ms: i64) -> Option<Timestamp> {
        None
    }
}

/// Lets everybody go on: a fuzzer comes too often by trade.
struct Uncounted;

impl Limiter for Uncounted {
    fn take(&self, _: Counted, _: Allowance, _: u32) -> Result<(), Wait> {
        Ok(())
    }

    fn ask(&self, _: Counted, _: Allowance, _: u32) -> Result<(), Wait> {
        Ok(())
    }
}
