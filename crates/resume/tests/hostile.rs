//! Peers and strangers that break the rules.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use fernamt_resume::{
    Attach, Decoder, End, Event, Fault, First, Frame, Greeting, Input, LineId, MAX_DATA_BYTES, Output, Refusal,
    Settings, Stream, Ticket, UNARMED_BYTES,
};
use fernamt_testkit::SeededRng;

/// An acceptor whose other side is played by the test.
struct Gateway {
    now: Instant,
    stream: Stream,
    ticket: Ticket,
}

fn ticket(seed: u64) -> Ticket {
    Ticket::new(&SeededRng::new(seed), Duration::from_mins(10))
}

impl Gateway {
    fn open() -> Self {
        let now = Instant::now();
        let Ok(Some(First::Open(rest))) = Greeting::default().push(&Frame::Open.to_bytes()) else {
            panic!("OPEN was not understood")
        };
        let stream = Stream::accept(now, Settings::default(), LineId(0), rest);
        Self { now, stream, ticket: ticket(1) }
    }

    fn armed() -> Self {
        let mut gateway = Self::open();
        gateway.stream.handle(gateway.now, Input::Arm(gateway.ticket.clone()));
        gateway.outputs();
        gateway.stream.handle(gateway.now, Input::Written(LineId(0)));
        gateway
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.stream.poll()).collect()
    }

    fn gets(&mut self, line: u64, frame: &Frame) -> Vec<Output> {
        self.stream.handle(self.now, Input::Bytes(LineId(line), &frame.to_bytes()));
        self.outputs()
    }

    fn attach(&mut self, line: u64, attach: Attach) -> Vec<Output> {
        self.stream.handle(self.now, Input::Attach { line: LineId(line), attach, rest: Decoder::default() });
        self.outputs()
    }

    fn fault(&mut self, frame: &Frame, fault: Fault) {
        let line = self.stream.line().unwrap();
        let outputs = self.gets(line.0, frame);
        assert!(outputs.contains(&Output::Event(Event::Fault(fault))), "{frame:?}: {outputs:?}");
        assert!(outputs.contains(&Output::Disconnect(line)), "{frame:?}: {outputs:?}");
        assert_eq!(self.stream.line(), None);
    }
}

fn frames(outputs: &[Output], line: u64) -> Vec<Frame> {
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    for output in outputs {
        if let Output::Transmit(id, bytes) = output
            && id.0 == line
        {
            decoder.push(bytes);
            while let Some(frame) = decoder.next_frame().unwrap() {
                frames.push(frame);
            }
        }
    }
    frames
}

fn data(position: u64, bytes: usize) -> Frame {
    Frame::Data { position, bytes: Bytes::from(vec![7; bytes]) }
}

#[test]
fn a_replayed_attach_is_refused_and_moves_nothing() {
    let mut gateway = Gateway::armed();
    let recorded = gateway.ticket.attach(1, 0);
    let answer = frames(&gateway.attach(1, recorded.clone()), 1);
    assert!(matches!(answer.first(), Some(Frame::Attached { epoch: 1, received: 0, from: 0, .. })), "{answer:?}");
    for line in [2, 3] {
        let outputs = gateway.attach(line, recorded.clone());
        assert!(outputs.contains(&Output::Refuse(LineId(line), Refusal::Gone)), "{outputs:?}");
        assert!(outputs.contains(&Output::Event(Event::Fault(Fault::OldEpoch))));
        assert_eq!(gateway.stream.line(), Some(LineId(1)), "the true line is left alone");
    }
}

#[test]
fn an_old_epoch_is_refused_even_when_it_was_never_used() {
    let mut gateway = Gateway::armed();
    let (delayed, newer) = (gateway.ticket.attach(4, 0), gateway.ticket.attach(5, 0));
    gateway.attach(1, newer);
    let outputs = gateway.attach(2, delayed);
    assert!(outputs.contains(&Output::Refuse(LineId(2), Refusal::Gone)), "{outputs:?}");
    assert_eq!(gateway.stream.line(), Some(LineId(1)));
}

#[test]
fn a_forged_code_is_refused() {
    let mut gateway = Gateway::armed();
    let honest = gateway.ticket.attach(1, 0);
    let stranger = Attach { id: honest.id, ..ticket(2).attach(1, 0) };
    for forged in [
        Attach { code: [0; 32], ..honest.clone() },
        Attach { epoch: 2, ..honest.clone() },
        Attach { received: 1, ..honest.clone() },
        stranger,
    ] {
        let outputs = gateway.attach(1, forged);
        assert!(outputs.contains(&Output::Event(Event::Fault(Fault::Forged))), "{outputs:?}");
        assert!(outputs.contains(&Output::Refuse(LineId(1), Refusal::Gone)), "{outputs:?}");
    }
    assert_eq!(gateway.stream.line(), Some(LineId(0)));
    assert!(!frames(&gateway.attach(1, honest), 1).is_empty(), "a forgery uses up no epoch");
}

