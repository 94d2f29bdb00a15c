//! Every text of the window, in German and English, in one table.

use crate::engine::{Problem, Step};

/// The language of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// German.
    De,
    /// English.
    En,
}

impl Language {
    /// By its code; German for everything that is not English.
    pub fn of(code: &str) -> Self {
        if code.eq_ignore_ascii_case("en") { Self::En } else { Self::De }
    }

    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::De => Self::En,
            Self::En => Self::De,
        }
    }
}

macro_rules! words {
    ($($name:ident: $de:literal, $en:literal;)*) => {
        /// A text of the window. Values stand in it as `{name}`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the text beside each name says it")]
        pub enum Word { $($name),* }

        impl Word {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The text.
            pub const fn text(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::De) => $de, (Self::$name, Language::En) => $en,)*
                }
            }
        }
    };
}

impl Word {
    /// The text with its values.
    pub fn fill(self, language: Language, values: &[(&str, &str)]) -> String {
        // One pass, so that nothing inside a value is taken for a place to fill.
        let mut rest = self.text(language);
        let mut filled = String::with_capacity(rest.len() + 16);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            filled.push_str(values.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

words! {
    Product: "Fernamt", "Fernamt";
    StickOf: "Stick von {person}", "{person}’s stick";
    MoreBelow: "Weiter unten geht es weiter", "There is more below";
    CancelWork: "Abbrechen und beenden", "Cancel and quit";
    OtherLanguage: "English", "Deutsch";
    Help: "Hilfe", "Help";
    Back: "Zurück", "Back";
    Leave: "Beenden", "Quit";

    UnusableHeading: "Dieser Ordner ist kein Stick", "This folder is not a stick";

    FreshHeading: "Willkommen", "Welcome";
    FreshText: "Sie starten diesen Stick zum ersten Mal. Den Aktivierungscode haben Sie von Ihrer Leitstelle bekommen. Die Passphrase wählen Sie selbst; niemand sonst kennt sie, und niemand kann sie wiederherstellen.", "You are starting this stick for the first time. Your control desk gave you the activation code. You choose the passphrase yourself; nobody else knows it, and nobody can restore it.";
    ActivationCode: "Aktivierungscode", "Activation code";
    NewPassphrase: "Neue Passphrase", "New passphrase";
    PassphraseAgain: "Passphrase wiederholen", "Repeat the passphrase";
    PassphraseRule: "Mindestens 12 Zeichen, keine einfachen Reihen. Am besten ein Satz oder vier Wörter, die nicht zusammengehören.", "At least 12 characters, no simple rows. Best is a sentence, or four words that do not belong together.";
    Show: "Anzeigen", "Show";
    ShowPassphrase: "Passphrase anzeigen", "Show passphrase";
    ShowPassword: "Passwort anzeigen", "Show password";
    Renew: "Ich habe einen neuen Aktivierungscode", "I have a new activation code";
    RenewHeading: "Stick neu einrichten", "Set up the stick anew";
    RenewText: "Mit dem neuen Aktivierungscode von Ihrer Leitstelle wählen Sie eine neue Passphrase. Die alte gilt dann nicht mehr.", "With the new activation code from your control desk you choose a new passphrase. The old one is good no more.";
    PassphraseMissing: "Noch {count} Zeichen.", "{count} more characters.";
    PassphraseMissingOne: "Noch ein Zeichen.", "One more character.";
    PassphraseRepeated: "Das wiederholt sich oder zählt nur weiter.", "That repeats itself or only counts on.";
    PassphraseTooLong: "Das ist zu lang.", "That is too long.";
    PassphraseGood: "Lang genug.", "Long enough.";
    PassphraseStrong: "Lang und gut.", "Long and good.";
    PassphrasesDiffer: "Die beiden Passphrasen sind noch nicht gleich.", "The two passphrases are not the same yet.";
    PassphrasesSame: "Beide sind gleich.", "Both are the same.";
    Activate: "Stick einrichten", "Set up the stick";

    LockedHeading: "Anmelden", "Sign in";
    Passphrase: "Passphrase", "Passphrase";
    LockedText: "Ihre Passphrase öffnet den Schlüssel auf dem Stick. Sie verlässt diesen PC nicht.", "Your passphrase opens the key on the stick. It does not leave this PC.";
    Unlock: "Weiter", "Continue";

    CodeHeading: "Einmalcode", "One-time code";
    CodeText: "Den Code zeigt Ihnen die App, mit der Sie sich auch sonst anmelden.", "The app that you sign in with elsewhere shows you the code.";
    Code: "Einmalcode aus Ihrer App", "One-time code from your app";
    SignIn: "Anmelden", "Sign in";

    ProxyHeading: "Anmeldung am Proxy", "Sign in to the proxy";
    ProxyText: "Dieses Netz lässt den Stick nur über einen Proxy hinaus, und der verlangt einen Namen und ein Passwort. Beides bekommen Sie von denen, die dieses Netz betreiben. Es wird nicht gespeichert.", "This network lets the stick out only through a proxy, which wants a name and a password. You get both from those who run this network. They are not stored.";
    ProxyUser: "Name am Proxy", "Name at the proxy";
    ProxyPassword: "Passwort am Proxy", "Password at the proxy";
    ProxyContinue: "Weiter", "Continue";

    Unlocking: "Der Schlüssel wird geöffnet …", "Opening the key …";
    UnlockingMore: "Das dauert mit Absicht einen Moment: So lange braucht auch, wer die Passphrase rät.", "This takes a moment on purpose: so it does for anyone who guesses the passphrase.";
    Connecting: "Ein Weg wird gesucht …", "Looking for a way …";
    ConnectingMore: "Der Stick versucht mehrere Wege zugleich und nimmt den schnellsten.", "The stick tries several ways at once and takes the fastest.";
    SigningIn: "Sie werden angemeldet …", "Signing you in …";
    SigningInMore: "Das Fernamt prüft Stick und Code.", "Fernamt is checking the stick and the code.";
    Activating: "Der Stick wird eingerichtet …", "Setting up the stick …";
    ActivatingMore: "Er bekommt seinen Schlüssel. Bitte ziehen Sie ihn nicht ab.", "It is getting its key. Please do not pull it out.";

    DeskHeading: "Ihre Arbeitsplätze", "Your workplace";
    Greeting: "Angemeldet: {person}", "Signed in: {person}";
    Search: "Suchen", "Search";
    NothingFound: "Nichts gefunden.", "Nothing found.";
    NoTargets: "Für Sie ist noch nichts freigegeben. Bitte wenden Sie sich an Ihre Leitstelle.", "Nothing has been opened for you yet. Please ask your control desk.";
    Open: "Öffnen", "Open";
    Close: "Trennen", "Disconnect";
    OpenNamed: "{name} öffnen", "Open {name}";
    CloseNamed: "{name} trennen", "Disconnect {name}";
    KindRdp: "Desktop", "Desktop";
    KindSsh: "Terminal (SSH)", "Terminal (SSH)";
    KindTcp: "Dienst", "Service";
    KindWeb: "Web-Anwendung", "Web application";
    OpenWith: "Offen mit {program}", "Open with {program}";
    OpenInBrowser: "Im Browser geöffnet. Abmelden müssen Sie sich dort selbst.", "Opened in the browser. You have to sign out there yourself.";
    OpenAgain: "Noch einmal öffnen", "Open again";
    OpenAgainNamed: "{name} noch einmal öffnen", "Open {name} again";
    BrowserStays: "Was im Browser offen ist, bleibt beim Beenden offen. Melden Sie sich dort selbst ab.", "What is open in the browser stays open when you quit. Sign out there yourself.";
    OpenAt: "Offen: {address}", "Open: {address}";

    LineMeasuring: "Die Leitung wird gemessen.", "Measuring the line.";
    LineBest: "Gute Leitung", "Good line";
    LineGood: "Gute Leitung: {ms} ms{way}", "Good line: {ms} ms{way}";
    LineFair: "Brauchbare Leitung: {ms} ms, {loss} % Verlust{way}", "Fair line: {ms} ms, {loss} % loss{way}";
    LineWeak: "Schwache Leitung: {ms} ms, {loss} % Verlust{way}", "Weak line: {ms} ms, {loss} % loss{way}";
    LineReduced: "{line}; weniger Farben", "{line}; reduced colours used";
    WayDirect: ", direkt", ", direct";
    WayHttps: ", über HTTPS", ", by HTTPS";
    WayProxy: ", über einen Proxy", ", through a proxy";
    TestLine: "Leitung prüfen", "Test the line";
    TestRunning: "Die Leitung wird geprüft …", "Testing the line …";
    TestDone: "Hin und zurück {ms}, Schwankung {jitter}, Verlust {loss} %. Zu Ihnen: {down}. Von Ihnen: {up}.", "There and back {ms}, variation {jitter}, loss {loss} %. To you: {down}. From you: {up}.";
    Milliseconds: "{value} ms", "{value} ms";
    BelowTenMs: "unter 10 ms", "below 10 ms";
    VeryFast: "sehr schnell, rund {rate}", "very fast, about {rate}";
    Fast: "schnell, rund {rate}", "fast, about {rate}";
    FastEnough: "ausreichend, rund {rate}", "sufficient, about {rate}";
    Slow: "langsam, rund {rate}", "slow, about {rate}";
    Megabits: "{value} Mbit/s", "{value} Mbit/s";
    Kilobits: "{value} kbit/s", "{value} kbit/s";

    AwayHeading: "Die Leitung ist unterbrochen", "The line is interrupted";
    AwayText: "Seit {lasted}. Was offen ist, bleibt noch {left} bestehen und geht dann von selbst weiter. Sie müssen nichts tun.", "For {lasted}. What is open stays for another {left} and then goes on by itself. You need not do anything.";
    AwayShort: "Die Leitung ist unterbrochen. Was offen ist, wartet auf sie.", "The line is interrupted. What is open waits for it.";
    Seconds: "{count} Sekunden", "{count} seconds";
    OneSecond: "1 Sekunde", "1 second";
    Minutes: "{count} Minuten", "{count} minutes";
    OneMinute: "1 Minute", "1 minute";
    MinutesSeconds: "{minutes} und {seconds}", "{minutes} and {seconds}";

    EndedHeading: "Beendet", "Ended";
    EndedText: "Alle Verbindungen sind getrennt, und der Schlüssel ist verschlossen. Sie können den Stick jetzt abziehen.", "All connections are closed and the key is locked. You can pull the stick out now.";
    SignInAgain: "Neu anmelden", "Sign in again";
    CloseWindow: "Fenster schließen", "Close the window";

    LeaveHeading: "Wirklich beenden?", "Really quit?";
    LeaveOne: "Eine Verbindung ist noch offen: {names}. Beim Beenden wird sie getrennt. Was Sie dort nicht gespeichert haben, kann verloren gehen.", "One connection is still open: {names}. Quitting closes it. What you have not saved there may be lost.";
    LeaveMany: "{count} Verbindungen sind noch offen: {names}. Beim Beenden werden sie getrennt. Was Sie dort nicht gespeichert haben, kann verloren gehen.", "{count} connections are still open: {names}. Quitting closes them. What you have not saved there may be lost.";
    LeaveNow: "Trennen und beenden", "Disconnect and quit";
    Stay: "Weiterarbeiten", "Keep working";

    TwiceHeading: "Der Stick ist schon geöffnet", "The stick is already open";
    TwiceText: "Ein anderes Fenster benutzt diesen Stick. Arbeiten Sie dort weiter. Finden Sie es nicht, dann warten Sie eine halbe Minute und starten Sie noch einmal.", "Another window is using this stick. Please go on there. If you cannot find it, wait half a minute and start again.";

    AskHeading: "Anmelden an: {target}", "Sign in to: {target}";
    AskText: "Name und Passwort gelten für diesen Desktop. Sie werden nicht gespeichert.", "Name and password are for this desktop. They are not stored.";
    AskName: "Name", "Name";
    AskPassword: "Passwort", "Password";
    AskConnect: "Verbinden", "Connect";
    Cancel: "Abbrechen", "Cancel";

    HelpHeading: "Hilfe", "Help";
    HelpCodesHeading: "Woher kommen Passphrase und Codes?", "Where do passphrase and codes come from?";
    HelpCodesActivation: "Aktivierungscode: von Ihrer Leitstelle, meist in einem Brief. Sie brauchen ihn nur beim ersten Start.", "Activation code: from your control desk, mostly in a letter. You need it only at the first start.";
    HelpCodesPassphrase: "Passphrase: Sie haben sie beim ersten Start selbst gewählt. Niemand sonst kennt sie.", "Passphrase: you chose it yourself at the first start. Nobody else knows it.";
    HelpCodesOnce: "Einmalcode: Ihn zeigt die App oder das Token, mit dem Sie sich auch im Browser am Fernamt anmelden. Jeder gilt nur einmal.", "One-time code: shown by the app or token with which you sign in to Fernamt in the browser, too. Each is good only once.";
    HelpForgottenHeading: "Passphrase vergessen?", "Forgotten the passphrase?";
    HelpForgotten: "Ihre Leitstelle gibt Ihnen einen neuen Aktivierungscode. Wählen Sie damit bei der Anmeldung „Ich habe einen neuen Aktivierungscode“. Der Stick bleibt derselbe.", "Your control desk gives you a new activation code. With it, choose “I have a new activation code” where you sign in. The stick stays the same.";
    HelpLostHeading: "Stick verloren?", "Lost the stick?";
    HelpLost: "Rufen Sie sofort Ihre Leitstelle an, oder melden Sie ihn selbst: im Browser unter Mein Konto, Geräte und Sitzungen. Er ist dann innerhalb von Sekunden gesperrt.", "Call your control desk at once, or report it yourself: in the browser under My account, Devices and sessions. It is then blocked within seconds.";
    HelpTargetHeading: "Ein Ziel öffnet sich nicht?", "A target does not open?";
    HelpTarget: "Lesen Sie, was in Rot darunter steht. Ihr eigener PC muss eingeschaltet sein. Öffnet sich nur eine Seite im Browser nicht, wählen Sie „Noch einmal öffnen“. Hilft das nicht, fragen Sie Ihre Leitstelle.", "Read what is written below it in red. Your own PC has to be switched on. If only a page in the browser does not open, choose “Open again”. If that does not help, ask your control desk.";
    HelpAwayHeading: "Die Leitung ist weg?", "The line is gone?";
    HelpAway: "Sie müssen nichts tun. Was offen ist, wartet einige Minuten und geht dann von selbst weiter, auch über ein anderes Netz. War die Leitung zu lange weg, melden Sie sich neu an.", "You need not do anything. What is open waits some minutes and then goes on by itself, by another network, too. If the line was away for too long, sign in again.";
    HelpCallHeading: "Wen rufen Sie an?", "Whom do you call?";
    HelpCall: "Ihre Leitstelle. Es hilft, wenn Sie den Satz vorlesen, der im Fenster steht, und das Ergebnis von „Leitung prüfen“.", "Your control desk. It helps if you read out the sentence in the window, and the result of “Test the line”.";
    HelpStaysHeading: "Was auf diesem PC bleibt", "What stays on this PC";
    HelpOursHeading: "Vom Stick: nichts", "From the stick: nothing";
    HelpOurs: "Der Stick schreibt auf diesen PC keine Datei, keinen Eintrag in die Registrierung und kein Passwort. Was er sich merkt, steht in seinem eigenen Ordner; der Schlüssel dort ist mit Ihrer Passphrase verschlossen.", "The stick writes no file, no registry entry and no password to this PC. What it remembers is in its own folder; the key there is locked with your passphrase.";
    HelpWindowsHeading: "Von Windows selbst", "By Windows itself";
    HelpWindowsStarted: "Welche Programme wann gestartet wurden, auch „fernamt-stick.exe“ (Prefetch, zuletzt verwendete Programme, Prüfungen des Virenschutzes).", "Which programs were started when, “fernamt-stick.exe” among them (Prefetch, recently used programs, checks of the virus protection).";
    HelpWindowsUsb: "Dass ein USB-Stick mit dieser Seriennummer angesteckt war.", "That a USB stick with this serial number was plugged in.";
    HelpWindowsMstsc: "Die Remotedesktopverbindung wird so gestartet, dass sie kein Passwort und keine Bilder behält. Das Ereignisprotokoll und die Liste der letzten Verbindungen können die Adresse „127.…“ und Ihren Anmeldenamen festhalten.", "Remote Desktop is started so that it keeps no password and no pictures. The event log and the list of recent connections may keep the address “127.…” and your sign-in name.";
    HelpLinuxHeading: "Von Linux selbst", "By Linux itself";
    HelpLinux: "Das Systemprotokoll kann festhalten, dass der USB-Stick angesteckt war und welche Programme liefen. Programme, die der Stick startet, legen Einstellungen und Verläufe auf dem Stick ab, nicht in Ihrem Benutzerordner; Terminals behalten ihre eigenen Einstellungen.", "The system’s log may keep that the USB stick was plugged in and which programs ran. Programs started by the stick put settings and histories on the stick, not in your home folder; terminals keep their own settings.";
    HelpBothHeading: "Überall", "Everywhere";
    HelpBrowser: "Ihr Browser behandelt unsere Seiten wie alle anderen: Verlauf, Cookies und heruntergeladene Dateien bleiben, bis Sie sie löschen. Ein privates Fenster vermeidet das.", "Your browser treats our pages like all others: history, cookies and downloads stay until you delete them. A private window avoids that.";
    HelpMemory: "Beim Ruhezustand und beim Auslagern schreibt das System den Arbeitsspeicher auf die Festplatte, auch was gerade auf dem Bildschirm war.", "When it hibernates or swaps, the system writes memory to the disk, including what was on the screen.";
    HelpShared: "Wo Laufwerke, Drucker oder die Zwischenablage freigegeben sind, bleibt, was Sie selbst hierher speichern, drucken oder kopieren.", "Where drives, printers or the clipboard are allowed, whatever you save, print or copy here yourself will stay.";
    HelpAdvice: "Benutzen Sie den Stick nur an einem PC, dem Sie trauen: Wer ihn beherrscht, sieht Ihre Tasten und Ihren Bildschirm. Zum Schluss beenden, dann abziehen.", "Use the stick only on a PC that you trust: whoever controls it sees your keys and your screen. When you are done, quit, then pull it out.";
    HelpKeysHeading: "Tasten", "Keys";
    HelpKeys: "Tabulator: weiter. Eingabe oder Leertaste: auslösen. Esc: zurück oder abbrechen. Bild auf, Bild ab, Pos1, Ende: blättern. Strg und Plus oder Minus: größer oder kleiner.", "Tab: next. Enter or space: activate. Esc: back or cancel. Page up, Page down, Home, End: scroll. Ctrl and plus or minus: larger or smaller.";
    HelpVersion: "Fernamt-Stick {version}. Freie Software unter der EUPL 1.2. Schrift: Fira Sans (OFL 1.1).", "Fernamt stick {version}. Free software under the EUPL 1.2. Typeface: Fira Sans (OFL 1.1).";

    NoConfigTitle: "Die Datei „stick.json“ fehlt oder ist beschädigt", "The file “stick.json” is missing or damaged";
    NoConfigText: "Starten Sie das Programm aus dem Ordner, den Sie von Ihrer Leitstelle bekommen haben. Ist es dieser, dann bitten Sie dort um einen neuen.", "Start the program from the folder that your control desk gave you. If this is the one, please ask them for a new one.";
    CannotUnlockTitle: "Der Schlüssel lässt sich damit nicht öffnen", "The key cannot be opened with this";
    CannotUnlockText: "Die Passphrase stimmt nicht, oder die Datei mit dem Schlüssel ist beschädigt. Prüfen Sie Großschreibung und Tastatursprache und versuchen Sie es noch einmal. Haben Sie die Passphrase vergessen, gibt Ihnen Ihre Leitstelle einen neuen Aktivierungscode.", "The passphrase is wrong, or the file with the key is damaged. Check capitals and the keyboard’s language and try again. If you have forgotten the passphrase, your control desk gives you a new activation code.";
    ContainerDamagedTitle: "Die Datei mit dem Schlüssel ist beschädigt", "The file with the key is damaged";
    ContainerDamagedText: "Vielleicht wurde der Stick beim Schreiben abgezogen. Bitten Sie Ihre Leitstelle um einen neuen Aktivierungscode.", "Perhaps the stick was pulled out while it was being written. Please ask your control desk for a new activation code.";
    NoMemoryTitle: "Dieser PC hat zu wenig freien Arbeitsspeicher", "This PC has too little free memory";
    NoMemoryText: "Das Öffnen des Schlüssels braucht für einen Moment einige hundert Megabyte. Schließen Sie andere Programme und versuchen Sie es noch einmal.", "Opening the key takes some hundred megabytes for a moment. Close other programs and try again.";
    CannotWriteTitle: "Der Stick lässt sich nicht beschreiben", "The stick cannot be written";
    CannotWriteText: "Er ist voll, schreibgeschützt oder nicht mehr angesteckt. Ohne zu schreiben kann er sich nicht anmelden. Prüfen Sie das und versuchen Sie es noch einmal.", "It is full, protected or no longer plugged in. It cannot sign in without writing. Please check that and try again.";
    WeakPassphraseTitle: "Die Passphrase ist zu kurz oder zu leicht zu erraten", "The passphrase is too short or too easy to guess";
    WeakPassphraseText: "Wählen Sie mindestens 12 Zeichen, keine einfachen Reihen, am besten einen Satz oder vier Wörter.", "Choose at least 12 characters, no simple rows, best a sentence or four words.";
    WrongActivationCodeTitle: "Der Aktivierungscode wurde nicht angenommen", "The activation code was not accepted";
    WrongActivationCodeText: "Er ist falsch geschrieben, schon benutzt oder älter als 14 Tage. Prüfen Sie ihn. Hilft das nicht, gibt Ihnen Ihre Leitstelle einen neuen.", "It is misspelt, used already or older than 14 days. Please check it. If that does not help, your control desk gives you a new one.";
    SignInRefusedTitle: "Die Anmeldung wurde nicht angenommen", "The sign-in was not accepted";
    SignInRefusedText: "Der Code ist falsch oder abgelaufen, oder der Stick ist gesperrt. Warten Sie auf den nächsten Code und versuchen Sie es noch einmal. Bleibt es dabei, fragen Sie Ihre Leitstelle.", "The code is wrong or over, or the stick is blocked. Wait for the next code and try again. If it stays like this, please ask your control desk.";
    SlowDownTitle: "Bitte warten Sie einen Moment", "Please wait a moment";
    SlowDownText: "Es gab zu viele Versuche. In {wait} können Sie es wieder versuchen.", "There were too many attempts. You can try again in {wait}.";
    DevicePendingTitle: "Der Stick ist noch nicht freigegeben", "The stick is not approved yet";
    DevicePendingText: "Ihre Leitstelle muss ihn freigeben. Versuchen Sie es danach noch einmal.", "Your control desk has to approve it. Please try again after that.";
    EnrolmentRequiredTitle: "Sie haben noch keinen Einmalcode", "You have no one-time code yet";
    EnrolmentRequiredText: "Melden Sie sich einmal im Browser am Fernamt an und richten Sie ihn dort ein. Danach geht es hier weiter.", "Sign in to Fernamt once in the browser and set it up there. After that you can go on here.";
    UnreachableTitle: "Das Fernamt ist nicht zu erreichen", "Fernamt cannot be reached";
    UnreachableText: "Vielleicht fehlt diesem PC das Internet, oder dieses Netz lässt den Stick nicht hinaus. Öffnen Sie eine Webseite: Geht das, versuchen Sie es noch einmal oder in einem anderen Netz, etwa dem des Telefons.", "Perhaps this PC has no internet, or this network does not let the stick out. Open a web page: if that works, try again, or in another network such as your phone’s.";
    ProxyWantsPasswordTitle: "Der Proxy verlangt eine Anmeldung", "The proxy wants a sign-in";
    ProxyWantsPasswordText: "Dieses Netz lässt den Stick nur mit Name und Passwort hinaus. Haben Sie schon etwas eingegeben, dann stimmt es nicht.", "This network lets the stick out only with a name and a password. If you have entered them already, they are wrong.";
    WrongHostKeyTitle: "Hier antwortet nicht Ihr Fernamt", "This is not your Fernamt";
    WrongHostKeyText: "Die Gegenstelle weist sich anders aus, als es auf dem Stick steht. Es wurde nichts gesendet. Versuchen Sie es in einem anderen Netz und melden Sie es Ihrer Leitstelle.", "Whoever answers proves to be somebody else than the stick expects. Nothing has been sent. Try another network, and tell your control desk.";
    CopiedTitle: "Der Stick ist gesperrt: Es gibt eine Kopie", "The stick is blocked: there is a copy of it";
    CopiedText: "Mit einer Kopie dieses Sticks hat sich schon jemand angemeldet. Ihre Leitstelle ist benachrichtigt. Bitte rufen Sie dort an.", "Somebody has signed in with a copy of this stick. Your control desk has been told. Please call them.";
    OutdatedTitle: "Das Programm auf dem Stick ist zu alt", "The program on the stick is too old";
    OutdatedText: "Ihre Leitstelle gibt Ihnen ein neues. Ihr Schlüssel und Ihre Passphrase bleiben.", "Your control desk gives you a new one. Your key and your passphrase stay.";
    SessionEndedTitle: "Ihre Sitzung wurde beendet", "Your session was ended";
    SessionEndedText: "Das war Ihre Behörde, oder Ihre Zeit ist um. Versuchen Sie, sich neu anzumelden; geht das nicht, fragen Sie Ihre Leitstelle.", "Your agency did this, or your time is over. Try to sign in again; if that does not work, please ask your control desk.";
    LineLostTitle: "Die Leitung war zu lange weg", "The line was away for too long";
    LineLostText: "Die Verbindungen sind getrennt. Was auf den Desktops offen war, ist meist noch da. Melden Sie sich neu an, sobald das Internet wieder geht.", "The connections are closed. What was open on your desktops is mostly still there. Sign in again once the internet works.";
    StickPulledTitle: "Der Stick wurde abgezogen", "The stick was pulled out";
    StickPulledText: "Alle Verbindungen sind getrennt. Stecken Sie ihn wieder an und starten Sie ihn neu.", "All connections are closed. Plug it in again and start it anew.";
    TargetForbiddenTitle: "Das dürfen Sie zurzeit nicht öffnen", "You may not open this at present";
    TargetForbiddenText: "Eine Regel lässt es nicht zu, vielleicht nur zu dieser Zeit oder in diesem Netz. Brauchen Sie es, fragen Sie Ihre Leitstelle.", "A rule does not allow it, perhaps only at this time or in this network. If you need it, ask your control desk.";
    TargetUnreachableTitle: "Das Ziel antwortet nicht", "The target does not answer";
    TargetUnreachableText: "Ist es Ihr eigener PC, muss er eingeschaltet sein. Sonst versuchen Sie es später oder fragen Ihre Leitstelle.", "If it is your own PC, it has to be switched on. Otherwise try later or ask your control desk.";
    NoProgramTitle: "Auf diesem PC fehlt ein Programm dafür", "This PC has no program for it";
    NoProgramText: "Für einen Desktop reicht die Remotedesktopverbindung von Windows, auf Linux FreeRDP oder Remmina; für ein Terminal auf Linux „ssh“ und etwa xterm. Ihre Leitstelle kann Ihnen helfen.", "For a desktop, Remote Desktop of Windows is enough, on Linux FreeRDP or Remmina; for a terminal on Linux “ssh” and xterm, say. Your control desk can help you.";
    RestartingTitle: "Das Fernamt wird gerade neu gestartet", "Fernamt is being restarted";
    RestartingText: "Melden Sie sich in einer Minute wieder an. Was auf den Desktops offen war, ist meist noch da.", "Sign in again in a minute. What was open on your desktops is mostly still there.";
    UnavailableTitle: "Das Fernamt hat eine Störung", "Fernamt has a fault";
    UnavailableText: "Das liegt nicht an Ihnen. Versuchen Sie es in einigen Minuten noch einmal.", "This is not your doing. Please try again in a few minutes.";
}

/// What happened, and why and what to do now.
pub const fn problem(problem: &Problem) -> (Word, Word) {
    match problem {
        Problem::NoConfig => (Word::NoConfigTitle, Word::NoConfigText),
        Problem::CannotUnlock => (Word::CannotUnlockTitle, Word::CannotUnlockText),
        Problem::ContainerDamaged => (Word::ContainerDamagedTitle, Word::ContainerDamagedText),
        Problem::NoMemory => (Word::NoMemoryTitle, Word::NoMemoryText),
        Problem::CannotWrite => (Word::CannotWriteTitle, Word::CannotWriteText),
        Problem::WeakPassphrase => (Word::WeakPassphraseTitle, Word::WeakPassphraseText),
        Problem::WrongActivationCode => (Word::WrongActivationCodeTitle, Word::WrongActivationCodeText),
        Problem::SignInRefused => (Word::SignInRefusedTitle, Word::SignInRefusedText),
        Problem::SlowDown { .. } => (Word::SlowDownTitle, Word::SlowDownText),
        Problem::DevicePending => (Word::DevicePendingTitle, Word::DevicePendingText),
        Problem::EnrolmentRequired => (Word::EnrolmentRequiredTitle, Word::EnrolmentRequiredText),
        Problem::Unreachable => (Word::UnreachableTitle, Word::UnreachableText),
        Problem::ProxyWantsPassword => (Word::ProxyWantsPasswordTitle, Word::ProxyWantsPasswordText),
        Problem::WrongHostKey => (Word::WrongHostKeyTitle, Word::WrongHostKeyText),
        Problem::Copied => (Word::CopiedTitle, Word::CopiedText),
        Problem::Outdated => (Word::OutdatedTitle, Word::OutdatedText),
        Problem::SessionEnded => (Word::SessionEndedTitle, Word::SessionEndedText),
        Problem::LineLost => (Word::LineLostTitle, Word::LineLostText),
        Problem::StickPulled => (Word::StickPulledTitle, Word::StickPulledText),
        Problem::TargetForbidden => (Word::TargetForbiddenTitle, Word::TargetForbiddenText),
        Problem::TargetUnreachable => (Word::TargetUnreachableTitle, Word::TargetUnreachableText),
        Problem::NoProgram => (Word::NoProgramTitle, Word::NoProgramText),
        Problem::Restarting => (Word::RestartingTitle, Word::RestartingText),
        Problem::Unavailable => (Word::UnavailableTitle, Word::UnavailableText),
    }
}

/// What is being done, and a sentence for whoever waits.
pub const fn step(step: Step) -> (Word, Word) {
    match step {
        Step::Unlocking => (Word::Unlocking, Word::UnlockingMore),
        Step::Connecting => (Word::Connecting, Word::ConnectingMore),
        Step::SigningIn => (Word::SigningIn, Word::SigningInMore),
        Step::Activating => (Word::Activating, Word::ActivatingMore),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn places(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).map(|rest| rest.split_once('}').expect("a place is closed").0).collect()
    }

    #[test]
    fn every_word_has_both_languages_with_the_same_places() {
        for word in Word::ALL {
            let (de, en) = (word.text(Language::De), word.text(Language::En));
            assert!(!de.trim().is_empty() && !en.trim().is_empty(), "{word:?}");
            assert_eq!(places(de), places(en), "{word:?}");
        }
    }

    #[test]
    fn sentences_for_people_follow_the_house_voice() {
        for word in Word::ALL {
            let (de, en) = (word.text(Language::De), word.text(Language::En));
            assert!(!de.contains(" du ") && !de.contains('!') && !en.contains('!'), "{word:?}");
            assert!(!de.contains('"') && !en.contains('"'), "{word:?}: straight quotation marks");
        }
    }

    #[test]
    fn whom_to_ask_is_always_the_control_desk() {
        for word in Word::ALL {
            let (de, en) = (word.text(Language::De), word.text(Language::En));
            assert!(!de.contains("Verwaltung") && !en.contains("administration"), "{word:?}");
            assert_eq!(de.contains("Leitstelle"), en.contains("control desk"), "{word:?}");
        }
    }

    #[test]
    fn a_value_is_never_a_place() {
        let filled = Word::LeaveOne.fill(Language::De, &[("names", "{count} {names}")]);
        assert!(filled.contains("offen: {count} {names}."), "{filled}");
        assert_eq!(Word::StickOf.fill(Language::En, &[("person", "Erika")]), "Erika’s stick");
        assert_eq!(Word::StickOf.fill(Language::De, &[]), "Stick von ");
    }
}
