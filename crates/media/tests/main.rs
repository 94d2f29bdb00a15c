//! The media plane over real sockets.
