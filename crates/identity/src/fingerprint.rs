//! What people compare to know that two speak of the same key.

use data_encoding::BASE64URL_NOPAD;
use fernamt_domain::DeviceKind;
use fernamt_store::DeviceRecord;

/// The bytes of a hash that are shown.
const SHOWN_BYTES: usize = 8;

/// The fingerprint of a device's key, the same wherever it is shown: for SSH keys as `ssh-keygen -l` prints it, else enough of
/// the key's hash to compare (`23:9c:41:3f:f9:d8:a5:d2`).
pub fn fingerprint(device: &DeviceRecord) -> String {
    match BASE64URL_NOPAD.decode(device.thumbprint.as_bytes()) {
        Ok(hash) if device.kind != DeviceKind::SshKey => {
            hash.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
        }
        _ => device.thumbprint.clone(),
    }
}
