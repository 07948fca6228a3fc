//! Starts the binary and talks to it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::reference::Asked;

/// A running server and a caller with a key.
pub struct Server {
    process: Process,
    base: String,
    key: String,
    client: Client,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The body, if the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }

    /// The problem's code, if the status is the expected one.
    #[track_caller]
    pub fn refused(self, status: u16) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        self.expect(status)["code"].as_str().expect("a problem has a code").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Runs a command to its end.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    let mut command = command(arguments);
    if !matches!(arguments.first(), Some(&"openapi")) {
        command.arg("--data").arg(data);
    }
    command.output().expect("the binary runs")
}

/// Runs a command that must succeed, and returns what it printed.
#[track_caller]
pub fn said(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {out}{err}");
    out.into_owned()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scrip"));
    command.args(arguments).stdin(Stdio::null());
    command
}

impl Server {
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub fn start_with(data: &Path, options: &[&str]) -> Self {
        Self::start_in(data, options, &[])
    }

    /// With further variables of the environment.
    pub fn start_in(data: &Path, options: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_without_key(data, options, environment).with_key(data)
    }

    /// Allowed few open files, unless it asks for more.
    pub fn start_with_few_files(data: &Path, options: &[&str]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "ulimit -S -n 256; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_scrip")]).stdin(Stdio::null());
        Self::start_by(shell, data, options).with_key(data)
    }

    fn with_key(self, data: &Path) -> Self {
        let every = "read definitions vouchers claims redemptions customers test_data admin".split(' ');
        let scopes = every.flat_map(|scope| ["--scope", scope]);
        let create: Vec<&str> = ["key", "create", "--name", "test"].into_iter().chain(scopes).collect();
        let said = said(data, &create);
        Self { key: said.lines().last().expect("the key is the last line").to_owned(), ..self }
    }

    /// Starts a server on the same data for the same caller: idempotency keys are each caller's own.
    pub fn start_again(data: &Path, key: &str) -> Self {
        Self::start_again_with(data, key, &[])
    }

    pub fn start_again_with(data: &Path, key: &str, options: &[&str]) -> Self {
        Self { key: key.to_owned(), ..Self::start_without_key(data, options, &[]) }
    }

    fn start_without_key(data: &Path, options: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = command(&[]);
        command.envs(environment.iter().copied());
        Self::start_by(command, data, options)
    }

    fn start_by(mut command: Command, data: &Path, options: &[&str]) -> Self {
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg("--data")
            .arg(data)
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first = lines.next().expect("it says where it listens").expect("text");
        let base = first.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned();
        // What else it says is not looked at, but must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let client = Client::builder().no_proxy().build().expect("a client");
        Self { process: Process(child), base, key: String::new(), client }
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key)
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Where it listens, as a socket is told.
    pub fn address(&self) -> std::net::SocketAddr {
        self.base.trim_start_matches("http://").parse().expect("an address")
    }

    /// The most memory that it had at once, in KiB.
    pub fn memory_kib_max(&self) -> u64 {
        let status = read(Path::new(&format!("/proc/{}/status", self.process.0.id())));
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel tells");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn customer(&self, external_id: &str) -> String {
        let made = self.post("/v1/customers", &json!({ "external_id": external_id })).await.expect(201);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// A running coupon.
    pub async fn coupon(&self, definition: &Value) -> String {
        let made = self.post("/v1/coupons", definition).await.expect(201);
        let id = made["id"].as_str().expect("an id").to_owned();
        self.post(&format!("/v1/coupons/{id}/activate"), &json!({})).await.expect(200);
        id
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        self.process.0.kill().expect("it runs");
        self.process.0.wait().expect("it ends");
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) {
        let id = self.process.0.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(asked.success());
        assert!(self.process.0.wait().expect("it ends").success(), "it ends in good order");
    }
}

/// Killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a request to a server that answers as the OpenAPI document says.
pub async fn send(request: RequestBuilder) -> Reply {
    try_send(request).await.expect("the server answers")
}

/// The same where the server may be killed before all of the answer is there.
pub async fn try_send(request: RequestBuilder) -> reqwest::Result<Reply> {
    let (client, request) = request.build_split();
    let request = request?;
    let asked = Asked::of(&request);
    let answer = client.execute(request).await?;
    let (status, headers, url) = (answer.status(), answer.headers().clone(), answer.url().clone());
    let text = answer.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let reply = Reply { status, headers, body };
    asked.check(&url, &reply);
    Ok(reply)
}

/// An order of one line in euros.
pub fn order(id: &str, unit_price_minor: i64) -> Value {
    json!({
        "id": id,
        "currency": "EUR",
        "lines": [{ "sku": "A1", "quantity": 1, "unit_price_minor": unit_price_minor }],
    })
}

/// The answers to so many requests that are sent at once.
pub async fn at_once(count: usize, request: impl Fn() -> RequestBuilder) -> Vec<Reply> {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..count {
        all.spawn(send(request()));
    }
    all.join_all().await
}

/// 5.00 off, with these limits.
pub fn five_off(limits: &Value) -> Value {
    json!({
        "name": "Five off",
        "currency": "EUR",
        "benefit": { "type": "amount_off", "amount_minor": 500 },
        "limits": limits,
    })
}

pub fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("written");
    file
}

pub fn read(file: &Path) -> String {
    let mut text = String::new();
    std::fs::File::open(file).expect("it is there").read_to_string(&mut text).expect("text");
    text
}
