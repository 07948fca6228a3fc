//! What is written when the data are made, and read at every start: the ring of code keys, the tenants, the kind of
//! clock, and where the journal stands.

use domain::audit::{AuditChange, AuditKind, AuditSubject};
use domain::codes::{KeyRing, MasterKey, Pattern, RingError, RingKey};
use domain::event::{Actor, JournalNo};
use domain::id::{CouponNo, FIRST_TENANT, TenantNo};
use domain::tenant::Settings;
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::json;

use crate::load::patterns;
use crate::open::{OpenError, Options};
use crate::rows;
use crate::tenants::{self, INSERT_VERSION, Known};

/// What a start needs to know.
pub(crate) struct Installation {
    pub ring: KeyRing,
    pub tenants: Known,
    pub patterns: Vec<(TenantNo, Vec<(Pattern, CouponNo)>)>,
    pub journal_next: JournalNo,
    /// The instant of the latest decision.
    pub decided_last: Timestamp,
}

pub(crate) fn read_or_make(connection: &Connection, options: &Options) -> Result<Installation, OpenError> {
    match test_clock(connection)? {
        None => make(connection, options)?,
        Some(made_with) if made_with != options.test_clock => return Err(OpenError::TestClock { made_with }),
        Some(_) => {}
    }
    let tenants = tenants::load(connection)?;
    let patterns: Result<Vec<_>, StoreError> =
        tenants.all().iter().map(|tenant| Ok((tenant.no, patterns(connection, tenant.no)?))).collect();
    let (journal_last, mut decided_last) = latest(connection)?;
    for tenant in tenants.all() {
        decided_last = decided_last.max(audited_last(connection, tenant.no)?);
    }
    Ok(Installation {
        ring: ring(connection, &options.master_key)?,
        patterns: patterns?,
        tenants,
        journal_next: JournalNo(journal_last.0 + 1),
        decided_last,
    })
}

const SELECT_TEST_CLOCK: &str = "select value = 'yes' from meta where name = 'test_clock'";

/// `None`: the data are not made yet.
fn test_clock(connection: &Connection) -> rusqlite::Result<Option<bool>> {
    connection.query_row(SELECT_TEST_CLOCK, [], |row| row.get(0)).optional()
}

const INSERT_META: &str = "insert into meta (name, value) values ('test_clock', ?1)";
const INSERT_TENANT: &str = "insert into tenant (tenant, name, settings, created_at) values (?1, 'default', ?2, ?3)";

fn make(connection: &Connection, options: &Options) -> Result<(), OpenError> {
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let settings = Settings::new(options.zone.clone(), options.currency);
    let settings = serde_json::to_string(&settings).expect("domain values serialise");
    transaction.execute(INSERT_META, [if options.test_clock { "yes" } else { "no" }])?;
    transaction.execute(INSERT_TENANT, params![FIRST_TENANT.0, settings, options.clock.now().as_ms()])?;
    transaction.execute(INSERT_VERSION, params![FIRST_TENANT.0, 1, settings])?;
    add_key(&transaction, options)?;
    transaction.commit()?;
    Ok(())
}

const SELECT_KEY_LAST: &str = "select coalesce(max(key_no), 0) from code_key";
const INSERT_KEY: &str = "insert into code_key (key_no, sealed, created_at) values (?1, ?2, ?3)";

/// Adds a random key to the ring and returns its number.
pub(crate) fn add_key(connection: &Connection, options: &Options) -> Result<u32, OpenError> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(OpenError::Random)?;
    let no = 1 + connection.query_row(SELECT_KEY_LAST, [], |row| row.get::<_, u32>(0))?;
    let sealed = options.master_key.seal_secret(no, &secret);
    connection.execute(INSERT_KEY, params![no, sealed, options.clock.now().as_ms()])?;
    Ok(no)
}

/// The ring is all tenants': each has it on record.
pub(crate) fn key_added(no: u32) -> AuditChange {
    let subject = AuditSubject::new(AuditKind::CodeKey, format_args!("code_key_{no}"));
    let after = Some(json!({ "number": no }));
    AuditChange { actor: Actor::Operator, action: "code_key.create", subject, before: None, after }
}

const SELECT_KEYS: &str = "select key_no, sealed from code_key";

pub(crate) fn ring(connection: &Connection, master_key: &MasterKey) -> Result<KeyRing, OpenError> {
    let mut statement = connection.prepare(SELECT_KEYS)?;
    let sealed = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut keys = Vec::new();
    for row in sealed {
        let (no, sealed): (u32, Vec<u8>) = row?;
        let secret = master_key.open_secret(no, &sealed).map_err(|_| OpenError::MasterKey)?;
        keys.push(RingKey { no, secret });
    }
    KeyRing::new(keys).map_err(|error| match error {
        RingError::Empty => OpenError::NoCodeKey,
        RingError::Twice { .. } => unreachable!("key_no is the primary key"),
    })
}

const SELECT_LATEST: &str = "select journal, at from journal order by journal desc limit 1";

/// The last row of the journal and its instant, which no row is younger than.
fn latest(connection: &Connection) -> rusqlite::Result<(JournalNo, Timestamp)> {
    let latest = connection.query_row(SELECT_LATEST, [], |row| Ok((JournalNo(row.get(0)?), rows::instant(row, 1)?)));
    Ok(latest.optional()?.unwrap_or((JournalNo(0), Timestamp::MIN)))
}

const SELECT_AUDITED_LAST: &str = "select at from audit where tenant = ?1 order by audit desc limit 1";

/// The instant of the last entry of the tenant's audit log: a key is made without an event.
fn audited_last(connection: &Connection, tenant: TenantNo) -> rusqlite::Result<Timestamp> {
    let latest = connection.query_row(SELECT_AUDITED_LAST, [tenant.0], |row| rows::instant(row, 0));
    Ok(latest.optional()?.unwrap_or(Timestamp::MIN))
}
