//! What a device meets before a share is made or released: terms of use, an oldest browser, and a most of containers.

use aws_lc_rs::digest;
use axum::http::HeaderMap;
use data_encoding::BASE64URL_NOPAD;
use fernamt_api::{
    admin::settings::{ENROLMENT_CONTAINERS, EnrolmentSettings},
    container::TermsOfUse,
};
use fernamt_domain::{DeviceId, PersonId};
use fernamt_http::ApiError;
use fernamt_store::{DeviceRecord, EnrolmentRecord, StoreError, Work};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Held, Owner, browser::Browser, phone};
use crate::{Identity, licence, settings::Settings};

/// A contact is noted this often at most.
pub(super) const CONTACT_EVERY: Duration = Duration::minutes(5);

/// The terms of use that the settings hold for a device, unless both texts are empty and it needs no app.
pub(super) fn terms_of(settings: &EnrolmentSettings, browser: &Browser) -> Option<TermsOfUse> {
    let (de, en) = (settings.terms_de.trim(), settings.terms_en.trim());
    let app = licence::needs_app(settings, browser).then(|| settings.app.name.trim());
    if de.is_empty() && en.is_empty() && app.is_none() {
        return None;
    }
    let mut text = [de, "\0", en].concat();
    // Without an app the version is what it was before there were any, so that nobody is asked again.
    text.extend(app.into_iter().flat_map(|app| ["\0", app]));
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    Some(TermsOfUse {
        version: BASE64URL_NOPAD.encode(hash.as_ref()),
        de: de.to_owned(),
        en: en.to_owned(),
        app: app.map(str::to_owned),
    })
}

/// The terms of use that are still to be accepted.
pub(super) fn open_terms(
    settings: &Settings,
    browser: &Browser,
    known: Option<&EnrolmentRecord>,
) -> Option<TermsOfUse> {
    let accepted = known.and_then(|known| known.terms.as_deref());
    terms_of(&settings.enrolment, browser).filter(|terms| accepted != Some(&terms.version))
}

/// Whether this contact is worth a note.
pub(super) fn is_news(known: Option<&EnrolmentRecord>, browser: &Browser, now: OffsetDateTime) -> bool {
    known.is_none_or(|known| {
        let same = known.browser == browser.name() && known.platform == browser.platform;
        !same || now - known.contact_at >= CONTACT_EVERY
    })
}

impl Held {
    /// Refuses a phone where the administration takes none, a browser that is too old, and whoever has not accepted the terms of use in force on this device.
    /// A phone that needs the security app has or gets a licence.
    pub(super) async fn must_be_admitted(
        &mut self,
        owner: &Owner,
        settings: &Settings,
        headers: &HeaderMap,
    ) -> Result<(), ApiError> {
        let browser = Browser::of(headers);
        phone::must_not_be_refused(&settings.enrolment, &browser)?;
        if let Some(least) = browser.too_old_for(&settings.enrolment) {
            let detail = "this browser is older than your administration allows; update it";
            let refusal = ApiError::forbidden("browser_too_old", detail);
            return Err(refusal.param("browser", browser.name()).param("least", least));
        }
        let known = self.work.enrolments().get(self.container.device).await?;
        if open_terms(settings, &browser, known.as_ref()).is_some() {
            let detail = "the terms of use have to be accepted on this device first";
            return Err(ApiError::forbidden("container_terms_open", detail));
        }
        if licence::needs_app(&settings.enrolment, &browser)
            && licence::take(&self.work, owner.device, settings).await?
        {
            self.work.record(owner.audit("licence_taken"));
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
        let noted = noted((owner.device, owner.session.person()), browser, known, owner.session.situation.at);
        work.enrolments().write(&noted).await?;
        work.commit().await?;
        Ok(noted)
    }

    /// Notes that the person accepted these terms on this device.
    pub(super) async fn accept(&self, owner: &Owner, browser: Browser, terms: TermsOfUse) -> Result<(), ApiError> {
        let Held { mut work, .. } = self.hold(owner).await?;
        let known = work.enrolments().get(owner.device).await?;
        let TermsOfUse { version, app, .. } = terms;
        if known.as_ref().is_some_and(|known| known.terms.as_ref() == Some(&version)) {
            return Ok(());
        }
        let accepted = EnrolmentRecord {
            terms: Some(version.clone()),
            accepted_at: Some(owner.session.situation.at),
            ..noted((owner.device, owner.session.person()), browser, known, owner.session.situation.at)
        };
        work.enrolments().write(&accepted).await?;
        work.record(owner.audit("terms_accepted").details(json!({ "version": version, "app": app })));
        Ok(work.commit().await?)
    }
}

/// Notes in which browser somebody waits for approval: the control desk decides by it, and whether it needs a licence.
pub(crate) async fn note_waiting(
    work: &Work,
    device: &DeviceRecord,
    browser: Browser,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let known = work.enrolments().get(device.id).await?;
    work.enrolments().write(&noted((device.id, device.person), browser, known, now)).await
}

fn noted(
    (device, person): (DeviceId, PersonId),
    browser: Browser,
    known: Option<EnrolmentRecord>,
    now: OffsetDateTime,
) -> EnrolmentRecord {
    let (terms, accepted_at) = known.map_or((None, None), |known| (known.terms, known.accepted_at));
    EnrolmentRecord {
        device,
        person,
        browser: browser.name(),
        platform: browser.platform,
        contact_at: now,
        terms,
        accepted_at,
    }
}

#[cfg(test)]
mod tests {
    use fernamt_api::admin::settings::SecurityApp;

    use super::*;

    #[test]
    fn terms_have_a_version_that_changes_with_each_text_and_with_their_places() {
        let terms = |de: &str, en: &str| {
            let settings = EnrolmentSettings { terms_de: de.into(), terms_en: en.into(), ..Default::default() };
            terms_of(&settings, &Browser::default()).map(|terms| terms.version)
        };
        assert_eq!(terms("", " \n"), None);
        let versions = [terms("a", "b"), terms("a", "c"), terms("b", "a"), terms("ab", ""), terms("", "ab")];
        for (place, version) in versions.iter().enumerate() {
            assert!(version.is_some() && !versions[..place].contains(version));
        }
        assert_eq!(terms("a\n", "b"), terms("a", "b"), "an empty line at the end is no other text");
    }

    #[test]
    fn an_app_is_part_of_the_terms_of_a_phone_alone() {
        let app = |name: &str| SecurityApp { demanded: true, name: name.into(), licences: 1 };
        let settings = |app| EnrolmentSettings { terms_de: "a".into(), app, ..Default::default() };
        let phone = Browser::on("Android".into());
        let desk = Browser::on("Linux".into());
        let (with, other, without) =
            (settings(app("Wächter")), settings(app("Hüter")), settings(SecurityApp::default()));
        let on_phone = terms_of(&with, &phone).unwrap();
        assert_eq!(on_phone.app.as_deref(), Some("Wächter"));
        assert_ne!(on_phone.version, terms_of(&other, &phone).unwrap().version, "another app is asked for again");
        assert_eq!(terms_of(&with, &desk), terms_of(&without, &phone));
        let alone = EnrolmentSettings { terms_de: String::new(), ..with };
        assert!(terms_of(&alone, &phone).is_some() && terms_of(&alone, &desk).is_none());
    }
}
