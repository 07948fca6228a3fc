//! How mails are sent, as settings say.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use ports::Post;
use serde::Deserialize;
use workers::post::{Encryption, From, MailFolder, SmtpOptions, SmtpPost};

use crate::secrets;

/// Holds the password of `mail.username`; the same with `_FILE` behind it names a file that does.
const PASSWORD_VARIABLE: &str = "SCRIP_SMTP_PASSWORD";

/// In the data folder, for whoever has no mail server.
const FOLDER: &str = "mail";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailSettings {
    from: String,
    host: String,
    port: u16,
    encryption: EncryptionSetting,
    username: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EncryptionSetting {
    StartTls,
    Implicit,
    None,
}

impl MailSettings {
    /// Who takes letters over: the mail server, or the mail folder when there is none.
    pub(crate) fn post(&self, data: &Path) -> anyhow::Result<Arc<dyn Post>> {
        self.post_with(data, || secrets::given(PASSWORD_VARIABLE))
    }

    fn post_with(
        &self,
        data: &Path,
        password: impl FnOnce() -> anyhow::Result<Option<String>>,
    ) -> anyhow::Result<Arc<dyn Post>> {
        let from: From = self.from.parse().map_err(anyhow::Error::msg).context("the setting mail.from")?;
        if self.host.is_empty() {
            return Ok(Arc::new(MailFolder::new(from, data.join(FOLDER))));
        }
        let encryption = match self.encryption {
            EncryptionSetting::StartTls => Encryption::StartTls,
            EncryptionSetting::Implicit => Encryption::Implicit,
            EncryptionSetting::None => Encryption::None,
        };
        let credentials = match self.username.as_str() {
            "" => None,
            _ if encryption == Encryption::None && !is_loopback(&self.host) => {
                bail!("mail.encryption = \"none\" would send the password of mail.username in the open");
            }
            username => {
                let password = password()?.with_context(|| format!("mail.username needs {PASSWORD_VARIABLE}"))?;
                Some((username.to_owned(), password))
            }
        };
        let options = SmtpOptions { host: self.host.clone(), port: self.port, encryption, credentials };
        let smtp = SmtpPost::new(from, options).map_err(anyhow::Error::msg).context("the settings of mail")?;
        Ok(Arc::new(smtp))
    }
}

/// Whether nobody else hears what is said to that host.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: MailSettings = MailSettings {
        from: String::new(),
        host: String::new(),
        port: 587,
        encryption: EncryptionSetting::StartTls,
        username: String::new(),
    };

    fn server() -> MailSettings {
        MailSettings { from: "Tea <tea@shop.example>".to_owned(), host: "mail.shop.example".to_owned(), ..SERVER }
    }

    /// What is wrong with settings; nothing if they can be started with.
    fn check(settings: &MailSettings, password: Option<&str>, complaint: Option<&str>) {
        let post = settings.post_with(Path::new("data"), || Ok(password.map(str::to_owned)));
        let error = post.map(drop).err().map(|error| format!("{error:#}"));
        let is_expected = match (&error, complaint) {
            (None, None) => true,
            (Some(error), Some(complaint)) => error.contains(complaint),
            _ => false,
        };
        assert!(is_expected, "{settings:?}: {error:?}, expected {complaint:?}");
        assert!(!error.is_some_and(|error| error.contains("pa55")), "a password is repeated nowhere");
    }

    #[test]
    fn a_server_is_optional_and_so_is_signing_in_to_it() {
        check(&MailSettings { host: String::new(), ..server() }, None, None);
        check(&server(), None, None);
        check(&MailSettings { encryption: EncryptionSetting::Implicit, port: 465, ..server() }, None, None);
        check(&MailSettings { username: "tea".to_owned(), ..server() }, Some("pa55"), None);
    }

    #[test]
    fn what_cannot_work_is_named_at_the_start() {
        check(&MailSettings { from: "Tea".to_owned(), ..server() }, None, Some("mail.from"));
        check(&MailSettings { username: "tea".to_owned(), ..server() }, None, Some("SCRIP_SMTP_PASSWORD"));
        let open = MailSettings { username: "tea".to_owned(), encryption: EncryptionSetting::None, ..server() };
        check(&open, Some("pa55"), Some("in the open"));
        check(&MailSettings { host: "127.0.0.1".to_owned(), ..open }, Some("pa55"), None);
    }

    #[test]
    fn nobody_else_hears_what_is_said_to_this_machine() {
        for (host, is) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("localhost.example.com", false),
            ("10.0.0.1", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(is_loopback(host), is, "{host}");
        }
    }
}
