//! One connection to a directory. Every wait has an end, every answer a size.

use std::time::Duration;

use fernamt_domain::Secret;
use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, Scope, SearchEntry,
    adapters::{Adapter, EntriesOnly, PagedResults},
};
use tokio::{task::JoinHandle, time::timeout};

use super::{DirectoryConfig, DirectoryError, Flavour, tls};

/// How long connecting and the TLS handshake may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a bind may take. Somebody waits at the sign-in form.
pub const BIND_TIMEOUT: Duration = Duration::from_secs(4);
/// How long one search may take, all pages together.
pub const SEARCH_TIMEOUT: Duration = Duration::from_secs(60);
/// Entries of one page.
const PAGE_SIZE: i32 = 500;
/// The most entries of one search.
pub const MAX_ENTRIES: usize = 100_000;
/// The most values of one attribute, such as the members of a group.
pub const MAX_VALUES: usize = 100_000;

/// The capability by which Active Directory names itself.
const ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";

/// An entry: its name and the asked attributes, their names in lower case.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// The distinguished name.
    pub dn: String,
    attributes: Vec<(String, Vec<Vec<u8>>)>,
}

impl Entry {
    /// An entry made of texts, for tests and for reading only what is text.
    pub fn of(dn: &str, attributes: &[(&str, &[&str])]) -> Self {
        let attributes = attributes
            .iter()
            .map(|(name, values)| (name.to_lowercase(), values.iter().map(|value| value.as_bytes().to_vec()).collect()))
            .collect();
        Self { dn: dn.to_owned(), attributes }
    }

    /// An entry made of bytes, as a directory may answer.
    pub fn of_bytes(dn: &str, attributes: impl IntoIterator<Item = (String, Vec<Vec<u8>>)>) -> Self {
        let attributes = attributes.into_iter().map(|(name, values)| (name.to_lowercase(), values)).collect();
        Self { dn: dn.to_owned(), attributes }
    }

    /// The values of an attribute that are text.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let name = name.to_lowercase();
        self.attributes
            .iter()
            .filter(move |(held, _)| *held == name)
            .flat_map(|(_, values)| values)
            .filter_map(|value| std::str::from_utf8(value).ok())
    }

    /// The first value of an attribute, if it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// The first value of an attribute as bytes.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        let name = name.to_lowercase();
        self.attributes.iter().find(|(held, _)| *held == name).and_then(|(_, values)| values.first()).map(Vec::as_slice)
    }

    /// The attributes' names with their options, such as `member;range=0-1499`.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_str())
    }

    fn open_range(&self) -> Option<(String, String, u32)> {
        self.names().find_map(open_range)
    }

    /// Moves the values of a range to the attribute itself.
    fn close_range(&mut self, ranged: &str, name: &str) {
        let Some(at) = self.attributes.iter().position(|(held, _)| held == ranged) else { return };
        let (_, mut values) = self.attributes.swap_remove(at);
        match self.attributes.iter_mut().find(|(held, _)| held == name) {
            Some((_, held)) => held.append(&mut values),
            None => self.attributes.push((name.to_owned(), values)),
        }
    }
}

impl From<SearchEntry> for Entry {
    fn from(entry: SearchEntry) -> Self {
        let texts =
            entry.attrs.into_iter().map(|(name, values)| (name, values.into_iter().map(String::into_bytes).collect()));
        let attributes = texts.chain(entry.bin_attrs).map(|(name, values)| (name.to_lowercase(), values)).collect();
        Self { dn: entry.dn, attributes }
    }
}

/// How a bind ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindOutcome {
    /// The password is right.
    Right,
    /// The password is wrong; the directory has counted it.
    Wrong,
    /// The directory refuses this account whatever the password: locked, disabled, expired or to be changed first.
    Barred,
}

