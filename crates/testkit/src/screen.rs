//! A screen without glass: an X server whose picture is a file, and a person's RDP client on it.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    os::unix::fs::FileExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::office::pause;

/// The background of [`crate::peers::Xrdp`]'s desktop, as it lies in a picture: blue, green, red.
pub const DESKTOP: [u8; 3] = [0x75, 0x51, 0x2f];
/// How often the picture is looked at: the finest that a measurement of it can be.
pub const LOOK: Duration = Duration::from_millis(5);

const WIDTH: u32 = 1024;
const HEIGHT: u32 = 768;
/// Rows of the picture that are looked at to know what it shows.
const ROWS: u32 = 32;
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running X server.
#[derive(Debug)]
pub struct Screen {
    display: String,
    picture: File,
    layout: Layout,
    child: Child,
    folder: TempDir,
}

/// Where the pixels lie in the picture's file, four bytes each.
#[derive(Debug, Clone, Copy)]
struct Layout {
    begin: u64,
    row_bytes: u64,
}

impl Screen {
    /// Starts a screen of 1024x768 in the network of the calling thread.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("fernamt-screen-").tempdir()?;
        let log = File::create(folder.path().join("xvfb.log"))?;
        let mut child = Command::new("Xvfb")
            // Without this it begins anew whenever its last client leaves, and refuses the next one meanwhile.
            .arg("-noreset")
            .args(["-displayfd", "1", "-ac", "-nolisten", "tcp", "-screen", "0", &format!("{WIDTH}x{HEIGHT}x24")])
            .arg("-fbdir")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("run Xvfb: install it")?;
        let mut number = String::new();
        BufReader::new(child.stdout.take().context("Xvfb says which display")?).read_line(&mut number)?;
        ensure!(!number.trim().is_empty(), "Xvfb does not start");
        let picture = File::open(folder.path().join("Xvfb_screen0")).context("open the screen's picture")?;
        let layout = Layout::read(&picture)?;
        Ok(Self { display: format!(":{}", number.trim()), picture, layout, child, folder })
    }

    /// The X display.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// A folder of this screen, for logs.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The pixels of a part of the screen, row by row: blue, green, red, nothing.
    pub fn part(&self, x: u32, y: u32, width: u32, height: u32) -> Result<Vec<u8>> {
        ensure!(x + width <= WIDTH && y + height <= HEIGHT, "that part is not on the screen");
        let row = usize::try_from(width * 4)?;
        let mut pixels = vec![0; row * usize::try_from(height)?];
        for (y, part) in (u64::from(y)..).zip(pixels.chunks_exact_mut(row)) {
            self.picture.read_exact_at(part, self.layout.begin + y * self.layout.row_bytes + u64::from(x) * 4)?;
        }
        Ok(pixels)
    }

    /// The share of the screen that has this colour.
    pub fn share_of(&self, colour: [u8; 3]) -> Result<f64> {
        let mut found = 0_u32;
        for row in 0..ROWS {
            let pixels = self.part(0, row * (HEIGHT / ROWS), WIDTH, 1)?;
            let near = |pixel: &&[u8]| pixel.iter().zip(colour).all(|(have, want)| have.abs_diff(want) <= 8);
            found += u32::try_from(pixels.chunks_exact(4).filter(near).count())?;
        }
        Ok(f64::from(found) / f64::from(ROWS * WIDTH))
    }

    /// Waits until most of the screen has this colour, and returns when that was.
    pub fn await_colour(&self, colour: [u8; 3], limit: Duration) -> Result<Instant> {
        let begin = Instant::now();
        while self.share_of(colour)? < 0.2 {
            ensure!(begin.elapsed() < limit, "the screen does not show what is awaited");
            // The picture is memory that another process writes.
            pause(LOOK);
        }
        Ok(Instant::now())
    }

    /// Opens a desktop full-screen with xfreerdp.
    pub fn open(&self, address: SocketAddr, user: &str, password: &str, options: &[&str]) -> Result<Client> {
        let log = File::create(self.folder.path().join("xfreerdp.log"))?;
        let child = Command::new("xfreerdp")
            .env("DISPLAY", &self.display)
            .env("HOME", self.folder.path())
            .args([format!("/v:{address}"), format!("/u:{user}"), format!("/p:{password}")])
            .args(["/cert:ignore", "/sec:tls", "/f", "/log-level:WARN"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("run xfreerdp: install it")?;
        Ok(Client { child, log: self.folder.path().join("xfreerdp.log") })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Layout {
    /// Reads the head of an XWD file; Xvfb may still be writing it.
    fn read(picture: &File) -> Result<Self> {
        let begin = Instant::now();
        while begin.elapsed() < START_LIMIT {
            let mut head = [0; 80];
            picture.read_exact_at(&mut head, 0).context("read the picture's head")?;
            let word = |at: usize| u64::from(u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]));
            let (size, width, height, bits, row_bytes, colours) =
                (word(0), word(16), word(20), word(44), word(48), word(76));
            if (width, height, bits) == (u64::from(WIDTH), u64::from(HEIGHT), 32) && row_bytes >= width * 4 {
                // Each colour of the map takes 12 bytes.
                return Ok(Self { begin: size + colours * 12, row_bytes });
            }
            pause(LOOK);
        }
        bail!("the screen's picture is none of {WIDTH}x{HEIGHT}")
    }
}

/// A running RDP client. It ends when dropped.
#[derive(Debug)]
pub struct Client {
    child: Child,
    log: PathBuf,
}

impl Client {
    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it said.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Xrdp;

    #[test]
    fn a_desktop_is_seen() {
        let xrdp = crate::peer!(Xrdp::start());
        let screen = crate::peer!(Screen::start());
        assert!(screen.share_of(DESKTOP).expect("there is a picture") < 0.01);
        let mut client = screen.open(xrdp.address(), &xrdp.user, &xrdp.password, &[]).expect("xfreerdp runs");
        screen
            .await_colour(DESKTOP, Duration::from_secs(60))
            .unwrap_or_else(|error| panic!("{error:#}: {}", client.log()));
        assert!(client.runs());
    }
}
