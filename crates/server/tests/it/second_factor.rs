//! Staff shows a second factor.

use domain::time::Timestamp;
use domain::totp::shown_code;
use reqwest::Method;
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, Person, staff};
use crate::scrip::{Reply, Server, folder, send};

/// RFC 4648.
fn bytes_of(base_32: &str) -> Vec<u8> {
    let bits = base_32.bytes().flat_map(|symbol| {
        let five = if symbol.is_ascii_digit() { symbol - b'2' + 26 } else { symbol - b'A' };
        (0..5).rev().map(move |bit| five >> bit & 1)
    });
    let bits: Vec<u8> = bits.collect();
    bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

/// The app of somebody who has begun a second factor.
struct Phone(Vec<u8>);

impl Phone {
    async fn of(server: &Server, person: &Person) -> Self {
        let begun = server.post_as(&person.access, "/v1/auth/totp", &json!({})).await;
        assert_eq!(begun.header("cache-control"), Some("no-store"));
        let begun = begun.expect(200);
        let secret = begun["secret"].as_str().expect("a secret");
        let url = begun["url"].as_str().expect("a link");
        assert!(url.starts_with(&format!("otpauth://totp/default:olga?secret={secret}&")), "{url}");
        Self(bytes_of(secret))
    }

    async fn shows(&self, server: &Server) -> String {
        let now = server.get("/v1/test-clock").await.expect(200);
        let now: Timestamp = now["now"].as_str().expect("a time").parse().expect("a time");
        shown_code(&self.0, now)
    }
}

impl Server {
    async fn sign_in_with(&self, code: Option<&str>) -> Reply {
        let body = json!({ "username": "olga", "password": PASSWORD, "code": code });
        self.guest("/v1/auth/login", &body).await
    }

    /// How many of some who use one code at the same instant get in.
    async fn signed_in_at_once(&self, code: &str) -> usize {
        let tries = [(); 4].map(|()| self.sign_in_with(Some(code)));
        let [a, b, c, d] = tries;
        let (a, b, c, d) = tokio::join!(a, b, c, d);
        let replies = [a, b, c, d];
        assert!(replies.iter().all(|reply| [200, 401].contains(&reply.status.as_u16())), "{replies:?}");
        replies.iter().filter(|reply| reply.status == 200).count()
    }

    async fn give_up(&self, person: &Person, body: &Value) -> Reply {
        send(self.bare(Method::DELETE, "/v1/auth/totp").bearer_auth(&person.access).json(body)).await
    }

    async fn wait_30_s(&self) {
        self.post("/v1/test-clock", &json!({ "advance": "PT30S" })).await.expect(200);
    }
}

/// Staff with a second factor in force, and the recovery codes.
async fn olga(server: &Server) -> (Person, Phone, Vec<String>) {
    let olga = server.signed_in("olga", PASSWORD).await;
    let phone = Phone::of(server, &olga).await;
    server.sign_in_with(None).await.expect(200);
    let confirm =
        async |code: &str| server.post_as(&olga.access, "/v1/auth/totp/confirm", &json!({ "code": code })).await;
    confirm("12345").await.expect(422);
    let codes = confirm(&phone.shows(server).await).await.expect(200)["recovery_codes"].clone();
    let codes: Vec<String> = serde_json::from_value(codes).expect("a list");
    assert_eq!(codes.len(), 10);
    (olga, phone, codes)
}

#[tokio::test]
async fn a_second_factor_is_asked_for_from_its_confirmation_on_and_each_code_is_good_once() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    staff(data.path(), "olga", "operator");
    let (olga, phone, codes) = olga(&server).await;
    assert_eq!(server.get_as(&olga.access, "/v1/me").await.expect(200)["second_factor"], true);
    let again = server.post_as(&olga.access, "/v1/auth/totp", &json!({})).await;
    assert_eq!(again.refused(409), "second_factor_on");

    assert_eq!(server.sign_in_with(None).await.refused(401), "second_factor_required");
    assert_eq!(server.sign_in("olga", "another password").await.refused(401), "sign_in_failed");
    assert_eq!(server.sign_in_with(Some("no code")).await.refused(401), "sign_in_failed");
    let used = server.sign_in_with(Some(&phone.shows(&server).await)).await;
    assert_eq!(used.refused(401), "sign_in_failed", "it has confirmed the factor");
    server.wait_30_s().await;
    assert_eq!(server.signed_in_at_once(&phone.shows(&server).await).await, 1);
    assert_eq!(server.signed_in_at_once(&codes[0].to_lowercase()).await, 1);
    assert_eq!(server.sign_in_with(Some(&codes[0])).await.refused(401), "sign_in_failed");
    server.sign_in_with(Some(&codes[1])).await.expect(200);
}

#[tokio::test]
async fn a_second_factor_is_given_up_with_password_and_code_and_is_for_staff() {
    let data = folder();
    let server = Server::start_with(data.path(), &["--test-clock"]);
    staff(data.path(), "olga", "operator");
    let (olga, phone, codes) = olga(&server).await;
    let body = |password: &str, code: &str| json!({ "password": password, "code": code });
    let wrong = server.give_up(&olga, &body("another password", &codes[0])).await.expect(422);
    assert_eq!(wrong["errors"][0]["pointer"], "/password");
    let wrong = server.give_up(&olga, &body(PASSWORD, "0000-0000-0000-0000")).await.expect(422);
    assert_eq!(wrong["errors"][0]["pointer"], "/code");
    server.wait_30_s().await;
    server.give_up(&olga, &body(PASSWORD, &phone.shows(&server).await)).await.expect(204);
    server.sign_in_with(None).await.expect(200);
    assert_eq!(server.give_up(&olga, &body(PASSWORD, &codes[0])).await.refused(409), "second_factor_off");

    let ann = server.person("ann").await;
    assert_eq!(server.post_as(&ann.access, "/v1/auth/totp", &json!({})).await.refused(403), "forbidden");
}
