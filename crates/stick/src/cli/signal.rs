//! The wish to end, as systems express it.

/// Waits until the system asks us to end.
#[cfg(unix)]
pub(super) async fn wish_to_end() {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    async fn heard(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => {
                signal.recv().await;
            }
            // Then the system ends us without asking, which is as good.
            Err(_) => std::future::pending().await,
        }
    }
    tokio::select! {
        () = heard(signal(SignalKind::interrupt())) => {}
        () = heard(signal(SignalKind::terminate())) => {}
        () = heard(signal(SignalKind::hangup())) => {}
    }
}

/// Waits until the system asks us to end.
#[cfg(windows)]
pub(super) async fn wish_to_end() {
    use tokio::signal::windows;

    macro_rules! heard {
        ($signal:expr) => {
            async {
                match $signal {
                    Ok(mut signal) => {
                        signal.recv().await;
                    }
                    // Then the system ends us without asking, which is as good.
                    Err(_) => std::future::pending().await,
                }
            }
        };
    }
    tokio::select! {
        () = heard!(windows::ctrl_c()) => {}
        () = heard!(windows::ctrl_break()) => {}
        () = heard!(windows::ctrl_close()) => {}
        () = heard!(windows::ctrl_shutdown()) => {}
    }
}
