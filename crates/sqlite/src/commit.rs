//! One transaction: decide the commands of each tenant on facts that are loaded until none is missing, write what they
//! change, commit, answer.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use domain::event::{EVENTS_PER_ROW, JournalNo};
use domain::id::{CouponNo, TenantNo};
use domain::ledger::{Answer, Command, Facts, decide};
use domain::rejection::{Refusal, Rejection};
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{ErrorCode, Transaction, TransactionBehavior};

use crate::batch::Batch;
use crate::error::store_error;
use crate::load::Loader;
use crate::refusals::coupon_of;
use crate::write::write;
use crate::writer::{Writer, instant};

/// Commands per committed or refused batch.
const BATCH_COMMANDS: &str = "ledger_batch_commands";
/// How long the commit of a batch took, without its decision.
const COMMIT_SECONDS: &str = "ledger_commit_seconds";
/// Batches whose commands had to run singly.
const BATCHES_SPLIT: &str = "ledger_batches_split_total";

/// The commands of one tenant, decided.
struct Decided {
    tenant: TenantNo,
    facts: Facts,
    answers: Vec<Result<Answer, Refusal>>,
    refused: Vec<(CouponNo, Rejection)>,
}

impl Decided {
    /// Every change has an event, or is the answer to an idempotency key.
    fn writes(&self) -> bool {
        !self.facts.events().is_empty() || self.facts.answers.changes().next().is_some()
    }
}

