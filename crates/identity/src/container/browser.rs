//! Which browser asks, as far as it says so. It may say anything: what follows from it is policy, and no proof.

use axum::http::{HeaderMap, header};
use fernamt_api::admin::settings::EnrolmentSettings;

/// The most bytes that are looked at of what a browser says of itself.
const MAX_BYTES: usize = 1024;
/// The most characters of a name that is kept.
const MAX_NAME_CHARS: usize = 40;
/// What a brand begins with that is none: browsers put one in so that nobody relies on the list's form.
const NO_BRAND: &str = "Not";

/// The operating systems of phones and tablets.
const PHONES: [&str; 3] = ["Android", "iOS", "iPadOS"];

/// Those of PCs.
const DESKS: [&str; 5] = ["Windows", "macOS", "Linux", "Chrome OS", "Chromium OS"];

/// What the systems of Apple's phones say from 18 on, whichever they are.
const FROZEN_SYSTEM: u16 = 18;

/// Whose engine a browser has. Versions are told by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Engine {
    Chromium,
    Firefox,
    Safari,
    /// Safari's, of the version that is told or any newer one.
    FrozenSafari,
}

/// A browser as it says it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Browser {
    brand: String,
    engine: Option<(Engine, u16)>,
    /// The operating system; empty where it does not say.
    pub platform: String,
}

impl Browser {
    /// What the headers say: the brands where the browser sends them, else the user agent.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let said = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
            value.get(..MAX_BYTES).unwrap_or(value)
        };
        let agent = said(header::USER_AGENT.as_str());
        let platform = match said("sec-ch-ua-platform").trim_matches('"') {
            "" => platform_in(agent).to_owned(),
            platform => cut(platform),
        };
        match brands_in(said("sec-ch-ua")) {
            Some((brand, engine)) => Self { brand, engine: Some(engine), platform },
            None => {
                let (brand, engine) = agent_says(agent);
                Self { brand: brand.to_owned(), engine, platform }
            }
        }
    }

    /// One of which nothing is known but the system.
    pub(crate) fn on(platform: String) -> Self {
        Self { platform, ..Self::default() }
    }

    /// Whether it says that it runs on a phone or a tablet.
    pub(crate) fn is_phone(&self) -> bool {
        PHONES.contains(&&*self.platform)
    }

    /// Whether it does not say that it runs on a PC. Who says nothing known counts as a phone.
    pub(super) fn may_be_phone(&self) -> bool {
        !DESKS.contains(&&*self.platform)
    }

    /// Its name and version; empty where it does not say.
    pub(super) fn name(&self) -> String {
        match self.engine {
            Some((_, version)) => format!("{} {version}", self.brand),
            None => self.brand.clone(),
        }
    }

    /// The oldest version that would do, where this one does not. One that says nothing known is too old for any limit.
    pub(super) fn too_old_for(&self, settings: &EnrolmentSettings) -> Option<u16> {
        let EnrolmentSettings { chromium, firefox, safari, .. } = *settings;
        let Some((engine, version)) = self.engine else {
            return Some(chromium.max(firefox).max(safari)).filter(|least| *least > 0);
        };
        let least = match engine {
            Engine::Chromium => chromium,
            Engine::Firefox => firefox,
            Engine::Safari => safari,
            Engine::FrozenSafari => return None,
        };
        (version < least).then_some(least)
    }
}

/// The brand that is most its own, with Chromium's version (`Sec-CH-UA`, a list of structured strings).
fn brands_in(list: &str) -> Option<(String, (Engine, u16))> {
    let brands: Vec<(String, u16)> = list.split(',').filter_map(brand_in).collect();
    let (_, version) = brands.iter().find(|(brand, _)| brand == "Chromium")?;
    let own = brands.iter().find(|(brand, _)| brand != "Chromium" && !brand.starts_with(NO_BRAND));
    let brand = own.map_or("Chromium", |(brand, _)| brand);
    Some((brand.to_owned(), (Engine::Chromium, *version)))
}

fn brand_in(entry: &str) -> Option<(String, u16)> {
    let (brand, version) = entry.split_once(";v=")?;
    Some((cut(brand.trim().trim_matches('"')), number(version.trim_matches('"'))?))
}

fn agent_says(agent: &str) -> (&'static str, Option<(Engine, u16)>) {
    let after = |mark: &str| agent.split_once(mark).and_then(|(_, rest)| number(rest));
    // On Apple's phones each browser has Safari's engine, whose version is the system's. From 26 on the system says 18
    // for good, and only Safari itself says more: other browsers and pages on the home screen may be of any since.
    if agent.contains("iPhone") || agent.contains("iPad") {
        let brand = if agent.contains("CriOS/") {
            "Chrome"
        } else if agent.contains("FxiOS/") {
            "Firefox"
        } else {
            "Safari"
        };
        let of_system = |version: u16| {
            let engine = if version == FROZEN_SYSTEM { Engine::FrozenSafari } else { Engine::Safari };
            (engine, version)
        };
        let own = after("Version/").map(|version| (Engine::Safari, version));
        return (brand, own.or_else(|| after(" OS ").map(of_system)));
    }
    for (mark, brand, engine) in [
        ("Firefox/", "Firefox", Engine::Firefox),
        ("Edg/", "Edge", Engine::Chromium),
        ("OPR/", "Opera", Engine::Chromium),
        ("Chrome/", "Chrome", Engine::Chromium),
    ] {
        if agent.contains(mark) {
            let counts = if engine == Engine::Chromium { "Chrome/" } else { mark };
            return (brand, after(counts).map(|version| (engine, version)));
        }
    }
    match after("Version/") {
        Some(version) if agent.contains("Safari/") => ("Safari", Some((Engine::Safari, version))),
        _ => ("", None),
    }
}

