//! What comes from the gateway on a channel: straight to the program's socket, and into a bounded queue only while the
//! program is slower than the line.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use fernamt_resume::{Inflow, Way};
use tokio::{net::tcp::OwnedWriteHalf, sync::Notify};
use tokio_util::sync::CancellationToken;

/// The way from the gateway to a program.
#[derive(Debug)]
pub(crate) struct Inlet {
    limit_bytes: usize,
    /// Bytes that went either way.
    carried: AtomicU64,
    state: Mutex<Waiting>,
    /// Something happened that the tunnel's task must look at.
    filled: Notify,
    /// The queue is below its limit again.
    drained: Notify,
    /// We may send more on the channel.
    window: Notify,
    /// The gateway closed the channel: what is sent on it from now on is lost.
    shut: CancellationToken,
    /// The gateway takes nothing more of the tunnel.
    closed: CancellationToken,
    /// An end came while the gateway was asked to move the tunnel, and waits for the answer.
    held: CancellationToken,
}

#[derive(Debug, Default)]
struct Waiting {
    socket: Option<OwnedWriteHalf>,
    inflow: Inflow,
    /// The channel is a tunnel's second: what comes on it goes there.
    onward: Option<Arc<Inlet>>,
    /// The program takes nothing more.
    deaf: bool,
    /// The program was let go of before all had come.
    cut: bool,
}

impl Waiting {
    /// Lets go of the program's socket. Dropping the write half tells that no more comes; where something is missing, a
    /// reset tells so.
    fn let_go(&mut self) {
        let Some(socket) = self.socket.take() else { return };
        if self.inflow.is_over() && !self.inflow.is_broken() {
            return;
        }
        self.cut = !self.deaf;
        // Where the system does not want to, it looks like an end.
        let _ = socket.as_ref().set_zero_linger();
        socket.forget();
    }
}

