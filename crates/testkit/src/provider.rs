//! The provider side: *API Entreprise* on loopback, with the real answers of its sandbox and with invented ones.

use std::{collections::VecDeque, path::PathBuf, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

/// What the provider answers, in place of the sandbox's answers.
#[derive(Debug, Clone)]
pub enum Script {
    /// A status line such as `429 Too Many Requests`, more headers, and a body.
    Answer(&'static str, &'static str, &'static str),
    /// Nothing, for that long.
    Silence(Duration),
}

/// One answer of the sandbox.
#[derive(Debug, Clone)]
struct Recorded {
    siret: String,
    year: Option<String>,
    status: u16,
    body: String,
}

/// The provider's API, served on loopback.
#[derive(Debug)]
pub struct ApiEntreprise {
    base_url: String,
    script: Arc<Mutex<VecDeque<Script>>>,
    /// The last question, as it stood on the wire.
    asked: Arc<Mutex<String>>,
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

impl ApiEntreprise {
    /// Serves the answers of the sandbox, or only scripted ones where they are absent.
    pub async fn serve(folder: Option<PathBuf>) -> Self {
        let recorded = Arc::new(folder.map(|folder| read(&folder)).unwrap_or_default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(VecDeque::new()));
        let asked = Arc::new(Mutex::new(String::new()));
        let (scripted, last) = (Arc::clone(&script), Arc::clone(&asked));
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&recorded), Arc::clone(&scripted), Arc::clone(&last)));
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
        self.asked.lock().await.clone()
    }

    /// Says what to answer next.
    pub async fn answers_next(&self, script: Script) {
        self.script.lock().await.push_back(script);
    }
}

impl Drop for ApiEntreprise {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    mut stream: TcpStream,
    recorded: Arc<Vec<Recorded>>,
    script: Arc<Mutex<VecDeque<Script>>>,
    asked: Arc<Mutex<String>>,
) {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut part = [0; 1024];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&part[..count]),
        }
    }
    *asked.lock().await = String::from_utf8_lossy(&request).into_owned();
    let scripted = script.lock().await.pop_front();
    let response = match scripted {
        Some(Script::Silence(patience)) => {
            tokio::time::sleep(patience).await;
            return;
        }
        Some(Script::Answer(status, headers, body)) => response(status, headers, body),
        None => from_sandbox(&String::from_utf8_lossy(&request), &recorded),
    };
    let _gone = stream.write_all(response.as_bytes()).await;
}

fn response(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn from_sandbox(request: &str, recorded: &[Recorded]) -> String {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let found = recorded.iter().find(|answer| {
        let of_year = |year: &String| target.contains(&format!("year={year}"));
        target.contains(&format!("/{}/", answer.siret)) && answer.year.as_ref().is_none_or(of_year)
    });
    match found {
        Some(answer) => response(&format!("{} OK", answer.status), "", &answer.body),
        None => response("404 Not Found", "", "{\"errors\":[]}"),
    }
}

/// Reads the answers: the few lines of YAML that their files use.
fn read(folder: &PathBuf) -> Vec<Recorded> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.map(|path| recorded(&std::fs::read_to_string(path).unwrap())).collect()
}

fn recorded(text: &str) -> Recorded {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(':'));
        line.map(|value| value.trim().trim_matches('\'').to_owned())
    };
    let (_, body) = text.split_once("payload: |-\n").unwrap();
    Recorded {
        siret: value("siret").unwrap(),
        year: value("year"),
        status: value("status").unwrap().parse().unwrap(),
        body: body.to_owned(),
    }
}
