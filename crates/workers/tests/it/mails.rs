//! Letters leave the outbox once they are taken over, and not before.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use domain::codes::MasterKey;
use domain::id::FIRST_TENANT;
use domain::mail::Mail;
use ports::conformance::TestClock;
use ports::{Clock, DeadMail, Mails, PageRequest, Post};
use sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use workers::post::{Encryption, MailFolder, SmtpOptions, SmtpPost};
use workers::{Outbox, Round};

use crate::smtp_server::SmtpServer;

const SENT: Round = Round { sent: 1, failed: 0, is_away: false };
const FAILED: Round = Round { sent: 0, failed: 1, is_away: false };
const NOTHING: Round = Round { sent: 0, failed: 0, is_away: false };

/// Longer than a line of a mail may be as it is.
const LINK: &str = "https://shop.example/reset#token=K1Ei5eHL-2I7_FAxB-ctNUMIE6VIGgACdOuaTjxGPnA";

struct Office {
    store: SqliteStore,
    clock: Arc<TestClock>,
    outbox: Outbox,
    folder: TempDir,
}

fn smtp(server: SocketAddr) -> Arc<dyn Post> {
    let options = SmtpOptions {
        host: server.ip().to_string(),
        port: server.port(),
        encryption: Encryption::None,
        credentials: None,
    };
    let from = "Tea <tea@shop.example>".parse().expect("an address");
    Arc::new(SmtpPost::new(from, options).expect("without TLS nothing can be wrong"))
}

impl Office {
    fn open(post: impl FnOnce(&Path) -> Arc<dyn Post>) -> Self {
        let (folder, clock) = (TempDir::new().expect("a folder"), Arc::new(TestClock::new()));
        let data = folder.path().join("data");
        let options = Options {
            test_clock: true,
            ..Options::new(data, MasterKey::new([7; 32]), Arc::clone(&clock) as Arc<dyn Clock>)
        };
        let store = SqliteStore::open(options).expect("a new folder opens");
        let post = post(folder.path());
        let outbox = Outbox { mails: Arc::new(store.clone()), post, clock: Arc::clone(&clock) as Arc<dyn Clock> };
        Self { store, clock, outbox, folder }
    }

    async fn write(&self, to: &str, until_ms: Option<i64>) {
        let until = until_ms.map(|ms| self.clock.now().saturating_add_ms(ms));
        let text = format!("Guten Tag.\n.\n{LINK}\n你好\n");
        let mail = Mail { to: to.to_owned(), subject: "Tea: 茶".to_owned(), text, until };
        self.store.enqueue_mail(FIRST_TENANT, mail).await.expect("a letter can be written");
    }

    async fn round(&self) -> Round {
        self.outbox.send_due().await.expect("the store answers")
    }

    fn wait_s(&self, seconds: i64) {
        self.clock.advance(seconds * 1_000).expect("it can be moved");
    }

    async fn dead(&self) -> Vec<DeadMail> {
        let page = PageRequest { limit: 10, after: None };
        self.store.dead_mails(FIRST_TENANT, page).await.expect("the store answers").items
    }
}

#[tokio::test]
async fn a_letter_is_handed_to_the_mail_server_once() {
    let server = SmtpServer::start().await;
    let office = Office::open(|_| smtp(server.address));
    office.write("ann@example.com", None).await;
    assert_eq!(office.round().await, SENT);
    assert_eq!(office.round().await, NOTHING);
    let received = server.received();
    let [letter] = received.as_slice() else { panic!("one letter: {received:?}") };
    for part in [
        "MAIL FROM:<tea@shop.example>",
        "RCPT TO:<ann@example.com>",
        "From: Tea <tea@shop.example>\r\n",
        "Subject: Tea: =?utf-8?b?6Iy2?=\r\n",
        "Message-ID: <1772438400000.1@shop.example>\r\n",
        "Date: Mon, 02 Mar 2026 08:00:00 +0000\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
    ] {
        assert!(letter.contains(part), "{part} is not in {letter}");
    }
}

