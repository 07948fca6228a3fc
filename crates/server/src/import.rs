//! A file of codes taken in from the command line: the same as over HTTP, from a file that the server reads.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::import_file::Receiving;
use domain::event::Actor;
use domain::id::{CouponId, ImportId, TenantNo};
use ports::{Import, ImportState, Imports, NewImport, PageRequest, Records, Store};
use sqlite::SqliteStore;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use workers::{Schedule, Workers};

use crate::admin::Request;

/// Read at once.
const PORTION_BYTES: usize = 64 << 10;
/// Between two lines that tell how far it is.
const TOLD_EVERY: Duration = Duration::from_millis(500);
/// Refused lines that are printed; the API lists them all.
const REFUSALS_TOLD: usize = 20;

/// What takes the lines in when no server is running.
pub(crate) fn workers(store: &Arc<SqliteStore>, request: &Request) -> Option<Workers> {
    let shared: Arc<dyn Store> = store.clone();
    let imports = matches!(request, Request::ImportCodes { .. });
    imports.then(|| Workers::importing(&shared, Schedule::default()))
}

/// Receives the file, waits until its lines are taken in, and tells of it.
pub(crate) async fn import(
    store: &Arc<SqliteStore>,
    (tenant, coupon): (TenantNo, &str),
    file: &Path,
    told: mpsc::Sender<String>,
) -> anyhow::Result<()> {
    let coupon: CouponId = coupon.parse().context("the coupon")?;
    let coupon = store.coupon_no(tenant, coupon).await?.context("there is no such coupon")?;
    let import = NewImport { id: ImportId(api::new_id()), coupon, actor: Actor::Operator };
    let shared: Arc<dyn Store> = store.clone();
    let mut receiving = Receiving::begin(shared, tenant, import).await?;
    let received = match receive(&mut receiving, file).await {
        Ok(received) => received,
        Err(error) => {
            receiving.give_up().await;
            return Err(error.context(format!("{}", file.display())));
        }
    };
    told.send(format!("Import {}: {} lines.", received.id, received.lines)).await?;
    let done = wait(store, (tenant, received), &told).await?;
    tell_refused(store, (tenant, &done), &told).await
}

async fn receive(receiving: &mut Receiving, file: &Path) -> anyhow::Result<Import> {
    let mut file = tokio::fs::File::open(file).await?;
    let mut portion = vec![0; PORTION_BYTES];
    loop {
        let length = file.read(&mut portion).await?;
        if length == 0 {
            return Ok(receiving.finish().await?);
        }
        receiving.push(&portion[..length]).await?;
    }
}

async fn wait(
    store: &SqliteStore,
    (tenant, mut import): (TenantNo, Import),
    told: &mpsc::Sender<String>,
) -> anyhow::Result<Import> {
    while import.state != ImportState::Done {
        tokio::time::sleep(TOLD_EVERY).await;
        import = store.import(tenant, import.id).await?.context("the import is gone")?;
        let Import { lines, accepted, refused, .. } = import;
        told.send(format!("{} of {lines} lines: {accepted} taken in, {refused} refused.", accepted + refused)).await?;
    }
    Ok(import)
}

async fn tell_refused(
    store: &SqliteStore,
    (tenant, import): (TenantNo, &Import),
    told: &mpsc::Sender<String>,
) -> anyhow::Result<()> {
    let page = PageRequest { limit: REFUSALS_TOLD, after: None };
    let page = store.import_refusals(tenant, import.id, page).await?;
    for refusal in &page.items {
        told.send(format!("  line {}: {}", refusal.line, refusal.reason)).await?;
    }
    if page.next.is_some() {
        told.send(format!("  and more: GET /v1/imports/{}/refusals", import.id)).await?;
    }
    Ok(())
}