/// A connection that closes when dropped.
pub struct Client {
    ldap: Ldap,
    driver: JoinHandle<()>,
    host: String,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Client {
    /// Connects and sets up TLS, without signing in.
    pub async fn connect(config: &DirectoryConfig) -> Result<Self, DirectoryError> {
        let name = config.url.host_str().filter(|host| !host.is_empty()).ok_or(DirectoryError::Address)?;
        let starttls = match config.url.scheme() {
            "ldaps" => false,
            "ldap" => true,
            _ => return Err(DirectoryError::Address),
        };
        let host = format!("{name}:{}", config.url.port().unwrap_or(if starttls { 389 } else { 636 }));
        let settings = LdapConnSettings::new()
            .set_conn_timeout(CONNECT_TIMEOUT)
            .set_config(tls::client_config(&config.ca_pem)?)
            .set_starttls(starttls);
        let (connection, ldap) = LdapConnAsync::from_url_with_settings(settings, &config.url)
            .await
            .map_err(|error| connect_fault(&host, error))?;
        let driver = tokio::spawn(async move {
            // How it ended shows in the operation under way.
            let _ = connection.drive().await;
        });
        Ok(Self { ldap, driver, host })
    }

    /// Connects and signs in as the reading account.
    pub async fn reader(config: &DirectoryConfig) -> Result<Self, DirectoryError> {
        let mut client = Self::connect(config).await?;
        match client.bind(&config.bind_dn, &config.bind_password).await? {
            BindOutcome::Right => Ok(client),
            BindOutcome::Wrong | BindOutcome::Barred => Err(DirectoryError::BindRefused),
        }
    }

    /// Tries a password.
    pub async fn bind(&mut self, dn: &str, password: &Secret<String>) -> Result<BindOutcome, DirectoryError> {
        // A bind without name or password succeeds as "anonymous" (RFC 4513, section 5.1.2).
        if dn.is_empty() || password.expose().is_empty() {
            return Ok(BindOutcome::Wrong);
        }
        let answer = timeout(BIND_TIMEOUT, self.ldap.simple_bind(dn, password.expose()))
            .await
            .map_err(|_| DirectoryError::Timeout { host: self.host.clone() })?
            .map_err(|error| broken(&error))?;
        match answer.rc {
            0 => Ok(BindOutcome::Right),
            49 if barred(&answer.text) => Ok(BindOutcome::Barred),
            49 => Ok(BindOutcome::Wrong),
            // Constraint violation, inappropriate authentication, unwilling to perform: `OpenLDAP`'s password policy.
            19 | 48 | 50 | 53 => Ok(BindOutcome::Barred),
            // No such object: the entry moved or went.
            32 | 34 => Ok(BindOutcome::Barred),
            _ => Err(fault(&answer)),
        }
    }

    /// Which family the directory belongs to.
    pub async fn flavour(&mut self) -> Result<Flavour, DirectoryError> {
        let root = self.search("", Scope::Base, "(objectClass=*)", vec!["supportedCapabilities"]).await?;
        let active_directory =
            root.iter().any(|entry| entry.texts("supportedCapabilities").any(|oid| oid == ACTIVE_DIRECTORY));
        Ok(if active_directory { Flavour::ActiveDirectory } else { Flavour::Ldap })
    }

    /// After how many wrong passwords the directory locks an account, where it tells.
    pub async fn lockout_threshold(&mut self, base: &str) -> Option<u32> {
        let found = self.search(base, Scope::Base, "(objectClass=*)", vec!["lockoutThreshold"]).await.ok()?;
        found.first()?.text("lockoutThreshold")?.parse().ok().filter(|threshold| *threshold > 0)
    }

    /// All entries that match. Anything less than all is an error.
    pub async fn search(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: Vec<&'static str>,
    ) -> Result<Vec<Entry>, DirectoryError> {
        let attributes: Vec<String> = attributes.into_iter().map(str::to_owned).collect();
        let host = self.host.clone();
        let mut entries = timeout(SEARCH_TIMEOUT, self.search_pages(base, scope, filter, attributes))
            .await
            .map_err(|_| DirectoryError::Timeout { host })??;
        for entry in &mut entries {
            timeout(SEARCH_TIMEOUT, self.complete_ranges(entry))
                .await
                .map_err(|_| DirectoryError::Timeout { host: self.host.clone() })??;
        }
        Ok(entries)
    }

    async fn search_pages(
        &mut self,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: Vec<String>,
    ) -> Result<Vec<Entry>, DirectoryError> {
        let mut adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> = vec![Box::new(EntriesOnly::new())];
        if scope != Scope::Base {
            adapters.push(Box::new(PagedResults::new(PAGE_SIZE)));
        }
        let mut stream = self
            .ldap
            .streaming_search_with(adapters, base, scope, filter, attributes)
            .await
            .map_err(|error| search_fault(&error))?;
        let mut entries = Vec::new();
        while let Some(entry) = stream.next().await.map_err(|error| search_fault(&error))? {
            if entries.len() >= MAX_ENTRIES {
                return Err(DirectoryError::Incomplete { why: format!("more than {MAX_ENTRIES} entries") });
            }
            entries.push(Entry::from(SearchEntry::construct(entry)));
        }
        let answer = stream.finish().await;
        if answer.rc == 0 { Ok(entries) } else { Err(fault(&answer)) }
    }

    /// Active Directory gives at most 1500 values at a time, as `member;range=0-1499`; the rest must be asked for.
    async fn complete_ranges(&mut self, entry: &mut Entry) -> Result<(), DirectoryError> {
        while let Some((ranged, name, last)) = entry.open_range() {
            let next = format!("{name};range={}-*", last.saturating_add(1));
            let rest = self
                .search_pages(&entry.dn, Scope::Base, "(objectClass=*)", vec![next])
                .await?
                .pop()
                .unwrap_or_default();
            entry.close_range(&ranged, &name);
            let more: Vec<_> = rest
                .attributes
                .into_iter()
                .filter(|(held, values)| is_range_of(held, &name) && !values.is_empty())
                .collect();
            let held: usize = entry.attributes.iter().chain(&more).map(|(_, values)| values.len()).sum();
            if more.is_empty() || held > MAX_VALUES {
                return Err(DirectoryError::Incomplete { why: format!("the values of {name}") });
            }
            entry.attributes.extend(more);
        }
        // The last range ends in a star; its values join the others.
        let last: Vec<String> = entry.names().filter(|name| name.contains(";range=")).map(str::to_owned).collect();
        for ranged in last {
            entry.close_range(&ranged, ranged.split(';').next().unwrap_or_default());
        }
        Ok(())
    }
}

fn is_range_of(attribute: &str, name: &str) -> bool {
    attribute.strip_prefix(name).is_some_and(|rest| rest.starts_with(";range="))
}

fn open_range(attribute: &str) -> Option<(String, String, u32)> {
    let (name, range) = attribute.split_once(";range=")?;
    let last = range.split_once('-')?.1.parse().ok()?;
    Some((attribute.to_owned(), name.to_owned(), last))
}

/// Active Directory tells by a sub-code why it refused: 530 to 533 hours, workstation, expiry, disabled; 701 account
/// expired; 773 password must be changed; 775 locked.
fn barred(text: &str) -> bool {
    let code = text.split("data ").nth(1).and_then(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next());
    matches!(code, Some("530" | "531" | "532" | "533" | "701" | "773" | "775"))
}

fn connect_fault(host: &str, error: LdapError) -> DirectoryError {
    let host = host.to_owned();
    match error {
        LdapError::Timeout { .. } => DirectoryError::Timeout { host },
        LdapError::Io { source } if is_tls(&source) => DirectoryError::Untrusted { host, why: source.to_string() },
        LdapError::Io { source } => DirectoryError::Unreachable { host, why: source.to_string() },
        LdapError::UnknownScheme(_) | LdapError::UrlParsing { .. } => DirectoryError::Address,
        LdapError::LdapResult { result } => fault(&result),
        other => DirectoryError::Untrusted { host, why: other.to_string() },
    }
}

fn is_tls(error: &std::io::Error) -> bool {
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
}

fn search_fault(error: &LdapError) -> DirectoryError {
    match error {
        LdapError::FilterParsing => DirectoryError::Filter,
        LdapError::LdapResult { result } => fault(result),
        other => broken(other),
    }
}

fn fault(answer: &LdapResult) -> DirectoryError {
    match answer.rc {
        32 | 34 => DirectoryError::BaseMissing,
        3 | 4 | 11 => DirectoryError::Incomplete { why: answer.to_string() },
        10 => DirectoryError::Incomplete {
            why: "it refers to another server; use the address of one that holds the base".into(),
        },
        49 => DirectoryError::BindRefused,
        code => DirectoryError::Answer { code, text: answer.text.chars().take(200).collect() },
    }
}

fn broken(error: &LdapError) -> DirectoryError {
    DirectoryError::Broken(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_active_directory_are_told_from_a_wrong_password() {
        let text = |data| {
            format!("80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data {data}, v1db1")
        };
        assert!(!barred(&text("52e")));
        assert!(barred(&text("533")));
        assert!(barred(&text("775")));
        assert!(!barred("Invalid credentials"));
    }

    #[test]
    fn ranges_name_what_is_left() {
        assert_eq!(open_range("member;range=0-1499"), Some(("member;range=0-1499".into(), "member".into(), 1499)));
        assert_eq!(open_range("member;range=1500-*"), None);
        assert_eq!(open_range("member"), None);
    }

    #[tokio::test]
    async fn faults_name_the_host_and_a_way_on() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let config = |url: &str, ca_pem: &str| DirectoryConfig {
            url: url.parse().unwrap(),
            bind_dn: "cn=reader".into(),
            bind_password: Secret::from("x"),
            base_dn: "dc=test".into(),
            person_filter: String::new(),
            group_filter: String::new(),
            ca_pem: ca_pem.into(),
        };
        let pem = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap().cert.pem();
        let unreachable = Client::reader(&config(&format!("ldaps://127.0.0.1:{port}"), &pem)).await.err();
        assert!(
            matches!(&unreachable, Some(DirectoryError::Unreachable { host, .. }) if *host == format!("127.0.0.1:{port}"))
        );
        assert_eq!(Client::reader(&config("https://example.org", &pem)).await.err(), Some(DirectoryError::Address));
        assert_eq!(Client::reader(&config("ldaps:", &pem)).await.err(), Some(DirectoryError::Address));
    }
}
