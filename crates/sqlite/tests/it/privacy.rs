//! What lies in the files of a person: nothing that can be read, and nothing at all once it is erased.

use domain::codes::MasterKey;
use domain::customer::CustomerProfile;
use domain::id::{CustomerId, CustomerNo, FIRST_TENANT};
use domain::identity::{IdentityKey, IdentityKind};
use domain::ledger::{Action, Outcome};
use ports::Records;
use rusqlite::Connection;
use sqlite::SqliteStore;
use tempfile::TempDir;

use crate::support::{Shop, StillClock, new_id, number, options};

/// What nobody must read in a file.
const PERSONAL: [&str; 8] = [
    "shop-id-of-ann",
    "ann@mail.example",
    "ann@mail",
    "4930901820",
    "+49 30 901820",
    "Ann Example",
    "1990-02-28",
    "likes-green-tea",
];

fn profile() -> CustomerProfile {
    CustomerProfile {
        external_id: Some("shop-id-of-ann".to_owned()),
        email: Some("ann@mail.example".to_owned()),
        phone: Some("+49 30 901820".to_owned()),
        name: Some("Ann Example".to_owned()),
        birth_date: Some("1990-02-28".to_owned()),
        attributes: Some(r#"{"note":"likes-green-tea"}"#.to_owned()),
        registered: false,
    }
}

impl Shop {
    async fn ann(&self) -> CustomerNo {
        let made = self.done(Action::CreateCustomer { id: CustomerId(new_id()), profile: Box::new(profile()) }).await;
        let Outcome::Customer(no) = made else { panic!("not a customer: {made:?}") };
        no
    }

    /// Whether any of the data files holds these bytes.
    fn holds(&self, bytes: &[u8]) -> bool {
        let folder = std::fs::read_dir(self.folder.path().join("data")).expect("the folder is there");
        folder.map(|entry| entry.expect("an entry").path()).any(|path| {
            let file = std::fs::read(path).expect("the file reads");
            file.windows(bytes.len()).any(|window| window == bytes)
        })
    }

    #[track_caller]
    fn holds_nothing_personal(&self) {
        for text in PERSONAL {
            assert!(!self.holds(text.as_bytes()), "{text} can be read");
        }
    }
}

#[tokio::test]
async fn nothing_personal_can_be_read_in_the_files() {
    let shop = Shop::open();
    let ann = shop.ann().await;
    let guest = |kind, value: &str| Action::EnsureCustomer { id: CustomerId(new_id()), kind, value: value.to_owned() };
    shop.done(guest(IdentityKind::Email, "ann@mail.example")).await;
    shop.done(guest(IdentityKind::Phone, "+49 30 901820")).await;
    let (kind, value) = (IdentityKind::Email, "ann@mail.example".to_owned());
    shop.done(Action::VerifyIdentity { customer: ann, kind, value }).await;
    shop.done(Action::UpdateCustomer { customer: ann, if_version: 2, profile: Box::new(profile()) }).await;
    shop.holds_nothing_personal();
    let shop = shop.reopened().await;
    shop.holds_nothing_personal();
    let row = shop.store.customer(FIRST_TENANT, ann).await.expect("it reads").expect("it is there");
    assert_eq!(row.profile, profile(), "who has the ring reads it");
}

#[tokio::test]
async fn what_was_erased_is_gone_from_the_files_without_a_restart() {
    let shop = Shop::open();
    let ann = shop.ann().await;
    let bytes = |sql: &str| -> Vec<u8> { shop.connection().query_row(sql, [], |row| row.get(0)).expect("a row") };
    let sealed =
        ["select sealed from customer_key", "select profile from customer", "select max(sealed) from identity"];
    let sealed: Vec<Vec<u8>> = sealed.into_iter().map(bytes).collect();
    assert!(sealed.iter().all(|bytes| shop.holds(bytes)));
    shop.done(Action::EraseCustomer { customer: ann }).await;
    // The log is emptied after the answer; what comes next waits for that.
    shop.customer().await;
    assert!(sealed.iter().all(|bytes| !shop.holds(bytes)), "the bytes are zeros in the file and the log is empty");
}

/// The file as the release before sealing left it.
fn old_file(folder: &TempDir) {
    std::fs::create_dir(folder.path().join("data")).expect("a folder");
    let connection = Connection::open(folder.path().join("data/scrip.db")).expect("a file");
    connection.execute_batch("pragma journal_mode = wal; pragma foreign_keys = on;").expect("pragmas");
    connection.execute_batch(include_str!("../../migrations/0001_heart.sql")).expect("the schema");
    connection
        .execute_batch(
            "pragma user_version = 1;
            insert into meta (name, value) values ('test_clock', 'no');
            insert into tenant (tenant, name, zone, currency, created_at) values (1, 'default', 'UTC', 'EUR', 0);
            insert into sequence (tenant, kind, next) values (1, 1, 4);
            insert into customer (tenant, customer, customer_id, version, external_id, email, phone, name, birth_date,
                    attributes, created_at, journal)
                values (1, 1, zeroblob(16), 1, 'shop-id-of-ann', 'ann@mail.example', '+49 30 901820', 'Ann Example',
                    '1990-02-28', '{\"note\":\"likes-green-tea\"}', 7, 1),
                (1, 2, x'00000000000000000000000000000002', 1, null, 'ann@mail.example', null, null, null, null, 8, 1),
                (1, 3, x'00000000000000000000000000000003', 1, null, null, null, null, null, null, 9, 1);
            insert into redemption (tenant, redemption_id, version, state, fingerprint, customer, subtotal_minor,
                    discount_minor, total_minor, made_at, parts, lines, journal)
                values (1, 'r', 1, 2, zeroblob(16), 1, 0, 0, 0, 5, x'0100', x'0100', 1);",
        )
        .expect("rows");
    let sealed = MasterKey::new([7; 32]).seal_secret(1, &[5; 32]);
    connection.execute("insert into code_key (key_no, sealed, created_at) values (1, ?1, 0)", [sealed]).expect("a key");
}

#[tokio::test]
async fn customers_of_before_there_was_sealing_are_sealed_by_the_first_start() {
    let (folder, clock) = (TempDir::new().expect("a folder"), StillClock::new());
    old_file(&folder);
    let store = SqliteStore::open(options(&folder, &clock)).expect("the old file opens");
    let shop = Shop { store, clock, folder };
    for no in [1, 2, 3] {
        let customer = shop.store.customer(FIRST_TENANT, CustomerNo(no)).await.expect("it reads").expect("it is there");
        let expected = match no {
            1 => profile(),
            2 => CustomerProfile { email: Some("ann@mail.example".to_owned()), ..CustomerProfile::default() },
            _ => CustomerProfile::default(),
        };
        assert_eq!((customer.profile, customer.guest), (expected, no != 1));
    }
    let key = IdentityKey::of(IdentityKind::Email, "ann@mail.example");
    assert_eq!(shop.store.customers_by_identity(FIRST_TENANT, key).await.map(|found| found.len()), Ok(2));
    assert_eq!(number(&shop.connection(), "select count(*) from sqlite_schema where name = 'customer_plain'"), 0);
    let shop = shop.reopened().await;
    shop.holds_nothing_personal();
}
