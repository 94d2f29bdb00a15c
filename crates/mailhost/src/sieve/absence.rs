//! An absence as Sieve scripts: ours answers (RFC 5230), and the person's own script goes on beside it.
//!
//! A server lets one script count. Where a person has one, ours includes it (RFC 6609) and it stays as it is. Without that
//! extension the absence is refused: nobody's filing is switched off by us.

use std::collections::BTreeSet;

use super::{
    MAX_SCRIPTS, Script, Sieve,
    connection::is_plain,
    own,
    script::{ANSWERS, Absence, BOTH, both, included, is_as_written, is_both},
};
use crate::Error;

/// The most scripts that somebody's own one leads to; what leads to more is not looked through.
const MAX_LED_TO: usize = 20;

/// Whether senders are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDuty {
    /// No absence lies at the server.
    Yes,
    /// An absence lies there and counts.
    No,
    /// An absence lies there, but somebody let another script count since.
    Overruled,
    /// An absence lies there and would count, but beside it something changed: a script of theirs is gone, which some servers
    /// take for a fault, or answers or refuses messages now, so that nothing is answered. Beginning it again mends that or
    /// is refused.
    Broken,
}

/// What became of somebody's own scripts, where they have to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aside {
    /// The script that was to go on beside the absence, and that somebody deleted or renamed since. It does not count.
    pub gone: Option<String>,
    /// The names that scripts have now which had one of ours, and which somebody else wrote or changed.
    pub kept: Vec<String>,
}

/// Whose a script is that has one of our names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// It is as we wrote it.
    Ours,
    /// Ours, and somebody changed it.
    Changed,
    /// Somebody's own.
    Theirs,
}

/// Whose the script is that says this under one of our names.
fn whose(name: &str, text: &str) -> Whose {
    let (is_ours, was_ours) = match name {
        BOTH => (is_both(text), leads_to_ours(text)),
        _ => (is_as_written(text), own::read(text).answers),
    };
    match (is_ours, was_ours) {
        (true, _) => Whose::Ours,
        (false, true) => Whose::Changed,
        (false, false) => Whose::Theirs,
    }
}

fn leads_to_ours(script: &str) -> bool {
    included(script).iter().any(|name| name == ANSWERS)
}

/// Where a script leads, beside to ours.
fn led_beside(script: &str) -> Vec<String> {
    let mut led = included(script);
    led.retain(|name| ![ANSWERS, BOTH].contains(&name.as_str()));
    led
}

fn is_there(scripts: &[Script], name: &str) -> bool {
    !name.is_empty() && scripts.iter().any(|script| script.name == name)
}

fn active(scripts: &[Script]) -> Option<&str> {
    scripts.iter().find(|script| script.active).map(|script| script.name.as_str())
}

/// A name that no script has, for one that had a name of ours.
fn free_name(scripts: &[Script], name: &str) -> String {
    let numbered = (2..MAX_SCRIPTS + 2).map(|number| format!("{name}-kept-{number}"));
    let mut names = std::iter::once(format!("{name}-kept")).chain(numbered);
    names.find(|name| !is_there(scripts, name)).unwrap_or_default()
}

impl Sieve {
    /// Lets the server answer senders from now on, or answer them otherwise than before. Tells what that did to somebody's own
    /// scripts.
    pub async fn begin_absence(&mut self, absence: &Absence) -> Result<Aside, Error> {
        if !self.extends("vacation") {
            return Err(Error::Missing("answers during an absence (Sieve vacation)"));
        }
        if (absence.from.is_some() || absence.until.is_some()) && !(self.extends("date") && self.extends("relational"))
        {
            return Err(Error::Missing("an absence with dates (Sieve date and relational)"));
        }
        if absence.outside.is_some() && !self.extends("envelope") {
            return Err(Error::Missing("telling who is outside (Sieve envelope)"));
        }
        let script = absence.script()?;
        let mut aside = Aside::default();
        let scripts = self.scripts().await?;
        let lies_there = is_there(&scripts, ANSWERS);
        match self.lay(scripts, &script, &mut aside).await {
            // Cyrus counts a script that is put in place of another as one more.
            Err(Error::Refused { code: Some(code), .. }) if lies_there && is_crowded(&code) => {
                self.take_away(&mut aside).await?;
                let scripts = self.scripts().await?;
                self.lay(scripts, &script, &mut aside).await?;
            }
            laid => laid?,
        }
        Ok(aside)
    }

