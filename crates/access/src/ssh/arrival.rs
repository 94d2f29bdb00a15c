//! The first bytes of a connection tell whose language it speaks: plain SSH, or SSH over a resumable stream.

use std::{io, time::Duration};

use bytes::BytesMut;
use fernamt_resume::{Attach, Decoder, First, Greeting, Twin, starts_a_line};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    time::timeout,
};

/// Who says nothing for this long waits for our banner, as some SSH clients do.
const BANNER_PATIENCE: Duration = Duration::from_secs(1);
/// Bytes read before it is clear what is spoken: OPEN, ATTACH or TWIN, or how SSH begins.
const GREETING_BYTES: usize = 256;

/// How a connection begins.
#[derive(Debug)]
pub(super) enum Arrival {
    /// With SSH; these bytes of it were read already.
    Plain(BytesMut),
    /// With a new stream.
    Open(Decoder),
    /// With the proof that it belongs to an older stream.
    Attach(Attach, Decoder),
    /// With the proof that it is the twin of an older stream's line.
    Twin(Twin, Decoder),
}

/// Reads until it is clear. It takes as long as the client likes; the caller limits that.
pub(super) async fn arrive<S: AsyncRead + Unpin>(socket: &mut S) -> io::Result<Arrival> {
    let mut ahead = BytesMut::with_capacity(GREETING_BYTES);
    match timeout(BANNER_PATIENCE, socket.read_buf(&mut ahead)).await {
        Err(_) => return Ok(Arrival::Plain(ahead)),
        Ok(count) => some(count?)?,
    }
    if !ahead.first().copied().is_some_and(starts_a_line) {
        return Ok(Arrival::Plain(ahead));
    }
    let mut greeting = Greeting::default();
    loop {
        match greeting.push(&ahead).map_err(io::Error::other)? {
            Some(First::Open(rest)) => return Ok(Arrival::Open(rest)),
            Some(First::Attach(attach, rest)) => return Ok(Arrival::Attach(attach, rest)),
            Some(First::Twin(twin, rest)) => return Ok(Arrival::Twin(twin, rest)),
            None => {}
        }
        ahead.clear();
        ahead.reserve(GREETING_BYTES);
        some(socket.read_buf(&mut ahead).await?)?;
    }
}

fn some(count: usize) -> io::Result<()> {
    if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use fernamt_resume::{Frame, Ticket};
    use fernamt_testkit::SeededRng;
    use tokio::io::{AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn a_silent_client_gets_the_banner() {
        let (_client, mut gateway) = duplex(100);
        assert!(matches!(arrive(&mut gateway).await.unwrap(), Arrival::Plain(ahead) if ahead.is_empty()));
    }

    #[tokio::test]
    async fn what_ssh_said_first_is_not_lost() {
        let (mut client, mut gateway) = duplex(100);
        client.write_all(b"SSH-2.0-x\r\n").await.unwrap();
        assert!(matches!(arrive(&mut gateway).await.unwrap(), Arrival::Plain(ahead) if &ahead[..] == b"SSH-2.0-x\r\n"));
    }

    #[tokio::test]
    async fn a_stream_is_met_however_its_greeting_is_cut() {
        let ticket = Ticket::new(&SeededRng::new(1), Duration::from_mins(1));
        let attach = Frame::Attach(ticket.attach(3, 99)).to_bytes();
        let (mut client, mut gateway) = duplex(7);
        let writing = tokio::spawn(async move {
            client.write_all(&attach).await.unwrap();
            client
        });
        let arrived = arrive(&mut gateway).await.unwrap();
        assert!(matches!(arrived, Arrival::Attach(attach, _) if ticket.proves(&attach)));
        drop(writing.await.unwrap());
        let (mut client, mut gateway) = duplex(100);
        client.write_all(&Frame::Open.to_bytes()).await.unwrap();
        client.write_all(&Frame::Ping { number: 1, sent: 0 }.to_bytes()).await.unwrap();
        let Arrival::Open(rest) = arrive(&mut gateway).await.unwrap() else { panic!("no stream") };
        assert_eq!(rest.waiting_bytes(), 19);
    }

    #[tokio::test]
    async fn who_begins_a_stream_wrongly_is_not_taken_for_ssh() {
        for bytes in [&b"\x01\0\x05FRSL\x01"[..], b"\x02\xff\xff", b"\x01"] {
            let (mut client, mut gateway) = duplex(100);
            client.write_all(bytes).await.unwrap();
            drop(client);
            assert!(arrive(&mut gateway).await.is_err(), "{bytes:?}");
        }
    }
}
