//! What the gateway says to people, in German and English.

use std::fmt::Write as _;

use fernamt_domain::target::alias;

use super::{OpenRefusal, Reachable, SignInRefusal};

/// The language of a tenant or person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// German.
    #[default]
    German,
    /// English.
    English,
}

impl Language {
    /// The language for a tag such as `de` or `en-GB`; German for any that we do not speak.
    pub fn from_tag(tag: &str) -> Self {
        if tag.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("en")) { Self::English } else { Self::German }
    }

    fn pick(self, german: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::German => german,
            Self::English => english,
        }
    }

    pub(super) fn sign_in_title(self) -> &'static str {
        self.pick("Fernamt: Anmeldung", "Fernamt: sign in")
    }

    pub(super) fn ask_password(self) -> &'static str {
        self.pick("Passwort: ", "Password: ")
    }

    pub(super) fn ask_activation_code(self) -> &'static str {
        self.pick("Aktivierungscode: ", "Activation code: ")
    }

    pub(super) fn ask_code(self) -> &'static str {
        self.pick("Einmalcode: ", "One-time code: ")
    }

    // OpenSSH shows what follows with every letter beyond ASCII as an octal number, so there is none.

    pub(super) fn sign_in_refused(self, refusal: SignInRefusal) -> Option<String> {
        let text = match refusal {
            // The client says itself that access was denied; more would help only who guesses.
            SignInRefusal::Wrong => return None,
            SignInRefusal::SlowDown { retry_after_seconds } => {
                return Some(match self {
                    Self::German => format!(
                        "Zu viele Versuche. Bitte warten Sie {retry_after_seconds} Sekunden und versuchen Sie es dann noch einmal."
                    ),
                    Self::English => {
                        format!("Too many attempts. Please wait {retry_after_seconds} seconds and then try again.")
                    }
                });
            }
            SignInRefusal::DevicePending => self.pick(
                "Dieser Zugang ist noch nicht freigegeben. Ihre Leitstelle ist benachrichtigt. Bitte versuchen Sie es nach der Freigabe noch einmal.",
                "This device is not approved yet. Your control desk has been notified. Please try again once it is approved.",
            ),
            SignInRefusal::EnrolmentRequired => self.pick(
                "Ihr Konto hat noch keinen Einmalcode. Bitte melden Sie sich zuerst im Browser an und richten Sie ihn dort ein.",
                "Your account has no one-time code yet. Please sign in with a browser first and set it up there.",
            ),
            SignInRefusal::Unavailable => self.pick(
                "Die Anmeldung gelingt gerade nicht. Bitte versuchen Sie es in einigen Minuten noch einmal.",
                "Signing in is not possible at the moment. Please try again in a few minutes.",
            ),
        };
        Some(text.to_owned())
    }

    pub(super) fn too_many_connections(self) -> &'static str {
        self.pick(
            "Sie haben schon so viele Verbindungen offen, wie erlaubt sind. Bitte beenden Sie eine davon.",
            "You have as many connections open as are allowed. Please close one of them.",
        )
    }

    pub(super) fn open_refused(self, refusal: OpenRefusal) -> &'static str {
        match refusal {
            OpenRefusal::Forbidden => self.pick(
                "Dieses Ziel ist Ihnen nicht erlaubt. Bitte wenden Sie sich an Ihre Leitstelle.",
                "You are not allowed to reach this target. Please contact your control desk.",
            ),
            OpenRefusal::TooMany => self.pick(
                "Es sind zu viele Verbindungen offen. Bitte beenden Sie eine davon.",
                "Too many connections are open. Please close one of them.",
            ),
            OpenRefusal::Unresolvable => self.pick(
                "Der Name dieses Ziels ist im Haus nicht bekannt. Bitte wenden Sie sich an Ihre Leitstelle.",
                "The name of this target is not known in the house. Please contact your control desk.",
            ),
            OpenRefusal::Unavailable => self.pick(
                "Das Ziel ist gerade nicht erreichbar. Bitte versuchen Sie es in einigen Minuten noch einmal.",
                "The target cannot be opened at the moment. Please try again in a few minutes.",
            ),
        }
    }

    pub(super) fn unreachable(self) -> &'static str {
        self.pick("Das Ziel antwortet nicht. Ist es eingeschaltet?", "The target does not answer. Is it switched on?")
    }

    pub(super) fn grace_over(self) -> &'static str {
        self.pick("Die Anmeldung hat zu lange gedauert.", "Signing in took too long.")
    }

    pub(super) fn session_ended(self) -> &'static str {
        self.pick("Ihre Sitzung wurde beendet.", "Your session has been ended.")
    }

    pub(super) fn shutting_down(self) -> &'static str {
        self.pick(
            "Der Dienst wird neu gestartet. Bitte verbinden Sie sich gleich noch einmal.",
            "The service is restarting. Please connect again in a moment.",
        )
    }
}

