//! The line test: how quick the line is, and how much it carries each way.

use std::time::Duration;

use bytes::Bytes;
use fernamt_api::line_test::{MAX_LINE_TEST_BYTES, Mode};
use russh::{Channel, ChannelMsg, client};
use tokio::time::{Instant, timeout, timeout_at};

use super::{client::Client, quality::Measured};
use crate::{
    engine::{LineTest, Problem},
    forward::{Flow, Gate, Inlets, TURN_BYTES},
};

/// How long each direction is measured.
const MEASURE_FOR: Duration = Duration::from_secs(3);
/// How long the gateway may take to begin or to sum up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Measures both directions, one after the other, and adds what the stream knows about delay and loss.
pub(super) async fn run(
    ssh: &client::Handle<Client>,
    inlets: &Inlets,
    gate: &Gate,
    measured: impl Fn() -> Option<Measured>,
) -> Result<LineTest, Problem> {
    // Before we fill the line ourselves: what it is like for somebody who types.
    let quiet = measured();
    let down_kbit = down(ssh, inlets).await?;
    let up_kbit = up(ssh, inlets, gate).await?;
    let quiet = quiet.or_else(measured).ok_or(Problem::Unavailable)?;
    Ok(LineTest::Done {
        round_trip: quiet.round_trip,
        jitter: quiet.jitter,
        loss_permille: quiet.loss_permille,
        down_kbit,
        up_kbit,
    })
}

async fn begin(ssh: &client::Handle<Client>, inlets: &Inlets, mode: Mode) -> Result<Channel<client::Msg>, Problem> {
    let beginning = async {
        let mut channel = ssh.channel_open_session().await?;
        // What comes is ours to take, and for no program.
        inlets.ignore(channel.id());
        channel.request_subsystem(true, mode.subsystem()).await?;
        loop {
            match channel.wait().await {
                Some(ChannelMsg::Success) => return Ok(channel),
                Some(ChannelMsg::WindowAdjusted { .. }) => {}
                _ => return Err(russh::Error::RequestDenied),
            }
        }
    };
    timeout(PATIENCE, beginning).await.ok().and_then(Result::ok).ok_or(Problem::Unavailable)
}

/// The gateway sends until we have had enough.
async fn down(ssh: &client::Handle<Client>, inlets: &Inlets) -> Result<u32, Problem> {
    let mut channel = begin(ssh, inlets, Mode::Down).await?;
    let begun = Instant::now();
    let end = begun + MEASURE_FOR;
    let mut bytes = 0_u64;
    let mut last = begun;
    while let Ok(Some(message)) = timeout_at(end, channel.wait()).await {
        match message {
            ChannelMsg::Data { data } => {
                bytes += data.len() as u64;
                last = Instant::now();
            }
            ChannelMsg::Eof | ChannelMsg::Close => break,
            _ => {}
        }
    }
    inlets.forget(channel.id());
    // What still comes is for nobody.
    let _ = channel.close().await;
    Ok(kbit(bytes, last - begun))
}

/// We send, and the gateway says how much came.
async fn up(ssh: &client::Handle<Client>, inlets: &Inlets, gate: &Gate) -> Result<u32, Problem> {
    let mut channel = begin(ssh, inlets, Mode::Up).await?;
    let part = Bytes::from_static(&[0; TURN_BYTES]);
    let begun = Instant::now();
    let sending = async {
        let (mut sent, mut flow) = (0, Flow::default());
        while sent < MAX_LINE_TEST_BYTES {
            // As every tunnel does: a test must not hold up a desktop.
            let turn = gate.turn(&flow).await;
            if channel.data_bytes(part.clone()).await.is_err() {
                return;
            }
            turn.spent(&mut flow, part.len(), std::future::pending()).await;
            sent += part.len();
        }
    };
    let _ = timeout(MEASURE_FOR, sending).await;
    channel.eof().await.map_err(|_| Problem::Unavailable)?;
    let summing = async {
        let mut answer = Vec::new();
        while let Some(message) = channel.wait().await {
            match message {
                ChannelMsg::Data { data } if answer.len() < 8 => answer.extend_from_slice(&data),
                ChannelMsg::Eof | ChannelMsg::Close => break,
                _ => {}
            }
        }
        answer.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
    };
    let bytes = timeout(PATIENCE, summing).await.ok().flatten().ok_or(Problem::Unavailable)?;
    let took = begun.elapsed();
    inlets.forget(channel.id());
    let _ = channel.close().await;
    Ok(kbit(bytes, took))
}

fn kbit(bytes: u64, took: Duration) -> u32 {
    let millis = took.as_millis().max(1);
    u32::try_from(u128::from(bytes) * 8 / millis).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_time_make_a_rate() {
        assert_eq!(kbit(125_000, Duration::from_secs(1)), 1000);
        assert_eq!(kbit(0, Duration::ZERO), 0);
        assert_eq!(kbit(u64::MAX, Duration::ZERO), u32::MAX);
    }
}