#[test]
fn nobody_comes_back_before_somebody_has_signed_in() {
    let mut gateway = Gateway::open();
    gateway.stream.write(&[1; 100]);
    let outputs = gateway.attach(1, ticket(1).attach(1, 0));
    assert!(outputs.contains(&Output::Refuse(LineId(1), Refusal::Gone)), "{outputs:?}");
    assert_eq!(gateway.stream.held_bytes(), 0, "nothing is kept for strangers");
    gateway.stream.handle(gateway.now, Input::Lost(LineId(0)));
    assert!(gateway.outputs().contains(&Output::Ended(End::Lost)), "a drop starts over");
}

#[test]
fn one_attachment_at_a_time() {
    let mut gateway = Gateway::armed();
    let proof = gateway.ticket.attach(1, 0);
    let outputs = gateway.attach(1, proof);
    assert!(outputs.contains(&Output::Disconnect(LineId(0))), "{outputs:?}");
    assert!(gateway.gets(0, &data(0, 5)).is_empty(), "the old line is heard no more");
    assert_eq!(gateway.stream.readable(), 0);
    gateway.gets(1, &data(0, 5));
    assert_eq!(gateway.stream.readable(), 5);
}

#[test]
fn an_acknowledgement_of_what_was_never_sent_costs_the_line() {
    let mut gateway = Gateway::armed();
    gateway.stream.write(b"12345");
    gateway.outputs();
    gateway.fault(&Frame::Ack { taken: 6, limit: 100 }, Fault::AckBeyondSent);
    assert_eq!(gateway.stream.held_bytes(), 5, "and frees nothing");
}

#[test]
fn data_beyond_the_window_cost_the_line() {
    let mut gateway = Gateway::open();
    let mut position = 0;
    while position < UNARMED_BYTES as u64 {
        gateway.gets(0, &data(position, MAX_DATA_BYTES));
        position += MAX_DATA_BYTES as u64;
    }
    assert_eq!(gateway.stream.readable(), UNARMED_BYTES);
    let outputs = gateway.gets(0, &data(position, 1));
    assert!(outputs.contains(&Output::Event(Event::Fault(Fault::BeyondWindow))), "{outputs:?}");
    assert!(outputs.contains(&Output::Ended(End::Lost)), "before the sign-in the line is all there is");
    assert_eq!(gateway.stream.readable(), UNARMED_BYTES);
}

#[test]
fn every_other_broken_rule_costs_the_line_and_not_the_stream() {
    let code = [0; 32];
    for (frame, fault) in [
        (data(1, 5), Fault::Gap),
        (Frame::End { position: 3 }, Fault::Gap),
        (Frame::Ping { number: 1, sent: 1 }, Fault::Gap),
        (Frame::Open, Fault::Unexpected),
        (Frame::Attach(ticket(1).attach(1, 0)), Fault::Unexpected),
        (Frame::Attached { epoch: 1, received: 0, from: 0, code }, Fault::Unexpected),
        (Frame::Refused(Refusal::Gone), Fault::Unexpected),
    ] {
        let mut gateway = Gateway::armed();
        gateway.fault(&frame, fault);
        let proof = gateway.ticket.attach(1, 0);
        assert!(!frames(&gateway.attach(9, proof), 9).is_empty(), "it does not come back after {frame:?}");
    }
    let mut gateway = Gateway::armed();
    gateway.gets(0, &Frame::End { position: 0 });
    gateway.fault(&data(0, 1), Fault::EndMoved);
}

#[test]
fn positions_that_contradict_each_other_end_the_stream() {
    let mut gateway = Gateway::armed();
    gateway.stream.write(b"12345");
    gateway.outputs();
    let proof = gateway.ticket.attach(1, 6);
    let outputs = gateway.attach(1, proof);
    assert!(outputs.contains(&Output::Ended(End::OutOfStep)), "{outputs:?}");
    assert!(outputs.contains(&Output::Refuse(LineId(1), Refusal::Gone)));
}

#[test]
fn what_was_acknowledged_after_the_proof_was_made_is_not_sent_again() {
    let mut gateway = Gateway::armed();
    gateway.stream.write(b"12345");
    gateway.outputs();
    gateway.gets(0, &Frame::Ack { taken: 5, limit: 100 });
    let proof = gateway.ticket.attach(1, 4);
    let said = frames(&gateway.attach(1, proof), 1);
    assert!(matches!(said.first(), Some(Frame::Attached { from: 5, .. })), "{said:?}");
    assert!(!said.iter().any(|frame| matches!(frame, Frame::Data { .. })), "{said:?}");
}

#[test]
fn bytes_that_a_stranger_acknowledged_end_the_stick_instead_of_coming_wrong() {
    let mut gateway = Gateway::armed();
    gateway.stream.write(b"12345");
    gateway.outputs();
    gateway.gets(0, &Frame::Ack { taken: 5, limit: 100 });
    let (now, mut stream, ticket) = stick();
    let line = dialled_again(now, &mut stream);
    let said = frames(&gateway.attach(1, ticket.attach(1, 0)), 1);
    stream.handle(now, Input::Bytes(line, &said[0].to_bytes()));
    assert_eq!(stream.ended(), Some(End::OutOfStep));
}

