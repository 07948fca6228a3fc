//! Answers that are made while they are sent, as fast as they are taken: a long one needs no memory.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use hyper::body::Frame;

use crate::problem::Problem;

/// What makes an answer piece by piece.
pub(crate) trait Pieces: Sized + Send + 'static {
    /// The next bytes, and what makes those after them.
    fn next(self) -> impl Future<Output = Result<(Bytes, Option<Self>), Problem>> + Send;
}

/// The whole answer. Its first piece is made before it begins, so that what cannot be read at all is a problem.
pub(crate) async fn streamed<P: Pieces>(first: P, content_type: &'static str) -> Result<Response, Problem> {
    let (bytes, rest) = first.next().await?;
    let body = Streamed { ready: Some(bytes), next: rest.map(boxed) };
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], Body::new(body)).into_response())
}

type Next<P> = Pin<Box<dyn Future<Output = Result<(Bytes, Option<P>), Problem>> + Send>>;

fn boxed<P: Pieces>(pieces: P) -> Next<P> {
    Box::pin(pieces.next())
}

struct Streamed<P> {
    ready: Option<Bytes>,
    next: Option<Next<P>>,
}

/// What was begun cannot be a problem any more: the connection breaks off.
#[derive(Debug, thiserror::Error)]
#[error("the export broke off")]
struct BrokeOff;

impl<P: Pieces> hyper::body::Body for Streamed<P> {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        if let Some(bytes) = self.ready.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let Poll::Ready(made) = next.as_mut().poll(cx) else { return Poll::Pending };
        match made {
            Ok((bytes, rest)) => {
                self.next = rest.map(boxed);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Err(_) => {
                self.next = None;
                Poll::Ready(Some(Err(BrokeOff)))
            }
        }
    }
}
