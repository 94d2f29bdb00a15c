//! A client that speaks the signalling and nothing else.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol::{SignalRequest, SignalResponse, signal_request, signal_response::Message as Said};
use prost::Message as _;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, Message, client::IntoClientRequest as _},
};

use super::House;

const LIMIT: Duration = Duration::from_secs(20);

/// One socket at `/rtc`.
pub(crate) struct Client<'a> {
    house: &'a House,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl<'a> Client<'a> {
    /// Connects with a token in the header; the status of the refusal if it is refused.
    pub(crate) fn connect(house: &'a House, token: &str, words: &str) -> Result<Self, u16> {
        let mut request = format!("{}/rtc?{words}", house.url()).into_client_request().unwrap();
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        match house.wait(connect_async(request)) {
            Ok((socket, _)) => Ok(Self { house, socket }),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn send(&mut self, asked: signal_request::Message) {
        let bytes = SignalRequest { message: Some(asked) }.encode_to_vec();
        self.send_raw(Message::Binary(bytes.into()));
    }

    pub(crate) fn send_raw(&mut self, message: Message) {
        self.house.wait(self.socket.send(message)).unwrap();
    }

    /// The next message; none once the server has closed.
    pub(crate) fn next(&mut self) -> Option<Said> {
        let next = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Binary(bytes))) => return SignalResponse::decode(bytes).unwrap().message,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        self.house.wait(async { timeout(LIMIT, next).await.expect("a message in time") })
    }

    /// The first message that `wanted` finds something in, those before forgotten.
    pub(crate) fn until<T>(&mut self, wanted: impl Fn(&Said) -> Option<T>) -> T {
        loop {
            let said = self.next().expect("the socket stays open");
            if let Some(found) = wanted(&said) {
                return found;
            }
        }
    }

    /// What the server closes with.
    pub(crate) fn close_code(&mut self) -> Option<u16> {
        let closed = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                    Some(Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        self.house.wait(async { timeout(LIMIT, closed).await.expect("an end in time") })
    }
}
