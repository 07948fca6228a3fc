//! API keys.

use domain::event::Actor;
use domain::id::ApiKeyId;

use super::world::{TENANT, World, fresh_uuid};
use super::{Harness, check_sound};
use crate::Scopes;

pub async fn an_api_key_is_known_by_its_secret_and_its_revocation_acts_at_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let (secret, other) = ([7; 32], [8; 32]);
    assert_eq!(world.store.api_key(&secret), None);
    for (name, hash) in [("checkout", secret), ("till", other)] {
        let id = ApiKeyId(fresh_uuid());
        let made = world
            .store
            .create_api_key((TENANT, Actor::Operator), id, (name.to_owned(), Scopes::SERVER), hash)
            .await
            .expect("keys can be made");
        assert_eq!((made.id, made.name.as_str(), made.revoked_at), (id, name, None));
        assert_eq!(world.store.api_key(&hash).as_deref(), Some(&made));
    }
    world.wait(1_000);
    assert_eq!(world.store.revoke_api_key((TENANT, Actor::Operator), "checkout".to_owned()).await, Ok(1));
    assert_eq!(world.store.revoke_api_key((TENANT, Actor::Operator), "checkout".to_owned()).await, Ok(0));
    assert_eq!(world.store.revoke_api_key((TENANT, Actor::Operator), "nobody".to_owned()).await, Ok(0));
    let revoked = world.store.api_key(&secret).expect("a revoked key is known").revoked_at;
    assert_eq!(revoked, Some(world.now()));
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    let keys = world.store.api_keys(TENANT).await.expect("keys can be listed");
    let listed: Vec<_> = keys.iter().map(|key| (key.name.as_str(), key.revoked_at)).collect();
    assert_eq!(listed, [("checkout", revoked), ("till", None)]);
    assert_eq!(world.store.api_key(&other).as_deref(), keys.last());
    let id = keys[1].id.to_string();
    assert_eq!(world.store.revoke_api_key((TENANT, Actor::Operator), id).await, Ok(1));
    assert!(world.store.api_key(&other).is_some_and(|key| key.revoked_at.is_some()));
    check_sound(harness).await;
}
