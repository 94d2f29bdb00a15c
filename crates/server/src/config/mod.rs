//! The configuration file: one TOML file, one section per feature. Unknown keys are refused with their line and the
//! nearest valid name.

mod fault;
pub(crate) mod lmtp;
mod mail;
mod mail_pictures;
pub(crate) mod mail_server;
pub(crate) mod smarthost;
pub(crate) mod smtp;
mod validate;

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU16,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use fault::Fault;
pub(crate) use lmtp::Lmtp;
pub(crate) use mail::Mail;
pub(crate) use mail_pictures::MailPictures;
pub(crate) use mail_server::MailServer;
pub(crate) use smarthost::Smarthost;
pub(crate) use smtp::Smtp;

/// Everything that must be known before the database is open. What administrators edit daily lives in the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Where data lie and how people reach us.
    pub(crate) server: Server,
    /// Where HTTP is listened for, at least one.
    #[serde(default)]
    pub(crate) listener: Vec<Listener>,
    /// The SSH gateway; left out, it is off.
    #[serde(default)]
    pub(crate) ssh: Option<Ssh>,
    /// What is handed out with sticks.
    #[serde(default)]
    pub(crate) stick: Stick,
    /// What carries the sound and the picture of meetings.
    #[serde(default)]
    pub(crate) media: Media,
    /// The database.
    #[serde(default)]
    pub(crate) database: Database,
    /// Daily backups.
    #[serde(default)]
    pub(crate) backup: Backup,
    /// The log.
    #[serde(default)]
    pub(crate) log: Log,
    /// What targets may be.
    #[serde(default)]
    pub(crate) targets: Targets,
    /// The mail server that invitations are handed to; left out, no letter leaves the house.
    #[serde(default)]
    pub(crate) smtp: Option<Smtp>,
    /// Mail accounts of the people; left out, there are none.
    #[serde(default)]
    pub(crate) mail: Option<Mail>,
    /// Prometheus metrics; left out, none are served.
    #[serde(default)]
    pub(crate) metrics: Option<Metrics>,
    /// Administrations beside the first one, each with a host name of its own.
    #[serde(default)]
    pub(crate) tenant: Vec<Tenant>,
}

/// Where data lie and how people reach us.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    /// The folder of database, keys and backups.
    pub(crate) data_dir: PathBuf,
    /// The address people type, such as `https://fernamt.example.org`.
    pub(crate) public_url: String,
    /// The administration's name, until somebody changes it in the settings.
    #[serde(default = "default_name")]
    pub(crate) name: String,
}

fn default_name() -> String {
    "Fernamt".into()
}

/// Where HTTP is listened for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listener {
    /// The network zone it belongs to, as rules name it.
    pub(crate) zone: String,
    /// Address and port.
    #[schemars(with = "String")]
    pub(crate) address: SocketAddr,
    /// How TLS is done.
    pub(crate) tls: Tls,
    /// Whether the administration may be used through it.
    #[serde(default)]
    pub(crate) administration: bool,
}

/// How TLS is done at a listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Tls {
    /// A word.
    Word(TlsWord),
    /// Certificate and key from files, in PEM.
    Files(TlsFiles),
}

/// Ways of TLS that need no files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TlsWord {
    /// A certificate that the server makes for itself; its fingerprint is printed.
    SelfSigned,
    /// None: on the loopback only.
    Off,
}

/// Certificate and key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsFiles {
    /// The certificate with its chain.
    pub(crate) certificate: PathBuf,
    /// The private key.
    pub(crate) key: PathBuf,
}

/// The SSH gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ssh {
    /// The network zone it belongs to.
    pub(crate) zone: String,
    /// Address and port.
    #[schemars(with = "String")]
    pub(crate) address: SocketAddr,
    /// For how many minutes a stick's session waits for the stick when its line is away; 0 ends it with the line.
    #[serde(default = "ten_minutes")]
    #[schemars(range(max = 60))]
    pub(crate) resume_minutes: u8,
}

fn ten_minutes() -> u8 {
    10
}

impl Ssh {
    /// How long a stick's session waits for the stick.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(u64::from(self.resume_minutes) * 60)
    }
}

