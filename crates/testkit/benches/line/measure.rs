//! What is measured at home.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use fernamt_testkit::{
    office::pause,
    peers::Xrdp,
    screen::{DESKTOP, Screen},
};

use crate::far_side::{self, FRAME_BYTES, Talk};

/// Nobody waits longer for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a copy runs before anybody types, so that all buffers on the way are full.
const COPY_LEAD: Duration = Duration::from_secs(5);
/// How long somebody thinks between two keys.
const THINK: Duration = Duration::from_millis(50);

/// Begins a conversation with the far side through a tunnel's end.
pub(crate) fn talk(end: SocketAddr, talk: Talk) -> Result<TcpStream> {
    let mut socket = TcpStream::connect(end).context("the tunnel's end is there")?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(&[talk as u8])?;
    Ok(socket)
}

/// From the client's start to the desktop's first picture, in seconds.
pub(crate) fn first_frame(end: SocketAddr, xrdp: &Xrdp, options: &[&str]) -> Result<f64> {
    let screen = Screen::start()?;
    let begin = Instant::now();
    let client = screen.open(end, &xrdp.user, &xrdp.password, options)?;
    let seen = screen.await_colour(DESKTOP, PATIENCE).with_context(|| client.log())?;
    Ok((seen - begin).as_secs_f64())
}

/// What typing was like while a copy ran.
pub(crate) struct Typing {
    /// How long each key took until its frame was there, in milliseconds.
    pub(crate) keys_ms: Vec<f64>,
    /// What the copy got meanwhile, in kilobits per second.
    pub(crate) copy_kbit_s: f64,
}

/// Types for this long, or this many keys, while a copy runs over the same line.
pub(crate) fn keys_during_copy(end: SocketAddr, keys: usize, limit: Duration) -> Result<Typing> {
    let mut copy = talk(end, Talk::Copy)?;
    let (stop, stopped) = mpsc::channel::<()>();
    let copying = thread::spawn(move || -> Result<f64> {
        let mut block = vec![0; 64 * 1024];
        let (mut begin, mut bytes) = (Instant::now(), 0_usize);
        let mut counts = false;
        while stopped.try_recv() == Err(mpsc::TryRecvError::Empty) {
            bytes += copy.read(&mut block)?;
            if !counts && begin.elapsed() > COPY_LEAD {
                (begin, bytes, counts) = (Instant::now(), 0, true);
            }
        }
        Ok(f64::from(u32::try_from(bytes * 8 / 1000)?) / begin.elapsed().as_secs_f64())
    });
    let mut typing = talk(end, Talk::Keys)?;
    pause(COPY_LEAD);
    let begin = Instant::now();
    let mut keys_ms = Vec::with_capacity(keys);
    let mut frame = vec![0; FRAME_BYTES];
    while keys_ms.len() < keys && begin.elapsed() < limit {
        let pressed = Instant::now();
        typing.write_all(b"x")?;
        typing.read_exact(&mut frame).context("no frame came")?;
        keys_ms.push(pressed.elapsed().as_secs_f64() * 1e3);
        pause(THINK);
    }
    drop(stop);
    let copy_kbit_s = copying.join().ok().context("the copy panicked")??;
    Ok(Typing { keys_ms, copy_kbit_s })
}

/// The value that 95 % do not exceed.
pub(crate) fn p95(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * 95).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied().unwrap_or(f64::NAN)
}

/// A conversation that shows when the line is there.
pub(crate) struct Watch {
    heard: Receiver<Instant>,
}

impl Watch {
    pub(crate) fn start(end: SocketAddr) -> Result<Self> {
        let mut socket = talk(end, Talk::Ticks)?;
        // A watch outlives every outage.
        socket.set_read_timeout(None)?;
        let says = socket.try_clone()?;
        thread::spawn(move || far_side::tick(says));
        let (tell, heard) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 1024];
            while socket.read(&mut bytes).is_ok_and(|count| count > 0) && tell.send(Instant::now()).is_ok() {}
        });
        let watch = Self { heard };
        watch.first_after(Instant::now(), PATIENCE).context("nothing is heard of the far side")?;
        Ok(watch)
    }

    /// When the first byte came after this moment; fails if none comes in time, or the conversation has ended.
    pub(crate) fn first_after(&self, moment: Instant, limit: Duration) -> Result<Duration> {
        let end = moment + limit;
        loop {
            match self.heard.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(at) if at > moment => return Ok(at - moment),
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => bail!("nothing came for {} s", limit.as_secs()),
                Err(mpsc::RecvTimeoutError::Disconnected) => bail!("the connection ended"),
            }
        }
    }
}
