//! The stock JavaScript client in Chromium, on a page of ours that does what is said.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    NotAtHand, chromium,
    driven::{Driven, Heard},
};

/// The client as the web app's lock file pins it.
const CLIENT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/node_modules/livekit-client/dist/livekit-client.umd.js");
const DRIVER: &str = include_str!("livekit_client.js");
const PAGE: &str = "<!doctype html><meta charset=utf-8><title>Client</title><script src=client.js></script>\
                    <script src=driver.js></script>";
/// How long the page's question for the next command is left open.
const NEXT_LIMIT: Duration = Duration::from_secs(20);
/// The page says little at once.
const MAX_BODY_BYTES: usize = 1 << 20;

/// One participant in a headless Chromium of its own. Dropping it ends the browser without a farewell.
#[derive(Debug)]
pub struct BrowserClient {
    driven: Driven,
    browser: Child,
    _profile: TempDir,
}

impl BrowserClient {
    /// Starts a participant who has not joined yet.
    pub fn start() -> Result<Self> {
        let client = PathBuf::from(CLIENT);
        if !client.exists() {
            return Err(NotAtHand("livekit-client is a package of the web app, and those are not installed").into());
        }
        let client = std::fs::read(client)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let heard = Arc::new(Heard::default());
        let (commands, next) = channel();
        let page = Arc::new(Page { client, heard: Arc::clone(&heard), next: Mutex::new(next) });
        thread::Builder::new().name("page".to_owned()).spawn(move || page.serve(&listener))?;

        let profile = tempfile::Builder::new().prefix("fernamt-client-").tempdir()?;
        let browser = browser(profile.path(), &format!("http://{address}/"))?;
        let this = Self { driven: Driven::new(heard, tell(commands)), browser, _profile: profile };
        this.event(Duration::from_secs(60), |event| event["event"] == "ready").context("the page does not come up")?;
        Ok(this)
    }

    /// Starts a participant who only shows what comes, without looking at it: what that costs is the client's own.
    pub fn watch(url: &str, token: &str) -> Result<Self> {
        let mut client = Self::start()?;
        client.command("join", json!({ "url": url, "token": token, "only_show": true }))?;
        Ok(client)
    }

    /// The browser's first process.
    pub fn pid(&self) -> u32 {
        self.browser.id()
    }

    /// Starts a participant and joins a room.
    pub fn join(url: &str, token: &str) -> Result<Self> {
        let mut client = Self::start()?;
        client.driven.join(url, token)?;
        Ok(client)
    }
}

impl Deref for BrowserClient {
    type Target = Driven;

    fn deref(&self) -> &Driven {
        &self.driven
    }
}

impl DerefMut for BrowserClient {
    fn deref_mut(&mut self) -> &mut Driven {
        &mut self.driven
    }
}

impl Drop for BrowserClient {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

fn tell(commands: Sender<String>) -> impl FnMut(&Value) -> Result<()> + Send + 'static {
    move |command| commands.send(command.to_string()).context("the page has ended")
}

/// The browser finds no name and reaches nothing but this machine.
fn browser(profile: &Path, url: &str) -> Result<Child> {
    let mut command = Command::new(chromium()?);
    command
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--allow-loopback-in-peer-connection"])
        .args(["--disable-features=WebRtcHideLocalIpsWithMdns", "--autoplay-policy=no-user-gesture-required"])
        .args(["--disable-background-timer-throttling", "--disable-renderer-backgrounding"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().context("run Chromium")
}

struct Page {
    client: Vec<u8>,
    heard: Arc<Heard>,
    next: Mutex<Receiver<String>>,
}

impl Page {
    /// Serves until the process ends: the page asks again and again.
    fn serve(self: Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming().map_while(Result::ok) {
            let page = Arc::clone(&self);
            // A request that cannot be served is the browser's to repeat.
            let _ = thread::Builder::new().name("page request".to_owned()).spawn(move || page.answer(&stream));
        }
    }

    fn answer(&self, stream: &TcpStream) -> Result<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse::<usize>()?;
            }
        }
        if length > MAX_BODY_BYTES {
            bail!("the page says too much");
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        match path.as_str() {
            "/" => reply(stream, "text/html", PAGE.as_bytes()),
            "/client.js" => reply(stream, "text/javascript", &self.client),
            "/driver.js" => reply(stream, "text/javascript", DRIVER.as_bytes()),
            "/said" => {
                self.heard.add(serde_json::from_slice(&body)?);
                reply(stream, "application/json", b"{}")
            }
            "/next" => {
                let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                let command = match next.recv_timeout(NEXT_LIMIT) {
                    Ok(command) => command,
                    Err(RecvTimeoutError::Timeout) => "null".to_owned(),
                    Err(RecvTimeoutError::Disconnected) => bail!("the client was dropped"),
                };
                reply(stream, "application/json", command.as_bytes())
            }
            _ => reply(stream, "text/plain", b""),
        }
    }
}

fn reply(mut stream: &TcpStream, kind: &str, body: &[u8]) -> Result<()> {
    let length = body.len();
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
    Ok(stream.write_all(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::LiveKit;

    const LIMIT: Duration = Duration::from_secs(30);

    #[test]
    fn two_browsers_see_and_hear_each_other_by_the_real_server() {
        let server = crate::peer!(LiveKit::start());
        let mut erika = crate::peer!(BrowserClient::start());
        let mut jonas = crate::peer!(BrowserClient::start());
        erika.join(&server.ws_url(), &server.token("room", "erika")).expect("joined");
        jonas.join(&server.ws_url(), &server.token("room", "jonas")).expect("joined");
        jonas.publish_tone("tone", 700.0).expect("published");
        jonas.publish_picture("picture", (640, 360), [90, 160]).expect("published");
        let tone = erika.wait_until_seen(LIMIT, |seen| seen.energy > 3000.0).expect("heard");
        assert!((tone.tone_hz - 700.0).abs() < 30.0, "{tone:?}");
        let picture = erika.wait_until_seen(LIMIT, |seen| seen.moved > 5).expect("seen");
        assert!((picture.colour[0] - 90.0).abs() < 15.0 && (picture.colour[1] - 160.0).abs() < 15.0, "{picture:?}");
        erika.send_data("Grüße", "chat").expect("sent");
        let data = jonas.event(LIMIT, |event| event["event"] == "data_received").expect("received");
        assert_eq!((data["who"].as_str(), data["text"].as_str()), (Some("erika"), Some("Grüße")));
    }
}
