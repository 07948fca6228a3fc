//! A mail server that takes letters over (RFC 5321, RFC 6409).

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use lettre::message::Body;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use ports::{Post, PostError, QueuedMail};

use super::{From, message};

/// The longest wait for any answer of the server.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Answers that are about the server or how we sign in to it, not about a letter: no other letter would fare better.
/// 421 and 454 are for the moment, the others until somebody changes the settings.
const AWAY_CODES: [u16; 6] = [421, 454, 530, 534, 535, 538];

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// The connection begins in the open and must become TLS before anything is said; usually port 587.
    StartTls,
    /// TLS from the first byte; usually port 465.
    Implicit,
    /// None: for a server on this machine or one reached by a way that is safe by itself.
    None,
}

/// Where the server is and how it is spoken to.
#[derive(Clone)]
pub struct SmtpOptions {
    /// Its name, which its certificate must show.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub encryption: Encryption,
    /// User name and password, if it asks for them.
    pub credentials: Option<(String, String)>,
}

impl fmt::Debug for SmtpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, encryption, credentials: _ } = self;
        f.debug_struct("SmtpOptions")
            .field("host", host)
            .field("port", port)
            .field("encryption", encryption)
            .finish_non_exhaustive()
    }
}

/// Hands letters to a mail server, each over a connection of its own.
pub struct SmtpPost {
    from: From,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl fmt::Debug for SmtpPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpPost").field("from", &self.from).finish_non_exhaustive()
    }
}

impl SmtpPost {
    /// That server. It is not asked anything yet.
    ///
    /// # Errors
    /// The host is no name that a certificate could show, or the system's certificates cannot be read.
    pub fn new(from: From, options: SmtpOptions) -> Result<Self, String> {
        let SmtpOptions { host, port, encryption, credentials } = options;
        let tls = || TlsParameters::new(host.clone()).map_err(|error| error.to_string());
        let tls = match encryption {
            Encryption::StartTls => Tls::Required(tls()?),
            Encryption::Implicit => Tls::Wrapper(tls()?),
            Encryption::None => Tls::None,
        };
        // Called dangerous as it begins without TLS; which is set in the same line.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).tls(tls).port(port);
        let builder = match credentials {
            Some((username, password)) => builder.credentials(Credentials::new(username, password)),
            None => builder,
        };
        Ok(Self { from, transport: builder.timeout(Some(ANSWER_MAX)).build() })
    }
}

#[async_trait]
impl Post for SmtpPost {
    async fn send(&self, mail: &QueuedMail) -> Result<(), PostError> {
        let message = message(&self.from, mail, Body::new(mail.mail.text.clone()))?;
        self.transport.send(message).await.map(drop).map_err(|error| refusal(&error))
    }
}

/// Of an answer only its number is told: its text may hold the address.
fn refusal(error: &smtp::Error) -> PostError {
    let Some(code) = error.status().map(u16::from) else { return PostError::Away(error.to_string()) };
    let told = format!("answer {code}");
    match code {
        code if AWAY_CODES.contains(&code) => PostError::Away(told),
        500.. => PostError::Never(told),
        _ => PostError::NotNow(told),
    }
}
