//! Requests as bytes.

use std::fmt::Write as _;

/// A request that is about to be written.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'static str,
    pub path: &'a str,
    bearer: &'a str,
    key: Option<u128>,
    any_version: bool,
    content_type: &'static str,
    body: &'a str,
}

impl<'a> Request<'a> {
    /// With JSON or nothing in it, sent by whom this token stands for.
    pub fn new(method: &'static str, path: &'a str, bearer: &'a str, body: &'a str) -> Self {
        Self { method, path, bearer, key: None, any_version: false, content_type: "application/json", body }
    }

    /// With an idempotency key or without.
    pub fn key(self, key: Option<u128>) -> Self {
        Self { key, ..self }
    }

    /// Saves over whatever version there is.
    pub fn any_version(self) -> Self {
        Self { any_version: true, ..self }
    }

    pub fn content_type(self, content_type: &'static str) -> Self {
        Self { content_type, ..self }
    }

    /// Appends it.
    pub fn write(&self, out: &mut String) {
        let Self { method, path, bearer, key, any_version, content_type, body } = self;
        let written = write!(out, "{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {bearer}\r\n");
        let keyed = key.map_or(Ok(()), |key| write!(out, "Idempotency-Key: {key:032x}\r\n"));
        if *any_version {
            out.push_str("If-Match: *\r\n");
        }
        let length = body.len();
        let ended = write!(out, "Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}");
        written.and(keyed).and(ended).expect("a string takes everything");
    }
}
