//! People: where they come from, what they may administer, and how they proved who they are.

use serde::{Deserialize, Serialize};

use crate::text_enum;

text_enum! {
    /// A duty that a person holds beside their daily work.
    pub enum Role {
        /// Runs the installation: people, targets, rules, settings.
        Administrator = "administrator",
        /// Reads the audit log and the evidence; changes nothing else.
        DataProtection = "data_protection",
        /// Approves, suspends and revokes devices.
        ControlDesk = "control_desk",
    }
}

text_enum! {
    /// Where a person's account is kept.
    pub enum PersonSource {
        /// In Fernamt's own store.
        Local = "local",
        /// In a directory (LDAP or Active Directory).
        Directory = "directory",
    }
}

text_enum! {
    /// Whether a person may sign in.
    pub enum PersonState {
        /// May sign in.
        Active = "active",
        /// May not sign in; everything that ran has ended.
        Disabled = "disabled",
    }
}

text_enum! {
    /// A way in which a person proved who they are.
    pub enum Method {
        /// The password of the account, local or in the directory.
        Password = "password",
        /// A one-time code of an app or a hardware token (RFC 6238, RFC 4226).
        Totp = "totp",
        /// A passkey with user verification (`WebAuthn`).
        Passkey = "passkey",
        /// A recovery code, used once.
        RecoveryCode = "recovery_code",
        /// A signature by an enrolled SSH key.
        SshKey = "ssh_key",
    }
}

impl Method {
    /// Whether this is a factor beyond knowing the password: something the person holds.
    pub fn is_possession(self) -> bool {
        !matches!(self, Self::Password)
    }
}
