//! A server on a free port, and a peer that writes and reads bytes: it can be as slow and as wrong as a test needs.

use std::net::SocketAddr;
use std::time::Duration;

use api::listen::{Drained, Limits, serve};
use axum::Router;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longer than any limit under test; a peer that waits longer has found a server that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Server {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Drained>,
}

impl Server {
    pub async fn start(router: Router, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("some port is free");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, move || router.clone(), (limits, &[]), async {
            let _stop_or_dropped = stopped.await;
        }));
        Self { address, stop, served }
    }

    pub async fn connect(&self) -> Peer {
        Peer(TcpStream::connect(self.address).await.expect("the server listens"))
    }

    /// Tells the server to stop; the handle ends when it has.
    pub fn stop(self) -> JoinHandle<Drained> {
        self.stop.send(()).expect("the server runs");
        self.served
    }
}

/// One request to a router of its own, one answer.
pub async fn ask(router: Router, request: &str) -> Answer {
    let server = Server::start(router, Limits::default()).await;
    let mut peer = server.connect().await;
    peer.send(request).await;
    peer.answer().await
}

pub struct Peer(TcpStream);

impl Peer {
    pub async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.expect("the server reads");
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        self.answer().await
    }

    /// The next answer, by its `content-length`.
    pub async fn answer(&mut self) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, self.0.read_u8()).await.expect("an answer in time").expect("an answer"));
        }
        let head = String::from_utf8(head).expect("a head is ASCII");
        let mut answer = Answer { head, body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().expect("a number"));
        let mut body = vec![0; length];
        timeout(PATIENCE, self.0.read_exact(&mut body)).await.expect("a body in time").expect("a body");
        answer.body = String::from_utf8(body).expect("our answers are texts");
        answer
    }

    /// Waits until the server has closed the connection; gives what it said before.
    pub async fn closed(&mut self) -> String {
        let mut rest = Vec::new();
        let _end_or_reset = timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("the server closes in time");
        String::from_utf8(rest).expect("our answers are texts")
    }
}

pub struct Answer {
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status line")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// Status, code and the place to blame of a problem.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.head);
        let problem = self.json();
        let text = |pointer: &str| problem.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default();
        assert_eq!(problem["status"], self.status());
        let found =
            format!("{} {} {} {}", self.status(), text("/code"), text("/errors/0/pointer"), text("/errors/0/code"));
        found.trim_end().to_owned()
    }
}

/// A request with a JSON body.
pub fn post(path: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
