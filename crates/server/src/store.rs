//! Opens the store of a data folder.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use ports::Clock;
use sqlite::{OpenError, Options, SqliteStore};

use crate::clock::SystemClock;
use crate::config::Config;
use crate::secrets;

/// With the clock that the data were made for, wherever it stood last.
pub(crate) fn open(data: &Path, config: &Config) -> anyhow::Result<SqliteStore> {
    let options = options(data, config, Arc::new(SystemClock::default()))?;
    let with_test_clock = Options { test_clock: true, ..options.clone() };
    let opened = match SqliteStore::open(options) {
        Err(OpenError::TestClock { made_with: true }) => SqliteStore::open(with_test_clock),
        other => other,
    };
    opened.with_context(|| format!("the data folder {}", data.display()))
}

/// The same, of data that are there: a mistyped folder is not made.
pub(crate) fn open_existing(data: &Path, config: &Config) -> anyhow::Result<SqliteStore> {
    if !data.join("scrip.db").exists() {
        bail!("there are no data in {}; the first `scrip serve` makes them", data.display());
    }
    open(data, config)
}

/// With that clock; `test_clock` says that it is not the machine's.
pub(crate) fn open_with(
    data: &Path,
    config: &Config,
    clock: Arc<dyn Clock>,
    test_clock: bool,
) -> anyhow::Result<SqliteStore> {
    let options = Options { test_clock, ..options(data, config, clock)? };
    SqliteStore::open(options).with_context(|| format!("the data folder {}", data.display()))
}

/// Adds a key that new codes are computed with. No server may be running: it has its ring in memory.
pub(crate) fn rotate_key(data: &Path, config: &Config) -> anyhow::Result<u32> {
    if !data.join("scrip.db").exists() {
        bail!("there are no data in {}", data.display());
    }
    let options = options(data, config, Arc::new(SystemClock::default()))?;
    let with_test_clock = Options { test_clock: true, ..options.clone() };
    let added = match SqliteStore::new_key(&options) {
        Err(OpenError::TestClock { made_with: true }) => SqliteStore::new_key(&with_test_clock),
        other => other,
    };
    added.with_context(|| format!("the data folder {}", data.display()))
}

fn options(data: &Path, config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Options> {
    Ok(Options {
        zone: config.tenant.zone.clone(),
        currency: config.tenant.currency,
        queue_max: config.limits.queue_max,
        ..Options::new(data.to_owned(), secrets::master_key(data)?, clock)
    })
}
