//! The tenants: kept in rows, answered from memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::{AuditChange, AuditKind, AuditSubject};
use domain::event::Actor;
use domain::id::TenantNo;
use domain::rejection::{Refusal, Rejection};
use domain::tenant::{Settings, Tenant};
use ports::{StoreError, Tenants};
use rusqlite::{Connection, Transaction, params};
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::SqliteStore;
use crate::error::store_error;
use crate::kept::Kept;
use crate::near::Near;
use crate::rows;
use crate::write::append;
use crate::writer::Writer;

const SELECT: &str = "select tenant, name, settings, version from tenant";
const SELECT_HOSTS: &str = "select host, tenant from tenant_host";

/// All tenants. There are few.
#[derive(Debug)]
pub(crate) struct Known {
    tenants: Kept<Tenant>,
    hosts: Near<(), Hosts>,
}

/// Whose a host name is.
type Hosts = FxHashMap<String, TenantNo>;

impl Known {
    pub fn get(&self, no: TenantNo) -> Option<Arc<Tenant>> {
        self.tenants.get(no)
    }

    pub fn all(&self) -> Vec<Arc<Tenant>> {
        self.tenants.all()
    }

    fn of_host(&self, host: &str) -> Option<TenantNo> {
        let of = |tenant: &Arc<Tenant>| tenant.hosts.iter().map(|host| (host.clone(), tenant.no)).collect::<Vec<_>>();
        let hosts = self.hosts.get(&(), || Some(Arc::new(self.tenants.all().iter().flat_map(of).collect())));
        hosts?.get(host).copied()
    }

    fn put(&self, tenant: Arc<Tenant>) {
        self.tenants.put(tenant.no, tenant);
        self.hosts.changed();
    }
}

pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Known> {
    let mut statement = connection.prepare(SELECT)?;
    let tenants = statement.query_map([], |row| {
        let (no, settings) = (TenantNo(row.get(0)?), rows::json::<Settings>(row, 2)?);
        Ok(Tenant { no, name: row.get(1)?, hosts: Vec::new(), settings: Arc::new(settings), version: row.get(3)? })
    })?;
    let mut all: BTreeMap<TenantNo, Tenant> = BTreeMap::new();
    for tenant in tenants {
        let tenant = tenant?;
        all.insert(tenant.no, tenant);
    }
    let mut statement = connection.prepare(SELECT_HOSTS)?;
    let hosts = statement.query_map([], |row| Ok((row.get(0)?, TenantNo(row.get(1)?))))?;
    for host in hosts {
        let (host, no): (String, _) = host?;
        if let Some(tenant) = all.get_mut(&no) {
            tenant.hosts.push(host);
        }
    }
    Ok(Known { tenants: Kept::new(all, copy), hosts: Near::new(Hosts::clone) })
}

fn copy(tenant: &Tenant) -> Tenant {
    Tenant { settings: Arc::new((*tenant.settings).clone()), ..tenant.clone() }
}

#[async_trait]
impl Tenants for SqliteStore {
    fn tenant(&self, no: TenantNo) -> Option<Arc<Tenant>> {
        self.shared.tenants.get(no)
    }

    fn tenants(&self) -> Vec<Arc<Tenant>> {
        self.shared.tenants.all()
    }

    fn tenant_of_host(&self, host: &str) -> Option<TenantNo> {
        self.shared.tenants.of_host(host)
    }

    async fn create_tenant(&self, actor: Actor, tenant: Tenant) -> Result<Result<Arc<Tenant>, Refusal>, StoreError> {
        self.queue.run(move |writer| writer.write_tenant(actor, tenant, None)).await
    }

    async fn update_tenant(&self, actor: Actor, tenant: Tenant) -> Result<Result<Arc<Tenant>, Refusal>, StoreError> {
        let version = tenant.version;
        self.queue.run(move |writer| writer.write_tenant(actor, tenant, Some(version))).await
    }
}

const INSERT: &str = "insert into tenant (tenant, name, settings, version, created_at) values (?1, ?2, ?3, ?4, ?5)";
const UPDATE: &str = "update tenant set name = ?2, settings = ?3, version = ?4 where tenant = ?1 and version = ?4 - 1";
pub(crate) const INSERT_VERSION: &str = "insert into tenant_version (tenant, version, settings) values (?1, ?2, ?3)";
const HAS_COUPON: &str = "select exists (select 1 from coupon where tenant = ?1)";
const DELETE_HOSTS: &str = "delete from tenant_host where tenant = ?1";
const INSERT_HOST: &str = "insert into tenant_host (host, tenant) values (?1, ?2)";

