//! What the command line does to the data: through the socket of a running server, or on the data themselves.

use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use domain::account::Role;
use domain::codes::Pattern;
use domain::event::Actor;
use domain::id::{ApiKeyId, BlockId, FIRST_TENANT, TenantNo, VoucherKey, VoucherKind};
use domain::money::Currency;
use domain::tenant::{Settings, Tenant};
use domain::time::Zone;
use ports::{Access, ApiKey, BlockRecord, DeadMail, Mails, Page, PageRequest, Records, Scope, Scopes, Tenants};
use serde::{Deserialize, Serialize};
use sqlite::SqliteStore;
use tokio::sync::mpsc;

use crate::cli::{Place, say};
use crate::config::Config;
use crate::replay::draft;
use crate::{explain, import, secrets, socket, staff, store};

/// Codes written into one line-of-answer at most; an answer of lines is one JSON text each, so fewer are faster.
const CODES_PER_REPLY: usize = 1000;
/// Letters read at once.
const MAILS_PER_PAGE: usize = 100;

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    CreateKey { tenant: Option<String>, name: String, scopes: Scopes },
    ListKeys { tenant: Option<String> },
    RevokeKey { tenant: Option<String>, name: String },
    CreateStaff { tenant: Option<String>, username: String, role: Role, password_hash: String },
    CreateTenant { name: String, zone: Zone, currency: Currency, hosts: Vec<String> },
    ListTenants,
    ListDeadMails { tenant: Option<String> },
    Backup { to: PathBuf },
    ExportCodes { tenant: Option<String>, block: String },
    ImportCodes { tenant: Option<String>, coupon: String, file: PathBuf },
    AuditHead { tenant: Option<String> },
    Explain { tenant: Option<String>, redemption: String },
    Simulate { tenant: Option<String>, draft: serde_json::Value },
}

/// Has it done, and prints the answer.
pub(crate) async fn run(place: &Place, request: Request) -> anyhow::Result<()> {
    run_with(place, request, socket::print).await
}

/// Writes a back-up to a file that does not exist yet.
pub(crate) async fn backup(place: &Place, to: &Path) -> anyhow::Result<()> {
    // The server has a working directory of its own.
    let to = std::path::absolute(to)?;
    run(place, Request::Backup { to }).await
}

/// The same without a word, for a copy that is only read and removed.
pub(crate) async fn backup_quietly(place: &Place, to: &Path) -> anyhow::Result<()> {
    run_with(place, Request::Backup { to: std::path::absolute(to)? }, |_| Ok(())).await
}

/// Has a file of codes taken in, and tells how far it is.
pub(crate) async fn import(
    place: &Place,
    (tenant, coupon): (Option<String>, String),
    file: &Path,
) -> anyhow::Result<()> {
    // The server has a working directory of its own.
    let file = std::path::absolute(file)?;
    run(place, Request::ImportCodes { tenant, coupon, file }).await
}

/// Writes the codes of a block to a file, or prints them.
pub(crate) async fn export(place: &Place, request: Request, to: Option<&Path>) -> anyhow::Result<()> {
    let Some(file) = to else {
        let mut out = BufWriter::new(io::stdout().lock());
        run_with(place, request, |codes| writeln!(out, "{codes}")).await?;
        return Ok(out.flush()?);
    };
    if file.exists() {
        bail!("{} is there already", file.display());
    }
    // Under another name until it is whole, so that a part is never taken for all of them.
    let part = file.with_extension("part");
    let written = write_codes(place, request, &part).await;
    match written {
        Ok(()) => std::fs::rename(&part, file)?,
        Err(_) => drop(std::fs::remove_file(&part)),
    }
    written?;
    say(&format!("The codes are in {}.", file.display()));
    Ok(())
}

async fn write_codes(place: &Place, request: Request, file: &Path) -> anyhow::Result<()> {
    // Whoever has the codes can use them.
    let out = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
    let mut out = BufWriter::new(out.with_context(|| format!("{} cannot be written", file.display()))?);
    run_with(place, request, |codes| writeln!(out, "{codes}")).await?;
    out.flush()?;
    Ok(out.get_ref().sync_all()?)
}