fn platform_in(agent: &str) -> &'static str {
    let known = [
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "Chrome OS"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    known.into_iter().find(|(mark, _)| agent.contains(mark)).map_or("", |(_, name)| name)
}

/// The number that a text begins with.
fn number(text: &str) -> Option<u16> {
    let digits = text.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}

/// A name fit to be kept and shown: what is no letter, digit or sign of a name is left out.
fn cut(name: &str) -> String {
    let fit = |sign: &char| sign.is_alphanumeric() || " .-_()".contains(*sign);
    name.chars().filter(fit).take(MAX_NAME_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn browser(agent: &str, brands: &str, platform: &str) -> Browser {
        let mut headers = HeaderMap::new();
        for (name, value) in [("user-agent", agent), ("sec-ch-ua", brands), ("sec-ch-ua-platform", platform)] {
            if let (false, Ok(value)) = (value.is_empty(), value.parse()) {
                headers.insert(axum::http::HeaderName::from_static(name), value);
            }
        }
        Browser::of(&headers)
    }

    #[test]
    fn browsers_are_known_by_their_brands_or_by_their_user_agents() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36";
        let brands = r#""Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99""#;
        let edge =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0";
        let firefox = "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0";
        let safari =
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 CriOS/130.0 Mobile Safari/604.1";
        let frozen = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1";
        for (agent, brands, platform, name, system) in [
            (frozen, "", "", "Safari 26", "iOS"),
            (chrome, brands, r#""Linux""#, "Google Chrome 130", "Linux"),
            (chrome, r#""Not;A=Brand";v="8", "Chromium";v="131""#, "", "Chromium 131", "Linux"),
            (chrome, "nonsense", "", "Chrome 130", "Linux"),
            (edge, "", "", "Edge 129", "Windows"),
            (firefox, "", "", "Firefox 140", "Android"),
            (safari, "", "", "Safari 17", "macOS"),
            (phone, "", "", "Chrome 18", "iOS"),
            ("curl/8.0", "", "", "", ""),
            ("", "", "", "", ""),
        ] {
            let browser = browser(agent, brands, platform);
            assert_eq!((&*browser.name(), &*browser.platform), (name, system), "{agent} {brands}");
        }
    }

    #[test]
    fn an_oldest_version_holds_for_its_engine_and_for_whoever_says_nothing() {
        let settings = EnrolmentSettings { chromium: 130, safari: 17, ..Default::default() };
        let too_old = |agent: &str| browser(agent, "", "").too_old_for(&settings);
        assert_eq!(too_old("Chrome/129.0 Safari/537.36"), Some(130));
        assert_eq!(too_old("Chrome/130.0 Safari/537.36"), None);
        assert_eq!(too_old("Version/16.6 Safari/605.1.15"), Some(17));
        assert_eq!(too_old("Firefox/1.0"), None, "no limit is set for it");
        assert_eq!(too_old("curl/8.0"), Some(130));
        assert_eq!(browser("curl/8.0", "", "").too_old_for(&EnrolmentSettings::default()), None);
    }

    #[test]
    fn a_phone_that_cannot_say_how_new_it_is_passes_any_limit() {
        let settings = EnrolmentSettings { chromium: 130, firefox: 140, safari: 26, ..Default::default() };
        let too_old = |says: &str| {
            let agent = format!("Mozilla/5.0 (iPhone; CPU iPhone OS {says}");
            browser(&agent, "", "").too_old_for(&settings)
        };
        for (says, least) in [
            ("18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", None),
            ("18_6 like Mac OS X) CriOS/141.0 Mobile/15E148 Safari/604.1", None),
            ("18_6 like Mac OS X) FxiOS/145.0 Mobile/15E148 Safari/605.1.15", None),
            ("18_6 like Mac OS X) Version/26.0 Mobile/15E148 Safari/604.1", None),
            ("26_0 like Mac OS X) FxiOS/145.0 Mobile/15E148 Safari/605.1.15", None),
            ("18_6 like Mac OS X) Version/18.6 Mobile/15E148 Safari/604.1", Some(26)),
            ("17_7 like Mac OS X) CriOS/141.0 Mobile/15E148 Safari/604.1", Some(26)),
            ("like Mac OS X) AppleWebKit/605.1.15", Some(140)),
        ] {
            assert_eq!(too_old(says), least, "{says}");
        }
    }

    #[test]
    fn whoever_does_not_say_that_it_is_a_pc_may_be_a_phone() {
        let may_be = |agent: &str, platform: &str| browser(agent, "", platform).may_be_phone();
        for system in ["Windows NT 10.0", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "X11; CrOS x86_64"]
        {
            assert!(!may_be(&format!("Mozilla/5.0 ({system}) Gecko/20100101 Firefox/140.0"), ""), "{system}");
        }
        assert!(!may_be("", "\"Chromium OS\""));
        for (agent, platform) in [
            ("Mozilla/5.0 (Linux; Android 10; K) Chrome/130.0.0.0 Mobile Safari/537.36", ""),
            ("Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) Version/18.1 Safari/604.1", ""),
            ("Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0", "\"Android\""),
            ("Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0", "\"Unknown\""),
            ("curl/8.0", ""),
            ("", ""),
        ] {
            assert!(may_be(agent, platform), "{agent} {platform}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_says_is_read_and_kept_short(agent in "\\PC{0,1500}", brands in "[ -~]{0,1500}") {
            let browser = browser(&agent, &brands, &agent);
            prop_assert!(browser.name().chars().count() <= MAX_NAME_CHARS + 6);
            prop_assert!(browser.platform.chars().count() <= MAX_NAME_CHARS);
        }
    }
}
