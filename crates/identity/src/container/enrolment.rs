//! What a device meets before a share is made or released: terms of use, an oldest browser, and a most of containers.

use aws_lc_rs::digest;
use axum::http::HeaderMap;
use data_encoding::BASE64URL_NOPAD;
use fernamt_api::{
    admin::settings::{ENROLMENT_CONTAINERS, EnrolmentSettings},
    container::TermsOfUse,
};
use fernamt_http::ApiError;
use fernamt_store::EnrolmentRecord;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Held, Owner, browser::Browser};
use crate::{Identity, settings::Settings};

/// A contact is noted this often at most.
pub(super) const CONTACT_EVERY: Duration = Duration::minutes(5);

/// The terms of use that the settings hold, unless both texts are empty.
pub(super) fn terms_of(settings: &EnrolmentSettings) -> Option<TermsOfUse> {
    let (de, en) = (settings.terms_de.trim(), settings.terms_en.trim());
    if de.is_empty() && en.is_empty() {
        return None;
    }
    let hash = digest::digest(&digest::SHA256, [de, "\0", en].concat().as_bytes());
    Some(TermsOfUse { version: BASE64URL_NOPAD.encode(hash.as_ref()), de: de.to_owned(), en: en.to_owned() })
}

/// The terms of use that are still to be accepted.
pub(super) fn open_terms(settings: &Settings, known: Option<&EnrolmentRecord>) -> Option<TermsOfUse> {
    let accepted = known.and_then(|known| known.terms.as_deref());
    terms_of(&settings.enrolment).filter(|terms| accepted != Some(&terms.version))
}

/// Whether this contact is worth a note.
pub(super) fn is_news(known: Option<&EnrolmentRecord>, browser: &Browser, now: OffsetDateTime) -> bool {
    known.is_none_or(|known| {
        let same = known.browser == browser.name() && known.platform == browser.platform;
        !same || now - known.contact_at >= CONTACT_EVERY
    })
}

impl Held {
    /// Refuses a browser that is too old, and whoever has not accepted the terms of use in force on this device.
    pub(super) async fn must_be_admitted(&self, settings: &Settings, headers: &HeaderMap) -> Result<(), ApiError> {
        let browser = Browser::of(headers);
        if let Some(least) = browser.too_old_for(&settings.enrolment) {
            let detail = "this browser is older than your administration allows; update it";
            let refusal = ApiError::forbidden("browser_too_old", detail);
            return Err(refusal.param("browser", browser.name()).param("least", least));
        }
        let known = self.work.enrolments().get(self.container.device).await?;
        if open_terms(settings, known.as_ref()).is_some() {
            let detail = "the terms of use have to be accepted on this device first";
            return Err(ApiError::forbidden("container_terms_open", detail));
        }
        Ok(())
    }
}

impl Identity {
    /// Begins what makes a container, unless the person has as many as they may have on other devices.
    pub(super) async fn hold_for_another(&self, owner: &Owner, settings: &Settings) -> Result<Held, ApiError> {
        let range = ENROLMENT_CONTAINERS;
        let most = settings.enrolment.containers.clamp(range.least, range.most);
        let work = owner.session.site.tenant.begin().await?;
        let others = work.enrolments().other_containers(owner.session.person(), owner.device).await?;
        let held = self.hold_in(work, owner).await?;
        held.must_be_fresh(owner.session.situation.at)?;
        if others >= most.into() {
            let detail = "you have a container on as many other devices as you may; wipe one of them first";
            return Err(ApiError::conflict("too_many_containers", detail).param("most", most));
        }
        Ok(held)
    }

    /// Notes who came by and in which browser.
    pub(super) async fn note_contact(&self, owner: &Owner, browser: Browser) -> Result<EnrolmentRecord, ApiError> {
        let Held { work, .. } = self.hold(owner).await?;
        let known = work.enrolments().get(owner.device).await?;
        let noted = noted(owner, browser, known);
        work.enrolments().write(&noted).await?;
        work.commit().await?;
        Ok(noted)
    }

    /// Notes that the person accepted this version on this device.
    pub(super) async fn accept(&self, owner: &Owner, browser: Browser, version: &str) -> Result<(), ApiError> {
        let Held { mut work, .. } = self.hold(owner).await?;
        let known = work.enrolments().get(owner.device).await?;
        if known.as_ref().is_some_and(|known| known.terms.as_deref() == Some(version)) {
            return Ok(());
        }
        let accepted = EnrolmentRecord {
            terms: Some(version.to_owned()),
            accepted_at: Some(owner.session.situation.at),
            ..noted(owner, browser, known)
        };
        work.enrolments().write(&accepted).await?;
        work.record(owner.audit("terms_accepted").details(json!({ "version": version })));
        Ok(work.commit().await?)
    }
}

fn noted(owner: &Owner, browser: Browser, known: Option<EnrolmentRecord>) -> EnrolmentRecord {
    let (terms, accepted_at) = known.map_or((None, None), |known| (known.terms, known.accepted_at));
    EnrolmentRecord {
        device: owner.device,
        person: owner.session.person(),
        browser: browser.name(),
        platform: browser.platform,
        contact_at: owner.session.situation.at,
        terms,
        accepted_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_have_a_version_that_changes_with_each_text_and_with_their_places() {
        let terms = |de: &str, en: &str| {
            let settings = EnrolmentSettings { terms_de: de.into(), terms_en: en.into(), ..Default::default() };
            terms_of(&settings).map(|terms| terms.version)
        };
        assert_eq!(terms("", " \n"), None);
        let versions = [terms("a", "b"), terms("a", "c"), terms("b", "a"), terms("ab", ""), terms("", "ab")];
        for (place, version) in versions.iter().enumerate() {
            assert!(version.is_some() && !versions[..place].contains(version));
        }
        assert_eq!(terms("a\n", "b"), terms("a", "b"), "an empty line at the end is no other text");
    }
}