#[test]
fn the_replay_buffer_takes_no_more_than_it_may() {
    let mut gateway = Gateway::armed();
    let limit = Settings::default().replay_bytes;
    let mut written = 0;
    loop {
        let count = gateway.stream.write(&vec![1; 100_000]);
        if count == 0 {
            break;
        }
        written += count;
        gateway.stream.handle(gateway.now, Input::Written(LineId(0)));
        gateway.outputs();
    }
    assert_eq!((written, gateway.stream.held_bytes(), gateway.stream.room()), (limit, limit, 0));
}

#[test]
fn many_pings_cost_one_answer() {
    let mut gateway = Gateway::armed();
    gateway.stream.handle(gateway.now, Input::Written(LineId(0)));
    gateway.outputs();
    let mut flood = BytesMut::new();
    for number in 0..10_000 {
        Frame::Ping { number, sent: 0 }.write(&mut flood);
    }
    gateway.stream.handle(gateway.now, Input::Bytes(LineId(0), &flood));
    assert_eq!(frames(&gateway.outputs(), 0), [Frame::Pong(9_999)]);
}

#[test]
fn a_finished_or_ended_stream_turns_everybody_away() {
    let mut gateway = Gateway::armed();
    let proof = gateway.ticket.attach(1, 0);
    gateway.stream.handle(gateway.now, Input::Abort);
    let said = frames(&gateway.outputs(), 0);
    assert_eq!(said, [Frame::Bye]);
    let outputs = gateway.attach(1, proof);
    assert_eq!(outputs, [Output::Refuse(LineId(1), Refusal::Gone)]);
    assert_eq!((gateway.stream.write(b"1"), gateway.stream.deadline()), (0, None));
}

/// An initiator whose other side is played by the test, attached for the first time.
fn stick() -> (Instant, Stream, Ticket) {
    let now = Instant::now();
    let mut stream = Stream::initiate(now, Settings::default());
    assert_eq!(stream.poll(), Some(Output::Connect(LineId(0))));
    stream.handle(now, Input::Connected(LineId(0)));
    let ticket = ticket(1);
    stream.handle(now, Input::Arm(ticket.clone()));
    while stream.poll().is_some() {}
    (now, stream, ticket)
}

fn dialled_again(now: Instant, stream: &mut Stream) -> LineId {
    stream.handle(now, Input::Lost(LineId(0)));
    let mut line = None;
    while let Some(output) = stream.poll() {
        if let Output::Connect(id) = output {
            line = Some(id);
        }
    }
    let line = line.expect("nothing was dialled");
    stream.handle(now, Input::Connected(line));
    while stream.poll().is_some() {}
    line
}

#[test]
fn a_false_gateway_frees_no_bytes() {
    let (now, mut stream, ticket) = stick();
    stream.write(b"12345");
    while stream.poll().is_some() {}
    let line = dialled_again(now, &mut stream);
    let wrong = [
        Frame::Attached { epoch: 1, received: 5, from: 0, code: [0; 32] },
        // The stick's own proof, sent back.
        Frame::Attached { epoch: 1, received: 5, from: 0, code: ticket.attach(1, 0).code },
        Frame::Attached { epoch: 0, received: 5, from: 0, code: [0; 32] },
        Frame::Ack { taken: 5, limit: 100 },
        Frame::Bye,
    ];
    for frame in wrong {
        let mut stream = dialled_copy(now, &frame);
        assert_eq!(stream.held_bytes(), 5, "{frame:?}");
        assert_eq!(stream.line(), None, "{frame:?}");
        assert_eq!(stream.ended(), None, "{frame:?}");
        stream.handle(now + fernamt_resume::DIAL_EVERY * 2, Input::Tick);
        let again = std::iter::from_fn(|| stream.poll()).any(|output| matches!(output, Output::Connect(_)));
        assert!(again, "it does not try again after {frame:?}");
    }
    assert_eq!(stream.line(), None);
    assert!(line > LineId(0));
}

/// A stick that comes back to somebody who answers with `frame`.
fn dialled_copy(now: Instant, frame: &Frame) -> Stream {
    let (_, mut stream, _) = stick();
    stream.write(b"12345");
    stream.handle(now, Input::Written(LineId(0)));
    while stream.poll().is_some() {}
    let line = dialled_again(now, &mut stream);
    stream.handle(now, Input::Bytes(line, &frame.to_bytes()));
    stream
}

#[test]
fn who_refuses_for_good_ends_the_stick_and_who_is_busy_does_not() {
    let now = Instant::now();
    assert_eq!(dialled_copy(now, &Frame::Refused(Refusal::Gone)).ended(), Some(End::Refused(Refusal::Gone)));
    assert_eq!(dialled_copy(now, &Frame::Refused(Refusal::Busy)).ended(), None);
}
