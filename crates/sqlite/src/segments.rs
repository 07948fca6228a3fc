//! Groups of customers: kept in rows, in memory without their members.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::{AuditChange, AuditKind, AuditSubject};
use domain::event::Actor;
use domain::id::{CustomerNo, TenantNo};
use domain::segment::{SEGMENTS_MAX, Segment, SegmentNo, Segments};
use ports::{MemberChanges, MembersChanged, NewSegment, NoMembers, NotSaved, SegmentStore, StoreError};
use rusqlite::{Connection, Transaction, params};
use serde_json::{Value, json};

use crate::SqliteStore;
use crate::error::store_error;
use crate::kept::Kept;
use crate::named::{changes_one, not_saved};
use crate::query::{each, one};
use crate::rows;
use crate::write::append;
use crate::writer::Writer;

/// Members that are deleted in one transaction.
const DELETED_MAX: usize = 10_000;

const SELECT: &str = "select tenant, segment, version, name, rule, saved_at from segment where name is not null";

pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Kept<Segments>> {
    let mut all: HashMap<TenantNo, Segments> = HashMap::new();
    let mut statement = connection.prepare(SELECT)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        let rule = match row.get_ref(4)? {
            rusqlite::types::ValueRef::Null => None,
            _ => Some(rows::json(row, 4)?),
        };
        let numbers = (SegmentNo(row.get(1)?), row.get(2)?);
        let segment = Segment::new(numbers, row.get(3)?, rule, rows::instant(row, 5)?);
        all.entry(TenantNo(row.get(0)?)).or_default().put(Arc::new(segment));
    }
    Ok(Kept::new(all, Segments::clone))
}

#[async_trait]
impl SegmentStore for SqliteStore {
    fn segments(&self, tenant: TenantNo) -> Arc<Segments> {
        self.shared.segments.of(tenant)
    }

    async fn save_segment(
        &self,
        of: (TenantNo, Actor),
        segment: NewSegment,
    ) -> Result<Result<Arc<Segment>, NotSaved>, StoreError> {
        self.queue.run(move |writer| writer.save_segment(of, segment)).await
    }

    async fn delete_segment(&self, of: (TenantNo, Actor), name: String) -> Result<Option<Arc<Segment>>, StoreError> {
        let Some(deleted) = self.queue.run(move |writer| writer.delete_segment(of, &name)).await? else {
            return Ok(None);
        };
        // What an earlier one did not come to the end of goes too.
        while self.queue.run(move |writer| writer.delete_members(of.0)).await? {}
        Ok(Some(deleted))
    }

    async fn change_members(
        &self,
        of: (TenantNo, Actor),
        name: String,
        changes: MemberChanges,
    ) -> Result<Result<MembersChanged, NoMembers>, StoreError> {
        self.queue.run(move |writer| writer.change_members(of, &name, &changes)).await
    }

    async fn count_members(&self, tenant: TenantNo, name: String) -> Result<Option<u64>, StoreError> {
        let Some(segment) = self.shared.segments.of(tenant).get(&name).cloned() else { return Ok(None) };
        if segment.rule.is_some() {
            return Ok(None);
        }
        let key = (tenant.0, segment.no.0);
        let count = move |connection: &Connection| one(connection, COUNT, key, |row| row.get::<_, i64>(0));
        Ok(self.shared.readers.run(count).await?.and_then(|count| u64::try_from(count).ok()))
    }

    async fn memberships(&self, tenant: TenantNo, customer: CustomerNo) -> Result<Vec<String>, StoreError> {
        let segments = self.shared.segments.of(tenant);
        let customer = self.shared.persons.standing(tenant, customer);
        let numbers = move |connection: &Connection| {
            let mut numbers = Vec::new();
            each(connection, MEMBERSHIPS, (tenant.0, customer.0), |row| {
                numbers.push(SegmentNo(row.get(0)?));
                Ok(())
            })?;
            Ok(numbers)
        };
        let numbers: Vec<SegmentNo> = self.shared.readers.run(numbers).await?;
        Ok(segments.listed(&numbers).map(str::to_owned).collect())
    }
}

pub(crate) const MEMBERSHIPS: &str = "select segment from segment_member where tenant = ?1 and customer = ?2";

const COUNT: &str = "select count(*) from segment_member where tenant = ?1 and segment = ?2";

const INSERT: &str = "
    insert into segment (tenant, segment, name, version, rule, saved_at)
    values (?1, ?2, ?3, ?4, ?5, ?6)";
const NEXT: &str = "select ifnull(max(segment), 0) + 1 from segment where tenant = ?1";
const UPDATE: &str = "
    update segment
    set version = ?3, rule = ?4, saved_at = ?5
    where tenant = ?1 and segment = ?2 and version = ?3 - 1";

const FORGET_NAME: &str = "update segment set name = null where tenant = ?1 and segment = ?2 and name is not null";
const NAMELESS: &str = "select segment from segment where tenant = ?1 and name is null limit 1";
const DELETE_MEMBERS: &str = "
    delete from segment_member
    where tenant = ?1 and segment = ?2 and customer in (
        select customer from segment_member where tenant = ?1 and segment = ?2 order by customer limit ?3)";
const DELETE: &str = "delete from segment where tenant = ?1 and segment = ?2 and name is null";

/// Whoever was erased is not listed any more.
const ADD_MEMBER: &str = "
    insert or ignore into segment_member (tenant, segment, customer)
    select tenant, ?2, customer
    from customer
    where tenant = ?1 and customer = ?3 and erased_at is null";
const REMOVE_MEMBER: &str = "delete from segment_member where tenant = ?1 and segment = ?2 and customer = ?3";