/// What is handed out with sticks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Stick {
    /// The folder with `fernamt-stick` and `fernamt-stick.exe`; the folder `stick` beside this program unless said, or
    /// this program's own if they lie there.
    pub(crate) programs: Option<PathBuf>,
    /// The SSH gateway from outside as `host:port`; the administration's own host and the gateway's port unless said.
    pub(crate) ssh_address: Option<String>,
}

/// What carries the sound and the picture of meetings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Media {
    /// Whether this server holds no meetings: no port is opened, and pages offer none.
    pub(crate) off: bool,
    /// The UDP port of all sound and picture, with the address to listen on; port 7882 of all addresses unless said.
    #[schemars(with = "Option<String>")]
    pub(crate) address: Option<SocketAddr>,
    /// The addresses under which clients reach this server, at most four; found out unless said. Needed behind an address
    /// translation.
    #[schemars(with = "Vec<String>", length(max = 4))]
    pub(crate) public_addresses: Vec<IpAddr>,
    /// How many threads forward; one for each processor but one unless said.
    #[schemars(range(min = 1, max = 64))]
    pub(crate) threads: Option<NonZeroU16>,
    /// A LiveKit of your own that meetings live on, instead of this server.
    pub(crate) livekit: Option<LiveKit>,
}

/// A LiveKit of your own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiveKit {
    /// Where browsers reach it, such as `wss://livekit.example.org`.
    pub(crate) url: String,
    /// Where this server reaches its API; the same host over HTTP unless said.
    #[serde(default)]
    pub(crate) api_url: Option<String>,
    /// The name of the API key.
    pub(crate) key: String,
    /// A file with the API key's secret.
    pub(crate) secret_file: PathBuf,
}

/// The database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    /// A file with the address of a PostgreSQL database (`postgres://…`); left out, SQLite in the data folder is used.
    #[serde(default)]
    pub(crate) url_file: Option<PathBuf>,
}

/// Daily backups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Backup {
    /// Whether they are made.
    pub(crate) enabled: bool,
    /// The hour of the day (UTC), 0 to 23.
    pub(crate) hour: u8,
    /// How many are kept.
    pub(crate) keep: u16,
    /// Where they lie; the data folder's `backups` unless said.
    pub(crate) directory: Option<PathBuf>,
}

impl Default for Backup {
    fn default() -> Self {
        Self { enabled: true, hour: 2, keep: 14, directory: None }
    }
}

/// The log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// How entries look.
    pub(crate) format: LogFormat,
    /// What is logged: `error`, `warn`, `info`, `debug`, or a filter such as `info,fernamt_access=debug`.
    pub(crate) filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".into() }
    }
}

/// How log entries look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For eyes.
    Text,
    /// For programs.
    Json,
}

/// What targets may be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Targets {
    /// Ports on this server itself that targets may name. All others on the loopback are refused.
    pub(crate) allow_loopback_ports: Vec<u16>,
}

/// Prometheus metrics. They hold no personal data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metrics {
    /// Address and port of a plain HTTP listener of their own, on the loopback or a management network.
    #[schemars(with = "String")]
    pub(crate) address: SocketAddr,
}

/// An administration beside the first one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tenant {
    /// Its name.
    pub(crate) name: String,
    /// Its host name.
    pub(crate) host: String,
}

impl Config {
    /// Reads and checks a file. Returns all faults found, not only the first.
    pub(crate) fn read(path: &Path) -> Result<Self, Vec<Fault>> {
        let bytes = std::fs::read(path).map_err(|error| vec![Fault::unreadable(path, &error)])?;
        let text = Fault::text(&bytes).map_err(|fault| vec![fault])?;
        Self::parse(text, path.parent().unwrap_or(Path::new(".")))
    }

    /// Parses and checks a configuration. Relative paths are taken from `base`.
    pub(crate) fn parse(text: &str, base: &Path) -> Result<Self, Vec<Fault>> {
        let (config, mut faults) = fault::deserialize::<Self>(text);
        let Some(mut config) = config else { return Err(faults) };
        config.resolve_paths(base);
        let told: Vec<_> = faults.iter().filter_map(Fault::line).collect();
        faults.extend(
            validate::validate(&config, text)
                .into_iter()
                .filter(|fault| fault.line().is_none_or(|line| !told.contains(&line))),
        );
        if faults.is_empty() { Ok(config) } else { Err(faults) }
    }

    /// The JSON schema of the file.
    pub(crate) fn schema() -> String {
        let schema = schemars::schema_for!(Self);
        serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
    }

