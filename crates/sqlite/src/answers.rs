//! Answers to idempotency keys. Their rows lie in the order in which they were given; what finds one by its key comes later:
//! the keys of the latest answers are in memory, and go into the index in the order of their hashes, some with each batch. So a
//! page of the index takes many at once, where a key written with its answer would change a page of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::id::TenantNo;
use domain::ledger::{Answered, Facts, IdempotencyHash};
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;

use crate::SqliteStore;
use crate::error::store_error;
use crate::rows::{self, pack};
use crate::writer::Writer;

/// Keys that go into the index for each new one: two, so that all of one tail are there before the next is full.
const INDEXED_PER_ANSWER: usize = 2;
/// Answers removed in one transaction.
const REMOVE_MAX: usize = 500;
/// How much of a hash the index has. Which answer it is, its row says.
const HASH_START: usize = 8;

/// The number of an answer, in the order in which they were given.
type AnswerNo = i64;
type Key = (IdempotencyHash, TenantNo);
/// Keys that are not all in the index.
type Tail = FxHashMap<Key, AnswerNo>;

/// Where answers are. Only the writer's thread asks: what a reader sees is older than this.
pub(crate) struct Answers(Mutex<State>);

struct State {
    /// Keys that a tail has before the index takes it in.
    tail_max: usize,
    next: AnswerNo,
    /// What the transaction under way writes.
    written: Vec<(Key, AnswerNo)>,
    /// How many of the settling will be in the index when it is committed.
    indexed: usize,
    fresh: Tail,
    /// The tail that goes into the index.
    settling: Tail,
    /// Its keys in the order of their hashes, and how many of them are there.
    order: Vec<Key>,
    settled: usize,
}