/// Has it done, and hands over each line of the answer.
pub(crate) async fn run_with(
    place: &Place,
    request: Request,
    mut line: impl FnMut(String) -> io::Result<()>,
) -> anyhow::Result<()> {
    if socket::ask(&place.data, &request, &mut line).await?.is_some() {
        return Ok(());
    }
    let config = Config::load(place.config.as_deref())?;
    let store = match request {
        // A key may be wanted before the first start.
        Request::CreateKey { .. } | Request::CreateStaff { .. } | Request::CreateTenant { .. } => {
            store::open(&place.data, &config)?
        }
        _ => store::open_existing(&place.data, &config)?,
    };
    let store = Arc::new(store);
    let workers = import::workers(&store, &request);
    let (lines, mut waiting) = mpsc::channel(16);
    let work = tokio::spawn({
        let store = Arc::clone(&store);
        async move { execute(&store, request, lines).await }
    });
    while let Some(text) = waiting.recv().await {
        line(text)?;
    }
    let done = work.await.context("the command ended badly")?;
    if let Some(workers) = workers {
        workers.stop().await;
    }
    store.close().await;
    done
}

/// Does it on an open store. The answer's lines go through the channel.
pub(crate) async fn execute(
    store: &Arc<SqliteStore>,
    request: Request,
    lines: mpsc::Sender<String>,
) -> anyhow::Result<()> {
    match request {
        Request::CreateKey { tenant, name, scopes } => {
            for text in create_key(store, tenant_of(store, tenant)?, (name, scopes)).await? {
                lines.send(text).await?;
            }
        }
        Request::ListKeys { tenant } => {
            for key in store.api_keys(tenant_of(store, tenant)?).await? {
                lines.send(line_of(&key)).await?;
            }
        }
        Request::RevokeKey { tenant, name } => match revoke(store, tenant, name).await? {
            0 => bail!("no such key that is not revoked already"),
            count => lines.send(format!("Revoked: {count}.")).await?,
        },
        Request::CreateStaff { tenant, username, role, password_hash } => {
            let tenant = tenant_of(store, tenant)?;
            lines.send(staff::made(store, tenant, (username, role), password_hash).await?).await?;
        }
        Request::CreateTenant { name, zone, currency, hosts } => {
            lines.send(create_tenant(store, (name, hosts), Settings::new(zone, currency)).await?).await?;
        }
        Request::ListTenants => {
            for tenant in store.tenants() {
                let Settings { zone, currency, .. } = &*tenant.settings;
                lines.send(format!("{}  {zone}  {currency}  {}", tenant.name, tenant.hosts.join(" "))).await?;
            }
        }
        Request::ListDeadMails { tenant } => list_dead_mails(store, tenant_of(store, tenant)?, lines).await?,
        Request::Backup { to } => {
            store.backup(to.clone()).await?;
            lines.send(format!("The back-up is in {}. The master key is not in it.", to.display())).await?;
        }
        Request::AuditHead { tenant } => {
            lines.send(store.audit_head(tenant_of(store, tenant)?).await?.to_string()).await?;
        }
        Request::Explain { tenant, redemption } => {
            explain::explain(store, tenant_of(store, tenant)?, redemption, lines).await?;
        }
        Request::Simulate { tenant, draft } => {
            draft::answer(store, tenant_of(store, tenant)?, draft, lines).await?;
        }
        Request::ImportCodes { tenant, coupon, file } => {
            import::import(store, (tenant_of(store, tenant)?, &coupon), &file, lines).await?;
        }
        Request::ExportCodes { tenant, block } => export_block(store, tenant_of(store, tenant)?, &block, lines).await?,
    }
    Ok(())
}

async fn revoke(store: &SqliteStore, tenant: Option<String>, name: String) -> anyhow::Result<usize> {
    Ok(store.revoke_api_key((tenant_of(store, tenant)?, Actor::Operator), name).await?)
}

/// The tenant of that name; the first one if none is named.
fn tenant_of(store: &SqliteStore, name: Option<String>) -> anyhow::Result<TenantNo> {
    let Some(name) = name else { return Ok(FIRST_TENANT) };
    let found = store.tenants().into_iter().find(|tenant| tenant.name == name).map(|tenant| tenant.no);
    found.with_context(|| format!("there is no tenant {name}"))
}

fn line_of(key: &ApiKey) -> String {
    let revoked = key.revoked_at.map_or(String::new(), |at| format!("  revoked {at}"));
    let scopes: Vec<&str> = key.scopes.iter().map(Scope::name).collect();
    format!("{}  {}  made {}{revoked}  {}", key.id, key.name, key.created_at, scopes.join(","))
}

