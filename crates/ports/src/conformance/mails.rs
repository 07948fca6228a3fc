//! The outbox.

use domain::id::TenantNo;
use domain::mail::Mail;
use domain::time::Timestamp;

use super::world::{TENANT, World};
use super::{Harness, check_sound};
use crate::{MailFailure, MailNo, PageRequest, QueuedMail, StoreError};

fn letter(number: usize) -> Mail {
    let until = (number == 1).then(|| Timestamp::from_ms(2_000_000_000_000));
    let text = format!("Letter {number}: 券\n");
    Mail { to: format!("reader{number}@example.com"), subject: format!("Letter {number}"), text, until }
}

impl World {
    async fn enqueue(&self, number: usize) -> MailNo {
        self.store.enqueue_mail(TENANT, letter(number)).await.expect("a letter can be written")
    }

    async fn due(&self, max: usize) -> Vec<QueuedMail> {
        self.store.due_mails(max).await.expect("the store answers")
    }

    async fn failed(&self, no: MailNo, reason: &str, retry_at: Option<Timestamp>) {
        let failure = MailFailure { reason: reason.to_owned(), retry_at };
        self.store.mail_failed(no, failure).await.expect("the store answers");
    }

    /// The numbers on a page of the letters that were given up, and the next page.
    async fn dead(&self, limit: usize, after: Option<String>) -> (Vec<MailNo>, Option<String>) {
        let page = self.store.dead_mails(TENANT, PageRequest { limit, after }).await.expect("the store answers");
        (page.items.iter().map(|dead| dead.no).collect(), page.next)
    }
}

pub async fn a_letter_is_due_until_it_is_sent_also_over_a_crash(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let (first, made_at) = (world.enqueue(1).await, world.now());
    world.wait(1);
    let second = world.enqueue(2).await;
    let nobodys = world.store.enqueue_mail(TenantNo(9), letter(3)).await;
    assert!(matches!(nobodys, Err(StoreError::Unavailable(_))), "there is no such tenant: {nobodys:?}");
    drop(world);
    harness.crash().await;
    let world = World::of(harness);
    let due = world.due(10).await;
    assert_eq!(due[0], QueuedMail { no: first, tenant: TENANT, mail: letter(1), made_at, attempts: 0 });
    assert_eq!(due.iter().map(|queued| queued.no).collect::<Vec<_>>(), [first, second]);
    assert_eq!(world.due(1).await, due[..1]);
    for _ in 0..2 {
        assert_eq!(world.store.mail_sent(first).await, Ok(()));
    }
    assert_eq!(world.due(10).await, due[1..]);
    assert_eq!(world.store.mail_sent(second).await, Ok(()));
    assert_eq!(world.due(10).await, []);
    assert!(world.enqueue(3).await > second, "a number is never used again");
    check_sound(harness).await;
}

pub async fn a_letter_that_failed_comes_again_when_it_is_told_to_and_is_kept_when_it_is_given_up(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    let no = world.enqueue(1).await;
    let retry_at = world.now().saturating_add_ms(60_000);
    world.failed(no, "451", Some(retry_at)).await;
    world.wait(59_999);
    assert_eq!(world.due(10).await, []);
    world.wait(1);
    let due = world.due(10).await;
    assert_eq!(due.iter().map(|queued| (queued.no, queued.attempts)).collect::<Vec<_>>(), [(no, 1)]);
    world.failed(no, "550", None).await;
    // What is given up stays so, whoever else still tries it.
    world.failed(no, "451", Some(world.now())).await;
    assert_eq!(world.due(10).await, []);
    let page = world.store.dead_mails(TENANT, PageRequest { limit: 10, after: None }).await.expect("a page");
    let [dead] = page.items.as_slice() else { panic!("one was given up: {page:?}") };
    assert_eq!((dead.no, dead.attempts, dead.reason.as_str()), (no, 2, "550"));
    assert_eq!((dead.to.as_str(), dead.subject.as_str()), ("reader1@example.com", "Letter 1"));
    check_sound(harness).await;
}

pub async fn letters_that_were_given_up_are_listed_page_by_page_and_forgotten_when_they_are_old(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    let mut given_up = Vec::new();
    for number in 0..5 {
        let no = world.enqueue(number).await;
        world.wait(1_000);
        if number != 2 {
            world.failed(no, "550", None).await;
            given_up.push(no);
        }
    }
    let (first, next) = world.dead(3, None).await;
    assert_eq!(first, given_up[..3]);
    assert_eq!(world.dead(3, next).await, (given_up[3..].to_vec(), None));
    let foreign = world.store.dead_mails(TENANT, PageRequest { limit: 3, after: Some("v1.2.3".to_owned()) }).await;
    assert_eq!(foreign, Err(StoreError::Cursor));
    let before = world.now().saturating_add_ms(-2_000);
    assert_eq!(world.store.forget_dead_mails(before, 1).await, Ok(1));
    assert_eq!(world.store.forget_dead_mails(before, 10).await, Ok(1));
    assert_eq!(world.dead(10, None).await.0, given_up[2..]);
    assert_eq!(world.due(10).await.len(), 1, "one still waits");
    check_sound(harness).await;
}