impl Writer<'_> {
    /// Commits a batch and answers. When it fails for what is in it, its commands run singly and only the culprit fails.
    pub fn commit(&mut self, batch: Batch) {
        metrics::histogram!(BATCH_COMMANDS).record(u32::try_from(batch.count()).unwrap_or(u32::MAX));
        let views: Vec<_> = batch.groups.iter().map(|group| (group.tenant, &group.commands[..])).collect();
        match self.attempt(&views) {
            Ok(answers) => {
                for (group, answers) in batch.groups.into_iter().zip(answers) {
                    for (reply, answer) in group.replies.into_iter().zip(answers) {
                        // Nobody may be waiting any more.
                        let _ = reply.send(Ok(answer));
                    }
                }
            }
            Err(StoreError::Corrupt(_)) if batch.count() > 1 => {
                metrics::counter!(BATCHES_SPLIT).increment(1);
                self.commit_singly(batch);
            }
            Err(error) => {
                tracing::error!(%error, commands = batch.count(), "a batch failed");
                for reply in batch.groups.into_iter().flat_map(|group| group.replies) {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn commit_singly(&mut self, batch: Batch) {
        for group in batch.groups {
            for (command, reply) in group.commands.iter().zip(group.replies) {
                let one = self.attempt(&[(group.tenant, std::slice::from_ref(command))]);
                if let Err(error) = &one {
                    tracing::error!(%error, tenant = group.tenant.0, "a command failed");
                }
                let answer = one.map(|mut all| all.remove(0).remove(0));
                let _ = reply.send(answer);
            }
        }
    }

    /// Decides and commits these commands, all or none.
    fn attempt(&mut self, groups: &[(TenantNo, &[Command])]) -> Result<Vec<Vec<Result<Answer, Refusal>>>, StoreError> {
        let begun = Transaction::new_unchecked(self.connection, TransactionBehavior::Immediate);
        let transaction = begun.map_err(store_error)?;
        // Read after the transaction has begun, so that what it decides on is not from later.
        let now = self.shared.now();
        self.shared.answers.begin();
        let decided = catch_unwind(AssertUnwindSafe(|| self.decide_and_write(groups, now)))
            .unwrap_or_else(|panic| Err(StoreError::Corrupt(format!("a panic: {}", message(&panic)))))?;
        if decided.iter().any(Decided::writes) {
            self.finish(transaction)?;
            self.shared.answers.committed();
            self.refusals.clear();
        }
        Ok(decided.into_iter().map(|group| self.publish(group)).collect())
    }

    fn decide_and_write(&self, groups: &[(TenantNo, &[Command])], now: Timestamp) -> Result<Vec<Decided>, StoreError> {
        let mut journal = self.journal_next;
        let mut all = Vec::with_capacity(groups.len());
        for (tenant, commands) in groups {
            let decided = self.decide(*tenant, commands, (now, journal))?;
            if decided.writes() {
                write(self.connection, &self.shared.codes, (*tenant, now), &decided.facts).map_err(store_error)?;
                self.shared.answers.write(self.connection, *tenant, &decided.facts).map_err(store_error)?;
            }
            journal = after(journal, &decided.facts);
            all.push(decided);
        }
        if all.iter().any(Decided::writes) {
            self.shared.answers.index(self.connection).map_err(store_error)?;
            self.refusals.write(self.connection).map_err(store_error)?;
        }
        Ok(all)
    }

    fn decide(
        &self,
        tenant: TenantNo,
        commands: &[Command],
        (now, journal): (Timestamp, JournalNo),
    ) -> Result<Decided, StoreError> {
        let now_set = self.shared.tenant(tenant)?;
        let mut facts = Facts::new(&now_set, self.shared.codes.facts_key(tenant), journal);
        facts.standing = self.shared.blocks.of(tenant);
        facts.segments = self.shared.segments.of(tenant);
        facts.collections = self.shared.collections.of(tenant);
        // Only this thread puts anything new in, so the generation is the same as before the transaction.
        let generation = self.shared.definitions.generation();
        let loader = Loader::new(self.connection, (&self.shared, generation), tenant, now);
        let answers = loader.complete(&mut facts, |facts| decide(commands, facts, now))?;
        let refused = commands.iter().zip(&answers).filter_map(|(command, answer)| {
            let refusal = answer.as_ref().err()?;
            Some((coupon_of(&command.action, &facts)?, refusal.rejection))
        });
        let refused = refused.collect();
        Ok(Decided { tenant, facts, answers, refused })
    }

    fn finish(&self, transaction: Transaction<'_>) -> Result<(), StoreError> {
        let begun = instant();
        let committed = transaction.commit();
        metrics::histogram!(COMMIT_SECONDS).record(begun.elapsed());
        committed.map_err(|error| {
            if is_lost(&error) {
                tracing::error!(%error, "a commit may not have reached stable storage");
                (self.bounds.on_lost_commit)(&error.to_string());
                return StoreError::Unavailable(error.to_string());
            }
            store_error(error)
        })
    }

    /// Makes known what was committed, before anyone is answered.
    fn publish(&mut self, decided: Decided) -> Vec<Result<Answer, Refusal>> {
        let Decided { tenant, facts, answers, refused } = decided;
        let coupons = facts.coupons.changes().filter_map(|change| change.after);
        let campaigns = facts.campaigns.changes().filter_map(|change| change.after);
        self.shared.definitions.put(tenant, coupons, campaigns);
        let accounts = facts.accounts.changes().filter_map(|change| change.after);
        self.shared.definitions.put_accounts(tenant, accounts);
        if let Some(patterns) = facts.patterns.changes().find_map(|change| change.after) {
            self.shared.codes.set_patterns(tenant, patterns.clone());
        }
        let persons = facts.persons.changes().filter_map(|change| Some((*change.key, *change.after?)));
        self.shared.persons.put(tenant, persons);
        self.erased |= facts.customers.changes().any(|change| change.after.is_some_and(|one| one.erased_at.is_some()));
        for (coupon, rejection) in refused {
            self.refusals.add(tenant, coupon, rejection);
        }
        self.journal_next = after(self.journal_next, &facts);
        answers
    }
}

/// The first row of the journal after what these facts write.
fn after(journal: JournalNo, facts: &Facts) -> JournalNo {
    let rows = facts.events().len().div_ceil(EVENTS_PER_ROW);
    JournalNo(journal.0 + i64::try_from(rows).expect("a batch has few events"))
}

/// Whether it is not known what of a commit reached stable storage. A full disk or a locked file is known: nothing.
pub(crate) fn is_lost(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}

fn message(panic: &Box<dyn Any + Send>) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn only_an_input_or_output_error_loses_a_commit() {
        let failed = |code| rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        assert!(is_lost(&failed(ffi::SQLITE_IOERR_FSYNC)));
        assert!(is_lost(&failed(ffi::SQLITE_IOERR_WRITE)));
        assert!(!is_lost(&failed(ffi::SQLITE_FULL)));
        assert!(!is_lost(&failed(ffi::SQLITE_BUSY)));
    }
}
