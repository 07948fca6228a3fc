//! What comes from the environment or from files that only the server's user can read, and stands in no settings: the
//! master key, which everything sealed in the data is sealed with, and the passwords of others.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context, bail};
use domain::codes::MasterKey;

/// Names a file that holds the key, in place of `master.key` in the data folder.
const PATH_VARIABLE: &str = "SCRIP_MASTER_KEY_FILE";
/// Holds the key itself.
const KEY_VARIABLE: &str = "SCRIP_MASTER_KEY";

/// The key, from the variable, the file it names, or the data folder; made there on the first start.
pub(crate) fn master_key(data: &Path) -> anyhow::Result<MasterKey> {
    if let Some(text) = variable(KEY_VARIABLE) {
        return parse(&text).with_context(|| format!("the variable {KEY_VARIABLE}"));
    }
    let file = variable(PATH_VARIABLE).map_or_else(|| data.join("master.key"), Into::into);
    if file.exists() {
        return read(&file).with_context(|| format!("the master key {}", file.display()));
    }
    // With data but without their key a new one would open nothing.
    if data.join("scrip.db").exists() {
        bail!("the master key {} is missing, and the data cannot be read without it", file.display());
    }
    make(&file).with_context(|| format!("the master key {}", file.display()))
}

/// A secret of others: what the variable holds, or the first line of the file that the variable with `_FILE` behind its
/// name says.
pub(crate) fn given(name: &str) -> anyhow::Result<Option<String>> {
    if let Some(secret) = variable(name) {
        return Ok(Some(secret));
    }
    let Some(file) = variable(&format!("{name}_FILE")) else { return Ok(None) };
    let file = Path::new(&file);
    let text = check_mode(file).and_then(|()| Ok(fs::read_to_string(file)?));
    let text = text.with_context(|| format!("the file {} of {name}_FILE", file.display()))?;
    Ok(text.lines().next().map(str::to_owned))
}

/// That many random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> anyhow::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
    Ok(bytes)
}

fn read(file: &Path) -> anyhow::Result<MasterKey> {
    check_mode(file)?;
    parse(&fs::read_to_string(file)?)
}

fn check_mode(file: &Path) -> anyhow::Result<()> {
    let mode = fs::metadata(file)?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!("others can read it (mode {:o}): chmod 600 it", mode & 0o777);
    }
    Ok(())
}

fn make(file: &Path) -> anyhow::Result<MasterKey> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let bytes = random::<32>()?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    writeln!(out, "{text}")?;
    out.sync_all()?;
    // Its name lasts when the folder was synced. In the data folder SQLite sees to that; not every file system can.
    let folder = fs::canonicalize(file)?.parent().map(fs::File::open);
    if let Some(Ok(folder)) = folder {
        let _ = folder.sync_all();
    }
    Ok(MasterKey::new(bytes))
}

fn parse(text: &str) -> anyhow::Result<MasterKey> {
    let text = text.trim();
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        bail!("is not 64 hexadecimal digits");
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).context("is not 64 hexadecimal digits")?;
    }
    Ok(MasterKey::new(bytes))
}

#[expect(clippy::disallowed_methods, reason = "secrets come from the environment or a file, never from settings")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