impl Writer<'_> {
    fn save_segment(
        &mut self,
        (tenant, actor): (TenantNo, Actor),
        segment: NewSegment,
    ) -> Result<Result<Arc<Segment>, NotSaved>, StoreError> {
        self.shared.settings(tenant)?;
        let all = self.shared.segments.of(tenant);
        let before = all.get(&segment.name);
        let there = before.map(|before| (before.version, before.rule.is_some() == segment.rule.is_some()));
        if let Some(why) = not_saved(segment.over, there, all.all().len() >= SEGMENTS_MAX) {
            return Ok(Err(why));
        }
        let now = self.shared.now();
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            let no = match before {
                Some(before) => before.no.0,
                None => transaction.prepare_cached(NEXT)?.query_row([tenant.0], |row| row.get(0))?,
            };
            let version = before.map_or(0, |before| before.version) + 1;
            let saved = Segment::new((SegmentNo(no), version), segment.name, segment.rule, now);
            write_row(&transaction, tenant, &saved)?;
            append(&transaction, tenant, now, save_entry(actor, before.map(AsRef::as_ref), &saved))?;
            transaction.commit()?;
            Ok(Arc::new(saved))
        };
        let saved = write().map_err(store_error)?;
        self.shared.segments.change(tenant, |segments| segments.put(Arc::clone(&saved)));
        Ok(Ok(saved))
    }

    fn delete_segment(
        &mut self,
        (tenant, actor): (TenantNo, Actor),
        name: &str,
    ) -> Result<Option<Arc<Segment>>, StoreError> {
        let Some(segment) = self.shared.segments.of(tenant).get(name).cloned() else { return Ok(None) };
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            changes_one(transaction.prepare_cached(FORGET_NAME)?.execute((tenant.0, segment.no.0))?)?;
            let entry = entry(actor, "segment.delete", name, (Some(told(&segment)), None));
            append(&transaction, tenant, self.shared.now(), entry)?;
            transaction.commit()
        };
        write().map_err(store_error)?;
        self.shared.segments.change(tenant, |segments| segments.remove(name));
        Ok(Some(segment))
    }

    /// Some members of one deleted segment, and itself with the last. Returns whether there may be more to delete.
    fn delete_members(&mut self, tenant: TenantNo) -> Result<bool, StoreError> {
        let Some(no) = one(self.connection, NAMELESS, [tenant.0], |row| row.get::<_, u32>(0))? else {
            return Ok(false);
        };
        let delete = || {
            let transaction = self.connection.unchecked_transaction()?;
            let deleted = transaction.prepare_cached(DELETE_MEMBERS)?.execute((tenant.0, no, DELETED_MAX as i64))?;
            if deleted < DELETED_MAX {
                changes_one(transaction.prepare_cached(DELETE)?.execute((tenant.0, no))?)?;
            }
            transaction.commit()
        };
        delete().map_err(store_error)?;
        Ok(true)
    }

    fn change_members(
        &mut self,
        (tenant, actor): (TenantNo, Actor),
        name: &str,
        changes: &MemberChanges,
    ) -> Result<Result<MembersChanged, NoMembers>, StoreError> {
        let Some(segment) = self.shared.segments.of(tenant).get(name).cloned() else {
            return Ok(Err(NoMembers::Unknown));
        };
        if segment.rule.is_some() {
            return Ok(Err(NoMembers::ByRule));
        }
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            let run = |sql: &str, customers: &[CustomerNo]| {
                let mut statement = transaction.prepare_cached(sql)?;
                let mut changed = 0;
                for customer in customers {
                    let customer = self.shared.persons.standing(tenant, *customer);
                    changed += statement.execute((tenant.0, segment.no.0, customer.0))?;
                }
                Ok::<_, rusqlite::Error>(changed)
            };
            let (added, removed) = (run(ADD_MEMBER, &changes.add)?, run(REMOVE_MEMBER, &changes.remove)?);
            if added + removed > 0 {
                let after = json!({ "added": added, "removed": removed });
                append(
                    &transaction,
                    tenant,
                    self.shared.now(),
                    entry(actor, "segment.members", name, (None, Some(after))),
                )?;
            }
            transaction.commit()?;
            Ok(MembersChanged { added, removed })
        };
        write().map(Ok).map_err(store_error)
    }
}

fn write_row(transaction: &Transaction<'_>, tenant: TenantNo, segment: &Segment) -> rusqlite::Result<()> {
    let rule = segment.rule.as_ref().map(|rule| serde_json::to_string(rule).expect("domain values serialise"));
    let Segment { no, name, version, saved_at, .. } = segment;
    let changed = if *version == 1 {
        transaction.execute(INSERT, params![tenant.0, no.0, name, version, rule, saved_at.as_ms()])?
    } else {
        transaction.execute(UPDATE, params![tenant.0, no.0, version, rule, saved_at.as_ms()])?
    };
    changes_one(changed)
}

fn save_entry(actor: Actor, before: Option<&Segment>, after: &Segment) -> AuditChange {
    let action = if before.is_some() { "segment.update" } else { "segment.create" };
    entry(actor, action, &after.name, (before.map(told), Some(told(after))))
}

fn told(segment: &Segment) -> Value {
    json!({ "version": segment.version, "rule": segment.rule })
}

fn entry(
    actor: Actor,
    action: &'static str,
    name: &str,
    (before, after): (Option<Value>, Option<Value>),
) -> AuditChange {
    AuditChange { actor, action, subject: AuditSubject::new(AuditKind::Segment, name), before, after }
}