    /// Puts our scripts beside the one that counts. All that we refuse ourselves is refused before anything is put.
    async fn lay(&mut self, mut scripts: Vec<Script>, script: &str, aside: &mut Aside) -> Result<(), Error> {
        let own = match active(&scripts) {
            Some(name @ (ANSWERS | BOTH)) => {
                let text = self.script(name).await?;
                match (name, whose(name, &text)) {
                    (_, Whose::Theirs) => Some(name.to_owned()),
                    (BOTH, whose) => return self.lay_again(scripts, script, (&text, whose), aside).await,
                    _ => None,
                }
            }
            own => own.map(str::to_owned),
        };
        if let Some(own) = &own {
            // Servers do not agree on other names, and a script that is not found from ours would be switched off.
            if own.is_empty() || !is_plain(own) {
                return Err(Error::Unsayable("an absence beside a script with other than plain letters in its name"));
            }
            if !self.extends("include") {
                return Err(Error::Missing("an absence beside somebody's own script (Sieve include)"));
            }
            self.check_beside(&scripts, vec![own.clone()]).await?;
        }
        let renamed = self.set_aside(&mut scripts, ANSWERS, aside).await?;
        let own = own.map(|own| if own == ANSWERS { renamed.unwrap_or(own) } else { own });
        self.put(ANSWERS, script).await?;
        let Some(own) = own else { return self.activate(ANSWERS).await };
        let renamed = self.set_aside(&mut scripts, BOTH, aside).await?;
        let own = if own == BOTH { renamed.unwrap_or(own) } else { own };
        self.put(BOTH, &both(&own)).await?;
        self.activate(BOTH).await
    }

    /// The same where a script counts that leads to ours; afterwards it leads to nothing that is gone.
    async fn lay_again(
        &mut self,
        mut scripts: Vec<Script>,
        script: &str,
        (text, whose): (&str, Whose),
        aside: &mut Aside,
    ) -> Result<(), Error> {
        let others = led_beside(text);
        if own::read(text).answers {
            return Err(answers_itself());
        }
        self.check_beside(&scripts, others.clone()).await?;
        self.set_aside(&mut scripts, ANSWERS, aside).await?;
        self.put(ANSWERS, script).await?;
        let Some(gone) = others.iter().find(|name| !is_there(&scripts, name)) else { return Ok(()) };
        aside.gone = Some(gone.clone());
        match others.iter().find(|name| is_there(&scripts, name) && is_plain(name)) {
            Some(own) => {
                self.set_aside(&mut scripts, BOTH, aside).await?;
                self.put(BOTH, &both(own)).await?;
                self.activate(BOTH).await
            }
            None => {
                self.activate(ANSWERS).await?;
                match whose {
                    Whose::Ours => self.delete(BOTH).await,
                    _ => self.set_aside(&mut scripts, BOTH, aside).await.map(|_| ()),
                }
            }
        }
    }

