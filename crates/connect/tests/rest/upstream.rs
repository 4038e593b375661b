//! A provider on loopback that answers what a test tells it to, and remembers what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the provider answers, to whatever it is asked.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// How long it thinks first.
    pub after: Duration,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), after: Duration::ZERO }
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn after(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }
}

/// What the provider was asked last.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub path: String,
    pub query: String,
    pub authorization: String,
}

/// Stops answering when dropped.
pub struct Upstream {
    pub address: SocketAddr,
    questions: Arc<AtomicUsize>,
    /// Behind a lock because the serving task writes it and the test reads it.
    last: Arc<Mutex<Asked>>,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Starts a provider whose reply depends on the address asked.
    pub async fn start(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (questions, last) = (Arc::default(), Arc::default());
        let server = tokio::spawn(serve(listener, Arc::new(reply), Arc::clone(&questions), Arc::clone(&last)));
        Self { address, questions, last, server }
    }

    /// Starts a provider that gives everybody the same reply.
    pub async fn replying(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often it was asked.
    pub fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }

    pub fn last(&self) -> Asked {
        self.last.lock().expect("no test panics while holding it").clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    listener: TcpListener,
    reply: Arc<dyn Fn(&Asked) -> Reply + Send + Sync>,
    questions: Arc<AtomicUsize>,
    last: Arc<Mutex<Asked>>,
) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("loopback accepts");
        let (reply, questions, last) = (Arc::clone(&reply), Arc::clone(&questions), Arc::clone(&last));
        let service = service_fn(move |request: Request<Incoming>| {
            let asked = asked(&request);
            questions.fetch_add(1, Ordering::SeqCst);
            let reply = reply(&asked);
            *last.lock().expect("no test panics while holding it") = asked;
            respond(reply)
        });
        // The connector may hang up at any time; that is its right.
        connections.spawn(async move { http1::Builder::new().serve_connection(TokioIo::new(stream), service).await });
    }
}

fn asked(request: &Request<Incoming>) -> Asked {
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    Asked {
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        authorization: authorization.unwrap_or_default().to_owned(),
    }
}

async fn respond(reply: Reply) -> Result<Response<Full<Bytes>>, Infallible> {
    tokio::time::sleep(reply.after).await;
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    Ok(response.body(Full::new(Bytes::from(reply.body))).expect("tests give well-formed headers"))
}
