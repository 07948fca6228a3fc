//! Letters as files, for whoever has no mail server: to try Scrip, or to read letters aloud to those they are for.

use std::fs::{DirBuilder, OpenOptions, rename};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use lettre::message::Body;
use lettre::message::header::ContentTransferEncoding;
use ports::{Post, PostError, QueuedMail};

use super::{From, message};

/// A folder in which each letter becomes a file that any mail program opens. Nobody but the server's user can read it.
#[derive(Clone, Debug)]
pub struct MailFolder {
    from: From,
    folder: PathBuf,
}

impl MailFolder {
    /// That folder; it is made with the first letter.
    #[must_use]
    pub fn new(from: From, folder: PathBuf) -> Self {
        Self { from, folder }
    }
}

#[async_trait]
impl Post for MailFolder {
    async fn send(&self, mail: &QueuedMail) -> Result<(), PostError> {
        let bytes = message(&self.from, mail, as_written(&mail.mail.text))?.formatted();
        // A letter that is handed over again gets the same name.
        let (folder, name) = (self.folder.clone(), format!("{}-{}.eml", mail.made_at.as_ms(), mail.no.0));
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
        written
            .map_err(|error| PostError::Away(error.to_string()))?
            .map_err(|error| PostError::Away(format!("the mail folder: {error}")))
    }
}

/// Not as a mail server needs it, which takes neither long lines nor all letters: whoever looks into the file is to find
/// links whole.
fn as_written(text: &str) -> Body {
    Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into_bytes(), ContentTransferEncoding::EightBit)
}

/// Whole, or not there under its name.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let (part, whole) = (folder.join(format!(".{name}.part")), folder.join(name));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    rename(part, whole)
}