    /// Refuses to answer beside scripts that answer or refuse messages themselves, or may.
    async fn check_beside(&mut self, scripts: &[Script], mut left: Vec<String>) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        while let Some(name) = left.pop() {
            if !is_there(scripts, &name) || !seen.insert(name.clone()) {
                continue;
            }
            let own = own::read(&self.script(&name).await?);
            // What leads to ours already would answer once more.
            let leads_back = own.leads_to.iter().any(|name| [ANSWERS, BOTH].contains(&name.as_str()));
            if own.answers || leads_back || seen.len() > MAX_LED_TO {
                return Err(answers_itself());
            }
            left.extend(own.leads_to);
        }
        Ok(())
    }

    /// Gives a script another name that has one of ours and is not as we wrote it, so that nothing of somebody's is lost.
    async fn set_aside(
        &mut self,
        scripts: &mut [Script],
        name: &str,
        aside: &mut Aside,
    ) -> Result<Option<String>, Error> {
        if !is_there(scripts, name) || whose(name, &self.script(name).await?) == Whose::Ours {
            return Ok(None);
        }
        let free = free_name(scripts, name);
        self.rename(name, &free).await?;
        for script in scripts.iter_mut().filter(|script| script.name == name) {
            script.name.clone_from(&free);
        }
        aside.kept.push(free.clone());
        Ok(Some(free))
    }

    /// Ends an absence: the person's own script counts again, and ours are gone. Tells what that did to somebody's own scripts.
    pub async fn end_absence(&mut self) -> Result<Aside, Error> {
        let mut aside = Aside::default();
        self.take_away(&mut aside).await?;
        Ok(aside)
    }

    async fn take_away(&mut self, aside: &mut Aside) -> Result<(), Error> {
        let mut scripts = self.scripts().await?;
        let counts = active(&scripts).map(str::to_owned);
        for name in [BOTH, ANSWERS] {
            if !is_there(&scripts, name) {
                continue;
            }
            let text = self.script(name).await?;
            let whose = whose(name, &text);
            if whose == Whose::Theirs {
                continue;
            }
            if counts.as_deref() == Some(name) {
                let led = if name == BOTH { led_beside(&text) } else { Vec::new() };
                let own = led.iter().find(|name| is_there(&scripts, name));
                if own.is_none() && aside.gone.is_none() {
                    aside.gone = led.first().cloned();
                }
                self.activate(own.map(String::as_str).unwrap_or_default()).await?;
            }
            if whose == Whose::Ours {
                self.delete(name).await?;
                continue;
            }
            match self.set_aside(&mut scripts, name, aside).await {
                // It does not count any more, so it may as well stay as it is called.
                Err(error) if error.is_refusal() => aside.kept.push(name.to_owned()),
                set_aside => {
                    set_aside?;
                }
            }
        }
        Ok(())
    }

    /// Whether senders are answered.
    pub async fn on_duty(&mut self) -> Result<OnDuty, Error> {
        let scripts = self.scripts().await?;
        if !is_there(&scripts, ANSWERS) {
            return Ok(OnDuty::Yes);
        }
        match active(&scripts) {
            Some(ANSWERS) => Ok(OnDuty::No),
            Some(BOTH) => {
                let text = self.script(BOTH).await?;
                if !leads_to_ours(&text) {
                    return Ok(OnDuty::Overruled);
                }
                let others = led_beside(&text);
                if own::read(&text).answers || !others.iter().all(|name| is_there(&scripts, name)) {
                    return Ok(OnDuty::Broken);
                }
                match self.check_beside(&scripts, others).await {
                    Err(Error::Unsayable(_)) => Ok(OnDuty::Broken),
                    checked => checked.map(|()| OnDuty::No),
                }
            }
            _ => Ok(OnDuty::Overruled),
        }
    }
}

fn answers_itself() -> Error {
    Error::Unsayable("an absence beside a script that answers or refuses messages itself")
}

/// Whether a refusal says that there are too many scripts, or only that there is no room.
fn is_crowded(code: &str) -> bool {
    code.starts_with("QUOTA") && code != "QUOTA/MAXSIZE"
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::{
        super::{Outside, connection::tests::scripted},
        *,
    };

    #[tokio::test]
    async fn without_include_somebodys_own_script_is_not_switched_off() {
        let (mut sieve, server) = scripted("vacation", &["\"mine\" ACTIVE\r\nOK\r\n"]);
        assert!(matches!(sieve.begin_absence(&Absence::default()).await, Err(Error::Missing(_))));
        drop(sieve);
        assert_eq!(server.await.expect("said"), "LISTSCRIPTS\r\n");
        let (mut sieve, _server) = scripted("vacation include", &["{6}\r\nB\u{fc}ro\" ACTIVE\r\nOK\r\n"]);
        assert!(matches!(sieve.begin_absence(&Absence::default()).await, Err(Error::Unsayable(_))));
        let (mut sieve, _server) = scripted("vacation", &[]);
        let dated = Absence { until: Some(datetime!(2026-12-01 00:00 UTC)), ..Absence::default() };
        assert!(matches!(sieve.begin_absence(&dated).await, Err(Error::Missing(_))));
        let (mut sieve, _server) = scripted("vacation date relational", &[]);
        let outside = Some(Outside { domain: "amt.test".to_owned(), text: None });
        assert!(matches!(
            sieve.begin_absence(&Absence { outside, ..Absence::default() }).await,
            Err(Error::Missing(what)) if what.contains("envelope")
        ));
    }
}
