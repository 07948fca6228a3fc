//! How far a connection is, so that each of its waits can have a limit of its own. One timer per connection looks at it;
//! a request that comes and goes in time costs a few atomic stores and touches no timer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::listen::Limits;
use crate::unsent::Unsent;

/// Waiting for the first byte of a request.
const IDLE: u8 = 0;
/// Some of a request's head is there.
const HEAD: u8 = 1;
/// A handler is at work or its answer is on its way. The body has a limit of its own.
const ANSWERING: u8 = 2;

const NOT_STALLED: u64 = u64::MAX;

/// For a peer that takes nothing while too much of all answers is unsent.
const CROWDED_STALL_TIME: Duration = Duration::from_secs(1);

/// Shared by all parts of one connection, which run in one task: relaxed ordering suffices.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Arc<State>);

#[derive(Debug)]
struct State {
    start: Instant,
    phase: AtomicU8,
    /// When the phase began, in milliseconds after the start.
    since_ms: AtomicU64,
    /// Since when the peer takes nothing of what we send, in milliseconds after the start.
    stalled_ms: AtomicU64,
    /// The last request's body was not read to its end: its peer may still be sending.
    unread: AtomicBool,
    stall_began: Notify,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self(Arc::new(State {
            start: Instant::now(),
            phase: AtomicU8::new(IDLE),
            since_ms: AtomicU64::new(0),
            stalled_ms: AtomicU64::new(NOT_STALLED),
            unread: AtomicBool::new(false),
            stall_began: Notify::new(),
        }))
    }

    pub(crate) fn answering(&self) {
        self.0.unread.store(false, Ordering::Relaxed);
        self.enter(ANSWERING);
    }

    pub(crate) fn is_left_unread(&self) -> bool {
        self.0.unread.load(Ordering::Relaxed)
    }

    pub(crate) fn left_unread(&self) {
        self.0.unread.store(true, Ordering::Relaxed);
    }

    /// Once the peer begins to take nothing.
    pub(crate) async fn stall_began(&self) {
        self.0.stall_began.notified().await;
    }

    /// When to look again, or nothing if a limit is passed and the connection is to be cut.
    pub(crate) fn next_check(&self, limits: &Limits, is_crowded: bool) -> Option<Instant> {
        let state = &*self.0;
        let now = Instant::now();
        let at = |ms: &AtomicU64| state.start + Duration::from_millis(ms.load(Ordering::Relaxed));
        // A head that begins just after this look must not be overlooked for longer than its limit.
        let mut next = now + limits.head_time;
        match state.phase.load(Ordering::Relaxed) {
            IDLE => next = next.min(at(&state.since_ms) + limits.idle_time),
            HEAD => next = next.min(at(&state.since_ms) + limits.head_time),
            _ => {}
        }
        if state.stalled_ms.load(Ordering::Relaxed) != NOT_STALLED {
            let stall_time = if is_crowded { limits.stall_time.min(CROWDED_STALL_TIME) } else { limits.stall_time };
            next = next.min(at(&state.stalled_ms) + stall_time);
            // It may become crowded meanwhile.
            if next > now {
                next = next.min(now + CROWDED_STALL_TIME);
            }
        }
        (next > now).then_some(next)
    }

    fn enter(&self, phase: u8) {
        self.0.since_ms.store(self.now_ms(), Ordering::Relaxed);
        self.0.phase.store(phase, Ordering::Relaxed);
    }

    fn received(&self) {
        if self.0.phase.load(Ordering::Relaxed) == IDLE {
            self.enter(HEAD);
        }
    }

    fn sent(&self, taken: bool) {
        let was_stalled = self.0.stalled_ms.load(Ordering::Relaxed) != NOT_STALLED;
        if taken && was_stalled {
            self.0.stalled_ms.store(NOT_STALLED, Ordering::Relaxed);
        } else if !taken && !was_stalled {
            self.0.stalled_ms.store(self.now_ms(), Ordering::Relaxed);
            self.0.stall_began.notify_one();
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.start.elapsed().as_millis()).expect("no connection lasts 500 million years")
    }
}

/// A stream that notes what it receives and sends.
#[derive(Debug)]
pub(crate) struct Observed<S> {
    stream: S,
    progress: Progress,
    is_shut: bool,
}

impl<S> Observed<S> {
    pub(crate) fn new(stream: S, progress: Progress) -> Self {
        Self { stream, progress, is_shut: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Observed<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, into))?;
        if into.filled().len() > before {
            self.progress.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Observed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.progress.sent(written.is_ready());
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.progress.sent(written.is_ready());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// A socket closed on unread bytes resets the connection, and the answer that refused them is lost with it. So they
    /// are read and dropped until the peer ends or the time for a head is over.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.is_shut = true;
            self.progress.enter(HEAD);
        }
        while self.progress.0.unread.load(Ordering::Relaxed) {
            let mut dropped = [0; 4096];
            let mut dropped = ReadBuf::new(&mut dropped);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut dropped))?;
            if dropped.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// An answer's body; when the connection is done with it, the connection is idle.
#[derive(Debug)]
pub(crate) struct UntilSent {
    body: Body,
    progress: Progress,
    /// Where its parts are counted; none if they are no memory of its own.
    unsent: Option<Arc<Unsent>>,
}

impl UntilSent {
    pub(crate) fn new(body: Body, progress: Progress, unsent: Option<Arc<Unsent>>) -> Self {
        Self { body, progress, unsent }
    }
}

impl Drop for UntilSent {
    fn drop(&mut self) {
        self.progress.enter(IDLE);
    }
}

impl HttpBody for UntilSent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let counted = |part| match &self.unsent {
            Some(unsent) => unsent.counted(part),
            None => part,
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(counted))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
