//! What is answered while somebody is away (RFC 8621, section 8). Each account has one such object. Its properties are for all
//! who write; ours are for those outside the house, and are there for whoever uses our capability (RFC 8620, section 1.8).

use fernamt_domain::{feature::Feature, mail::MailType};
use fernamt_store::MailVacationRecord;
use serde_json::{Value, json};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{Begun, Caller};
use crate::{
    delegation::{Deed, Need},
    jmap::{
        ABSENCE, Object,
        error::{Fault, MethodError, SetError},
        get::{self, Get, Got},
        request::answer,
        set::{Done, Set},
    },
};

/// The id of the one object.
const SINGLETON: &str = "singleton";
/// The most bytes of a subject.
const MAX_SUBJECT_BYTES: usize = 500;
/// The most bytes of a text.
const MAX_TEXT_BYTES: usize = 50_000;
/// Whether those outside the house are answered, too.
const ANSWERS_OUTSIDE: &str = "isEnabledOutside";
/// What those outside the house are answered, in plain text; nothing if they are answered like all.
const OUTSIDE_TEXT: &str = "textBodyOutside";

/// `extended`: whether the client uses our properties.
pub(super) async fn get(caller: &Caller, ask: Get, extended: bool) -> Result<Object, MethodError> {
    let opened = caller.account(&ask.account_id).await?;
    let account = opened.to(Need::Absence)?;
    let vacation = caller.tenant.mail_vacations().get(account.id).await?;
    let ids = ask.ids.map_or_else(|| Ok(vec![SINGLETON.to_owned()]), get::asked)?;
    let (known, not_found): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| id == SINGLETON);
    let object = || get::only(object_of(vacation.as_ref(), extended), ask.properties.as_deref());
    let list = known.iter().map(|_| object()).collect::<Result<_, _>>()?;
    Ok(answer(&Got { account_id: ask.account_id, state: account.vacation_state.to_string(), list, not_found }))
}

/// `extended`: whether the client uses our properties.
pub(super) async fn set(caller: &Caller, set: Set, extended: bool) -> Result<Object, MethodError> {
    let opened = caller.account(&set.account_id).await?;
    let account = opened.to(Need::ChangeAbsence)?.id;
    let may_enable = opened.offers(Feature::Absence);
    let begun = caller.begin(account, Need::ChangeAbsence).await?;
    let state = begun.account.vacation_state;
    set.check(state)?;
    let mut done = Done::new(&set.account_id, state);
    let only_one = || SetError::new("singleton", "there is one such object for each account");
    for name in set.create.unwrap_or_default().into_keys() {
        done.create(&name, Err(only_one().into()))?;
    }
    for (id, patch) in set.update.unwrap_or_default() {
        done.update(&id, update(&begun, &id, &patch, (extended, may_enable)).await)?;
    }
    for id in set.destroy.unwrap_or_default() {
        done.destroy(&id, Err(only_one().into()))?;
    }
    done.new_state = if done.anything() {
        let number = begun.change.number;
        begun.commit(&[MailType::VacationResponse], &Deed::of("VacationResponse/set", &done)).await?;
        number.to_string()
    } else {
        done.old_state.clone()
    };
    Ok(answer(&done))
}

async fn update(begun: &Begun, id: &str, patch: &Object, (extended, may_enable): (bool, bool)) -> Result<(), Fault> {
    if id != SINGLETON {
        return Err(SetError::not_found().into());
    }
    let account = begun.account.id;
    let mut vacation = begun.work.mail_vacations().get(account).await?.unwrap_or(MailVacationRecord {
        account,
        enabled: false,
        begins_at: None,
        ends_at: None,
        subject: None,
        text: None,
        html: None,
        answers_outside: true,
        outside_text: None,
    });
    for (name, value) in patch {
        if !extended && [ANSWERS_OUTSIDE, OUTSIDE_TEXT].contains(&name.as_str()) {
            return Err(SetError::invalid(&[name.as_str()], format!("it is there for who uses {ABSENCE}")).into());
        }
        put(&mut vacation, name, value)?;
    }
    if let (Some(begin), Some(end)) = (vacation.begins_at, vacation.ends_at)
        && end <= begin
    {
        return Err(SetError::invalid(&["toDate"], "it lies before fromDate").into());
    }
    // Who does not have this any more can still end what is on.
    if vacation.enabled && !may_enable {
        return Err(SetError::forbidden("the administration does not let you have senders answered").into());
    }
    Ok(begun.work.mail_vacations().put(&vacation).await?)
}

fn put(vacation: &mut MailVacationRecord, name: &str, value: &Value) -> Result<(), SetError> {
    let fault = |why: String| SetError::invalid(&[name], why);
    let switch = || value.as_bool().ok_or_else(|| fault("true or false".to_owned()));
    let moment = || match value {
        Value::Null => Ok(None),
        value => {
            let at = value.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
            at.map(Some).ok_or_else(|| fault("it is no moment".to_owned()))
        }
    };
    let text = |limit: usize| match value {
        Value::Null => Ok(None),
        value => {
            let text = value.as_str().filter(|text| text.len() <= limit && !text.contains('\0'));
            text.map(|text| Some(text.to_owned())).ok_or_else(|| fault(format!("a text of at most {limit} bytes")))
        }
    };
    match name {
        "isEnabled" => vacation.enabled = switch()?,
        "fromDate" => vacation.begins_at = moment()?,
        "toDate" => vacation.ends_at = moment()?,
        "subject" => {
            vacation.subject = text(MAX_SUBJECT_BYTES)?;
            if vacation.subject.as_ref().is_some_and(|subject| subject.contains(['\r', '\n'])) {
                return Err(fault("a subject stands in one line".to_owned()));
            }
        }
        "textBody" => vacation.text = text(MAX_TEXT_BYTES)?,
        "htmlBody" => vacation.html = text(MAX_TEXT_BYTES)?,
        ANSWERS_OUTSIDE => vacation.answers_outside = switch()?,
        OUTSIDE_TEXT => vacation.outside_text = text(MAX_TEXT_BYTES)?,
        _ => return Err(fault("it cannot be set".to_owned())),
    }
    Ok(())
}

fn object_of(vacation: Option<&MailVacationRecord>, extended: bool) -> Object {
    let moment = |at: Option<OffsetDateTime>| {
        let at = at?.to_offset(UtcOffset::UTC);
        at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).ok()
    };
    let mut value = json!({
        "id": SINGLETON,
        "isEnabled": vacation.is_some_and(|vacation| vacation.enabled),
        "fromDate": moment(vacation.and_then(|vacation| vacation.begins_at)),
        "toDate": moment(vacation.and_then(|vacation| vacation.ends_at)),
        "subject": vacation.and_then(|vacation| vacation.subject.clone()),
        "textBody": vacation.and_then(|vacation| vacation.text.clone()),
        "htmlBody": vacation.and_then(|vacation| vacation.html.clone()),
    });
    if extended {
        value[ANSWERS_OUTSIDE] = vacation.is_none_or(|vacation| vacation.answers_outside).into();
        value[OUTSIDE_TEXT] = vacation.and_then(|vacation| vacation.outside_text.clone()).into();
    }
    value.as_object().cloned().unwrap_or_default()
}