    /// Host and port of the public address.
    pub(crate) fn public_host(&self) -> (String, Option<u16>) {
        let url = url::Url::parse(&self.server.public_url).ok();
        let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        (host.to_owned(), url.as_ref().and_then(url::Url::port))
    }

    /// `https` or `http`.
    pub(crate) fn public_scheme(&self) -> &'static str {
        if self.server.public_url.starts_with("http://") { "http" } else { "https" }
    }

    /// The folder that backups lie in.
    pub(crate) fn backup_dir(&self) -> PathBuf {
        self.backup.directory.clone().unwrap_or_else(|| self.server.data_dir.join("backups"))
    }

    fn resolve_paths(&mut self, base: &Path) {
        let join = |path: &mut PathBuf| *path = base.join(&*path);
        join(&mut self.server.data_dir);
        self.database.url_file.iter_mut().for_each(join);
        self.backup.directory.iter_mut().for_each(join);
        self.stick.programs.iter_mut().for_each(join);
        self.smtp.iter_mut().flat_map(Smtp::paths).for_each(join);
        self.mail.iter_mut().flat_map(Mail::paths).for_each(join);
        self.media.livekit.iter_mut().for_each(|livekit| join(&mut livekit.secret_file));
        for listener in &mut self.listener {
            if let Tls::Files(files) = &mut listener.tls {
                join(&mut files.certificate);
                join(&mut files.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[server]
data_dir = "data"
public_url = "https://fernamt.example.org"

[[listener]]
zone = "internet"
address = "0.0.0.0:443"
tls = "self-signed"

[[listener]]
zone = "office"
address = "10.0.0.1:8443"
tls = "self-signed"
administration = true
"#;

    fn faults(text: &str) -> Vec<String> {
        Config::parse(text, Path::new("/etc/fernamt")).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_file_is_read_and_its_paths_resolved() {
        let config = Config::parse(GOOD, Path::new("/etc/fernamt")).unwrap();
        assert_eq!(config.server.data_dir, Path::new("/etc/fernamt/data"));
        assert_eq!(config.public_host(), ("fernamt.example.org".into(), None));
    }

    #[test]
    fn every_fault_is_named_with_line_and_remedy() {
        let text = GOOD.replace("data_dir", "datadir").replace("\"office\"", "5").replace("10.0.0.1:8443", "10.0.0.1");
        let found = faults(&text);
        assert!(found[0].starts_with("line 3: unknown key `datadir`; did you mean `data_dir`?"), "{found:#?}");
        assert!(found.iter().any(|fault| fault.starts_with("line 12:")), "{found:#?}");
        assert!(found.iter().any(|fault| fault.starts_with("line 13:")), "{found:#?}");
        assert_eq!(found.len(), 3, "{found:#?}");
    }

    #[test]
    fn what_would_be_unsafe_is_refused() {
        let open = GOOD.replacen("\"self-signed\"", "\"off\"", 1);
        assert!(faults(&open)[0].contains("line 9: without TLS"), "{:?}", faults(&open));
        let nobody = GOOD.replace("administration = true", "");
        assert!(faults(&nobody)[0].contains("administration"), "{:?}", faults(&nobody));
    }

    #[test]
    fn where_sticks_find_us_is_a_host_with_a_port() {
        for (address, good) in [
            ("ssh.example.org:2222", true),
            ("192.0.2.1:22", true),
            ("[2001:db8::1]:22", true),
            ("ssh.example.org", false),
            ("ssh.example.org:0", false),
            ("https://ssh.example.org:22", false),
            ("me@ssh.example.org:22", false),
            (":22", false),
        ] {
            let text = format!("{GOOD}\n[stick]\nprograms = \"sticks\"\nssh_address = \"{address}\"\n");
            match Config::parse(&text, Path::new("/etc/fernamt")) {
                Ok(config) => {
                    assert!(good, "{address}");
                    assert_eq!(config.stick.programs.as_deref(), Some(Path::new("/etc/fernamt/sticks")));
                }
                Err(found) => {
                    let found = found[0].to_string();
                    assert!(!good && found.starts_with("line 19: ") && found.contains("host:port"), "{found}");
                }
            }
        }
    }

    #[test]
    fn a_filter_that_would_log_nothing_is_refused() {
        for (filter, good) in [
            ("info", true),
            ("INFO,fernamt_access=debug", true),
            ("warn,fernamt_store[span]=trace", true),
            ("inof", false),
            ("info,fernamt_access=loud", false),
            ("=", false),
        ] {
            let text = format!("{GOOD}\n[log]\nfilter = \"{filter}\"\n");
            match Config::parse(&text, Path::new("/etc/fernamt")) {
                Ok(_) => assert!(good, "{filter}"),
                Err(found) => {
                    let found = found[0].to_string();
                    assert!(
                        !good && found.starts_with("line 18: ") && found.contains("fernamt_access=debug"),
                        "{found}"
                    );
                }
            }
        }
    }

    #[test]
    fn sticks_may_be_away_for_an_hour_at_most() {
        let with = |minutes: &str| {
            let text = format!("{GOOD}\n[ssh]\nzone = \"internet\"\naddress = \"0.0.0.0:2222\"\n{minutes}");
            Config::parse(&text, Path::new("/etc/fernamt")).map(|config| config.ssh.unwrap().patience().as_secs())
        };
        assert_eq!(with("").unwrap(), 600);
        assert_eq!(with("resume_minutes = 0\n").unwrap(), 0);
        assert!(with("resume_minutes = 61\n").unwrap_err()[0].to_string().contains("60 minutes at most"));
    }

    #[test]
    fn addresses_that_overlap_are_named() {
        let both = |first: &str, second: &str| {
            let text = GOOD.replace("0.0.0.0:443", first).replace("10.0.0.1:8443", second);
            Config::parse(&text, Path::new("/etc/fernamt")).err().map(|found| found[0].to_string())
        };
        for (first, second) in [
            ("0.0.0.0:443", "10.0.0.1:443"),
            ("10.0.0.1:443", "0.0.0.0:443"),
            ("[::]:443", "10.0.0.1:443"),
            ("[::]:443", "0.0.0.0:443"),
            ("[::]:443", "[fd00::1]:443"),
            ("10.0.0.1:443", "[::ffff:10.0.0.1]:443"),
        ] {
            let found = both(first, second).unwrap_or_else(|| panic!("{first} and {second} pass"));
            assert!(found.starts_with("line 13: ") && found.contains(first), "{found}");
        }
        for (first, second) in
            [("0.0.0.0:443", "[fd00::1]:443"), ("0.0.0.0:443", "10.0.0.1:444"), ("10.0.0.1:443", "10.0.0.2:443")]
        {
            assert_eq!(both(first, second), None, "{first} and {second}");
        }
        let with_ssh = format!("{GOOD}\n[ssh]\nzone = \"internet\"\naddress = \"0.0.0.0:8443\"\n");
        assert!(faults(&with_ssh)[0].contains("the SSH gateway"), "{:?}", faults(&with_ssh));
        let with_metrics = format!("{GOOD}\n[metrics]\naddress = \"127.0.0.1:443\"\n");
        assert!(faults(&with_metrics)[0].contains("metrics"), "{:?}", faults(&with_metrics));
    }

    #[test]
    fn messages_say_what_to_write() {
        let text = GOOD.replace("10.0.0.1:8443", "10.0.0.1").replacen("tls = \"self-signed\"", "tls = \"none\"", 1);
        let text = text.replace("[server]", "[server]\nname = \"A\"\nname = \"B\"");
        let found = faults(&text);
        let expected = [
            "line 4: `name` is set twice; keep one of the two",
            "line 11: \"none\" is no way of TLS; write { certificate",
            "line 15: \"10.0.0.1\" is no address with a port; write it like \"0.0.0.0:443\"",
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
        let twice = faults(&format!("{GOOD}\n[server]\nname = \"C\"\n"));
        assert!(twice[0].starts_with("line 17: `[server]` is set twice"), "{twice:?}");
    }

    #[test]
    fn a_file_in_another_encoding_is_named_by_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fernamt.toml");
        std::fs::write(&path, b"[server]\nname = \"Stra\xDFenbau\"\n").unwrap();
        let found = Config::read(&path).unwrap_err();
        assert!(found[0].to_string().starts_with("line 2: this line is not in UTF-8"), "{found:?}");
    }

    #[test]
    fn broken_toml_is_named_with_its_line() {
        assert!(faults("[server\n")[0].starts_with("line 1:"));
        assert!(faults("")[0].starts_with("line 1:"), "an empty file too");
    }
}