#[tokio::test]
async fn a_letter_that_is_refused_for_now_comes_again() {
    let server = SmtpServer::start().await;
    let office = Office::open(|_| smtp(server.address));
    office.write("ann@example.com", None).await;
    server.answers("450 ann@example.com is busy");
    assert_eq!(office.round().await, FAILED);
    office.wait_s(29);
    assert_eq!(office.round().await, NOTHING);
    office.wait_s(1);
    assert_eq!(office.round().await, SENT);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_given_up_and_kept() {
    let server = SmtpServer::start().await;
    let office = Office::open(|_| smtp(server.address));
    office.write("nobody@example.com", None).await;
    server.answers("550 nobody@example.com is not here");
    assert_eq!(office.round().await, FAILED);
    office.wait_s(1_000_000);
    assert_eq!(office.round().await, NOTHING);
    let dead = office.dead().await;
    assert_eq!((dead[0].to.as_str(), dead[0].attempts), ("nobody@example.com", 1));
    assert_eq!(dead[0].reason, "refused: answer 550", "the text of the answer holds the address");
}

#[tokio::test]
async fn a_letter_is_tried_twelve_times_and_no_more() {
    let server = SmtpServer::start().await;
    let office = Office::open(|_| smtp(server.address));
    office.write("ann@example.com", None).await;
    for _ in 0..12 {
        server.answers("451 later");
        assert_eq!(office.round().await, FAILED);
        office.wait_s(6 * 60 * 60);
    }
    assert_eq!(office.round().await, NOTHING);
    assert_eq!(office.dead().await[0].attempts, 12);
}

#[tokio::test]
async fn a_letter_whose_link_is_dead_is_not_sent() {
    let server = SmtpServer::start().await;
    let office = Office::open(|_| smtp(server.address));
    office.write("ann@example.com", Some(30_000)).await;
    server.answers("451 later");
    assert_eq!(office.round().await, FAILED);
    office.wait_s(30);
    assert_eq!(office.round().await, FAILED);
    assert_eq!(office.dead().await[0].reason, "refused: its link is dead by now");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn when_nobody_answers_the_round_ends_and_letters_stay() {
    let nowhere = SmtpServer::nowhere().await;
    let office = Office::open(|_| smtp(nowhere));
    for _ in 0..3 {
        office.write("ann@example.com", None).await;
    }
    assert_eq!(office.round().await, Round { sent: 0, failed: 3, is_away: true });
    assert_eq!(office.dead().await, []);
    office.wait_s(30);
    assert_eq!(office.store.due_mails(10).await.expect("the store answers").len(), 3);
}

#[tokio::test]
async fn a_server_that_refuses_us_refuses_no_letter_for_good() {
    let server = SmtpServer::start().await;
    let office = Office::open(|_| smtp(server.address));
    office.write("ann@example.com", None).await;
    server.answers("530 sign in first");
    assert_eq!(office.round().await, Round { is_away: true, ..FAILED });
    assert_eq!(office.dead().await, []);
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_before_anybody_is_asked() {
    let server = SmtpServer::start().await;
    let office = Office::open(|_| smtp(server.address));
    for to in ["ann", "ann@example.com\r\nBcc: all@example.com", ""] {
        office.write(to, None).await;
    }
    assert_eq!(office.round().await, Round { sent: 0, failed: 3, is_away: false });
    assert_eq!(office.dead().await.len(), 3);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn without_a_mail_server_each_letter_is_a_file_that_only_its_owner_reads() {
    let from = "scrip@localhost".parse().expect("an address");
    let office = Office::open(|folder| Arc::new(MailFolder::new(from, folder.join("mail"))));
    for to in ["ann@example.com", "ben@example.com"] {
        office.write(to, None).await;
    }
    assert_eq!(office.round().await, Round { sent: 2, ..NOTHING });
    let folder = office.folder.path().join("mail");
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files = std::fs::read_dir(&folder).expect("it is there").map(|file| file.expect("it reads").path());
    let mut letters: Vec<String> = files
        .map(|path| {
            assert_eq!((mode(&path), path.extension().and_then(|end| end.to_str())), (0o600, Some("eml")));
            std::fs::read_to_string(path).expect("it reads")
        })
        .collect();
    letters.sort_unstable();
    assert_eq!(letters.len(), 2);
    assert!(letters.iter().any(|letter| letter.contains("To: ben@example.com\r\n")), "{letters:?}");
    let whole = format!("Guten Tag.\r\n.\r\n{LINK}\r\n你好\r\n");
    assert!(letters.iter().all(|letter| letter.contains(&whole)), "a link is whole for whoever looks: {letters:?}");
}