async fn list_dead_mails(store: &SqliteStore, tenant: TenantNo, lines: mpsc::Sender<String>) -> anyhow::Result<()> {
    let mut page = PageRequest { limit: MAILS_PER_PAGE, after: None };
    loop {
        let Page { items, next } = store.dead_mails(tenant, page.clone()).await?;
        for DeadMail { no, to, subject, made_at, attempts, reason } in items {
            let tried = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
            lines.send(format!("{}  {made_at}  {to}  {subject}  tried {tried}  {reason}", no.0)).await?;
        }
        if next.is_none() {
            return Ok(());
        }
        page.after = next;
    }
}

async fn create_tenant(
    store: &SqliteStore,
    (name, hosts): (String, Vec<String>),
    settings: Settings,
) -> anyhow::Result<String> {
    let tenant = Tenant { no: FIRST_TENANT, name, hosts, settings: Arc::new(settings), version: 1 };
    tenant.check()?;
    match store.create_tenant(Actor::Operator, tenant).await? {
        Ok(tenant) => Ok(format!("The tenant {} is made.", tenant.name)),
        Err(refusal) => bail!("{}", refusal.detail),
    }
}

/// Makes an API key; the secret stands in the last line and nowhere else.
pub(crate) async fn create_key(
    store: &SqliteStore,
    tenant: TenantNo,
    (name, scopes): (String, Scopes),
) -> anyhow::Result<[String; 2]> {
    if name.trim().is_empty() || name.chars().count() > 100 {
        bail!("the name must have 1 to 100 characters");
    }
    let secret = api::auth::new_secret(secrets::random()?);
    let id = ApiKeyId(api::new_id());
    let by = (tenant, Actor::Operator);
    let key = store.create_api_key(by, id, (name, scopes), api::auth::hash_secret(&secret)).await?;
    Ok([format!("Key {} ({}). This is its only showing:", key.name, key.id), secret])
}

async fn export_block(
    store: &Arc<SqliteStore>,
    tenant: TenantNo,
    id: &str,
    lines: mpsc::Sender<String>,
) -> anyhow::Result<()> {
    let id: BlockId = id.parse().context("the block")?;
    let BlockRecord { coupon, block } = store.block(tenant, id).await?.context("there is no such block")?;
    let definition = store.coupon(tenant, coupon).await?.context("the block's coupon is gone")?;
    let pattern: Pattern = definition.definition.pattern.clone().unwrap_or_default();
    let codes = Arc::clone(store.codes());
    // Computing is work without waiting: it has a thread of its own.
    let work = tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
        let encoder = codes.encoder(tenant, &pattern, block.key_no)?;
        let mut text = String::new();
        for (place, ordinal) in (block.first..block.first + block.count).enumerate() {
            if place > 0 && place % CODES_PER_REPLY == 0 {
                lines.blocking_send(std::mem::take(&mut text))?;
            } else if !text.is_empty() {
                text.push('\n');
            }
            encoder.append(VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal }, &mut text)?;
        }
        lines.blocking_send(text)?;
        Ok(())
    });
    work.await.context("the export ended badly")?
}

#[cfg(test)]
mod tests {
    use domain::codes::MasterKey;
    use domain::mail::Mail;
    use ports::MailFailure;
    use sqlite::Options;

    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn letters_that_were_given_up_are_listed_without_what_they_say() {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = Arc::new(SystemClock::default());
        let options = Options::new(folder.path().join("data"), MasterKey::new([7; 32]), clock);
        let store = Arc::new(SqliteStore::open(options).expect("a new folder opens"));
        for (place, reason) in [(1, Some("refused: answer 550")), (2, None)] {
            let (to, subject) = (format!("reader{place}@example.com"), format!("Letter {place}"));
            let letter = Mail { to, subject, text: "secret\n".to_owned(), until: None };
            let no = store.enqueue_mail(FIRST_TENANT, letter).await.expect("a letter");
            if let Some(reason) = reason {
                let failure = MailFailure { reason: reason.to_owned(), retry_at: None };
                store.mail_failed(no, failure).await.expect("it is given up");
            }
        }
        let (lines, mut told) = mpsc::channel(10);
        execute(&store, Request::ListDeadMails { tenant: None }, lines).await.expect("they are listed");
        let line = told.recv().await.expect("one line");
        assert!(line.starts_with("1  "), "{line}");
        assert!(line.ends_with("  reader1@example.com  Letter 1  tried once  refused: answer 550"), "{line}");
        assert_eq!(told.recv().await, None, "the other one waits");
        store.close().await;
    }
}
