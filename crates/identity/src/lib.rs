//! Who somebody is: people and groups, devices, second factors, sessions, sign-in, directories, and the authoriser
//! that turns all of it into live grants.

pub mod challenge;
pub mod device_key;
pub mod directory;
pub mod otp;
pub mod passkey;
pub mod password;
pub mod recovery;
pub mod session_secret;
pub mod ssh_key;
pub mod throttle;
pub mod token_file;
