//! The smallest DNS server: whatever is asked for has one address.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread::{self, JoinHandle},
};

use anyhow::Result;

/// Standard answers hold no more without extensions, so no question does.
const MAX_QUESTION_BYTES: usize = 512;
const HEAD_BYTES: usize = 12;
/// How long clients may remember an answer.
const TTL_S: u32 = 60;

/// A running server. It ends when dropped.
#[derive(Debug)]
pub(crate) struct Names {
    /// To wake the server from the same network.
    waker: UdpSocket,
    thread: Option<JoinHandle<()>>,
}

impl Names {
    /// Listens in the network of the calling thread.
    pub(crate) fn start(at: SocketAddr, answer: Ipv4Addr) -> Result<Self> {
        let socket = UdpSocket::bind(at)?;
        let waker = UdpSocket::bind((at.ip(), 0))?;
        waker.connect(socket.local_addr()?)?;
        let us = waker.local_addr()?;
        let serve = move || {
            let mut buffer = [0; MAX_QUESTION_BYTES];
            // Whoever asks too much, or has gone, is not answered.
            while let Ok((count, from)) = socket.recv_from(&mut buffer) {
                if from == us {
                    return;
                }
                if let Some(reply) = buffer.get(..count).and_then(|question| answered(question, answer)) {
                    let _ = socket.send_to(&reply, from);
                }
            }
        };
        Ok(Self { waker, thread: Some(thread::Builder::new().name("names".to_owned()).spawn(serve)?) })
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        if self.waker.send(&[]).is_ok() {
            let _ = self.thread.take().map(JoinHandle::join);
        }
    }
}

/// The answer to a message with one question: an address if it asks for one of IPv4, else that there is nothing.
fn answered(question: &[u8], address: Ipv4Addr) -> Option<Vec<u8>> {
    const A: [u8; 4] = [0, 1, 0, 1];
    let mut end = HEAD_BYTES;
    loop {
        let label = usize::from(*question.get(end)?);
        end += 1 + label;
        if label == 0 {
            break;
        }
    }
    let kind = question.get(end..end + 4)?;
    let answers = u8::from(kind == A);
    let mut reply = question.get(..2)?.to_vec();
    // An answer, with authority, recursion as asked for and done; one question, perhaps one answer.
    reply.extend_from_slice(&[0x84 | (question.get(2)? & 1), 0x80, 0, 1, 0, answers, 0, 0, 0, 0]);
    reply.extend_from_slice(question.get(HEAD_BYTES..end + 4)?);
    if answers == 1 {
        reply.extend_from_slice(&[0xc0, 12]);
        reply.extend_from_slice(kind);
        reply.extend_from_slice(&TTL_S.to_be_bytes());
        reply.extend_from_slice(&[0, 4]);
        reply.extend_from_slice(&address.octets());
    }
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_the_address_and_nothing_else() {
        let address = Ipv4Addr::new(198, 18, 0, 1);
        let mut question =
            b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04amt1\x04test\x00\x00\x01\x00\x01".to_vec();
        let reply = answered(&question, address).expect("a good question");
        assert_eq!(reply[..4], [0x12, 0x34, 0x85, 0x80]);
        assert!(reply.ends_with(&[0, 4, 198, 18, 0, 1]));
        // AAAA.
        let kind = question.len() - 3;
        question[kind] = 28;
        assert_eq!(answered(&question, address).expect("a good question")[7], 0);
        assert_eq!(answered(b"\x12\x34\x01", address), None);
    }
}
