//! The outbox is emptied: what is due is handed over for delivery; what is refused comes again later and later, and is
//! given up in the end. A letter may be handed over twice, when its removal from the outbox was lost, and never not at
//! all.

use std::fmt;
use std::sync::Arc;

use domain::time::Timestamp;
use ports::{Clock, MailFailure, Mails, Post, PostError, QueuedMail, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{Schedule, pause};

/// Letters under way at once: each waits for a server elsewhere most of the time.
const SENDING_MAX: usize = 4;
/// The first wait after a failure; each further one is twice as long as the one before.
const RETRY_FIRST_MS: i64 = 30_000;
/// No wait is longer.
const RETRY_LAST_MS: i64 = 6 * 60 * 60 * 1_000;
/// With these waits, a letter is given up after some 21 hours.
const ATTEMPTS_MAX: u32 = 12;

const SENT: &str = "mails_sent_total";
const FAILED: &str = "mails_failed_total";
const GIVEN_UP: &str = "mails_given_up_total";

/// The outbox and who takes its letters over.
#[derive(Clone)]
pub struct Outbox {
    /// Where letters wait.
    pub mails: Arc<dyn Mails>,
    /// Who takes them over.
    pub post: Arc<dyn Post>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}

/// What became of the letters of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Handed over.
    pub sent: usize,
    /// Put off or given up.
    pub failed: usize,
    /// Whether nobody was there to hand letters over to.
    pub is_away: bool,
}

pub(crate) async fn run(outbox: Outbox, schedule: Schedule, mut stopped: watch::Receiver<bool>) {
    while pause(schedule.mails_every, &mut stopped).await {
        loop {
            match outbox.send_due().await {
                Ok(round) if round.is_away || round.sent + round.failed < SENDING_MAX => break,
                Ok(_) if *stopped.borrow() => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read or written; its letters stay in it");
                    break;
                }
            }
        }
    }
}

impl Outbox {
    /// Hands over the few letters that have been due for longest. When fewer were sent and failed than that, no more
    /// are due.
    ///
    /// # Errors
    /// The store could not answer; what was handed over meanwhile may be handed over again.
    pub async fn send_due(&self) -> Result<Round, StoreError> {
        let mut under_way = JoinSet::new();
        for queued in self.mails.due_mails(SENDING_MAX).await? {
            let post = Arc::clone(&self.post);
            let is_late = queued.mail.until.is_some_and(|until| until <= self.clock.now());
            under_way.spawn(async move {
                let sent = if is_late { Err(too_late()) } else { post.send(&queued).await };
                (queued, sent)
            });
        }
        let mut round = Round::default();
        while let Some(ended) = under_way.join_next().await {
            let Ok((queued, sent)) = ended else {
                tracing::error!("handing a letter over ended badly; it stays in the outbox");
                round.is_away = true;
                continue;
            };
            match sent {
                Ok(()) => {
                    metrics::counter!(SENT).increment(1);
                    round.sent += 1;
                    self.mails.mail_sent(queued.no).await?;
                }
                Err(error) => {
                    round.failed += 1;
                    round.is_away |= matches!(error, PostError::Away(_));
                    self.put_off(&queued, &error).await?;
                }
            }
        }
        Ok(round)
    }

    async fn put_off(&self, queued: &QueuedMail, error: &PostError) -> Result<(), StoreError> {
        let retry_at = retry_at(queued.attempts, error, self.clock.now());
        if retry_at.is_some() {
            metrics::counter!(FAILED).increment(1);
            tracing::warn!(mail = queued.no.0, %error, "a letter was not taken over; it is tried again");
        } else {
            metrics::counter!(GIVEN_UP).increment(1);
            tracing::error!(mail = queued.no.0, %error, "a letter was not taken over and is given up");
        }
        self.mails.mail_failed(queued.no, MailFailure { reason: error.to_string(), retry_at }).await
    }
}

/// A link that is dead is of no use to anybody.
fn too_late() -> PostError {
    PostError::Never("its link is dead by now".to_owned())
}

/// When a letter that failed so often before comes again; never if it is given up.
fn retry_at(attempts: u32, error: &PostError, now: Timestamp) -> Option<Timestamp> {
    let again = !matches!(error, PostError::Never(_)) && attempts + 1 < ATTEMPTS_MAX;
    let wait_ms = RETRY_FIRST_MS.saturating_mul(1 << attempts.min(20)).min(RETRY_LAST_MS);
    again.then(|| now.saturating_add_ms(wait_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours_and_the_twelfth_failure_is_the_last() {
        let error = PostError::NotNow("451".to_owned());
        let wait_s = |attempts| {
            let at = retry_at(attempts, &error, Timestamp::from_ms(0));
            at.map(|at| at.as_ms() / 1_000)
        };
        let waits: Vec<_> = (0..12).map(wait_s).collect();
        let hours = 60 * 60;
        let first = [30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 15_360, 6 * hours].map(Some);
        assert_eq!(waits, [first.as_slice(), &[None]].concat());
        assert_eq!(retry_at(0, &too_late(), Timestamp::from_ms(0)), None);
    }
}
