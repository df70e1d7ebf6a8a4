//! JSON-RPC over HTTP/1.1 keep-alive and WebSocket, with as little work as possible on this side.

use eyre::{OptionExt, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// How transactions are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Mode {
    /// One call in one HTTP request
    Single,
    /// 100 calls in one HTTP request
    Batch,
    /// One call in one WebSocket message
    Websocket,
}

impl Mode {
    /// Calls in one request.
    pub(crate) const fn calls(self) -> usize {
        match self {
            Self::Batch => 100,
            Self::Single | Self::Websocket => 1,
        }
    }

    /// What the tables call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Single => "single calls, HTTP",
            Self::Batch => "batches of 100, HTTP",
            Self::Websocket => "single calls, WebSocket",
        }
    }
}

/// A connection that takes one request after the other.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
    websocket: bool,
    out: Vec<u8>,
}

impl Connection {
    /// Connects to `http://host:port`.
    pub(crate) async fn open(url: &str, mode: Mode) -> Result<Self> {
        let host = url
            .strip_prefix("http://")
            .ok_or_eyre("an endpoint must begin with http://")?
            .trim_end_matches('/')
            .to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let mut connection = Self {
            stream: BufReader::with_capacity(1 << 16, stream),
            host,
            websocket: mode == Mode::Websocket,
            out: Vec::new(),
        };
        if connection.websocket {
            connection.upgrade().await?;
        }
        Ok(connection)
    }

    /// Sends a body and waits for the answer.
    pub(crate) async fn ask(&mut self, body: &[u8]) -> Result<Vec<u8>> {
        self.out.clear();
        if self.websocket {
            self.put_frame(body)
        } else {
            self.put_request(body)
        };
        self.stream.get_mut().write_all(&self.out).await?;
        if self.websocket { self.frame().await } else { self.response().await }
    }

    /// Calls a method and gives its result.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Result<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.ask(body.to_string().as_bytes()).await?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        ensure!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
        Ok(answer["result"].take())
    }

    fn put_request(&mut self, body: &[u8]) {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.out.extend_from_slice(head.as_bytes());
        self.out.extend_from_slice(body);
    }

    async fn response(&mut self) -> Result<Vec<u8>> {
        let head = self.head().await?;
        ensure!(head.starts_with("HTTP/1.1 200"), "the server answered: {head}");
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .ok_or_eyre("the answer has no content-length")?
            .1
            .trim()
            .parse()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(body)
    }

    /// The lines up to the empty one.
    async fn head(&mut self) -> Result<String> {
        use tokio::io::AsyncBufReadExt;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head).await? == 0 {
                bail!("the server closed the connection");
            }
        }
        Ok(head)
    }

    async fn upgrade(&mut self) -> Result<()> {
        // The key keeps caches from answering; there is none between us and the server.
        let request = format!(
            "GET / HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            self.host
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let head = self.head().await?;
        ensure!(head.starts_with("HTTP/1.1 101"), "the server does not upgrade: {head}");
        Ok(())
    }

    /// A final text frame, masked with zeros.
    fn put_frame(&mut self, body: &[u8]) {
        const MASKED: u8 = 0x80;
        self.out.push(0x81);
        match body.len() {
            length @ ..126 => self.out.push(MASKED | length as u8),
            length @ ..0x1_0000 => {
                self.out.push(MASKED | 126);
                self.out.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                self.out.push(MASKED | 127);
                self.out.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        self.out.extend_from_slice(&[0; 4]);
        self.out.extend_from_slice(body);
    }

    /// The next text frame; what keeps the connection alive is passed over.
    async fn frame(&mut self) -> Result<Vec<u8>> {
        loop {
            let (kind, short) = (self.stream.read_u8().await?, self.stream.read_u8().await?);
            let length = match short {
                126 => u64::from(self.stream.read_u16().await?),
                127 => self.stream.read_u64().await?,
                short => u64::from(short),
            };
            let mut body = vec![0; usize::try_from(length)?];
            self.stream.read_exact(&mut body).await?;
            match kind {
                0x81 => return Ok(body),
                0x89 | 0x8a => {}
                other => bail!("an unexpected WebSocket frame: {other:#x}"),
            }
        }
    }
}

/// The text at `http://host:port/path`.
pub(crate) async fn get(url: &str) -> Result<String> {
    let at = url.rfind('/').ok_or_eyre("an address must have a path")?;
    let (host, path) = url.split_at(at);
    let mut connection = Connection::open(host, Mode::Single).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", connection.host);
    connection.stream.get_mut().write_all(request.as_bytes()).await?;
    Ok(String::from_utf8(connection.response().await?)?)
}
