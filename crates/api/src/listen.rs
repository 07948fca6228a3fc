//! From a listening socket to the router. The accept loop is our own because every wait in it has a named limit: for
//! the head of a request, for its body, between requests, for a peer that does not read, and for the end.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use http::{HeaderValue, Request, Response, header};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use crate::body_room::{FREE_BYTES, Room};
use crate::progress::{Observed, Progress, UntilSent};
use crate::request_body::RequestBody;
use crate::unsent::{Shared, Unsent};

/// What a stranger may take. Every wait and every size has a bound.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; over it the next one waits unaccepted in the kernel's queue.
    pub connections_max: usize,
    /// From the first byte of a request to the last of its head.
    pub head_time: Duration,
    /// Without any byte, before the first request and between two.
    pub idle_time: Duration,
    /// For the body, and the time that `body_bytes_per_s_min` grants for what has arrived on top of it.
    pub body_time: Duration,
    /// A body that is slower than this ends with 408 after `body_time`; a long upload at this rate may go on.
    pub body_bytes_per_s_min: u64,
    /// Of a body that an extractor reads; more is 413. A route may set its own with axum's `DefaultBodyLimit`.
    pub body_bytes_max: usize,
    /// Of all bodies at once, beyond a few KiB of each; who comes beyond is told to come again. At least as much as one.
    pub bodies_bytes_max: usize,
    /// Of all answers that peers do not take: beyond it, who takes nothing is cut after a second, and nothing is read for
    /// others until then.
    pub unsent_bytes_max: usize,
    /// For a peer that takes nothing of its answer.
    pub stall_time: Duration,
    /// For running requests once the server is told to stop.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_240,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(60),
            body_time: Duration::from_secs(30),
            body_bytes_per_s_min: 64 << 10,
            body_bytes_max: 1 << 20,
            bodies_bytes_max: 16 << 20,
            unsent_bytes_max: 16 << 20,
            stall_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(30),
        }
    }
}

/// How long a request's head may be, all its headers together.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// What a connection keeps of what has arrived and is not asked for yet, and of what is not sent yet.
const BUFFER_BYTES_MAX: usize = 32 << 10;

/// A pause after an accept that failed for want of something, such as file descriptors: some will be given back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How the serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were still busy when the drain time was over, and were cut.
    pub cut: usize,
}

/// Serves the router on this listener until `stop` is done, then lets running requests end, within the drain time.
/// Handlers find the peer's address with `ConnectInfo<SocketAddr>`. All tasks have ended when this returns.
///
/// Connections are dealt out to the `homes` in turn and stay there; this only accepts. None: all run here. Each home has a
/// router of its own made, so that what every request counts references of belongs to one core.
pub async fn serve(
    listener: TcpListener,
    router: impl Fn() -> Router,
    (limits, homes): (Limits, &[Handle]),
    stop: impl Future<Output = ()>,
) -> Drained {
    let homes: Vec<_> = match homes {
        [] => vec![(None, router())],
        homes => homes.iter().map(|home| (Some(home), router())).collect(),
    };
    let mut homes = homes.iter().cycle();
    let slots = Arc::new(Semaphore::new(limits.connections_max));
    let drain = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    let room = Room::new(limits.bodies_bytes_max.max(limits.body_bytes_max));
    let unsent = Unsent::new(limits.unsent_bytes_max);
    loop {
        let (slot, stream, peer) = tokio::select! {
            biased;
            () = &mut stop => break,
            Some(ended) = tasks.join_next() => {
                report_panic(&ended);
                continue;
            }
            accepted = accept(&listener, &slots) => accepted,
        };
        // Its readiness is to be told to the runtime that it lives on.
        let Ok(stream) = stream.into_std() else { continue };
        let (home, router) = homes.next().expect("there is a home");
        let (router, room, unsent) = (router.clone(), room.clone(), Arc::new(unsent.clone()));
        let connection = Connection { router, room, unsent, limits, peer, progress: Progress::new() };
        let watcher = drain.watcher();
        let served = async move {
            connection.serve(stream, watcher).await;
            drop::<OwnedSemaphorePermit>(slot);
        };
        match home {
            Some(home) => tasks.spawn_on(served, home),
            None => tasks.spawn(served),
        };
    }
    drop(listener);
    finish(drain, tasks, limits.drain_time).await
}

