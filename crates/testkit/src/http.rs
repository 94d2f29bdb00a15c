//! The smallest HTTP client that can measure a server on the loopback: one request a connection, nothing shared
//! between requests, no runtime.

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

/// No answer takes longer on a server that works.
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Headers, by lower-case name; of several with one name the last.
    pub headers: HashMap<String, String>,
    /// Every `Set-Cookie` header.
    pub cookies: Vec<String>,
    /// The body as it travelled, still compressed where it was.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("status {}: the body is not JSON", self.status))
    }
}

/// Sends a request and reads the whole answer.
pub fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
    let mut stream = open(address, method, path, headers, body)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).context("read the answer")?;
    parse(&bytes)
}

/// Sends a request and leaves the answer to be read.
pub fn open(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).context("connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head += "\r\n";
    stream.write_all(&[head.as_bytes(), body].concat())?;
    Ok(stream)
}

fn parse(bytes: &[u8]) -> Result<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").context("the answer has no end of its head")?;
    let head = std::str::from_utf8(&bytes[..end]).context("the answer's head is text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("the answer has a status")?.parse()?;
    let (mut headers, mut cookies) = (HashMap::new(), Vec::new());
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "set-cookie" {
            cookies.push(value);
        } else {
            headers.insert(name, value);
        }
    }
    let chunked = headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked");
    let body = &bytes[end + 4..];
    let body = if chunked { joined_chunks(body)? } else { body.to_vec() };
    Ok(Answer { status, headers, cookies, body })
}

fn joined_chunks(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n").context("a chunk has a length")?;
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end])?.trim(), 16)?;
        if length == 0 {
            return Ok(body);
        }
        let start = end + 2;
        ensure!(bytes.len() >= start + length + 2, "a chunk was cut");
        body.extend_from_slice(&bytes[start..start + length]);
        bytes = &bytes[start + length + 2..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined_and_cookies_kept_apart() {
        let answer = parse(
            b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nTransfer-Encoding: chunked\r\n\r\n\
              3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        )
        .expect("a good answer");
        assert_eq!((answer.status, answer.body.as_slice()), (200, b"abcde".as_slice()));
        assert_eq!(answer.cookies, ["a=1", "b=2"]);
    }
}
