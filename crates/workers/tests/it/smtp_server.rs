//! A mail server in a few lines: says what it is told to say, and keeps what it is given.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server answers to recipients, the last first; when nothing is left, that it is well.
type Script = Arc<Mutex<Vec<&'static str>>>;

/// A server on this machine.
pub struct SmtpServer {
    pub address: SocketAddr,
    answers: Script,
    received: Arc<Mutex<Vec<String>>>,
}

impl SmtpServer {
    /// The address of one that is there no more.
    pub async fn nowhere() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("it is bound")
    }

    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (answers, received) = (Script::default(), Arc::<Mutex<Vec<String>>>::default());
        let (script, kept) = (Arc::clone(&answers), Arc::clone(&received));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&script), Arc::clone(&kept)));
            }
        });
        Self { address, answers, received }
    }

    /// What it answers to the next recipient.
    pub fn answers(&self, answer: &'static str) {
        self.answers.lock().expect("no test panics with it").push(answer);
    }

    /// What it was given, with the envelope before each letter.
    pub fn received(&self) -> Vec<String> {
        self.received.lock().expect("no test panics with it").clone()
    }
}

async fn talk(stream: TcpStream, script: Script, received: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 test server").await?;
    let mut letter = String::new();
    loop {
        let line = hear(&mut stream).await?;
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250 test server",
            "MAIL" => "250 well",
            "RCPT" => script.lock().expect("no test panics with it").pop().unwrap_or("250 well"),
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                letter.push_str(&body(&mut stream).await?);
                received.lock().expect("no test panics with it").push(std::mem::take(&mut letter));
                "250 taken over"
            }
            "QUIT" => {
                say(&mut stream, "221 bye").await?;
                return None;
            }
            _ => "502 not known here",
        };
        if matches!(verb.as_str(), "MAIL" | "RCPT") {
            letter.push_str(&line);
        }
        say(&mut stream, answer).await?;
    }
}

/// Up to the line that is a dot alone.
async fn body(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut body = String::new();
    loop {
        let line = hear(stream).await?;
        if line == ".\r\n" {
            return Some(body);
        }
        body.push_str(&line);
    }
}

async fn hear(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then_some(line)
}

async fn say(stream: &mut BufReader<TcpStream>, answer: &str) -> Option<()> {
    stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).await.ok()
}
