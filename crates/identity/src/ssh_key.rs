//! Public SSH keys as people paste them: one line of `authorized_keys` (RFC 4253, section 6.6).

use aws_lc_rs::digest;
use data_encoding::{BASE64, BASE64_NOPAD};

/// The most bytes of a pasted line.
pub const MAX_LINE_BYTES: usize = 16_384;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshPublicKey {
    algorithm: String,
    blob: Vec<u8>,
}

/// Why a key is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SshKeyFault {
    /// It is no public key.
    #[error("this is no public SSH key: paste the one line of the .pub file")]
    NotAKey,
    /// It is a private key.
    #[error("this is a private key: never give it away; paste the one line of the .pub file, and make a new key")]
    Private,
    /// The algorithm is weak or unknown. RSA is among them: the SSH gateway does not take it.
    #[error("keys of this kind are not accepted: use Ed25519, ECDSA or a security key")]
    Algorithm,
}

impl SshKeyFault {
    /// The stable word for the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAKey => "not_an_ssh_key",
            Self::Private => "private_ssh_key",
            Self::Algorithm => "weak_ssh_key",
        }
    }
}

impl SshPublicKey {
    /// Reads a pasted line: `ssh-ed25519 AAAA… comment`. Options before the key are refused.
    pub fn parse(line: &str) -> Result<Self, SshKeyFault> {
        if line.len() > MAX_LINE_BYTES {
            return Err(SshKeyFault::NotAKey);
        }
        if line.contains("PRIVATE KEY") {
            return Err(SshKeyFault::Private);
        }
        let line = line.trim();
        if line.contains(['\n', '\r']) {
            return Err(SshKeyFault::NotAKey);
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(algorithm), Some(base64)) = (words.next(), words.next()) else { return Err(SshKeyFault::NotAKey) };
        let blob = BASE64.decode(base64.as_bytes()).map_err(|_| SshKeyFault::NotAKey)?;
        let key = Self::from_blob(blob)?;
        if key.algorithm == algorithm { Ok(key) } else { Err(SshKeyFault::NotAKey) }
    }

    /// Takes a key as it goes over the wire.
    pub fn from_blob(blob: Vec<u8>) -> Result<Self, SshKeyFault> {
        let mut fields = Fields(&blob);
        let algorithm =
            fields.next().and_then(|name| std::str::from_utf8(name).ok()).ok_or(SshKeyFault::NotAKey)?.to_owned();
        let lengths: Vec<usize> = fields.by_ref().map(<[u8]>::len).collect();
        if !fields.0.is_empty() {
            return Err(SshKeyFault::NotAKey);
        }
        let fits = match algorithm.as_str() {
            "ssh-ed25519" => lengths == [32],
            "sk-ssh-ed25519@openssh.com" => lengths.len() == 2 && lengths.first() == Some(&32),
            "ecdsa-sha2-nistp256" => lengths == [8, 65],
            "ecdsa-sha2-nistp384" => lengths == [8, 97],
            "ecdsa-sha2-nistp521" => lengths == [8, 133],
            "sk-ecdsa-sha2-nistp256@openssh.com" => lengths.len() == 3 && lengths.starts_with(&[8, 65]),
            _ => return Err(SshKeyFault::Algorithm),
        };
        if fits { Ok(Self { algorithm, blob }) } else { Err(SshKeyFault::NotAKey) }
    }

    /// The key as it goes over the wire.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The fingerprint as `ssh-keygen -l` prints it.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.blob)
    }
}

/// The fingerprint of a key's blob as `ssh-keygen -l` prints it.
pub fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", BASE64_NOPAD.encode(digest::digest(&digest::SHA256, blob).as_ref()))
}

/// Length-prefixed fields; stops at the first that is cut off, leaving the rest.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl github";

    #[test]
    fn a_pasted_line_is_read_with_or_without_comment() {
        let key = SshPublicKey::parse(ED25519).unwrap();
        assert_eq!(key.fingerprint(), "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
        assert_eq!(SshPublicKey::parse(ED25519.trim_end_matches(" github")), Ok(key.clone()));
        assert_eq!(SshPublicKey::from_blob(key.blob().to_vec()), Ok(key));
    }

    #[test]
    fn a_key_may_begin_with_zero_bytes() {
        let mut blob = SshPublicKey::parse(ED25519).unwrap().blob;
        blob[19..23].fill(0);
        let line = format!("ssh-ed25519 {}", BASE64.encode(&blob));
        assert_eq!(SshPublicKey::parse(&line).unwrap().blob, blob);
    }

    fn rsa() -> Vec<u8> {
        let mut blob = Vec::new();
        for field in [b"ssh-rsa".to_vec(), vec![1, 0, 1], [vec![0], vec![0xff; 512]].concat()] {
            blob.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            blob.extend(field);
        }
        blob
    }

    #[test]
    fn weak_foreign_and_private_keys_are_refused() {
        assert_eq!(SshPublicKey::from_blob(rsa()), Err(SshKeyFault::Algorithm));
        assert_eq!(SshPublicKey::parse("-----BEGIN OPENSSH PRIVATE KEY-----\nabc"), Err(SshKeyFault::Private));
        assert_eq!(SshPublicKey::parse(&ED25519.replace("ssh-ed25519 ", "ssh-rsa ")), Err(SshKeyFault::NotAKey));
        assert_eq!(SshPublicKey::parse(&format!("command=\"x\" {ED25519}")), Err(SshKeyFault::NotAKey));
        assert_eq!(SshPublicKey::parse("ssh-dss AAAAB3NzaC1kc3M="), Err(SshKeyFault::Algorithm));
        assert_eq!(SshPublicKey::parse(&format!("{ED25519}\n{ED25519}")), Err(SshKeyFault::NotAKey));
    }

    proptest! {
        #[test]
        fn no_blob_makes_it_panic(blob in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = SshPublicKey::from_blob(blob);
        }
    }
}
