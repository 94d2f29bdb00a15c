//! The text that goes along with the programs, for who unpacks them.

/// The German text's file.
pub(crate) const GERMAN_FILE: &str = "LIESMICH.txt";
/// The English text's file.
pub(crate) const ENGLISH_FILE: &str = "README.txt";

const GERMAN_ONE: &str = "\
Ihr Stick für das Fernamt

1. Kopieren Sie alle Dateien dieses Ordners auf einen USB-Stick oder in einen leeren Ordner.
2. Starten Sie {programs}. Es wird nichts installiert.
3. Geben Sie den Aktivierungscode ein, den Sie von Ihrer Verwaltung erhalten haben, und wählen Sie eine Passphrase.
4. Danach brauchen Sie nur noch Ihre Passphrase und einen Einmalcode aus Ihrer App.

Der Stick gehört einer Person. Geben Sie ihn nicht weiter, und kopieren Sie ihn nach der Aktivierung nicht: Eine Kopie
wird bemerkt, und der Stick wird gesperrt. Haben Sie ihn verloren, sagen Sie es Ihrer Verwaltung gleich.
";

const ENGLISH_ONE: &str = "\
Your stick for Fernamt

1. Copy all files of this folder onto a USB stick or into an empty folder.
2. Start {programs}. Nothing is installed.
3. Type the activation code that your administration gave you, and choose a passphrase.
4. From then on you need your passphrase and a one-time code from your app, and nothing else.

The stick belongs to one person. Do not pass it on, and do not copy it once it is activated: a copy is noticed, and the
stick is blocked. If you lose it, tell your administration at once.
";

const GERMAN_MANY: &str = "\
Sticks für mehrere Personen

1. Kopieren Sie {programs} auf jeden USB-Stick.
2. Legen Sie aus dem Ordner der Person die Datei stick.json daneben.
3. Übergeben Sie Stick und Aktivierungscode getrennt voneinander.

In diesen Dateien steht kein Geheimnis. Welcher Code zu welchem Stick gehört, hat die Verwaltung beim Anlegen einmal
angezeigt; einen neuen erhalten Sie dort jederzeit.
";

const ENGLISH_MANY: &str = "\
Sticks for several people

1. Copy {programs} onto each USB stick.
2. Put the file stick.json from the person's folder beside them.
3. Hand over stick and activation code apart from each other.

There is no secret in these files. Which code belongs to which stick was shown once by the administration when the
sticks were made; it makes a new one whenever you need it.
";

/// The texts to go along with these programs, German first, with the line ends that every Windows reads.
pub(crate) fn texts(several: bool, files: &[&str]) -> [(&'static str, String); 2] {
    let (german, english) = if several { (GERMAN_MANY, ENGLISH_MANY) } else { (GERMAN_ONE, ENGLISH_ONE) };
    let (in_german, in_english) = if several { (" und ", " and ") } else { (" oder ", " or ") };
    [(GERMAN_FILE, filled(german, files, in_german)), (ENGLISH_FILE, filled(english, files, in_english))]
}

fn filled(text: &str, files: &[&str], between: &str) -> String {
    let named: Vec<String> = files
        .iter()
        .rev()
        .map(|file| format!("{file} ({})", if file.contains(".exe") { "Windows" } else { "Linux" }))
        .collect();
    text.replace("{programs}", &named.join(between)).replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_that_go_along_are_named() {
        let both = ["fernamt-stick", "fernamt-stick.exe"];
        for (several, files, german, english) in [
            (
                false,
                &both[..],
                "Starten Sie fernamt-stick.exe (Windows) oder fernamt-stick (Linux).",
                "Linux). Nothing",
            ),
            (
                true,
                &both[..],
                "fernamt-stick.exe (Windows) und fernamt-stick (Linux) auf",
                "(Windows) and fernamt-stick",
            ),
            (false, &both[..1], "Starten Sie fernamt-stick (Linux).", "Start fernamt-stick (Linux)."),
            (true, &both[1..], "Kopieren Sie fernamt-stick.exe (Windows) auf", "Copy fernamt-stick.exe (Windows) onto"),
        ] {
            let [(_, in_german), (_, in_english)] = texts(several, files);
            assert!(in_german.contains(german) && in_english.contains(english), "{in_german}{in_english}");
        }
    }
}
