//! API keys.

use domain::event::Actor;
use domain::id::{ApiKeyId, FIRST_TENANT};
use ports::{Access, Scopes};

use crate::support::{Shop, new_id};

#[tokio::test]
async fn a_key_is_known_at_once_and_after_a_restart_until_it_is_revoked() {
    let shop = Shop::open();
    let (id, secret_hash) = (ApiKeyId(new_id()), [3; 32]);
    assert_eq!(shop.store.api_key(&secret_hash), None);
    let key = shop
        .store
        .create_api_key((FIRST_TENANT, Actor::Operator), id, ("till".to_owned(), Scopes::SERVER), secret_hash)
        .await
        .expect("it is kept");
    assert_eq!(shop.store.api_key(&secret_hash).as_deref(), Some(&key));
    let shop = shop.reopened().await;
    assert_eq!(shop.store.api_key(&secret_hash).as_deref(), Some(&key));

    assert_eq!(shop.store.revoke_api_key((FIRST_TENANT, Actor::Operator), "nobody".to_owned()).await, Ok(0));
    assert_eq!(shop.store.revoke_api_key((FIRST_TENANT, Actor::Operator), id.to_string()).await, Ok(1));
    assert_eq!(shop.store.revoke_api_key((FIRST_TENANT, Actor::Operator), "till".to_owned()).await, Ok(0));
    assert!(shop.store.api_key(&secret_hash).is_some_and(|key| key.revoked_at.is_some()));
    let shop = shop.reopened().await;
    let keys = shop.store.api_keys(FIRST_TENANT).await.expect("the store answers");
    assert!(keys.len() == 1 && keys[0].revoked_at.is_some());
}
