//! What each method does (RFC 8621). A file stands for a kind of object.

pub(crate) mod blob;
pub(crate) mod email;
pub(crate) mod identity;
pub(crate) mod mailbox;
pub(crate) mod principal;
pub(crate) mod snippet;
pub(crate) mod submission;
pub(crate) mod submission_query;
pub(crate) mod thread;
pub(crate) mod thread_work;
pub(crate) mod vacation;

use std::sync::Arc;

use fernamt_domain::{DomainEvent, MailAccountId, mail::MailType};
use fernamt_store::{Change, MailAccountRecord, StoreError, TenantStore, Work};

use crate::{
    Mail,
    account::OpenAccount,
    delegation::{Access, Actor, Deed, Folders, Kind, Need},
    jmap::{
        ABSENCE, CORE, MAIL, Object, PRINCIPALS, SUBMISSION, THREAD_WORK, VACATION,
        error::MethodError,
        id::CreatedIds,
        limits::{MAX_ANSWERED, MAX_SIZE_REQUEST},
        reference,
        request::{Invocation, Request, Response, arguments, weight},
        session,
    },
};

/// The methods that are called by name. One that is missing here is not there, so that whoever tests what may be done goes
/// through all of them.
pub const METHODS: &[&str] = &[
    "Core/echo",
    "Blob/copy",
    "Mailbox/get",
    "Mailbox/changes",
    "Mailbox/query",
    "Mailbox/queryChanges",
    "Mailbox/set",
    "Thread/get",
    "Thread/changes",
    "Email/get",
    "Email/changes",
    "Email/query",
    "Email/queryChanges",
    "Email/set",
    "Email/import",
    "Email/copy",
    "Email/parse",
    "SearchSnippet/get",
    "Identity/get",
    "Identity/changes",
    "Identity/set",
    "EmailSubmission/get",
    "EmailSubmission/changes",
    "EmailSubmission/query",
    "EmailSubmission/queryChanges",
    "EmailSubmission/set",
    "VacationResponse/get",
    "VacationResponse/set",
    "Principal/get",
    "Principal/query",
    "ThreadWork/get",
    "ThreadWork/changes",
    "ThreadWork/set",
];

/// Who calls, and what was made so far in this request.
pub(crate) struct Caller {
    pub(crate) mail: Arc<Mail>,
    pub(crate) tenant: TenantStore,
    pub(crate) actor: Actor,
    pub(crate) created: CreatedIds,
}

/// What a method answers: usually once.
type Answers = Vec<(String, Object)>;

/// Calls every method of a request in its order.
pub(crate) async fn process(mut caller: Caller, request: Request) -> Result<Response, StoreError> {
    let keeps_ids = request.created_ids.is_some();
    caller.created = request.created_ids.unwrap_or_default();
    let mut answered = Vec::new();
    let (mut referred, mut told) = (0, 0);
    for Invocation(name, call_arguments, call) in request.method_calls {
        let result = match reference::resolve(&call_arguments, &answered) {
            // A reference costs the client some letters and may stand for megabytes.
            Ok(resolved) => {
                referred += weight(&resolved);
                if referred > MAX_SIZE_REQUEST || told > MAX_ANSWERED {
                    Err(MethodError::request_too_large("the calls of this request are too large together"))
                } else {
                    caller.call(&request.using, &name, resolved).await
                }
            }
            Err(error) => Err(error),
        };
        told += result.iter().flatten().map(|(_, answer)| weight(answer)).sum::<usize>();
        match result {
            Ok(answers) => {
                answered.extend(answers.into_iter().map(|(name, answer)| Invocation(name, answer, call.clone())));
            }
            Err(error) => {
                let arguments = error.to_arguments().as_object().cloned().unwrap_or_default();
                answered.push(Invocation("error".to_owned(), arguments, call));
            }
        }
    }
    let accounts = caller.mail.accounts_of(&caller.tenant, caller.actor.person).await?;
    Ok(Response {
        method_responses: answered,
        created_ids: keeps_ids.then_some(caller.created),
        session_state: session::state(&accounts),
    })
}

