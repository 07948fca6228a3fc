//! Single calls that must succeed.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::connection::Connection;
use crate::request::Request;

/// Who calls a server with a key.
#[derive(Clone, Debug)]
pub struct Caller {
    pub address: SocketAddr,
    pub key: String,
}

impl Caller {
    /// One call that must succeed.
    pub fn call(&self, method: &'static str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(&Request::new(method, path, &self.key, &body))
    }

    /// One request that must succeed.
    pub fn send(&self, request: &Request<'_>) -> anyhow::Result<Value> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut bytes = String::new();
            request.write(&mut bytes);
            let mut connection = Connection::open(self.address).await?;
            let answer = connection.send(bytes.as_bytes()).await?;
            let text = String::from_utf8_lossy(answer.body);
            ensure!(
                (200..300).contains(&answer.status),
                "{} {}: {} {text}",
                request.method,
                request.path,
                answer.status
            );
            Ok(serde_json::from_str(&text)?)
        })
    }

    /// A figure of a coupon's statistics.
    pub fn figure(&self, coupon: &str, name: &str) -> anyhow::Result<u64> {
        let figures = self.call("GET", &format!("/v1/coupons/{coupon}/statistics"), &Value::Null)?;
        figures[name].as_u64().with_context(|| format!("no {name} in {figures}"))
    }
}
