//! Pictures of mail that lie elsewhere. Whether any are fetched is said in the settings of each administration.

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How pictures are fetched that messages show and do not hold, where an administration allows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailPictures {
    /// Networks that none are fetched from, beside the private ones: those of the house with addresses of the internet, and
    /// its own prefix of NAT64, such as `198.51.100.0/24`.
    pub(crate) except: Vec<String>,
}

impl MailPictures {
    /// The networks that none are fetched from.
    pub(crate) fn networks(&self) -> impl Iterator<Item = IpNet> {
        self.except.iter().filter_map(|network| network.parse().ok())
    }

    /// What is wrong with it, by the key that is.
    pub(super) fn faults(&self) -> Vec<(&'static str, String)> {
        let wrong = self.except.iter().filter(|network| network.parse::<IpNet>().is_err());
        wrong.map(|wrong| ("except", format!("`{wrong}` is no network; write it like 198.51.100.0/24"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;

    fn read(pictures: &str) -> Result<Vec<String>, String> {
        let text = format!(
            "[server]\ndata_dir = \"data\"\npublic_url = \"https://fernamt.example.org\"\n\n[[listener]]\nzone = \
             \"office\"\naddress = \"10.0.0.1:8443\"\ntls = \"self-signed\"\nadministration = true\n\n\
             [mail.pictures]\n{pictures}"
        );
        let config = Config::parse(&text, Path::new("/etc/fernamt")).map_err(|faults| faults[0].to_string())?;
        let pictures = config.mail.unwrap().pictures.unwrap();
        Ok(pictures.networks().map(|network| network.to_string()).collect())
    }

    #[test]
    fn networks_of_the_house_are_named_or_their_line_is() {
        assert_eq!(read("except = []\n"), Ok(vec![]));
        let networks = ["198.51.100.0/24", "2001:db8:64::/96"].map(str::to_owned);
        assert_eq!(read(&format!("except = {networks:?}\n")), Ok(networks.into()));
        let wrong = read("except = [\"198.51.100.7\"]\n").unwrap_err();
        assert!(wrong.starts_with("line 12: `198.51.100.7` is no network"), "{wrong}");
        assert!(read("").is_err());
    }
}