impl Caller {
    async fn call(&mut self, using: &[String], name: &str, given: Object) -> Result<Answers, MethodError> {
        let needs = match name.split('/').next() {
            Some("Core" | "Blob") => CORE,
            Some("Identity" | "EmailSubmission") => SUBMISSION,
            Some("VacationResponse") => VACATION,
            Some("Principal") => PRINCIPALS,
            Some("ThreadWork") => THREAD_WORK,
            _ => MAIL,
        };
        if !METHODS.contains(&name) || !using.iter().any(|word| word == needs) {
            return Err(MethodError::unknown_method());
        }
        let extended = using.iter().any(|word| word == ABSENCE);
        let answer = match name {
            "Core/echo" => given,
            "Blob/copy" => blob::copy(self, arguments(given)?).await?,
            "Mailbox/get" => mailbox::get(self, arguments(given)?).await?,
            "Mailbox/changes" => mailbox::changes(self, arguments(given)?).await?,
            "Mailbox/query" => mailbox::query(self, arguments(given)?).await?,
            "Mailbox/queryChanges" => mailbox::query_changes(self, arguments(given)?).await?,
            "Mailbox/set" => mailbox::set(self, given).await?,
            "Thread/get" => thread::get(self, arguments(given)?).await?,
            "Thread/changes" => thread::changes(self, arguments(given)?).await?,
            "Email/get" => email::get::get(self, arguments(given)?).await?,
            "Email/changes" => email::get::changes(self, arguments(given)?).await?,
            "Email/query" => email::query::query(self, arguments(given)?).await?,
            "Email/queryChanges" => email::query_changes::query_changes(self, arguments(given)?).await?,
            "Email/set" => email::set::set(self, arguments(given)?).await?,
            "Email/import" => email::import::import(self, arguments(given)?).await?,
            "Email/copy" => return email::copy::copy(self, arguments(given)?).await,
            "Email/parse" => email::get::parse(self, arguments(given)?).await?,
            "SearchSnippet/get" => snippet::get(self, arguments(given)?).await?,
            "Identity/get" => identity::get(self, arguments(given)?).await?,
            "Identity/changes" => identity::changes(self, arguments(given)?).await?,
            "Identity/set" => identity::set(self, arguments(given)?).await?,
            "EmailSubmission/get" => submission::get(self, arguments(given)?).await?,
            "EmailSubmission/changes" => submission::changes(self, arguments(given)?).await?,
            "EmailSubmission/query" => submission_query::query(self, arguments(given)?).await?,
            "EmailSubmission/queryChanges" => submission_query::query_changes(self, arguments(given)?).await?,
            "EmailSubmission/set" => return submission::set(self, given).await,
            "VacationResponse/get" => vacation::get(self, arguments(given)?, extended).await?,
            "VacationResponse/set" => vacation::set(self, arguments(given)?, extended).await?,
            "Principal/get" => principal::get(self, arguments(given)?).await?,
            "Principal/query" => principal::query(self, arguments(given)?).await?,
            "ThreadWork/get" => thread_work::get(self, arguments(given)?).await?,
            "ThreadWork/changes" => thread_work::changes(self, arguments(given)?).await?,
            "ThreadWork/set" => thread_work::set(self, arguments(given)?).await?,
            _ => return Err(MethodError::unknown_method()),
        };
        Ok(vec![(name.to_owned(), answer)])
    }

    /// The account of this id, if it is open to the caller.
    pub(crate) async fn account(&self, id: &str) -> Result<OpenAccount, MethodError> {
        self.mail.open(&self.tenant, &self.actor, id).await
    }

    /// The account of this id that something is copied from, if it is open to the caller.
    pub(crate) async fn account_from(&self, id: &str) -> Result<OpenAccount, MethodError> {
        let account = self.account(id).await;
        account.map_err(|error| {
            if error == MethodError::account_not_found() { MethodError::from_account_not_found() } else { error }
        })
    }

    /// The address of the caller's own account, if they have one.
    pub(crate) async fn own_address(&self) -> Result<Option<String>, StoreError> {
        let own = self.tenant.mail_accounts().of_owner(self.actor.person).await?;
        Ok(own.into_iter().next().map(|account| account.address))
    }

    /// Refuses to go on if objects of a kind changed since the account was read: a list that was read after it would not
    /// fit to its state.
    pub(crate) async fn unchanged(&self, account: &MailAccountRecord, kind: MailType) -> Result<(), MethodError> {
        let now = self.tenant.mail_accounts().get(account.id).await?;
        if now.state(kind) == account.state(kind) { Ok(()) } else { Err(MethodError::cannot_calculate_changes()) }
    }

    /// Begins a change of an account. Nobody else changes it until the unit of work ends, nor what may be done in it: a
    /// right that was revoked before writes nothing any more.
    pub(crate) async fn begin(&self, account: MailAccountId, need: Need) -> Result<Begun, MethodError> {
        let work = self.tenant.begin().await?;
        let change = work.mail_accounts().change(account).await;
        let change = change.map_err(|error| match error {
            StoreError::NotFound(_) => MethodError::account_not_found(),
            error => error.into(),
        })?;
        let account = work.mail_accounts().get(account).await?;
        let access = Access::find(&work.mail_grants(), &account, self.actor.person).await?;
        let access = access.ok_or_else(MethodError::account_not_found)?;
        access.demand(need)?;
        Ok(Begun { work, change, account, access, actor: self.actor.clone() })
    }
}

/// A change that has begun.
pub(crate) struct Begun {
    pub(crate) work: Work,
    pub(crate) change: Change,
    /// The account as it was before.
    pub(crate) account: MailAccountRecord,
    /// What may be done in it.
    pub(crate) access: Access,
    actor: Actor,
}

impl Begun {
    /// The account's folders, with what may be done in each.
    pub(crate) async fn folders(&self) -> Result<Folders, StoreError> {
        Folders::read(&self.work, self.account.id, self.access).await
    }

    /// Whether another account may still be read that something is copied from.
    pub(crate) async fn reads(&self, from: &MailAccountRecord) -> Result<(), MethodError> {
        let access = Access::find(&self.work.mail_grants(), from, self.actor.person).await?;
        access.map(drop).ok_or_else(MethodError::from_account_not_found)
    }

    /// Makes it real, and tells that objects of these kinds changed. What was done for somebody else is written down.
    pub(crate) async fn commit(mut self, kinds: &[MailType], deed: &Deed) -> Result<(), StoreError> {
        if self.access.kind != Kind::Own {
            self.work.record(deed.entry(&self.actor, &self.account));
        }
        self.work.mail_accounts().touch(self.change, kinds).await?;
        self.work.publish(DomainEvent::MailChanged { account: self.account.id });
        self.work.commit().await
    }
}
