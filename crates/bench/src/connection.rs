//! One HTTP/1.1 connection that sends ready bytes and looks at an answer no more than it must: a load generator shares
//! the cores with what it measures.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// More headers than any answer has.
const HEADERS_MAX: usize = 32;
/// Room for an answer before the buffer grows.
const BUFFER_BYTES: usize = 4 << 10;

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What was answered.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    pub status: u16,
    /// Whether it says when to come again.
    pub retry_after: bool,
    pub body: &'a [u8],
}

impl Response<'_> {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Refused for now, without saying until when.
    pub fn is_unclean(&self) -> bool {
        matches!(self.status, 429 | 503) && !self.retry_after
    }
}

impl Connection {
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("{address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(BUFFER_BYTES) })
    }

    /// Sends a request and waits for its answer.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<Response<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.fill().await?;
            if let Some(head) = head(&self.buffer)? {
                break head;
            }
        };
        while self.buffer.len() < head.bytes + head.body_bytes {
            self.fill().await?;
        }
        let body = &self.buffer[head.bytes..head.bytes + head.body_bytes];
        Ok(Response { status: head.status, retry_after: head.retry_after, body })
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

struct Head {
    status: u16,
    retry_after: bool,
    bytes: usize,
    body_bytes: usize,
}

/// The head of an answer once it is whole.
fn head(buffer: &[u8]) -> anyhow::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(bytes) = response.parse(buffer).context("an answer that is no HTTP")? else {
        return Ok(None);
    };
    let status = response.code.context("an answer without a status")?;
    let header = |name: &str| response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let retry_after = header("retry-after").is_some();
    let length = header("content-length").context("an answer without a length")?;
    let body_bytes = std::str::from_utf8(length.value)?.parse().context("a length that is no number")?;
    Ok(Some(Head { status, retry_after, bytes, body_bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_now_is_clean_if_it_says_when_to_come_again() {
        for (head, unclean) in
            [("503 Busy\r\nretry-after: 1", false), ("503 Busy", true), ("429 Wait\r\nX: 1", true), ("409 No", false)]
        {
            let bytes = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
            let Head { status, retry_after, .. } =
                super::head(bytes.as_bytes()).expect("it is HTTP").expect("it is whole");
            assert_eq!(Response { status, retry_after, body: b"" }.is_unclean(), unclean, "{head}");
        }
    }

    #[test]
    fn an_answer_is_read_when_its_head_is_whole() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
        assert!(head(&whole[..40]).expect("it is HTTP so far").is_none());
        let found = head(whole).expect("it is HTTP").expect("it is whole");
        assert_eq!((found.status, found.bytes, found.body_bytes), (201, 43, 2));
        assert!(head(b"hello\r\n\r\n").is_err());
    }
}
