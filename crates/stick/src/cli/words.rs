//! Sentences for people, in German and English.

use std::{net::SocketAddr, time::Duration};

use crate::{engine::Problem, passphrase::MIN_CHARS};

/// The language of sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// German.
    #[default]
    German,
    /// English.
    English,
}

impl Language {
    /// By its code: `de` or `en`.
    pub fn parse(code: &str) -> Result<Self, &'static str> {
        match code {
            "de" => Ok(Self::German),
            "en" => Ok(Self::English),
            _ => Err("it is de or en"),
        }
    }

    fn of<T>(self, german: T, english: T) -> T {
        match self {
            Self::German => german,
            Self::English => english,
        }
    }
}

/// What happened, why as far as known, and what to do now.
#[expect(clippy::too_many_lines, reason = "a table with a row for each problem")]
pub fn sentence(problem: &Problem, language: Language) -> String {
    let (german, english) = match problem {
        Problem::NoConfig => (
            "In diesem Ordner liegt keine brauchbare Datei stick.json. Starten Sie das Programm vom Stick, oder lassen \
             Sie sich das Paket neu geben.",
            "This folder holds no usable stick.json. Start the program from the stick, or ask for the package again.",
        ),
        Problem::CannotUnlock => (
            "Der Stick lässt sich damit nicht öffnen. Prüfen Sie die Passphrase. Hilft das nicht, lassen Sie sich einen \
             neuen Aktivierungscode geben.",
            "The stick does not open with this. Check the passphrase. If that does not help, ask for a new activation \
             code.",
        ),
        Problem::ContainerDamaged => (
            "Der Schlüssel auf dem Stick ist beschädigt. Lassen Sie sich einen neuen Aktivierungscode geben.",
            "The key on the stick is damaged. Ask for a new activation code.",
        ),
        Problem::NoMemory => (
            "Dieser PC hat gerade zu wenig freien Arbeitsspeicher, um den Stick zu öffnen. Schließen Sie andere \
             Programme und versuchen Sie es erneut.",
            "This PC has too little free memory to open the stick. Close other programs and try again.",
        ),
        Problem::CannotWrite => (
            "Auf den Stick kann nicht geschrieben werden. Prüfen Sie, ob er voll oder schreibgeschützt ist.",
            "The stick cannot be written to. Check whether it is full or write-protected.",
        ),
        Problem::WeakPassphrase => {
            return language.of(
                format!(
                    "Die Passphrase ist zu kurz oder zu leicht zu erraten. Nehmen Sie mindestens {MIN_CHARS} Zeichen, am \
                     besten vier Wörter, die nicht zusammengehören."
                ),
                format!(
                    "The passphrase is too short or too easy to guess. Use at least {MIN_CHARS} characters, best four \
                     words that do not belong together."
                ),
            );
        }
        Problem::WrongActivationCode => (
            "Der Aktivierungscode wurde nicht angenommen: Er ist falsch, schon benutzt oder zu alt. Prüfen Sie ihn, oder \
             lassen Sie sich einen neuen geben.",
            "The activation code was not accepted: it is wrong, used already, or too old. Check it, or ask for a new one.",
        ),
        Problem::SignInRefused => (
            "Die Anmeldung wurde abgelehnt: Der Einmalcode stimmt nicht, oder der Stick ist gesperrt. Versuchen Sie es mit \
             dem nächsten Code. Hilft das nicht, fragen Sie Ihre Leitstelle.",
            "The sign-in was refused: the one-time code is wrong, or the stick is blocked. Try the next code. If that \
             does not help, ask your control desk.",
        ),
        Problem::SlowDown { seconds } => {
            return language.of(
                format!("Das waren zu viele Versuche. Warten Sie {seconds} Sekunden und versuchen Sie es erneut."),
                format!("Those were too many attempts. Wait {seconds} seconds and try again."),
            );
        }
        Problem::DevicePending => (
            "Der Stick ist noch nicht freigegeben. Ihre Leitstelle kann ihn freigeben.",
            "The stick is not approved yet. Your control desk can approve it.",
        ),
        Problem::EnrolmentRequired => (
            "Sie haben noch keinen Einmalcode eingerichtet. Melden Sie sich dazu einmal im Browser an.",
            "You have not set up a one-time code yet. Sign in once in the browser to do so.",
        ),
        Problem::Unreachable => (
            "Das Amt ist nicht zu erreichen. Prüfen Sie die Internetverbindung und versuchen Sie es erneut.",
            "The office cannot be reached. Check the internet connection and try again.",
        ),
        Problem::ProxyWantsPassword => {
            ("Der Proxy dieses Netzes verlangt Name und Passwort.", "This network's proxy wants a name and a password.")
        }
        Problem::WrongHostKey => (
            "Wer hier antwortet, ist nicht Ihr Amt. Es wurde nichts übertragen. Versuchen Sie es in einem anderen Netz, und \
             sagen Sie Ihrer Leitstelle Bescheid.",
            "Whoever answers here is not your office. Nothing was sent. Try another network, and tell your control desk.",
        ),
        Problem::Copied => (
            "Von diesem Stick wurde eine Kopie benutzt. Er ist deshalb gesperrt. Ihre Leitstelle sieht das und kann ihn \
             mit einem neuen Aktivierungscode wieder freigeben.",
            "A copy of this stick has been used, so it is blocked. Your control desk sees that and can let it in again with a \
             new activation code.",
        ),
        Problem::Outdated => (
            "Das Programm auf dem Stick ist zu alt. Lassen Sie sich das neue Programm geben.",
            "The program on the stick is too old. Ask for the new one.",
        ),
        Problem::SessionEnded => (
            "Ihre Sitzung wurde vom Amt beendet. Fragen Sie Ihre Leitstelle, wenn Sie das nicht erwarten.",
            "Your session was ended by the office. Ask your control desk if you did not expect that.",
        ),
        Problem::LineLost => (
            "Die Leitung war zu lange unterbrochen. Melden Sie sich neu an.",
            "The line was interrupted for too long. Sign in again.",
        ),
        Problem::StickPulled => (
            "Der Stick wurde gezogen. Alle Verbindungen sind beendet.",
            "The stick was pulled. All connections have ended.",
        ),
        Problem::TargetForbidden => (
            "Dieses Ziel ist Ihnen nicht oder nicht mehr erlaubt.",
            "This target is not, or no longer, allowed for you.",
        ),
        Problem::TargetUnreachable => (
            "Das Ziel antwortet nicht. Vielleicht ist es ausgeschaltet; versuchen Sie es später noch einmal.",
            "The target does not answer. It may be switched off; try again later.",
        ),
        Problem::NoProgram => ("Auf diesem PC gibt es kein Programm dafür.", "This PC has no program for it."),
        Problem::Restarting => (
            "Das Fernamt wird gerade neu gestartet. Melden Sie sich in einer Minute wieder an.",
            "Fernamt is being restarted. Sign in again in a minute.",
        ),
        Problem::Unavailable => (
            "Das Amt hat gerade eine Störung. Versuchen Sie es in ein paar Minuten noch einmal.",
            "The office has a fault at the moment. Try again in a few minutes.",
        ),
    };
    language.of(german, english).to_owned()
}

