//! Old events are in a file before they are removed, each once, and the file tells nothing that it should not.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use domain::benefit::Benefit;
use domain::codes::MasterKey;
use domain::coupon::{Definition, Visibility};
use domain::customer::CustomerProfile;
use domain::event::{Actor, JournalNo, Subject};
use domain::id::{CouponId, CouponNo, CustomerId, CustomerNo, FIRST_TENANT};
use domain::ledger::{Action, Command, Outcome, RedeemRequest, Start};
use domain::order::{Line, Order};
use domain::redemption::RedemptionId;
use domain::voucher::Voucher;
use flate2::read::MultiGzDecoder;
use ports::conformance::TestClock;
use ports::{Clock, Ledger as _, Records as _};
use serde_json::Value;
use sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use workers::Archive;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

struct Shop {
    store: SqliteStore,
    clock: Arc<TestClock>,
    archive: Archive,
    folder: TempDir,
}

fn open(folder: &TempDir, clock: &Arc<TestClock>) -> SqliteStore {
    let options = Options {
        test_clock: true,
        ..Options::new(folder.path().join("data"), MasterKey::new([7; 32]), Arc::clone(clock) as Arc<dyn Clock>)
    };
    SqliteStore::open(options).expect("the folder opens")
}

impl Shop {
    fn open() -> Self {
        let (folder, clock) = (TempDir::new().expect("a folder"), Arc::new(TestClock::new()));
        let store = open(&folder, &clock);
        let archive = Archive { store: Arc::new(store.clone()), folder: folder.path().join("archive") };
        Self { store, clock, archive, folder }
    }

    /// Ended without a word, and begun again on the same data.
    async fn crashed(self) -> Self {
        let Self { store, clock, archive, folder } = self;
        drop(archive);
        store.close().await;
        let store = open(&folder, &clock);
        let archive = Archive { store: Arc::new(store.clone()), folder: folder.path().join("archive") };
        Self { store, clock, archive, folder }
    }

    async fn done(&self, id: u128, act: impl FnOnce(uuid::Uuid) -> Action) -> Outcome {
        let action = act(uuid::Uuid::from_u128(id));
        let command = Command { actor: Actor::Key(1), key: None, fingerprint: [0; 16], action };
        self.store.submit(FIRST_TENANT, command).await.expect("the store answers").expect("not refused").outcome
    }

    async fn customer(&self, id: u128, name: &str) -> CustomerNo {
        let profile = CustomerProfile {
            external_id: Some(format!("shop-{name}")),
            email: Some(format!("{name}@example.com")),
            name: Some(name.to_owned()),
            ..CustomerProfile::default()
        };
        let create = |id| Action::CreateCustomer { id: CustomerId(id), profile: Box::new(profile) };
        let Outcome::Customer(no) = self.done(id, create).await else { panic!("a customer is made") };
        no
    }

