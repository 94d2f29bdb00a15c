//! What must not be left on this computer when something goes wrong.

/// Lets neither us nor what we start leave an image of its memory on the disk when it crashes: keys would be in it.
pub fn keep_no_memory_image() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Where even that is forbidden, nobody writes images for us either.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::process::{Resource, getrlimit};

    #[test]
    fn no_image_is_written() {
        super::keep_no_memory_image();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
    }
}
