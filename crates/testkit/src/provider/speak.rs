//! One request to the provider, and what it says on the wire.

use std::{collections::VecDeque, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Mutex,
};

use super::{Script, recorded::Recorded};

pub(super) async fn answer(
    mut stream: TcpStream,
    recorded: Arc<Recorded>,
    script: Arc<Mutex<VecDeque<Script>>>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let mut request = Vec::new();
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut part = [0; 1024];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&part[..count]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
    asked.lock().await.push(request);
    let scripted = script.lock().await.pop_front();
    let response = match scripted {
        Some(Script::Silence(patience)) => return tokio::time::sleep(patience).await,
        Some(Script::Endless(turn)) => return endless(stream, turn).await,
        Some(Script::Answer(status, headers, body)) => response(status, headers, body.as_bytes()),
        Some(Script::Case(file)) => {
            let case = recorded.case(&file);
            response(&format!("{} Recorded", case.status), "", case.body.as_bytes())
        }
        Some(Script::Bytes(bytes)) => bytes,
        None => from_sandbox(&target, &recorded),
    };
    let _gone = stream.write_all(&response).await;
}

/// Until the hub hangs up.
async fn endless(mut stream: TcpStream, turn: std::time::Duration) {
    let mut piece = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{".as_slice();
    while stream.write_all(piece).await.is_ok() {
        piece = &[b' '; 1024];
        tokio::time::sleep(turn).await;
    }
}

fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn from_sandbox(target: &str, recorded: &Recorded) -> Vec<u8> {
    if let Some(file) = recorded.file(target) {
        return response("200 OK", "content-type: application/pdf\r\n", &file);
    }
    match recorded.find(target) {
        Some(case) => response(&format!("{} Recorded", case.status), "", case.body.as_bytes()),
        None => response("404 Not Found", "", not_known(target).as_bytes()),
    }
}

/// What an interface says of somebody whom it does not know: each has a code of its own for it.
fn not_known(target: &str) -> String {
    let codes = [("/dgfip/", "03003"), ("/urssaf/", "04003"), ("/france_travail/", "24003"), ("/cnav/", "37003")];
    let code = codes.iter().find(|(part, _)| target.contains(part)).map_or("", |(_, code)| code);
    format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#)
}
