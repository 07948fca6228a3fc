//! The socket in the data folder through which commands reach a running server. One request and its answer a connection,
//! as lines of JSON. Only the owner of the folder can open it.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use sqlite::SqliteStore;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::admin::{self, Request};
use crate::cli::say;

/// Longest request, in bytes.
const REQUEST_MAX: u64 = 64 * 1024;
/// A request must be there within this time.
const REQUEST_TIME: Duration = Duration::from_secs(5);
/// Lines of an answer that may wait for a slow reader.
const LINES_WAITING_MAX: usize = 1024;

/// One line of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    /// To be printed.
    Line(String),
    /// The end; with the reason if it failed.
    Done(Option<String>),
}

fn path(data: &Path) -> PathBuf {
    data.join("scrip.sock")
}

/// Sends a request to the server of that data folder. `None`: none is running. Each line of the answer is handed over.
pub(crate) async fn ask(
    data: &Path,
    request: &Request,
    mut line: impl FnMut(String) -> io::Result<()>,
) -> anyhow::Result<Option<()>> {
    let Ok(stream) = UnixStream::connect(path(data)).await else { return Ok(None) };
    let (from, mut to) = stream.into_split();
    to.write_all(format!("{}\n", serde_json::to_string(request)?).as_bytes()).await?;
    let mut replies = BufReader::new(from).lines();
    while let Some(reply) = replies.next_line().await? {
        match serde_json::from_str(&reply).context("the server answered something else")? {
            Reply::Line(text) => line(text)?,
            Reply::Done(None) => return Ok(Some(())),
            Reply::Done(Some(reason)) => bail!(reason),
        }
    }
    bail!("the server ended before it answered")
}

/// Makes the socket. The caller holds the folder's lock, so an old one is nobody's.
pub(crate) fn bind(data: &Path) -> anyhow::Result<UnixListener> {
    let path = path(data);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).context("the old socket stays"),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path).with_context(|| format!("the socket {}", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers requests until told to stop.
pub(crate) async fn serve(
    listener: UnixListener,
    store: Arc<SqliteStore>,
    data: PathBuf,
    mut stop: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                tasks.spawn(answer(Arc::clone(&store), stream));
            },
        }
    }
    tasks.shutdown().await;
    let _ = fs::remove_file(path(&data));
}

async fn answer(store: Arc<SqliteStore>, stream: UnixStream) {
    let (from, mut to) = stream.into_split();
    let Some(request) = read_request(from).await else { return };
    let (lines, mut waiting) = mpsc::channel::<String>(LINES_WAITING_MAX);
    let work = tokio::spawn(async move { admin::execute(&store, request, lines).await });
    while let Some(text) = waiting.recv().await {
        if send(&mut to, &Reply::Line(text)).await.is_err() {
            return;
        }
    }
    let failed = match work.await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(error) => Some(format!("the command ended badly: {error}")),
    };
    // A client that left does not want to know.
    let _ = send(&mut to, &Reply::Done(failed)).await;
}

async fn read_request(from: tokio::net::unix::OwnedReadHalf) -> Option<Request> {
    use tokio::io::AsyncReadExt as _;
    let mut text = String::new();
    let mut reader = BufReader::new(from.take(REQUEST_MAX));
    tokio::time::timeout(REQUEST_TIME, reader.read_line(&mut text)).await.ok()?.ok()?;
    serde_json::from_str(&text).ok()
}

async fn send(to: &mut tokio::net::unix::OwnedWriteHalf, reply: &Reply) -> anyhow::Result<()> {
    let text = serde_json::to_string(reply)?;
    to.write_all(format!("{text}\n").as_bytes()).await?;
    Ok(())
}

/// Prints a line of an answer.
pub(crate) fn print(text: String) -> io::Result<()> {
    say(&text);
    Ok(())
}
