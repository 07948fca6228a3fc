//! The wiring of a server: store, workers, API, socket; and how it ends.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::passwords::{PasswordCosts, Passwords};
use domain::id::FIRST_TENANT;
use metrics_exporter_prometheus::PrometheusHandle;
use ports::{Clock, Store};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sqlite::SqliteStore;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use workers::{Schedule, Workers};

use crate::cli::say;
use crate::clock::{StoreClock, SystemClock, TestClock};
use crate::config::Config;
use crate::cores::Cores;
use crate::gate::gate;
use crate::{demo, figures, socket, store};

/// What the command line says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub listen: SocketAddr,
    pub demo: bool,
    pub test_clock: bool,
}

/// Serves until told to end by a signal, then lets what is under way finish.
pub(crate) async fn serve(data: &Path, config: &Config, options: Options) -> anyhow::Result<()> {
    log();
    raise_open_files();
    let metrics = figures::install()?;
    let clock: Arc<dyn Clock> =
        if options.test_clock { Arc::new(TestClock::default()) } else { Arc::new(SystemClock::default()) };
    let store = Arc::new(store::open_with(data, config, Arc::clone(&clock), options.test_clock)?);
    // A moved clock goes on where the data left off.
    clock.advance(store.now().as_ms() - clock.now().as_ms());
    let clock: Arc<dyn Clock> = Arc::new(StoreClock { store: (*store).clone(), clock });
    let listener = TcpListener::bind(options.listen).await.with_context(|| format!("{}", options.listen))?;
    let socket = socket::bind(data)?;

    let schedule = Schedule {
        answers_kept: days(config.retention.idempotency_days),
        events_kept: Some(config.retention.events_days).filter(|kept| *kept > 0).map(days),
        decisions_kept: Some(config.retention.decisions_days).filter(|kept| *kept > 0).map(days),
        events_archive: config.retention.archive.clone(),
        ..Schedule::default()
    };
    let shared: Arc<dyn Store> = store.clone();
    let (stop, stopped) = watch::channel(false);
    let upkeep = figures::keep_up(metrics.clone(), stopped.clone());
    let workers = Workers::start(&shared, &clock, config.mail.post(data)?, schedule);
    let admin = tokio::spawn(socket::serve(socket, Arc::clone(&store), data.to_owned(), stopped.clone()));
    let at = listener.local_addr()?;
    let parts = parts(&store, &clock, (config, at), options.test_clock, metrics)?;
    // Before anybody is told: who asks it to end at once must find it listening for that.
    let ended = end_signal()?;
    // Last, so that what it says is true.
    greet(&store, &parts.clone().into(), (data, at), options).await?;
    tokio::spawn(async move {
        ended.await;
        // Nobody listening means that all has ended already.
        let _ = stop.send(true);
    });
    let limits = api::listen::Limits {
        connections_max: config.limits.connections_max,
        body_bytes_max: config.limits.body_bytes_max,
        ..api::listen::Limits::default()
    };
    let router = || api::router(parts.clone().into());
    let mut until = stopped.clone();
    let cores = Cores::start().context("a runtime for each core")?;
    api::listen::serve(listener, router, (limits, cores.handles()), async move {
        let _ = until.wait_for(|stop| *stop).await;
    })
    .await;
    drop(cores);
    workers.stop().await;
    upkeep.await.context("the upkeep of the figures")?;
    admin.await.context("the socket ended badly")?;
    store.close().await;
    Ok(())
}

fn parts(
    store: &Arc<SqliteStore>,
    clock: &Arc<dyn Clock>,
    (config, at): (&Config, SocketAddr),
    test_clock: bool,
    metrics: PrometheusHandle,
) -> anyhow::Result<api::Parts> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let public_url = config.public_url.clone().map_or_else(|| format!("http://{at}"), |url| url.0);
    Ok(api::Parts {
        open_id: config.oidc.provider(&public_url, clock)?,
        passwords: Passwords::new(PasswordCosts::recommended(cores)),
        public_url: public_url.into(),
        store: store.clone(),
        clock: Arc::clone(clock),
        test_clock,
        new_id: api::new_id,
        gate: Arc::new(gate(config, Arc::clone(clock))),
        metrics: Arc::new(move || metrics.render()),
    })
}

/// To what the system allows at most: each connection is an open file, and the usual limit of 1,024 is for programs that did
/// not ask.
fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit of open files stays as it is, and with it that of connections");
    }
}

fn days(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(24 * 60 * 60))
}

/// Completes when the process is asked to end.
fn end_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SCRIP_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// While nobody may administer the first tenant: the link by which somebody does.
async fn offer_set_up(app: &api::App) -> anyhow::Result<()> {
    let link = api::first_link(app, FIRST_TENANT).await;
    let link = link.map_err(|problem| anyhow::anyhow!("the set-up link: {}", problem.code().to_owned()))?;
    if let Some(token) = link {
        say(&format!(
            "\nNobody administers it yet. Open this link, good once and for a day, and choose a password:\n\n  \
             {}/set-up#token={token}\n",
            app.public_url
        ));
    }
    Ok(())
}

/// Says where to look.
async fn greet(
    store: &SqliteStore,
    app: &api::App,
    (data, at): (&Path, SocketAddr),
    options: Options,
) -> anyhow::Result<()> {
    say(&format!("Scrip listens on http://{at} (reference: http://{at}/docs), data in {}", data.display()));
    if !options.demo {
        return offer_set_up(app).await;
    }
    let Some(shown) = demo::fill(store, data).await? else {
        say("The data folder was in use before, so the demonstration shop was not put into it.");
        return Ok(());
    };
    let demo::Shown { key, flash, customer, password } = shown;
    if let Some(password) = password {
        let names = demo::ACCOUNTS.map(|(username, role)| format!("{username} ({})", role.name())).join(", ");
        say(&format!(
            "\nA demonstration shop is in it. Sign in with the password {password} as {names}:\n\n  \
             curl -s http://{at}/v1/auth/login --json '{{\"username\":\"ann\",\"password\":\"{password}\"}}'\n"
        ));
    }
    say(&format!(
        "Its API key:\n\n  export KEY={key}\n\n\
         Claim from the flash sale, look at the vouchers, ask for a price:\n\n  \
         curl -s http://{at}/v1/coupons/{flash}/claims -H \"Authorization: Bearer $KEY\" \\\n    \
         --json '{{\"customer_id\":\"{customer}\"}}'\n  \
         curl -s \"http://{at}/v1/vouchers?customer_id={customer}\" -H \"Authorization: Bearer $KEY\"\n  \
         curl -s http://{at}/v1/quotes -H \"Authorization: Bearer $KEY\" --json \\\n    \
         '{{\"codes\":[\"save10\",\"VOUCHER123\"],\"order\":{{\"currency\":\"{}\",\"lines\":[{{\"sku\":\"A1\",\"quantity\":2,\
         \"unit_price_minor\":4000}}]}}}}'\n",
        ports::Records::settings(store, FIRST_TENANT).await?.currency,
    ));
    Ok(())
}
