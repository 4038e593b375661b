//! What stands between a hub and its PostgreSQL, and lets a connection break exactly where entries are committed.

mod wire;

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, tcp::OwnedWriteHalf},
    sync::{oneshot, watch},
    task::{AbortHandle, JoinHandle},
};

use self::wire::{Frontend, Said};

/// What happens to one COMMIT, or to a statement that commits by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitFate {
    /// The connection breaks before the server hears it.
    NeverArrives,
    /// The server hears it; the connection breaks before the answer comes back.
    AnswerIsLost,
    /// The connection breaks for the hub; the server hears it once the test says so.
    ArrivesLate,
    /// The hub waits; the server hears it once the test says so.
    IsHeldUp,
}

/// A proxy on a port of its own. Dropping it breaks every connection.
#[derive(Debug)]
pub struct PostgresProxy {
    port: u16,
    armed: Armed,
    listens: JoinHandle<()>,
}

/// The COMMIT that the proxy was armed for.
#[derive(Debug)]
pub struct Caught {
    caught: Option<oneshot::Receiver<()>>,
    lets_go: watch::Sender<bool>,
}

#[derive(Debug)]
struct Trap {
    fate: CommitFate,
    catches: oneshot::Sender<()>,
    let_go: watch::Receiver<bool>,
}

/// Behind a lock because whichever connection commits first takes it.
type Armed = Arc<Mutex<Option<Trap>>>;

impl PostgresProxy {
    /// Forwards to a PostgreSQL on that port of loopback.
    pub async fn start(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (port, armed) = (listener.local_addr().unwrap().port(), Armed::default());
        let listens = tokio::spawn(listen(listener, server, Arc::clone(&armed)));
        Self { port, armed, listens }
    }

    /// Where it listens on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// That happens to the next commit of what adds entries to the ledger.
    #[must_use]
    pub fn arm(&self, fate: CommitFate) -> Caught {
        let (catches, caught) = oneshot::channel();
        let (lets_go, let_go) = watch::channel(false);
        let before = self.armed.lock().unwrap().replace(Trap { fate, catches, let_go });
        assert!(before.is_none(), "the proxy is armed already");
        Caught { caught: Some(caught), lets_go }
    }
}

impl Caught {
    /// Waits until there was such a COMMIT.
    pub async fn is_there(&mut self) {
        self.caught.take().expect("it is waited for once").await.unwrap();
    }

    /// Lets a COMMIT that is held go on to the server.
    pub fn let_go(&self) {
        self.lets_go.send_replace(true);
    }
}

impl Drop for PostgresProxy {
    fn drop(&mut self) {
        self.listens.abort();
    }
}

/// The task of one connection, which ends with the proxy.
struct Ending(AbortHandle);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn listen(listener: TcpListener, server: u16, armed: Armed) {
    let mut connections = Vec::new();
    loop {
        let (hub, _) = listener.accept().await.unwrap();
        connections.retain(|Ending(task)| !task.is_finished());
        connections.push(Ending(tokio::spawn(forward(hub, server, Arc::clone(&armed))).abort_handle()));
    }
}

/// One connection. A server that is down refuses the hub as well.
async fn forward(hub: TcpStream, server: u16, armed: Armed) {
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await else { return };
    for stream in [&hub, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (from_hub, mut to_hub) = hub.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut frontend = Frontend::new(from_hub);
    loop {
        let caught = tokio::select! {
            _ended = copy(&mut from_server, &mut to_hub) => None,
            caught = ask(&mut frontend, &mut to_server, &armed) => caught,
        };
        let Some((commit, Trap { fate, catches, mut let_go })) = caught else { return };
        // What is caught and not waited for is a trap of a test that has ended.
        let _told = catches.send(());
        match fate {
            CommitFate::NeverArrives => return,
            CommitFate::IsHeldUp => {
                let _is_over = let_go.wait_for(|is_let_go| *is_let_go).await.is_ok();
                let _sent = to_server.write_all(&commit).await;
            }
            CommitFate::AnswerIsLost | CommitFate::ArrivesLate => {
                drop((frontend, to_hub));
                if fate == CommitFate::ArrivesLate {
                    let _is_over = let_go.wait_for(|is_let_go| *is_let_go).await.is_ok();
                }
                let _sent = to_server.write_all(&commit).await;
                // Until the server has answered, which nobody hears.
                let _ended = to_server.shutdown().await;
                let _heard = copy(&mut from_server, &mut tokio::io::sink()).await;
                return;
            }
        }
    }
}

/// Forwards what the hub says, until it ends or a COMMIT is caught: this one is not sent.
async fn ask(frontend: &mut Frontend, to_server: &mut OwnedWriteHalf, armed: &Armed) -> Option<(Vec<u8>, Trap)> {
    loop {
        let (message, said) = frontend.next().await.ok()?;
        if said == Said::CommitOfEntries {
            let trap = armed.lock().unwrap().take();
            if let Some(trap) = trap {
                return Some((message, trap));
            }
        }
        to_server.write_all(&message).await.ok()?;
    }
}
