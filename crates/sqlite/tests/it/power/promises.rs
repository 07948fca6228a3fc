//! What was answered, and whether it holds on what a power cut has left.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::codes::ComputedCode;
use domain::id::{CustomerNo, FIRST_TENANT};
use domain::ledger::{Command, Outcome};
use domain::rejection::Rejection;
use domain::time::Timestamp;
use faults::Image;
use ports::{Access, Clock, Codes, Ledger, Records};
use sqlite::{Options, SqliteStore};
use tempfile::TempDir;

use super::data::Tables;
use super::day::{STOCK, TEA};
use crate::support::{StillClock, claim, command, number, options};

/// Where the back-up is.
pub const COPY: &str = "copy.db";
/// The hash of the API key's secret.
pub const SECRET: [u8; 32] = [3; 32];

/// One answer, and how things stood after it.
pub struct Promise {
    pub told: Told,
    pub data: Tables,
    pub at: Timestamp,
    /// Whether it came about in several commits, or together with others.
    pub is_in_parts: bool,
}

pub enum Told {
    Outcome(Box<(Command, Outcome)>),
    ApiKey,
    Backup,
    /// That it is done.
    Nothing,
}

impl Promise {
    /// What nobody was told of: all of it, some of it or nothing may be there.
    pub fn under_way() -> Self {
        Self { told: Told::Nothing, data: Tables::default(), at: Timestamp::MIN, is_in_parts: true }
    }
}

/// Says what does not hold of the first so many answers on this image, if anything. It ends with a check.
pub async fn broken(image: &Image, promises: &[Promise], answered: usize) -> Result<(), String> {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), image);
    let (given, under_way) = promises.split_at(answered);
    let path = folder.path().join("data/scrip.db");
    let clock = StillClock::new();
    clock.set(given.last().map_or(clock.now(), |last| last.at).as_ms());
    let options = Options { readers: 1, ..options(&folder, &clock) };
    let store = SqliteStore::open(options).map_err(|error| format!("the store does not open: {error}"))?;
    if let Some(last) = given.last() {
        is_whole(&path, last, under_way.first())?;
    }
    for promise in given {
        promise.holds(&store, folder.path()).await?;
    }
    goes_on(&store).await?;
    let codes = Arc::clone(store.codes());
    store.close().await;
    drop(store);
    within_stock(&path)?;
    is_clean(&path, &codes)
}

fn write(folder: &Path, image: &Image) {
    for (name, bytes) in image {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("a folder");
        fs::write(path, bytes).expect("it is written");
    }
}

/// The data are as they were after the last answer, or as what was under way would leave them; never between.
fn is_whole(path: &Path, last: &Promise, under_way: Option<&Promise>) -> Result<(), String> {
    let found = Tables::read(path, None).map_err(|error| format!("the data are not read: {error}"))?;
    if found == last.data || under_way.is_some_and(|next| next.is_in_parts || next.data == found) {
        return Ok(());
    }
    Err(format!("an answer is lost, or more is there than was asked for: {:?} differ", last.data.differing(&found)))
}

impl Promise {
    async fn holds(&self, store: &SqliteStore, folder: &Path) -> Result<(), String> {
        match &self.told {
            Told::Nothing => Ok(()),
            Told::ApiKey => store.api_key(&SECRET).map(drop).ok_or_else(|| "the API key is lost".to_owned()),
            Told::Backup => {
                // As somebody would who looks into it.
                let path = folder.join(COPY);
                let copy = rusqlite::Connection::open(&path).map_err(|error| error.to_string())?;
                if number(&copy, "select count(*) from sqlite_schema") == 0 {
                    return Err("the back-up is lost".to_owned());
                }
                is_clean(&path, store.codes())
            }
            Told::Outcome(told) if told.0.key.is_some() => asked_again(store, told).await,
            Told::Outcome(told) => is_there(store, &told.1).await,
        }
    }
}

/// The same key gives the first answer.
async fn asked_again(store: &SqliteStore, (command, outcome): &(Command, Outcome)) -> Result<(), String> {
    let answer = store.submit(FIRST_TENANT, command.clone()).await.map_err(|error| error.to_string())?;
    match answer {
        Ok(answer) if answer.replayed && answer.outcome == *outcome => Ok(()),
        other => Err(format!("{command:?}\nwas answered {outcome:?}\nand is now answered {other:?}")),
    }
}

/// What was answered without a key is found. In which state, the comparison of all data has told.
async fn is_there(store: &SqliteStore, outcome: &Outcome) -> Result<(), String> {
    let is_there = match outcome {
        Outcome::Vouchers(vouchers) => {
            let named = [ComputedCode { key_no: vouchers[0].key_no, key: vouchers[0].key }];
            store.voucher(FIRST_TENANT, &named).await.map(|voucher| voucher.is_some())
        }
        Outcome::Redemption(redemption) => {
            store.redemption(FIRST_TENANT, &redemption.id).await.map(|redemption| redemption.is_some())
        }
        Outcome::Coupon { no, version } => {
            store.coupon_version(FIRST_TENANT, *no, *version).await.map(|coupon| coupon.is_some())
        }
        other => panic!("nothing else is asked for without a key: {other:?}"),
    };
    if is_there.map_err(|error| error.to_string())? { Ok(()) } else { Err(format!("lost: {outcome:?}")) }
}

/// Claims all that is left of the first coupon, and more.
async fn goes_on(store: &SqliteStore) -> Result<(), String> {
    let coupon = store.coupon(FIRST_TENANT, TEA).await.map_err(|error| error.to_string())?;
    if coupon.is_none_or(|coupon| coupon.version < 2) {
        return Ok(());
    }
    let claims: Vec<_> = (0..=STOCK)
        .map(|_| {
            let (store, command) = (store.clone(), command(claim(CustomerNo(1), TEA)));
            tokio::spawn(async move { store.submit(FIRST_TENANT, command).await })
        })
        .collect();
    let mut refused = 0;
    for claim in claims {
        match claim.await.expect("no panic").map_err(|error| error.to_string())? {
            Ok(_) => {}
            Err(refusal) if matches!(refusal.rejection, Rejection::Limit { .. }) => refused += 1,
            Err(other) => return Err(format!("a claim is refused: {other:?}")),
        }
    }
    if refused == 0 { Err("more was claimed than there is".to_owned()) } else { Ok(()) }
}

fn within_stock(path: &Path) -> Result<(), String> {
    let connection = rusqlite::Connection::open(path).expect("it opens");
    let taken = number(&connection, "select count(*) from voucher where coupon = 1 and state not in (4, 5)");
    if taken <= STOCK { Ok(()) } else { Err(format!("{taken} vouchers of {STOCK}")) }
}

fn is_clean(path: &Path, codes: &Codes) -> Result<(), String> {
    let report = sqlite::check(path, Some(codes)).map_err(|error| format!("the check breaks off: {error}"))?;
    if report.is_clean() { Ok(()) } else { Err(format!("{}\n{report}", path.display())) }
}