/// The text for somebody who asks for a shell: what they may reach and how. In both languages, because it is often read
/// over somebody's shoulder.
pub(super) fn lobby(language: Language, targets: &[Reachable]) -> String {
    let (first, second) = match language {
        Language::German => (Language::German, Language::English),
        Language::English => (Language::English, Language::German),
    };
    let mut out = String::new();
    for language in [first, second] {
        out.push_str(language.pick(
            "Sie sind angemeldet. Eine Kommandozeile gibt es hier nicht, aber Tunnel zu Ihren Zielen:\n",
            "You are signed in. There is no shell here, but there are tunnels to your targets:\n",
        ));
        if targets.is_empty() {
            out.push_str(language.pick(
                "  (Zurzeit ist kein Ziel für Sie freigegeben.)\n",
                "  (At the moment no target is allowed for you.)\n",
            ));
        }
        for target in targets.iter().take(MAX_LISTED) {
            let port = target.port;
            let (name, local) = (clean(&target.name), local_port(port));
            let _ = writeln!(out, "  {name}: ssh -N -L {local}:{}:{port} …", host_to_type(target));
        }
        if targets.len() > MAX_LISTED {
            out.push_str("  …\n");
        }
        out.push_str(language.pick(
            "Mit \"-N\" bleibt die Verbindung offen; für SSH-Ziele genügt \"ssh -J\".\n\n",
            "With \"-N\" the connection stays open; for SSH targets \"ssh -J\" is enough.\n\n",
        ));
    }
    out
}

/// The port that we propose at the client's end of a tunnel: one that needs no privilege, and not the target's own, which
/// may be taken by the same service on the client's machine.
pub fn local_port(port: u16) -> u16 {
    FIRST_LOCAL_PORT + port % LOCAL_PORTS
}

const FIRST_LOCAL_PORT: u16 = 10_000;
const LOCAL_PORTS: u16 = 10_000;

/// The most targets that are listed to somebody who asks for a shell.
const MAX_LISTED: usize = 100;

fn host_to_type(target: &Reachable) -> String {
    let alias = alias(&target.name);
    if alias.is_empty() { clean(&target.host) } else { alias }
}

/// An administrator's text must not steer somebody's terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_print_escaped_is_plain_ascii() {
        for language in [Language::German, Language::English] {
            let refusals =
                [OpenRefusal::Forbidden, OpenRefusal::TooMany, OpenRefusal::Unresolvable, OpenRefusal::Unavailable];
            let refused = refusals.map(|refusal| language.open_refused(refusal));
            let ended =
                [language.unreachable(), language.grace_over(), language.session_ended(), language.shutting_down()];
            for text in refused.into_iter().chain(ended).chain([language.too_many_connections()]) {
                assert!(text.is_ascii(), "{text}");
            }
            for refusal in [
                SignInRefusal::SlowDown { retry_after_seconds: 1 },
                SignInRefusal::DevicePending,
                SignInRefusal::EnrolmentRequired,
                SignInRefusal::Unavailable,
            ] {
                assert!(language.sign_in_refused(refusal).is_some_and(|text| text.is_ascii()));
            }
        }
    }

    #[test]
    fn the_list_names_targets_in_both_languages_and_no_control_character() {
        let targets = [Reachable { name: "Büro\u{1b}[2J".into(), host: "pc12".into(), port: 22 }];
        let text = lobby(Language::English, &targets);
        assert!(text.starts_with("You are signed in."));
        assert!(text.contains("Sie sind angemeldet."));
        assert!(text.contains("ssh -N -L 10022:buero-2j:22"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn languages_by_tag() {
        assert_eq!(Language::from_tag("en-GB"), Language::English);
        assert_eq!(Language::from_tag("de"), Language::German);
        assert_eq!(Language::from_tag("ü"), Language::German);
    }
}
