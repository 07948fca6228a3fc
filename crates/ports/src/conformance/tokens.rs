//! What is good once and for a while.

use std::sync::Arc;

use domain::id::TenantNo;

use super::crowd::all_at_once;
use super::world::{TENANT, World};
use super::{Harness, check_sound};
use crate::{StoreError, TokenKey, TokenPurpose};

const KEY: TokenKey = TokenKey { tenant: TENANT, purpose: TokenPurpose::RecoverPassword, hash: [1; 32] };

impl World {
    /// Keeps a token for a minute.
    async fn put(&self, key: TokenKey, payload: &[u8]) {
        let until = self.now().saturating_add_ms(60_000);
        self.store.put_token(key, payload.to_vec(), until, None).await.expect("a token can be kept");
    }

    async fn take(&self, key: TokenKey) -> Option<Vec<u8>> {
        self.store.take_token(key).await.expect("the store answers")
    }
}

pub async fn a_token_is_taken_once_for_its_purpose_by_its_tenant_and_before_its_time_is_over(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    world.put(KEY, b"account 7").await;
    for other in [
        TokenKey { tenant: TenantNo(2), ..KEY },
        TokenKey { purpose: TokenPurpose::VerifyAddress, ..KEY },
        TokenKey { hash: [2; 32], ..KEY },
    ] {
        assert_eq!(world.take(other).await, None, "{other:?}");
    }
    let again = world.store.put_token(KEY, Vec::new(), world.now(), None).await;
    assert!(matches!(again, Err(StoreError::Corrupt(_))), "one secret is used for one token: {again:?}");
    drop(world);
    harness.crash().await;
    let world = World::of(harness);
    assert_eq!(world.take(KEY).await.as_deref(), Some(b"account 7".as_slice()));
    assert_eq!(world.take(KEY).await, None, "it was taken");
    for purpose in TokenPurpose::ALL {
        let key = TokenKey { purpose, ..KEY };
        world.put(key, &[purpose.number()]).await;
        world.wait(59_999);
        assert_eq!(world.take(key).await, Some(vec![purpose.number()]));
        // Taken and not used up: another try may be had.
        world.put(key, b"").await;
        world.wait(60_000);
        assert_eq!(world.take(key).await, None, "its time is over");
    }
    check_sound(harness).await;
}

pub async fn of_many_who_take_a_token_at_once_one_gets_it(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.put(KEY, b"once").await;
    let store = Arc::clone(&world.store);
    let taken = all_at_once(50, |_| {
        let store = Arc::clone(&store);
        async move { store.take_token(KEY).await.expect("the store answers") }
    })
    .await;
    assert_eq!(taken.iter().flatten().collect::<Vec<_>>(), [b"once"]);
    check_sound(harness).await;
}

pub async fn tokens_whose_time_is_over_are_removed_in_bounded_steps(harness: &mut dyn Harness) {
    let world = World::of(harness);
    for (number, seconds) in [(1, 10), (2, 20), (3, 30), (4, 40)] {
        let (key, until) = (TokenKey { hash: [number; 32], ..KEY }, world.now().saturating_add_ms(seconds * 1_000));
        world.store.put_token(key, vec![number], until, None).await.expect("a token can be kept");
    }
    world.wait(30_000);
    let forget = |max| world.store.forget_tokens(world.now(), max);
    assert_eq!(forget(2).await, Ok(2));
    assert_eq!(forget(2).await, Ok(1));
    assert_eq!(forget(2).await, Ok(0));
    assert_eq!(world.take(TokenKey { hash: [4; 32], ..KEY }).await, Some(vec![4]));
    check_sound(harness).await;
}
