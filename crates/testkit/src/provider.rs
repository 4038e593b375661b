//! The provider side: the State's exchange interfaces on loopback, with the real answers of their sandboxes and with
//! invented ones.

mod recorded;
mod speak;

use std::{collections::VecDeque, path::PathBuf, sync::Arc, time::Duration};

use tokio::{net::TcpListener, sync::Mutex};

use self::recorded::Recorded;

/// What the provider answers, in place of the sandbox's answers.
#[derive(Debug, Clone)]
pub enum Script {
    /// A status line such as `429 Too Many Requests`, more headers, and a body.
    Answer(&'static str, &'static str, &'static str),
    /// The answer of one case of the sandbox.
    Case(PathBuf),
    /// These bytes, whatever they are, and the end of the connection.
    Bytes(Vec<u8>),
    /// A good beginning, and then spaces without end, 1 KiB at each such turn.
    Endless(Duration),
    /// Nothing, for that long.
    Silence(Duration),
}

/// Interfaces of the State, served on loopback.
#[derive(Debug)]
pub struct ApiGouv {
    base_url: String,
    script: Arc<Mutex<VecDeque<Script>>>,
    /// Behind a lock because the serving task writes it and the test reads it.
    asked: Arc<Mutex<Vec<String>>>,
    serving: tokio::task::JoinHandle<()>,
}

/// The folder of real answers, if it is there. Under CI it must be.
#[must_use]
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/api-gouv").join(name);
    #[allow(clippy::disallowed_methods, reason = "the test command says in the environment that this is CI")]
    let is_ci = std::env::var_os("UNEFOIS_CI").is_some();
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(!is_ci, "the shared data is missing");
    println!("NOT RUN: the real answers are not beside the repository");
    None
}

impl ApiGouv {
    /// Serves the answers of the sandbox, or only scripted ones where they are absent. Files that the answers link are
    /// linked here.
    pub async fn serve(folder: Option<PathBuf>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let recorded = Arc::new(Recorded::read(folder, &base_url));
        let script = Arc::new(Mutex::new(VecDeque::new()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (scripted, heads) = (Arc::clone(&script), Arc::clone(&asked));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (recorded, scripted, heads) = (Arc::clone(&recorded), Arc::clone(&scripted), Arc::clone(&heads));
                tokio::spawn(speak::answer(stream, recorded, scripted, heads));
            }
        });
        Self { base_url, script, asked, serving }
    }

    /// Where it is.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// What it was asked last: the head of the request.
    pub async fn asked(&self) -> String {
        self.asked.lock().await.last().cloned().unwrap_or_default()
    }

    /// All that it was asked, in order: the heads of the requests.
    pub async fn all_asked(&self) -> Vec<String> {
        self.asked.lock().await.clone()
    }

    /// Says what to answer next.
    pub async fn answers_next(&self, script: Script) {
        self.script.lock().await.push_back(script);
    }
}

impl Drop for ApiGouv {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
