//! A running meeting: lobby, roster, chat, hands, moderation, over its own socket.