async fn finish(drain: GracefulShutdown, mut tasks: JoinSet<()>, drain_time: Duration) -> Drained {
    let _all_or_overdue = timeout(drain_time, drain.shutdown()).await;
    tasks.abort_all();
    let mut cut = 0;
    while let Some(ended) = tasks.join_next().await {
        report_panic(&ended);
        cut += usize::from(ended.is_err_and(|error| error.is_cancelled()));
    }
    Drained { cut }
}

/// A handler that panics loses its connection and nothing else.
fn report_panic(ended: &Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a request handler panicked, its connection was closed");
    }
}

/// The next connection, once there is a slot for it. Cancelling it loses nothing.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let slot = Arc::clone(slots).acquire_owned().await.expect("the slots are never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (slot, stream, peer),
            Err(error) => {
                if let Some(pause) = pause_after(&error) {
                    tracing::warn!(%error, "a connection could not be accepted, trying again");
                    sleep(pause).await;
                }
            }
        }
    }
}

/// A peer that went away while it waited is no reason to pause; whatever else goes wrong would go wrong again at once.
fn pause_after(error: &io::Error) -> Option<Duration> {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    let peer_left = matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset);
    (!peer_left).then_some(ACCEPT_PAUSE)
}

/// One accepted connection, as each of its requests needs it.
struct Connection {
    router: Router,
    room: Room,
    /// Counted by this connection's answers alone, not by those of all cores.
    unsent: Arc<Unsent>,
    limits: Limits,
    peer: SocketAddr,
    progress: Progress,
}

impl Connection {
    /// Until it has ended, or has passed one of its limits and is dropped.
    async fn serve(self, stream: std::net::TcpStream, drain: Watcher) {
        let (limits, progress, unsent) = (self.limits, self.progress.clone(), Arc::clone(&self.unsent));
        let connection = Arc::new(self);
        let stream = match stream.set_nodelay(true).and_then(|()| TcpStream::from_std(stream)) {
            Ok(stream) => stream,
            Err(error) => return tracing::debug!(%error, "a connection was gone before its first request"),
        };
        // The timer is our own: hyper's starts anew for each request and takes an idle connection for a slow head.
        let http = http1::Builder::new()
            .header_read_timeout(None)
            .max_header_size(HEAD_BYTES_MAX)
            .max_buf_size(BUFFER_BYTES_MAX)
            .serve_connection(
                TokioIo::new(Observed::new(stream, progress.clone())),
                service_fn(move |request| Arc::clone(&connection).answer(request)),
            );
        let mut http = pin!(drain.watch(http));
        let mut watch = pin!(sleep(limits.head_time));
        loop {
            tokio::select! {
                biased;
                ended = http.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection broke");
                    }
                    return;
                }
                () = watch.as_mut() => {}
                () = progress.stall_began() => {}
            }
            match progress.next_check(&limits, unsent.is_crowded()) {
                Some(at) => watch.as_mut().reset(at),
                None => return,
            }
        }
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<UntilSent>, Infallible> {
        self.progress.answering();
        let mut request = request.map(|body| RequestBody::new(body, &self.limits, self.progress.clone()));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        DefaultBodyLimit::max(self.limits.body_bytes_max).apply(&mut request);
        let is_small = request.body().size_hint().upper().is_some_and(|bytes| bytes <= FREE_BYTES as u64);
        // Held until there is an answer: what a body became takes as much, and waits with it.
        let place = (!is_small).then(|| self.room.place());
        place.iter().for_each(|place| drop(request.extensions_mut().insert(place.clone())));
        if request.method().is_safe() {
            request.extensions_mut().insert(Unsent::clone(&self.unsent));
        }
        let mut response = self.router.clone().oneshot(request).await?;
        drop(place);
        if self.progress.is_left_unread() {
            // The rest is dropped with the connection: a client that was not told would send its next request into it.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let unsent = response.extensions().get::<Shared>().is_none().then(|| Arc::clone(&self.unsent));
        Ok(response.map(|body| UntilSent::new(body, self.progress.clone(), unsent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_descriptors_makes_the_accept_pause_and_a_lost_peer_does_not() {
        const EMFILE: i32 = 24;
        assert_eq!(pause_after(&io::Error::from_raw_os_error(EMFILE)), Some(ACCEPT_PAUSE));
        assert_eq!(pause_after(&io::ErrorKind::ConnectionAborted.into()), None);
    }
}
