//! The resume layer's frames, at both ends of a stream.

use std::time::{Duration, Instant};

use fernamt_resume::{
    Decoder, Event, First, Frame, Greeting, Input, LineId, MAX_DATA_BYTES, MAX_TRANSMIT_BYTES, Output, Settings,
    Stream, TICKET_BYTES, Ticket, UNARMED_BYTES,
};
use fernamt_testkit::SeededRng;

/// The longest head and rest of one frame.
const MAX_FRAME_BYTES: usize = 3 + 8 + MAX_DATA_BYTES;

/// What comes over a line. The first byte chooses who hears it: a decoder, a greeting, a ticket's reader, an acceptor or
/// an initiator; then each chunk begins with a byte for its length and what happens before it.
pub fn resume_frames(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    match choice % 5 {
        0 => decoded(rest),
        1 => greeted(rest),
        2 => {
            if let Ok(ticket) = Ticket::parse(rest) {
                assert_eq!(rest.len(), TICKET_BYTES);
                assert_eq!(&ticket.to_bytes()[..], rest, "a ticket does not survive its own encoding");
            }
        }
        3 => at_acceptor(rest, choice & 0x80 != 0, choice & 0x40 != 0),
        _ => at_initiator(rest, choice & 0x40 != 0),
    }
}

fn decoded(data: &[u8]) {
    let mut decoder = Decoder::default();
    let mut used = 0;
    for chunk in data.chunks(97) {
        decoder.push(chunk);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => {
                    let bytes = frame.to_bytes();
                    assert_eq!(data.get(used..used + bytes.len()), Some(&bytes[..]), "a frame has two encodings");
                    used += bytes.len();
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
        assert!(decoder.waiting_bytes() < MAX_FRAME_BYTES, "more than one frame is kept");
    }
}

fn greeted(data: &[u8]) {
    let mut greeting = Greeting::default();
    for chunk in data.chunks(7) {
        match greeting.push(chunk) {
            Ok(None) => assert!(greeting.waiting_bytes() < 80, "a stranger fills our memory"),
            Ok(Some(First::Attach(attach, _))) => {
                assert!(!ticket().proves(&attach), "a forged proof holds");
                return;
            }
            Ok(Some(First::Twin(twin, _))) => {
                assert!(!ticket().proves_twin(&twin), "a forged proof holds");
                return;
            }
            Ok(Some(First::Open(_))) | Err(_) => return,
        }
    }
}

fn ticket() -> Ticket {
    Ticket::new(&SeededRng::new(1), Duration::from_mins(10))
}

fn at_acceptor(data: &[u8], armed: bool, by_twin: bool) {
    let now = Instant::now();
    let mut stream = Stream::accept(now, Settings::default(), LineId(0), Decoder::default());
    if armed {
        stream.handle(now, Input::Arm(ticket()));
    }
    feed(&mut stream, now, data, by_twin);
}

fn at_initiator(data: &[u8], by_twin: bool) {
    let now = Instant::now();
    let mut stream = Stream::initiate(now, Settings::default());
    stream.handle(now, Input::Connected(LineId(0)));
    stream.handle(now, Input::Arm(ticket()));
    feed(&mut stream, now, data, by_twin);
}

/// Lets a stream hear the chunks, on its line or on the twin of that, while its own application writes and reads.
fn feed(stream: &mut Stream, mut now: Instant, mut data: &[u8], by_twin: bool) {
    let (mut line, mut twin) = (LineId(0), Decoder::default());
    stream.write(&[5; 3000]);
    let mut out = [0; 4096];
    while let Some((head, rest)) = data.split_first() {
        let (chunk, rest) = rest.split_at(rest.len().min(usize::from(head & 0x3f)));
        data = rest;
        match head >> 6 {
            0 => {}
            1 => now += Duration::from_millis(700),
            2 => stream.handle(now, Input::Written(line)),
            _ => {
                stream.read(&mut out);
            }
        }
        if by_twin {
            twin.push(chunk);
            while let Ok(Some(frame)) = twin.next_frame() {
                stream.handle(now, Input::Copy(frame));
            }
        } else {
            stream.handle(now, Input::Bytes(line, chunk));
        }
        while let Some(output) = stream.poll() {
            match output {
                // A new line begins at once; on it the fuzzer has a proof to forge.
                Output::Connect(id) => {
                    line = id;
                    stream.handle(now, Input::Connected(id));
                }
                Output::Transmit(_, bytes) => {
                    assert!(bytes.len() <= MAX_TRANSMIT_BYTES + MAX_FRAME_BYTES, "too much at once");
                    sent(&bytes);
                }
                Output::Event(Event::Back { epoch, .. }) => {
                    // A doubted line may be trusted again; a new one needs a proof.
                    assert!(epoch == 0 || stream.line() != Some(line), "a forged answer was believed");
                }
                _ => {}
            }
        }
        assert!(stream.readable() <= Settings::default().window_bytes.max(UNARMED_BYTES), "the window overflowed");
        if stream.ended().is_some() {
            return;
        }
    }
}

/// What a stream sends is well formed.
fn sent(bytes: &[u8]) {
    let mut decoder = Decoder::default();
    decoder.push(bytes);
    while let Some(frame) = decoder.next_frame().expect("a stream sends what nobody understands") {
        assert!(!matches!(frame, Frame::Refused(_)), "a stream answers for its caller");
    }
    assert_eq!(decoder.waiting_bytes(), 0, "half a frame was sent");
}