/// The other sentences.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub(super) Language);

impl Words {
    pub(super) fn passphrase(self) -> &'static str {
        self.0.of("Passphrase: ", "Passphrase: ")
    }

    pub(super) fn new_passphrase(self) -> String {
        self.0.of(
            format!("Neue Passphrase (mindestens {MIN_CHARS} Zeichen): "),
            format!("New passphrase (at least {MIN_CHARS} characters): "),
        )
    }

    pub(super) fn once_more(self) -> &'static str {
        self.0.of("Noch einmal: ", "Once more: ")
    }

    pub(super) fn differ(self) -> &'static str {
        self.0.of("Die beiden Eingaben unterscheiden sich.", "The two entries differ.")
    }

    pub(super) fn repeated(self) -> &'static str {
        self.0.of(
            "Die Passphrase wiederholt sich oder zählt nur weiter. Nehmen Sie vier Wörter, die nicht zusammengehören.",
            "The passphrase repeats itself or only counts on. Use four words that do not belong together.",
        )
    }

    pub(super) fn too_long(self) -> &'static str {
        self.0.of("Die Passphrase ist zu lang.", "The passphrase is too long.")
    }

    pub(super) fn code(self) -> &'static str {
        self.0.of("Einmalcode: ", "One-time code: ")
    }

    pub(super) fn activation_code(self) -> &'static str {
        self.0.of("Aktivierungscode: ", "Activation code: ")
    }

    pub(super) fn proxy_user(self) -> &'static str {
        self.0.of("Name für den Proxy: ", "Name for the proxy: ")
    }

    pub(super) fn proxy_password(self) -> &'static str {
        self.0.of("Passwort für den Proxy: ", "Password for the proxy: ")
    }

    pub(super) fn no_terminal(self) -> &'static str {
        self.0.of(
            "Hier gibt es kein Terminal, um nach Passphrase und Code zu fragen. Skripte geben beides mit --secrets-stdin.",
            "There is no terminal here to ask for passphrase and code. Scripts give both by --secrets-stdin.",
        )
    }

    pub(super) fn no_secret(self) -> &'static str {
        self.0.of(
            "Es fehlt eine Zeile mit Passphrase oder Code, oder sie ist zu lang.",
            "A line with passphrase or code is missing, or too long.",
        )
    }

    pub(super) fn not_activated(self) -> &'static str {
        self.0.of(
            "Der Stick ist noch nicht aktiviert. Das tut: fernamt-stick activate",
            "The stick is not activated yet. This does it: fernamt-stick activate",
        )
    }

    pub(super) fn activated(self) -> &'static str {
        self.0.of("Der Stick ist aktiviert.", "The stick is activated.")
    }

    pub(super) fn listening(self, name: &str, address: SocketAddr) -> String {
        self.0.of(
            format!("{name} ist unter {address} zu erreichen. Beenden mit Strg+C."),
            format!("{name} can be reached at {address}. End with Ctrl+C."),
        )
    }

    pub(super) fn no_target(self, wanted: &str, alike: &[&str]) -> String {
        if alike.is_empty() {
            return self.0.of(
                format!("Ein Ziel „{wanted}“ gibt es für Sie nicht; alle zeigt: fernamt-stick targets"),
                format!("There is no target “{wanted}” for you; this lists all: fernamt-stick targets"),
            );
        }
        self.0.of(
            format!("Ein Ziel „{wanted}“ gibt es für Sie nicht, aber: „{}“.", alike.join("“, „")),
            format!("There is no target “{wanted}” for you, but: “{}”.", alike.join("”, “")),
        )
    }

    pub(super) fn several_targets(self, wanted: &str) -> String {
        self.0.of(
            format!("„{wanted}“ kann mehrere Ziele meinen. Nehmen Sie die Kennung:"),
            format!("“{wanted}” may mean several targets. Use the id:"),
        )
    }

    pub(super) fn in_the_browser(self, url: &str) -> String {
        self.0.of(
            format!("Dieses Ziel öffnen Sie im Browser: {url}"),
            format!("This target is opened in a browser: {url}"),
        )
    }

    pub(super) fn only_by_command(self) -> &'static str {
        self.0.of(
            "Das Programm, das den Stick gestartet hat, gehört zu keinem Terminal und keinem Skript. Nutzen dürfen den \
             Tunnel nur Programme, die mit -- gestartet werden.",
            "What started the stick belongs to no terminal and no script. Only programs started by -- may use the tunnel.",
        )
    }

    pub(super) fn cannot_start(self, program: &str) -> String {
        self.0.of(format!("{program} lässt sich nicht starten."), format!("{program} cannot be started."))
    }

    pub(super) fn away(self, patience: Duration) -> String {
        let minutes = patience.as_secs().div_ceil(60);
        self.0.of(
            format!("Die Leitung ist unterbrochen. Alles bleibt bis zu {minutes} Minuten stehen und geht dann weiter."),
            format!("The line is interrupted. Everything waits for up to {minutes} minutes and then goes on."),
        )
    }

    pub(super) fn back(self) -> &'static str {
        self.0.of("Die Leitung ist wieder da.", "The line is back.")
    }

    pub(super) fn line_test(self, trip: Duration, jitter: Duration, loss: u16, down: u32, up: u32) -> String {
        let (trip, jitter, percent) = (trip.as_millis(), jitter.as_millis(), f64::from(loss) / 10.0);
        match self.0 {
            Language::German => format!(
                "Hin und zurück {trip} ms (±{jitter} ms), {} % Verlust, {down} kbit/s zu Ihnen, {up} kbit/s zum Amt",
                percent.to_string().replace('.', ",")
            ),
            Language::English => format!(
                "There and back {trip} ms (±{jitter} ms), {percent} % lost, {down} kbit/s to you, {up} kbit/s to the office"
            ),
        }
    }

    pub(super) fn status(self, person: &str, agency: &str, activated: bool) -> String {
        match (self.0, activated) {
            (Language::German, true) => format!("Stick von {person}, {agency}. Er ist aktiviert."),
            (Language::German, false) => format!("Stick von {person}, {agency}. Er ist noch nicht aktiviert."),
            (Language::English, true) => format!("The stick of {person}, {agency}. It is activated."),
            (Language::English, false) => format!("The stick of {person}, {agency}. It is not activated yet."),
        }
    }

    pub(super) fn measured(self, memory_mib: u32, passes: u32, seconds: f64) -> String {
        match self.0 {
            Language::German => format!(
                "Ein Versuch kostet hier {} s und {memory_mib} MiB Speicher ({passes} Durchgänge).",
                format!("{seconds:.2}").replace('.', ",")
            ),
            Language::English => {
                format!("One attempt costs {seconds:.2} s and {memory_mib} MiB of memory here ({passes} passes).")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        let (trip, jitter) = (Duration::from_millis(300), Duration::from_millis(12));
        let said = |language| Words(language).line_test(trip, jitter, 35, 900, 200);
        assert!(said(Language::German).contains("3,5 % Verlust"));
        assert!(said(Language::English).contains("3.5 % lost"));
        assert!(Words(Language::German).measured(256, 3, 0.456).contains("0,46 s"));
    }
}
