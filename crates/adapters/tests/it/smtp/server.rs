//! A mail server of a few lines (RFC 5321) that takes every mail, unless it is told what to do at a command.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does at a command instead of agreeing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    /// Says this.
    Line(&'static str),
    /// Says nothing, for ever.
    Hang,
    /// Ends the connection.
    Drop,
}

#[derive(Debug, Default)]
struct State {
    /// Commands (`CONNECT`, a verb, or `.` for the end of the mail) with what is done at them.
    orders: Vec<(&'static str, Answer)>,
    mails: Vec<String>,
    recipients: Vec<String>,
}

/// The server; it ends with the test's runtime.
pub(super) struct MailServer {
    pub(super) port: u16,
    state: Arc<Mutex<State>>,
}

impl MailServer {
    /// Starts one that does as it is told.
    pub(super) async fn start(orders: &[(&'static str, Answer)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { orders: orders.to_vec(), ..State::default() }));
        let served = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, served.clone()));
            }
        });
        Self { port, state }
    }

    /// From now on it agrees to everything.
    pub(super) fn answer_as_usual(&self) {
        self.state.lock().unwrap().orders.clear();
    }

    /// The mails whose end came, as they were sent.
    pub(super) fn mails(&self) -> Vec<String> {
        self.state.lock().unwrap().mails.clone()
    }

    /// Whom they were for.
    pub(super) fn recipients(&self) -> Vec<String> {
        self.state.lock().unwrap().recipients.clone()
    }
}

/// Answers a command; `false` when the connection is over.
async fn answer(stream: &mut BufReader<TcpStream>, state: &Mutex<State>, at: &str, usual: &str) -> bool {
    let order =
        state.lock().unwrap().orders.iter().find(|(command, _)| *command == at).map(|(_, answer)| *answer);
    let line = match order {
        None => usual,
        Some(Answer::Line(line)) => line,
        Some(Answer::Hang) => std::future::pending().await,
        Some(Answer::Drop) => return false,
    };
    stream.write_all(format!("{line}\r\n").as_bytes()).await.is_ok()
}

async fn read_mail(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut mail = String::new();
    loop {
        let start = mail.len();
        if stream.read_line(&mut mail).await.ok()? == 0 {
            return None;
        }
        if &mail[start..] == ".\r\n" {
            mail.truncate(start);
            return Some(mail);
        }
    }
}

async fn talk(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    if !answer(&mut stream, &state, "CONNECT", "220 mail.example.com ESMTP").await {
        return;
    }
    let mut line = String::new();
    while matches!(stream.read_line(&mut line).await, Ok(1..)) {
        let command = line.trim_end().to_owned();
        line.clear();
        let verb = command.split([' ', ':']).next().unwrap().to_uppercase();
        let usual = match verb.as_str() {
            "RCPT" => {
                state.lock().unwrap().recipients.push(command);
                "250 OK"
            }
            "DATA" => "354 go ahead",
            "QUIT" => "221 bye",
            _ => "250 OK",
        };
        if !answer(&mut stream, &state, &verb, usual).await || verb == "QUIT" {
            return;
        }
        if verb == "DATA" {
            let Some(mail) = read_mail(&mut stream).await else { return };
            state.lock().unwrap().mails.push(mail);
            if !answer(&mut stream, &state, ".", "250 queued").await {
                return;
            }
        }
    }
}
