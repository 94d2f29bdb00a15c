//! The text that goes along with the programs, for who unpacks them.

/// The German text's file.
pub(crate) const GERMAN_FILE: &str = "LIESMICH.txt";
/// The English text's file.
pub(crate) const ENGLISH_FILE: &str = "README.txt";

const GERMAN_ONE: &str = "\
Ihr Stick für das Fernamt

1. Kopieren Sie alle Dateien dieses Ordners auf einen USB-Stick oder in einen leeren Ordner.
2. Starten Sie fernamt-stick.exe (Windows) oder fernamt-stick (Linux). Es wird nichts installiert.
3. Geben Sie den Aktivierungscode ein, den Sie von Ihrer Verwaltung erhalten haben, und wählen Sie eine Passphrase.
4. Danach brauchen Sie nur noch Ihre Passphrase und einen Einmalcode aus Ihrer App.

Der Stick gehört einer Person. Geben Sie ihn nicht weiter, und kopieren Sie ihn nach der Aktivierung nicht: Eine Kopie
wird bemerkt, und der Stick wird gesperrt. Haben Sie ihn verloren, sagen Sie es Ihrer Verwaltung gleich.
";

const ENGLISH_ONE: &str = "\
Your stick for Fernamt

1. Copy all files of this folder onto a USB stick or into an empty folder.
2. Start fernamt-stick.exe (Windows) or fernamt-stick (Linux). Nothing is installed.
3. Type the activation code that your administration gave you, and choose a passphrase.
4. From then on you need your passphrase and a one-time code from your app, and nothing else.

The stick belongs to one person. Do not pass it on, and do not copy it once it is activated: a copy is noticed, and the
stick is blocked. If you lose it, tell your administration at once.
";

const GERMAN_MANY: &str = "\
Sticks für mehrere Personen

1. Kopieren Sie fernamt-stick.exe (Windows) und fernamt-stick (Linux) auf jeden USB-Stick.
2. Legen Sie aus dem Ordner der Person die Datei stick.json daneben.
3. Übergeben Sie Stick und Aktivierungscode getrennt voneinander.

In diesen Dateien steht kein Geheimnis. Welcher Code zu welchem Stick gehört, hat die Verwaltung beim Anlegen einmal
angezeigt; einen neuen erhalten Sie dort jederzeit.
";

const ENGLISH_MANY: &str = "\
Sticks for several people

1. Copy fernamt-stick.exe (Windows) and fernamt-stick (Linux) onto each USB stick.
2. Put the file stick.json from the person's folder beside them.
3. Hand over stick and activation code apart from each other.

There is no secret in these files. Which code belongs to which stick was shown once by the administration when the
sticks were made; it makes a new one whenever you need it.
";

/// The texts to go along, German first, with the line ends that every Windows reads.
pub(crate) fn texts(several: bool) -> [(&'static str, String); 2] {
    let (german, english) = if several { (GERMAN_MANY, ENGLISH_MANY) } else { (GERMAN_ONE, ENGLISH_ONE) };
    [(GERMAN_FILE, german.replace('\n', "\r\n")), (ENGLISH_FILE, english.replace('\n', "\r\n"))]
}