    async fn coupon(&self, id: u128, code: Option<&str>) -> CouponNo {
        let benefit = serde_json::from_str::<Benefit>(r#"{"type":"percent_off","rate_bp":1000}"#).expect("a benefit");
        let mut definition = Definition { visibility: Visibility::Public, ..Definition::new("Tea", benefit) };
        definition.code = code.map(str::to_owned);
        let code = code.map(|text| self.store.codes().read(FIRST_TENANT, text));
        let definition = Box::new(definition);
        let create = |id| Action::CreateCoupon { id: CouponId(id), definition, code, start: Start::Active };
        let Outcome::Coupon { no, .. } = self.done(id, create).await else { panic!("a coupon is made") };
        no
    }

    async fn claim(&self, customer: CustomerNo, coupon: CouponNo) -> Voucher {
        let claimed = self.done(0, |_| Action::Claim { customer, coupons: vec![coupon] }).await;
        let Outcome::Vouchers(vouchers) = claimed else { panic!("not vouchers: {claimed:?}") };
        vouchers.into_iter().next().expect("one")
    }

    async fn redeem(&self, id: &str, customer: CustomerNo, code: &str) {
        let order = Order::new("EUR".parse().expect("a currency"), vec![Line::new("tea", 2, 500)]);
        let order = Order { id: Some(format!("order-{id}")), ..order };
        let request = RedeemRequest {
            id: RedemptionId::parse(id).expect("an id"),
            customer: Some(customer),
            order,
            codes: vec![self.store.codes().read(FIRST_TENANT, code)],
            expected_total_minor: None,
            reserve_ms: None,
        };
        self.done(0, |_| Action::Redeem(Box::new(request))).await;
    }

    /// Three days of work: what was done to whom, with the codes that were used.
    async fn days(&self) -> (Vec<Subject>, Vec<String>) {
        let coupon = self.coupon(1, None).await;
        let shared = self.coupon(2, Some("SUMMER-TEA")).await;
        let ann = self.customer(3, "ann").await;
        let bob = self.customer(4, "bob").await;
        let voucher = self.claim(ann, coupon).await;
        self.tomorrow();
        let other = self.claim(bob, coupon).await;
        let keys = [(voucher.key, voucher.key_no), (other.key, other.key_no)];
        let codes = self.store.voucher_codes(FIRST_TENANT, &keys).await.expect("they have codes");
        let mut codes: Vec<String> = codes.into_iter().flatten().collect();
        self.redeem("first", ann, &codes[0]).await;
        self.tomorrow();
        self.redeem("second", bob, "SUMMER-TEA").await;
        self.done(0, |_| Action::EraseCustomer { customer: bob }).await;
        codes.push("SUMMER".to_owned());
        let redemptions = ["first", "second"].map(|id| RedemptionId::parse(id).expect("an id"));
        let mut subjects = vec![Subject::Coupon(coupon), Subject::Coupon(shared)];
        subjects.extend([ann, bob].map(Subject::Customer));
        subjects.extend([voucher.key, other.key].map(Subject::Voucher));
        subjects.extend(redemptions.map(Subject::Redemption));
        (subjects, codes)
    }

    fn tomorrow(&self) {
        self.clock.advance(DAY_MS).expect("it can be moved");
    }

    /// The journal as it is.
    async fn rows(&self) -> Vec<i64> {
        let rows = self.store.oldest_events(JournalNo(0), self.clock.now().saturating_add_ms(DAY_MS), 1_000).await;
        rows.expect("they are read").rows.iter().map(|row| row.no.0).collect()
    }

    /// Everything that is old by now, file by file.
    async fn archive_all(&self) -> usize {
        let mut removed = 0;
        loop {
            match self.archive.move_oldest(self.clock.now()).await.expect("nothing is in the way") {
                0 => return removed,
                now => removed += now,
            }
        }
    }

    /// The files, in the order of their names.
    fn files(&self) -> BTreeMap<String, PathBuf> {
        let Ok(entries) = fs::read_dir(&self.archive.folder) else { return BTreeMap::new() };
        let paths = entries.map(|entry| entry.expect("it is listed").path());
        let named = paths.map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path));
        named.filter(|(name, _)| name.ends_with(".ndjson.gz")).collect()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for path in self.files().values() {
            MultiGzDecoder::new(File::open(path).expect("a file")).read_to_string(&mut text).expect("it unpacks");
        }
        text
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Every subject's history as lines tell it, in any order.
    async fn histories(&self, subjects: &[Subject]) -> Vec<String> {
        let mut all = Vec::new();
        for subject in subjects {
            let history = self.store.history(FIRST_TENANT, subject.clone(), 100).await.expect("it is read");
            let name = self.name_of(subject).await;
            all.extend(history.iter().map(|entry| format!("{} {name} {}", entry.at, entry.event.version)));
        }
        all.sort();
        all
    }

    async fn name_of(&self, subject: &Subject) -> String {
        match subject {
            Subject::Coupon(no) => {
                self.store.coupon(FIRST_TENANT, *no).await.expect("it reads").expect("it is there").id.to_string()
            }
            Subject::Customer(no) => {
                self.store.customer_id(FIRST_TENANT, *no).await.expect("it reads").expect("it is there").to_string()
            }
            Subject::Voucher(key) => {
                self.store.codes().voucher_id(FIRST_TENANT, *key, 1).expect("it was made under the first key")
            }
            Subject::Redemption(id) => id.to_string(),
            other => panic!("the test makes none: {other:?}"),
        }
    }
}

/// What a line tells, as [`Shop::histories`] does.
fn told(lines: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let line = |line: &Value| format!("{} {} {}", text(&line["at"]), text(&line["subject"]["id"]), line["version"]);
    let mut all: Vec<String> = lines.iter().map(line).collect();
    all.sort();
    all
}

#[tokio::test]
async fn what_is_archived_equals_what_was_there_line_for_line() {
    let shop = Shop::open();
    let (subjects, _) = shop.days().await;
    shop.tomorrow();
    // The last row stays in the store, as it does without an archive.
    shop.customer(5, "eve").await;
    let (histories, rows) = (shop.histories(&subjects).await, shop.rows().await);
    assert_eq!(histories.len(), 10, "{histories:?}");
    assert_eq!(shop.archive_all().await, rows.len(), "everything is of a day that is over, but for the last row");
    assert_eq!(shop.histories(&subjects).await, Vec::<String>::new(), "it is out of the store");
    let lines = shop.lines();
    assert_eq!(told(&lines), histories);
    let journal: Vec<i64> = lines.iter().map(|line| line["journal"].as_i64().expect("a number")).collect();
    assert!(journal.is_sorted(), "in the order in which it happened");
    let claimed = lines.iter().find(|line| line["event"]["step"] == "claimed").expect("there was a claim");
    assert_eq!(claimed["tenant"], "default");
    assert_eq!(claimed["actor"]["number"], 1);
    assert_eq!(claimed["event"]["to"], "issued");
    assert!(claimed["event"]["customer"]["id"].as_str().is_some_and(|id| id.starts_with("cus_")), "{claimed}");
    assert_eq!(shop.files().len(), 3, "one for each day");
}

