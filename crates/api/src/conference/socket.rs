//! What is said over a meeting's own socket: everything but sound and pictures.
