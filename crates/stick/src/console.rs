//! The terminal that we were started from.
//!
//! Windows opens a console behind every program that says it may need one, so ours says that it does not. It then has
//! no place to print, even if a command line started it, until it asks for its parent's.

/// Lets us print to the terminal that we were started from, if any. Output that goes into a file or a program stays.
pub fn attach() {
    #[cfg(windows)]
    attach_on_windows();
}

#[cfg(windows)]
fn attach_on_windows() {
    use std::{
        io::{stderr, stdin, stdout},
        os::windows::io::AsRawHandle as _,
    };

    let handles = [stdin().as_raw_handle(), stdout().as_raw_handle(), stderr().as_raw_handle()];
    if handles.iter().any(|handle| handle.is_null()) {
        // Started by a click there is no such terminal, and nothing to print either.
        let _ = winsafe::AttachConsole(winsafe::PidParent::Parent);
    }
}