#[tokio::test]
async fn a_day_that_is_not_over_stays_and_a_look_in_between_makes_no_file() {
    let shop = Shop::open();
    shop.days().await;
    let rows = shop.rows().await.len();
    assert!(shop.archive_all().await > 0);
    let (left, files) = (shop.rows().await.len(), shop.files().len());
    assert!(left > 0 && left < rows, "today is left");
    shop.clock.advance(60_000).expect("it can be moved");
    assert_eq!(shop.archive_all().await, 0);
    assert_eq!((shop.rows().await.len(), shop.files().len(), files), (left, 2, 2));
}

#[tokio::test]
async fn a_crash_between_archive_and_removal_loses_nothing_and_duplicates_nothing() {
    let shop = Shop::open();
    let (subjects, _) = shop.days().await;
    shop.tomorrow();
    shop.customer(5, "eve").await;
    let histories = shop.histories(&subjects).await;
    let first = shop.archive.write_oldest(shop.clock.now()).await.expect("it is written").expect("there is something");
    assert_eq!(shop.histories(&subjects).await, histories, "nothing is removed yet");
    let shop = shop.crashed().await;
    assert_eq!(shop.archive.write_oldest(shop.clock.now()).await.expect("it is known"), Some(first));
    // Another crash in the middle of the removal.
    let removed = shop.store.forget_events(shop.clock.now(), first, 2).await;
    assert_eq!(removed, Ok(2));
    let shop = shop.crashed().await;
    shop.archive_all().await;
    assert_eq!(told(&shop.lines()), histories);
}

#[tokio::test]
async fn a_file_that_a_crash_left_unfinished_is_not_taken_for_one() {
    let shop = Shop::open();
    let (subjects, _) = shop.days().await;
    shop.tomorrow();
    shop.customer(5, "eve").await;
    let histories = shop.histories(&subjects).await;
    fs::create_dir(&shop.archive.folder).expect("it is made");
    fs::write(shop.archive.folder.join("unfinished.part"), [0x1f; 100_000]).expect("it is written");
    shop.archive_all().await;
    assert_eq!(told(&shop.lines()), histories);
}

#[tokio::test]
async fn an_archive_folder_that_cannot_be_written_stops_the_removal_and_says_so() {
    let shop = Shop::open();
    shop.days().await;
    let rows = shop.rows().await;
    fs::write(&shop.archive.folder, "a file").expect("it is written");
    let error = shop.archive.move_oldest(shop.clock.now()).await.expect_err("it is no folder").to_string();
    assert!(error.contains(&*shop.archive.folder.to_string_lossy()), "{error}");
    assert_eq!(shop.rows().await, rows, "nothing is lost");
    fs::remove_file(&shop.archive.folder).expect("it is put right");
    assert!(shop.archive_all().await > 0, "then it goes on");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn an_archive_folder_that_is_full_stops_the_removal_and_says_so() {
    let shop = Shop::open();
    shop.days().await;
    let rows = shop.rows().await;
    fs::create_dir(&shop.archive.folder).expect("it is made");
    let part = shop.archive.folder.join("unfinished.part");
    std::os::unix::fs::symlink("/dev/full", &part).expect("it is linked");
    let error = shop.archive.move_oldest(shop.clock.now()).await.expect_err("nothing fits").to_string();
    assert!(error.contains("No space left"), "{error}");
    assert_eq!((shop.rows().await, shop.files().len()), (rows, 0), "nothing is lost and no part is taken for a file");
    fs::remove_file(part).expect("there is room again");
    assert!(shop.archive_all().await > 0, "then it goes on");
}

#[tokio::test]
async fn a_file_of_other_events_under_the_same_numbers_stops_the_removal() {
    // From the first number on, and from a later one.
    for begins_after in [0, 2] {
        let (shop, other) = (Shop::open(), Shop::open());
        shop.days().await;
        other.tomorrow();
        other.days().await;
        let rows = shop.rows().await;
        let others = Archive { folder: shop.archive.folder.clone(), ..other.archive.clone() };
        let now = other.clock.now();
        let removed = other.store.forget_events(now, JournalNo(i64::MAX), begins_after).await;
        assert_eq!(removed, Ok(begins_after));
        assert!(others.move_oldest(now).await.expect("it is free") > 0);
        let error = shop.archive.move_oldest(shop.clock.now()).await.expect_err("it is another's").to_string();
        assert!(error.contains("holds other events"), "{error}");
        assert_eq!((shop.rows().await, shop.files().len()), (rows, 1), "nothing is lost");
    }
}

#[tokio::test]
async fn codes_and_what_is_personal_never_stand_in_the_archive() {
    let shop = Shop::open();
    let (_, codes) = shop.days().await;
    shop.tomorrow();
    shop.customer(5, "eve").await;
    shop.archive_all().await;
    let text = shop.text().to_uppercase();
    assert!(text.contains("CUSTOMER_ERASED"), "an erasure is an event like others");
    for code in codes {
        assert!(!text.contains(&code) && !text.contains(&code.replace('-', "")), "the code {code}");
    }
    for personal in ["EXAMPLE.COM", "SHOP-", "ANN", "BOB"] {
        assert!(!text.contains(personal), "{personal}");
    }
}
