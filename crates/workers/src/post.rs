//! Who takes letters over: a mail server, or a folder when there is none.

mod folder;
mod smtp;

use std::time::{Duration, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, SinglePart};
use lettre::{Address, Message};
use ports::{PostError, QueuedMail};

pub use folder::MailFolder;
pub use smtp::{Encryption, SmtpOptions, SmtpPost};

/// Whom letters come from: `Name <address>` or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From(Mailbox);

impl std::str::FromStr for From {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("`{text}` is neither an address nor `Name <address>`: {error}"))
    }
}

/// The letter as it travels (RFC 5322). The same every time, with one message id, so that who gets it twice shows it
/// once; marked as sent by a machine (RFC 3834), so that no machine answers it.
fn message(from: &From, queued: &QueuedMail, body: Body) -> Result<Message, PostError> {
    let never = |what: &str| PostError::Never(what.to_owned());
    let to: Address = queued.mail.to.parse().map_err(|_| never("the address is none"))?;
    let made_at_ms = queued.made_at.as_ms();
    let age = Duration::from_millis(u64::try_from(made_at_ms).unwrap_or_default());
    let id = format!("<{made_at_ms}.{}@{}>", queued.no.0, from.0.email.domain());
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    Message::builder()
        .from(from.0.clone())
        .to(Mailbox::new(None, to))
        .subject(&queued.mail.subject)
        .date(SystemTime::UNIX_EPOCH + age)
        .message_id(Some(id))
        .raw_header(automatic)
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body))
        .map_err(|error| PostError::Never(error.to_string()))
}