impl Inlet {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            carried: AtomicU64::new(0),
            state: Mutex::default(),
            filled: Notify::new(),
            drained: Notify::new(),
            window: Notify::new(),
            shut: CancellationToken::new(),
            closed: CancellationToken::new(),
            held: CancellationToken::new(),
        }
    }

    /// The program's socket; what has come already goes there first.
    pub(super) fn connect(&self, socket: OwnedWriteHalf) {
        self.lock().socket = Some(socket);
    }

    /// Takes data from the gateway. `false` means that the queue is full and [`Inlet::room`] must be awaited before more is
    /// brought.
    pub(crate) fn push(&self, data: &[u8]) -> bool {
        match self.onward() {
            Ok(onward) => onward.push_on(Way::Second, data),
            Err(state) => self.push_to(state, Way::First, data),
        }
    }

    fn push_on(&self, way: Way, data: &[u8]) -> bool {
        self.push_to(self.lock(), way, data)
    }

    fn push_to(&self, mut state: MutexGuard<'_, Waiting>, way: Way, mut data: &[u8]) -> bool {
        self.carried.fetch_add(data.len() as u64, Ordering::Relaxed);
        if state.deaf {
            return true;
        }
        if state.inflow.is_next(way)
            && let Some(socket) = &state.socket
        {
            while !data.is_empty() {
                match socket.try_write(data) {
                    Ok(count) => data = data.get(count..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    Err(_) => {
                        // The tunnel's task meets the same error when it reads, and ends the tunnel.
                        state.deaf = true;
                        self.filled.notify_one();
                        return true;
                    }
                }
            }
        }
        if data.is_empty() {
            return true;
        }
        state.inflow.push(way, data);
        self.filled.notify_one();
        !state.inflow.is_full(way, self.limit_bytes)
    }

    /// Waits until the queue is below its limit, or nobody takes from it any more.
    pub(crate) async fn room(&self) {
        let onward = self.onward().ok();
        match onward {
            Some(onward) => onward.room_on(Way::Second).await,
            None => self.room_on(Way::First).await,
        }
    }

    async fn room_on(&self, way: Way) {
        loop {
            let drained = self.drained.notified();
            {
                let state = self.lock();
                if state.deaf || !state.inflow.is_full(way, self.limit_bytes) {
                    return;
                }
            }
            drained.await;
        }
    }

    /// The gateway sends no more on this channel.
    pub(crate) fn end(&self) {
        match self.onward() {
            Ok(onward) => onward.end_on(Way::Second),
            Err(mut state) => {
                state.inflow.end(Way::First);
                // Where nobody is asked, nobody looks.
                self.held.cancel();
                drop(state);
                self.look();
            }
        }
    }

    fn end_on(&self, way: Way) {
        self.lock().inflow.end(way);
        self.look();
    }

    /// The gateway closed the channel: it takes nothing more either. A channel that the tunnel has left says nothing.
    pub(crate) fn close(&self) {
        let onward = {
            let mut state = self.lock();
            self.shut.cancel();
            if state.onward.is_none() {
                self.close_to(&mut state, Way::First);
            }
            state.onward.clone()
        };
        if let Some(onward) = onward {
            onward.close_to(&mut onward.lock(), Way::Second);
        }
    }

    /// With the lock held to the end: whoever is about to pass on what came here must not find it closed by half.
    fn close_to(&self, state: &mut Waiting, way: Way) {
        if state.inflow.rests_on(way) {
            state.inflow.break_off(way);
            self.closed.cancel();
            self.look();
        }
    }

    /// Something has changed that may let somebody go on.
    fn look(&self) {
        self.filled.notify_one();
        self.drained.notify_waiters();
    }

    /// The gateway is being asked to move the tunnel. `false` if it can no more.
    pub(super) fn ask_to_move(&self) -> bool {
        let mut state = self.lock();
        !state.deaf && state.inflow.ask_to_move()
    }

    /// It will not.
    pub(super) fn move_refused(&self) {
        let mut state = self.lock();
        state.inflow.move_refused();
        if self.shut.is_cancelled() {
            // What the close meant was open until now.
            self.close_to(&mut state, Way::First);
        }
        drop(state);
        self.look();
    }

    /// It will, and this is the inlet of the second channel: what came on it and what will come goes to the tunnel's own.
    pub(super) fn pass_on_to(&self, tunnel: &Arc<Self>) {
        {
            let mut state = self.lock();
            let mut there = tunnel.lock();
            there.inflow.move_accepted();
            let ended = state.inflow.has_ended() && !state.inflow.is_broken();
            while let Some(part) = state.inflow.front().cloned() {
                tunnel.carried.fetch_add(part.len() as u64, Ordering::Relaxed);
                there.inflow.push(Way::Second, &part);
                state.inflow.take(part.len());
            }
            if ended {
                there.inflow.end(Way::Second);
            }
            if self.shut.is_cancelled() {
                tunnel.close_to(&mut there, Way::Second);
            }
            state.onward = Some(Arc::clone(tunnel));
        }
        tunnel.look();
        // Who waited for room here waits there from now on.
        self.drained.notify_waiters();
    }

    /// Where what comes here goes, or what waits here.
    fn onward(&self) -> Result<Arc<Self>, MutexGuard<'_, Waiting>> {
        let state = self.lock();
        match &state.onward {
            Some(onward) => Ok(Arc::clone(onward)),
            None => Err(state),
        }
    }

    /// So much went to the gateway.
    pub(super) fn sent(&self, bytes: usize) {
        self.carried.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Bytes that went either way.
    pub(super) fn carried(&self) -> u64 {
        self.carried.load(Ordering::Relaxed)
    }

    /// We may send more.
    pub(crate) fn window_grew(&self) {
        self.window.notify_one();
    }

    pub(super) async fn window_grown(&self) {
        self.window.notified().await;
    }

    /// The program has ended, and that waits for the gateway's answer.
    pub(super) fn hold(&self) {
        self.held.cancel();
    }

    /// An end waits for the gateway's answer.
    pub(super) async fn held(&self) {
        self.held.cancelled().await;
    }

    /// The gateway closed this very channel.
    pub(super) async fn shut(&self) {
        self.shut.cancelled().await;
    }

    /// The gateway takes nothing more of the tunnel.
    pub(super) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Lets go of the program's socket at once.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.let_go();
        *state = Waiting { deaf: true, cut: state.cut, ..Waiting::default() };
        drop(state);
        self.drained.notify_waiters();
    }

    /// Whether the program was let go of before all had come, and not because it wanted no more.
    pub(super) fn was_cut(&self) -> bool {
        self.lock().cut
    }

    /// Carries to the program until the gateway has ended and all is written, or the program takes no more.
    pub(super) async fn carry(&self) -> io::Result<()> {
        loop {
            let filled = self.filled.notified();
            if self.flush()? {
                return Ok(());
            }
            if self.lock().inflow.is_drained() {
                filled.await;
            } else {
                // `try_write` found no room; a bare readiness on the write half is all that is missing.
                self.writable().await?;
            }
        }
    }

    async fn writable(&self) -> io::Result<()> {
        std::future::poll_fn(|cx| match &self.lock().socket {
            Some(socket) => socket.as_ref().poll_write_ready(cx),
            None => std::task::Poll::Ready(Ok(())),
        })
        .await
    }

    /// Writes from the queue what the socket takes now. `true` once all is written and the gateway has ended.
    fn flush(&self) -> io::Result<bool> {
        let mut state = self.lock();
        let state = &mut *state;
        if state.deaf {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let Some(socket) = &state.socket else { return Ok(false) };
        while let Some(first) = state.inflow.front() {
            match socket.try_write(first) {
                Ok(count) => state.inflow.take(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        if !state.inflow.is_full(Way::First, self.limit_bytes) {
            self.drained.notify_waiters();
        }
        if state.inflow.is_over() {
            state.let_go();
            state.deaf = true;
            self.drained.notify_waiters();
            return Ok(true);
        }
        Ok(false)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Wake, Waker},
        time::Duration,
    };

    use tokio::{
        io::AsyncReadExt as _,
        net::{TcpListener, TcpStream},
        time::timeout,
    };

    use super::*;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap());
        let (near, far) = tokio::join!(near, listener.accept());
        (near.unwrap(), far.unwrap().0)
    }

    #[tokio::test]
    async fn what_comes_before_the_socket_is_not_lost() {
        let inlet = Inlet::new(1000);
        assert!(inlet.push(b"hello "));
        let (near, mut far) = pair().await;
        let (_read, write) = near.into_split();
        inlet.connect(write);
        assert!(inlet.push(b"world"));
        inlet.end();
        inlet.carry().await.unwrap();
        let mut seen = String::new();
        far.read_to_string(&mut seen).await.unwrap();
        assert_eq!(seen, "hello world");
    }

    #[tokio::test]
    async fn a_slow_program_fills_the_queue_and_no_more() {
        let inlet = Arc::new(Inlet::new(100_000));
        let (near, mut far) = pair().await;
        let (_read, write) = near.into_split();
        inlet.connect(write);
        let part = [7; 10_000];
        let mut pushed = 0;
        while inlet.push(&part) {
            pushed += part.len();
        }
        pushed += part.len();
        assert!(inlet.lock().inflow.waiting_bytes() < 100_000 + part.len());
        let carrying = tokio::spawn({
            let inlet = Arc::clone(&inlet);
            async move { inlet.carry().await }
        });
        assert!(timeout(Duration::from_millis(50), inlet.room()).await.is_err(), "nobody has read");
        let mut seen = vec![0; pushed];
        far.read_exact(&mut seen).await.unwrap();
        inlet.room().await;
        inlet.end();
        carrying.await.unwrap().unwrap();
        assert_eq!(far.read(&mut seen).await.unwrap(), 0);
    }

    /// Looks, when it is woken, whether the inlet can be looked into.
    struct Onlooker(Arc<Inlet>, AtomicU64);

    impl Wake for Onlooker {
        fn wake(self: Arc<Self>) {
            let seen = if self.0.state.try_lock().is_ok() { 2 } else { 1 };
            self.1.store(seen, Ordering::SeqCst);
        }
    }

    #[test]
    fn nobody_sees_an_inlet_that_is_closed_by_half() {
        let inlet = Arc::new(Inlet::new(10));
        let onlooker = Arc::new(Onlooker(Arc::clone(&inlet), AtomicU64::new(0)));
        let waker = Waker::from(Arc::clone(&onlooker));
        let mut closed = pin!(inlet.closed());
        assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        inlet.close();
        assert_eq!(onlooker.1.load(Ordering::SeqCst), 1, "somebody could look in between");
        assert!(closed.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    }

    #[tokio::test]
    async fn who_waits_for_room_is_let_go_with_the_tunnel() {
        let inlet = Inlet::new(10);
        assert!(!inlet.push(&[0; 20]));
        tokio::join!(inlet.room(), async { inlet.abandon() });
        assert!(inlet.push(&[0; 1000]), "thrown away");
        assert_eq!(inlet.lock().inflow.waiting_bytes(), 0);
    }
}
