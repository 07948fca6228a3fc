//! The machine under attack, and one honest client on it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Method};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::UNCOUNTED;
use crate::accounts::PASSWORD;
use crate::scrip::{Server, at_once, five_off, folder, send, write};

/// All of the server, whatever is done to it.
const MEMORY_KIB_MAX: u64 = 300 << 10;

/// Connections that send a byte now and then of what comes before a body.
const HEADS: usize = 250;
/// Connections that send nearly all of a body as long as is allowed, and then a byte now and then: half of them strangers.
const BODIES: usize = 250;
/// Connections that ask for much and never read it: half of them strangers.
const DEAF: usize = 500;
/// People who sign in at the same instant.
const SIGN_INS: usize = 1_000;

const BODY_BYTES_MAX: usize = 1 << 20;
/// What is left of a body to be dripped.
const DRIPPED_BYTES: usize = 1 << 10;

/// Between two bytes: the attack is to be slow. Nothing waits for it.
const DRIP: Duration = Duration::from_millis(100);

/// Who waits longer for an answer has found a server that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Attackers, who all begin before anybody else does anything and go on until they are dropped or cut.
struct Attack {
    address: SocketAddr,
    key: String,
    list: String,
    in_place: Arc<Barrier>,
    over: watch::Receiver<bool>,
    attackers: JoinSet<()>,
}

impl Attack {
    /// Sends the opening, then a drop of the rest now and then.
    fn drip(&mut self, opening: Vec<u8>) {
        let (address, in_place, mut over) = (self.address, Arc::clone(&self.in_place), self.over.clone());
        self.attackers.spawn(async move {
            let mut stream = TcpStream::connect(address).await.expect("the server accepts");
            // What is refused early is cut: that is an answer, too.
            let mut is_open = timeout(PATIENCE, stream.write_all(&opening)).await.is_ok_and(|sent| sent.is_ok());
            in_place.wait().await;
            while is_open {
                tokio::select! {
                    _ = over.changed() => return,
                    () = sleep(DRIP) => is_open = stream.write_all(b"x").await.is_ok(),
                }
            }
        });
    }

    /// Sends a request many times and reads no answer, through as small a window as may be.
    fn never_read(&mut self, request: &str) {
        let (address, in_place, mut over) = (self.address, Arc::clone(&self.in_place), self.over.clone());
        let requests = request.repeat(20);
        self.attackers.spawn(async move {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.set_recv_buffer_size(4_096).expect("it can be small");
            let mut stream = socket.connect(address).await.expect("the server accepts");
            stream.write_all(requests.as_bytes()).await.expect("the server reads some");
            in_place.wait().await;
            // Nobody is left to tell when the test is over.
            let _ = over.changed().await;
        });
    }

    fn begin(&mut self) {
        for number in 0..HEADS {
            let path = if number % 2 == 0 { "/v1/auth/login" } else { "/v1/quotes" };
            self.drip(format!("POST {path} HTTP/1.1\r\nhost: a\r\nx-drip: ").into_bytes());
        }
        let head = |path: &str, authorization: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nhost: a\r\n{authorization}content-type: application/json\r\n\
                 content-length: {BODY_BYTES_MAX}\r\n\r\n\""
            )
        };
        let authorization = format!("authorization: Bearer {}\r\n", self.key);
        for number in 0..BODIES {
            let head = if number % 2 == 0 { head("/v1/auth/login", "") } else { head("/v1/quotes", &authorization) };
            self.drip([head.as_bytes(), &b"x".repeat(BODY_BYTES_MAX - DRIPPED_BYTES)].concat());
        }
        let list = format!("GET {} HTTP/1.1\r\nhost: a\r\n{authorization}\r\n", self.list);
        for number in 0..DEAF {
            self.never_read(if number % 2 == 0 { "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n" } else { &list });
        }
    }
}

/// Claims, each on a connection of its own, until told to end. Every one must be answered with a voucher.
async fn claim_honestly(server: &Server, coupon: &str, mut over: watch::Receiver<bool>) -> (usize, Duration) {
    let client = Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(PATIENCE).build().expect("a client");
    let (mut answered, mut longest) = (0, Duration::ZERO);
    while !*over.borrow_and_update() {
        let asked = Instant::now();
        let claim = client.post(server.url(&format!("/v1/coupons/{coupon}/claims"))).bearer_auth(server.key());
        let claim = claim.json(&json!({ "customer": { "external_id": format!("honest-{answered}") } }));
        send(claim).await.expect(201);
        longest = longest.max(asked.elapsed());
        answered += 1;
    }
    (answered, longest)
}

/// They get in, or are told to come again; so is who sends too long a body.
async fn sign_in_at_once(server: &Server) -> usize {
    let login = || {
        server
            .bare(Method::POST, "/v1/auth/login")
            .json(&json!({ "username": "ann", "password": PASSWORD }))
            .timeout(PATIENCE)
    };
    let (signed, too_long) = tokio::join!(
        at_once(SIGN_INS, login),
        at_once(50, || server.request(Method::POST, "/v1/quotes").json(&"x".repeat(2 * BODY_BYTES_MAX))),
    );
    assert!(too_long.iter().all(|reply| reply.status == 413));
    let mut let_in = 0;
    for reply in signed {
        if reply.status == 200 {
            let_in += 1;
        } else {
            assert!(reply.header("retry-after").is_some());
            assert_eq!(reply.refused(503), "busy");
        }
    }
    let_in
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_drips_deaf_peers_and_a_flood_of_sign_ins_memory_is_bounded_and_an_honest_client_is_served() {
    let data = folder();
    let file = write(data.path(), "settings.toml", UNCOUNTED);
    // Ours are as many as its own.
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("up to there it may be raised");
    let server = Server::start_with_few_files(data.path(), &["--config", file.to_str().expect("text")]);
    server.person("ann").await;
    let coupon = server.coupon(&five_off(&json!([]))).await;
    server.post(&format!("/v1/coupons/{coupon}/vouchers"), &json!({ "count": 1_000 })).await.expect(201);
    let at_rest_kib = server.memory_kib_max();

    let (end, over) = watch::channel(false);
    let in_place = Arc::new(Barrier::new(HEADS + BODIES + DEAF + 1));
    let mut attack = Attack {
        address: server.address(),
        key: server.key().to_owned(),
        list: format!("/v1/vouchers?coupon_id={coupon}&limit=1000"),
        in_place: Arc::clone(&in_place),
        over: over.clone(),
        attackers: JoinSet::new(),
    };
    let (served_end, served_over) = watch::channel(false);
    let ((answered, longest), let_in) = tokio::join!(claim_honestly(&server, &coupon, served_over), async {
        attack.begin();
        in_place.wait().await;
        let let_in = sign_in_at_once(&server).await;
        let _ = served_end.send(true);
        let_in
    });
    let memory_kib = server.memory_kib_max();
    let _ = end.send(true);
    attack.attackers.join_all().await;

    eprintln!(
        "{answered} honest claims, the longest took {longest:?}; {let_in} of {SIGN_INS} signed in; \
         {} MiB at rest, {} MiB at most",
        at_rest_kib >> 10,
        memory_kib >> 10
    );
    assert!(answered > 0 && let_in > 0);
    assert!(memory_kib < MEMORY_KIB_MAX, "{} MiB", memory_kib >> 10);
    server.get("/readyz").await.expect(200);
}
