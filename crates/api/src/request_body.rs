//! A request's body that ends with an error when it takes too long.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::listen::Limits;
use crate::progress::Progress;

#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body took too long to arrive")]
    Overdue,
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

pub(crate) struct RequestBody {
    incoming: Incoming,
    progress: Progress,
    is_read: bool,
    allowed: Duration,
    bytes_per_s_min: u64,
    received_bytes: u64,
    /// Made when the body first has to be waited for; most are there with their head.
    clock: Option<Clock>,
}

struct Clock {
    start: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, limits: &Limits, progress: Progress) -> Self {
        Self {
            incoming,
            progress,
            is_read: false,
            allowed: limits.body_time,
            bytes_per_s_min: limits.body_bytes_per_s_min.max(1),
            received_bytes: 0,
            clock: None,
        }
    }

    /// Whoever delivers at the least rate may go on: each byte received buys its time.
    fn is_overdue(&mut self, cx: &mut Context<'_>) -> bool {
        let earned = Duration::from_secs(self.received_bytes / self.bytes_per_s_min);
        let clock = self.clock.get_or_insert_with(|| {
            let start = Instant::now();
            Clock { start, alarm: Box::pin(sleep_until(start + self.allowed)) }
        });
        let deadline = clock.start + self.allowed + earned;
        while clock.alarm.as_mut().poll(cx).is_ready() {
            if clock.alarm.deadline() >= deadline {
                return true;
            }
            clock.alarm.as_mut().reset(deadline);
        }
        false
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.is_read && !self.incoming.is_end_stream() {
            self.progress.left_unread();
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Pending if self.is_overdue(cx) => Poll::Ready(Some(Err(BodyError::Overdue))),
            Poll::Pending => Poll::Pending,
            Poll::Ready(frame) => {
                let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
                self.received_bytes += bytes as u64;
                self.is_read = frame.is_none();
                Poll::Ready(frame.map(|frame| frame.map_err(BodyError::Broken)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
