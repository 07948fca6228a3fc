//! What `/metrics` shows.

use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Of times in seconds: from what a look in memory takes to what nobody waits for.
const SECONDS: [f64; 12] = [0.000_1, 0.000_3, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0];
/// Of commands in a batch.
const COMMANDS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// What is recorded waits in memory until it is counted into its buckets, asked for or not: some MB at 100,000 a second.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Whatever is counted from now on is kept.
pub(crate) fn install() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new();
    let builder = builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?;
    let builder = builder.set_buckets_for_metric(Matcher::Suffix("_commands".to_owned()), &COMMANDS)?;
    builder.install_recorder().context("metrics")
}

/// Counts what was recorded, until `stopped`. Without it memory would grow with every request that nobody looks at.
pub(crate) fn keep_up(metrics: PrometheusHandle, mut stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        while tokio::time::timeout(UPKEEP_EVERY, stopped.wait_for(|stop| *stop)).await.is_err() {
            metrics.run_upkeep();
        }
    })
}