impl Writer<'_> {
    /// A new tenant, or one that has the version of `over` now.
    fn write_tenant(
        &mut self,
        actor: Actor,
        tenant: Tenant,
        over: Option<u32>,
    ) -> Result<Result<Arc<Tenant>, Refusal>, StoreError> {
        let all = self.shared.tenants.all();
        let no = match over {
            Some(_) => tenant.no,
            None => TenantNo(all.last().map_or(0, |last| last.no.0) + 1),
        };
        let before = all.iter().find(|other| other.no == no);
        let tenant = Tenant { no, version: over.unwrap_or(0) + 1, ..tenant };
        if let Some(refusal) = refusal(&all, before.map(AsRef::as_ref), &tenant, over) {
            return Ok(Err(refusal));
        }
        if before.is_some_and(|before| before.settings.currency != tenant.settings.currency)
            && self.connection.query_row(HAS_COUPON, [no.0], |row| row.get(0)).map_err(store_error)?
        {
            let detail = "the currency of a tenant cannot change once there is a coupon";
            return Ok(Err(Refusal::new(Rejection::TransitionIllegal, detail)));
        }
        let write = || {
            let transaction = self.connection.unchecked_transaction()?;
            self.write_rows(&transaction, &tenant, before.is_some())?;
            append(&transaction, tenant.no, self.shared.now(), change(actor, before.map(AsRef::as_ref), &tenant))?;
            transaction.commit()
        };
        write().map_err(store_error)?;
        let tenant = Arc::new(tenant);
        if before.is_some_and(|before| before.settings.attributes != tenant.settings.attributes) {
            // Each was compiled for the attributes of before.
            self.shared.definitions.forget_coupons();
        }
        self.shared.tenants.put(Arc::clone(&tenant));
        Ok(Ok(tenant))
    }

    fn write_rows(&self, transaction: &Transaction<'_>, tenant: &Tenant, is_there: bool) -> rusqlite::Result<()> {
        let Tenant { no: TenantNo(no), name, hosts, settings, version } = tenant;
        let settings = serde_json::to_string(&**settings).expect("domain values serialise");
        if is_there {
            transaction.execute(UPDATE, params![no, name, settings, version])?;
        } else {
            let now = self.shared.now();
            transaction.execute(INSERT, params![no, name, settings, version, now.as_ms()])?;
        }
        transaction.execute(INSERT_VERSION, params![no, version, settings])?;
        transaction.execute(DELETE_HOSTS, [no])?;
        for host in hosts {
            transaction.execute(INSERT_HOST, params![host, no])?;
        }
        Ok(())
    }
}

/// What the audit log says of it.
fn change(actor: Actor, before: Option<&Tenant>, after: &Tenant) -> AuditChange {
    let told =
        |tenant: &Tenant| json!({ "hosts": tenant.hosts, "settings": *tenant.settings, "version": tenant.version });
    let action = if before.is_some() { "tenant.update" } else { "tenant.create" };
    let subject = AuditSubject::new(AuditKind::Tenant, &after.name);
    AuditChange { actor, action, subject, before: before.map(told), after: Some(told(after)) }
}

/// Why the tenant cannot be written. Only this thread writes, so what is in memory is what is in the rows.
fn refusal(all: &[Arc<Tenant>], before: Option<&Tenant>, tenant: &Tenant, over: Option<u32>) -> Option<Refusal> {
    match (before, over) {
        (None, Some(_)) => return Some(Refusal::new(Rejection::TenantNotFound, "there is no such tenant")),
        (Some(before), Some(version)) if before.version != version => {
            return Some(Refusal::new(Rejection::VersionStale, "the tenant was changed meanwhile"));
        }
        (Some(before), _) if before.settings.zone != tenant.settings.zone => {
            let detail = "the zone of a tenant cannot change: what was counted per day was counted in it";
            return Some(Refusal::new(Rejection::ZoneFixed, detail));
        }
        (Some(_) | None, _) => {}
    }
    let mut others = all.iter().filter(|other| other.no != tenant.no);
    let is_taken =
        others.any(|other| other.name == tenant.name || other.hosts.iter().any(|host| tenant.hosts.contains(host)));
    is_taken.then(|| Refusal::new(Rejection::IdentityTaken, "another tenant has this name or one of these hosts"))
}
