//! The demo's people. Their passwords and secrets are fixed, so that an authenticator app that was set up once goes on
//! working; the demo listens on the loopback only.

use fernamt_domain::Role;

/// The password of every demo person.
pub(super) const PASSWORD: &str = "Das Amt, von überall";

/// A demo person.
#[derive(Debug, Clone, Copy)]
pub(super) struct DemoPerson {
    /// The sign-in name.
    pub(super) name: &'static str,
    /// The name that others see.
    pub(super) display_name: &'static str,
    /// The group.
    pub(super) group: &'static str,
    /// Duties beside the daily work.
    pub(super) roles: &'static [Role],
    /// The TOTP secret.
    pub(super) secret: &'static [u8; 20],
}

/// Everybody.
pub(super) const PEOPLE: [DemoPerson; 5] = [
    DemoPerson {
        name: "ada",
        display_name: "Ada Admin",
        group: "IT",
        roles: &[Role::Administrator],
        secret: b"fernamt-demo-ada----",
    },
    DemoPerson {
        name: "erika",
        display_name: "Erika Mustermann",
        group: "Bürgeramt",
        roles: &[],
        secret: b"fernamt-demo-erika--",
    },
    DemoPerson {
        name: "max",
        display_name: "Max Beispiel",
        group: "Bauamt",
        roles: &[],
        secret: b"fernamt-demo-max----",
    },
    DemoPerson {
        name: "dora",
        display_name: "Dora Datenschutz",
        group: "Datenschutz",
        roles: &[Role::DataProtection],
        secret: b"fernamt-demo-dora---",
    },
    DemoPerson {
        name: "karl",
        display_name: "Karl Leitstelle",
        group: "IT",
        roles: &[Role::ControlDesk],
        secret: b"fernamt-demo-karl---",
    },
];