impl Answers {
    /// Reads the keys that the index may not have.
    pub fn load(connection: &Connection, tail_max: usize) -> rusqlite::Result<Self> {
        let up_to: AnswerNo = connection.query_row(INDEXED, [], |row| row.get(0))?;
        let mut state = State {
            tail_max,
            next: up_to + 1,
            written: Vec::new(),
            indexed: 0,
            fresh: Tail::default(),
            settling: Tail::default(),
            order: Vec::new(),
            settled: 0,
        };
        let mut statement = connection.prepare(LATER)?;
        let mut rows = statement.query([up_to])?;
        while let Some(row) = rows.next()? {
            let (answer, tenant, hash) = (row.get(0)?, TenantNo(row.get(1)?), row.get(2)?);
            state.fresh.insert((hash, tenant), answer);
            state.next = answer + 1;
        }
        Ok(Self(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what a transaction wrote that did not become one.
    pub fn begin(&self) {
        let mut state = self.state();
        state.written.clear();
        state.indexed = state.settled;
    }

    /// Makes known what was committed.
    pub fn committed(&self) {
        self.state().committed();
    }

    /// Answers those of these keys that were answered before.
    pub fn read(
        &self,
        connection: &Connection,
        tenant: TenantNo,
        hashes: Vec<IdempotencyHash>,
        mut found: impl FnMut(IdempotencyHash, Option<Answered>),
    ) -> rusqlite::Result<()> {
        let state = self.state();
        let mut by_number = connection.prepare_cached(ANSWER)?;
        let mut by_key = connection.prepare_cached(ANSWER_OF_KEY)?;
        for hash in hashes {
            let row = match state.place(&(hash, tenant)) {
                Some(answer) => by_number.query_row([answer], answered),
                None => by_key.query_row(params![&hash[..HASH_START], tenant.0, hash], answered),
            };
            found(hash, row.optional()?);
        }
        Ok(())
    }

    /// Writes the answers of a batch.
    pub fn write(&self, connection: &Connection, tenant: TenantNo, facts: &Facts) -> rusqlite::Result<()> {
        let mut state = self.state();
        for change in facts.answers.changes() {
            let Some(answered) = change.after else { continue };
            // The index cannot refuse a second answer to a key.
            if state.place(&(*change.key, tenant)).is_some() {
                return Err(rusqlite::Error::StatementChangedRows(0));
            }
            let (answer, outcome) = (state.next_number(), pack(&answered.outcome));
            let mut statement = connection.prepare_cached(INSERT_ANSWER)?;
            let at = answered.at.as_ms();
            statement.execute(params![answer, tenant.0, change.key, answered.fingerprint, at, outcome])?;
            state.written.push(((*change.key, tenant), answer));
        }
        Ok(())
    }

    /// Puts some keys into the index, as many as keep up with what the transaction has written.
    pub fn index(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.state().index(connection)
    }
}

impl State {
    fn next_number(&self) -> AnswerNo {
        self.next + AnswerNo::try_from(self.written.len()).expect("a batch is bounded")
    }

    /// Where the answer to a key is, if its key is in memory.
    fn place(&self, key: &Key) -> Option<AnswerNo> {
        self.fresh.get(key).or_else(|| self.settling.get(key)).copied()
    }

    fn index(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.order.is_empty() {
            return Ok(());
        }
        let mut insert = connection.prepare_cached(INSERT_KEY)?;
        let until = self.order.len().min(self.settled + INDEXED_PER_ANSWER * self.written.len());
        for key @ (hash, _) in &self.order[self.settled..until] {
            // What was removed meanwhile must not get there.
            if let Some(answer) = self.settling.get(key) {
                insert.execute(params![&hash[..HASH_START], answer])?;
            }
        }
        if until == self.order.len()
            && let Some(up_to) = self.settling.values().max()
        {
            connection.prepare_cached(SET_INDEXED)?.execute([up_to])?;
        }
        self.indexed = until;
        Ok(())
    }

    fn committed(&mut self) {
        self.next = self.next_number();
        self.fresh.extend(self.written.drain(..));
        self.settled = self.indexed;
        if self.settled == self.order.len() {
            self.settling.clear();
            self.order.clear();
            self.settled = 0;
        }
        if self.order.is_empty() && self.fresh.len() >= self.tail_max {
            std::mem::swap(&mut self.settling, &mut self.fresh);
            self.order.extend(self.settling.keys());
            self.order.sort_unstable();
        }
    }

    /// Lets go of what was removed.
    fn removed(&mut self, removed: &[(AnswerNo, Key)]) {
        for (answer, key) in removed {
            for tail in [&mut self.fresh, &mut self.settling] {
                if tail.get(key) == Some(answer) {
                    tail.remove(key);
                }
            }
        }
    }
}

impl SqliteStore {
    /// Removes at most `max` answers made before that instant, the oldest. Returns how many; fewer only when no more are so
    /// old.
    pub(crate) async fn forget_old_answers(&self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        while removed < max {
            let some = (max - removed).min(REMOVE_MAX);
            let found = self.queue.run(move |writer| writer.forget_answers(before, some)).await?;
            removed += found;
            if found < some {
                break;
            }
        }
        Ok(removed)
    }
}

impl Writer<'_> {
    fn forget_answers(&mut self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        let removed = remove(self.connection, before, max).map_err(store_error)?;
        self.shared.answers.state().removed(&removed);
        Ok(removed.len())
    }
}

fn remove(connection: &Connection, before: Timestamp, max: usize) -> rusqlite::Result<Vec<(AnswerNo, Key)>> {
    let transaction = connection.unchecked_transaction()?;
    let mut oldest = transaction.prepare_cached(OLDEST)?;
    let max = i64::try_from(max).expect("it is bounded");
    let rows = oldest
        .query_map([max], |row| Ok((rows::instant(row, 3)?, (row.get(0)?, (row.get(2)?, TenantNo(row.get(1)?))))))?;
    let mut removed: Vec<(AnswerNo, Key)> = Vec::new();
    for row in rows {
        match row? {
            (at, answer) if at < before => removed.push(answer),
            _ => break,
        }
    }
    for (answer, (hash, _)) in &removed {
        transaction.prepare_cached(DELETE_ANSWER)?.execute([answer])?;
        transaction.prepare_cached(DELETE_KEY)?.execute(params![&hash[..HASH_START], answer])?;
    }
    drop(oldest);
    transaction.commit()?;
    Ok(removed)
}

fn answered(row: &rusqlite::Row<'_>) -> rusqlite::Result<Answered> {
    Ok(Answered { fingerprint: row.get(0)?, at: rows::instant(row, 1)?, outcome: rows::blob(row, 2)? })
}

const INDEXED: &str = "select up_to from answers_indexed where id = 1";
const SET_INDEXED: &str = "update answers_indexed set up_to = ?1 where id = 1";
const LATER: &str = "select answer, tenant, hash from answer where answer > ?1 order by answer";
const ANSWER: &str = "select fingerprint, at, outcome from answer where answer = ?1";
const ANSWER_OF_KEY: &str = "select fingerprint, at, outcome
    from answer_key
    join answer using (answer)
    where hash_start = ?1 and tenant = ?2 and hash = ?3";
const INSERT_ANSWER: &str =
    "insert into answer (answer, tenant, hash, fingerprint, at, outcome) values (?1, ?2, ?3, ?4, ?5, ?6)";
/// It may be there: what a transaction put in before a crash, and the next start read again.
const INSERT_KEY: &str = "insert or ignore into answer_key (hash_start, answer) values (?1, ?2)";
const OLDEST: &str = "select answer, tenant, hash, at from answer order by answer limit ?1";
const DELETE_ANSWER: &str = "delete from answer where answer = ?1";
const DELETE_KEY: &str = "delete from answer_key where hash_start = ?1 and answer = ?2";
