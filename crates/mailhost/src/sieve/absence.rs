//! An absence as Sieve scripts: ours answers (RFC 5230), and the person's own script goes on beside it.
//!
//! A server lets one script count. Where a person has one, ours includes it (RFC 6609) and it stays as it is. Without that
//! extension the absence is refused: nobody's filing is switched off by us.

use super::{
    Script, Sieve,
    connection::is_plain,
    script::{ANSWERS, Absence, BOTH, both, included},
};
use crate::Error;

/// Whether senders are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDuty {
    /// No absence lies at the server.
    Yes,
    /// An absence lies there and counts.
    No,
    /// An absence lies there, but somebody let another script count since.
    Overruled,
    /// An absence lies there and would count, but what leads to it also leads to a script that somebody deleted since, which
    /// servers take for a fault. Beginning it again mends that.
    Broken,
}

fn is_there(scripts: &[Script], name: &str) -> bool {
    scripts.iter().any(|script| script.name == name)
}

fn active(scripts: &[Script]) -> Option<&str> {
    scripts.iter().find(|script| script.active).map(|script| script.name.as_str())
}

impl Sieve {
    /// Lets the server answer senders from now on, or answer them otherwise than before.
    pub async fn begin_absence(&mut self, absence: &Absence) -> Result<(), Error> {
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
        let scripts = self.scripts().await?;
        match active(&scripts) {
            None | Some(ANSWERS) => {
                self.put(ANSWERS, &script).await?;
                self.activate(ANSWERS).await
            }
            Some(BOTH) => {
                self.put(ANSWERS, &script).await?;
                self.mend(&scripts).await
            }
            // Servers do not agree on other names, and a script that is not found from ours would be switched off.
            Some(own) if !is_plain(own) => {
                Err(Error::Unsayable("an absence beside a script with other than plain letters in its name"))
            }
            Some(own) => {
                if !self.extends("include") {
                    return Err(Error::Missing("an absence beside somebody's own script (Sieve include)"));
                }
                self.put(ANSWERS, &script).await?;
                self.put(BOTH, &both(own)).await?;
                self.activate(BOTH).await
            }
        }
    }

    /// Sees to it that the script that leads to ours leads to nothing that is gone.
    async fn mend(&mut self, scripts: &[Script]) -> Result<(), Error> {
        let led = included(&self.script(BOTH).await?);
        let leads_to_ours = led.iter().any(|name| name == ANSWERS);
        let mut others = led.iter().filter(|name| ![ANSWERS, BOTH].contains(&name.as_str()));
        if leads_to_ours && others.clone().all(|name| is_there(scripts, name)) {
            return Ok(());
        }
        match others.find(|name| is_there(scripts, name) && is_plain(name)) {
            Some(own) => self.put(BOTH, &both(own)).await,
            None => {
                self.activate(ANSWERS).await?;
                self.delete(BOTH).await
            }
        }
    }

    /// Ends an absence: the person's own script counts again, and ours are gone.
    pub async fn end_absence(&mut self) -> Result<(), Error> {
        let scripts = self.scripts().await?;
        match active(&scripts) {
            Some(ANSWERS) => self.activate("").await?,
            Some(BOTH) => {
                let led = included(&self.script(BOTH).await?);
                let is_own = |name: &&String| ![ANSWERS, BOTH].contains(&name.as_str()) && is_there(&scripts, name);
                let own = led.iter().find(is_own).map(String::as_str);
                self.activate(own.unwrap_or_default()).await?;
            }
            _ => {}
        }
        for name in [BOTH, ANSWERS] {
            if is_there(&scripts, name) {
                self.delete(name).await?;
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
                let led = included(&self.script(BOTH).await?);
                if !led.iter().any(|name| name == ANSWERS) {
                    return Ok(OnDuty::Overruled);
                }
                let all_there = led.iter().all(|name| is_there(&scripts, name));
                Ok(if all_there { OnDuty::No } else { OnDuty::Broken })
            }
            _ => Ok(OnDuty::Overruled),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::{
        super::{Outside, connection::tests::scripted},
        *,
    };

    #[tokio::test]
    async fn somebodys_own_script_goes_on_beside_the_absence() {
        let answers = &["\"mine\" ACTIVE\r\nOK\r\n", "OK\r\n", "OK\r\n", "OK\r\n"];
        let (mut sieve, server) = scripted("vacation include", answers);
        sieve.begin_absence(&Absence::default()).await.expect("begun");
        drop(sieve);
        let said = server.await.expect("said");
        assert!(said.contains("include :personal \"mine\";") && said.ends_with("SETACTIVE \"fernamt\"\r\n"), "{said}");
    }

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

    const LIST: &str = "\"fernamt\" ACTIVE\r\n\"fernamt-absence\"\r\n\"other\"\r\nOK\r\n";
    const LEADS_ASTRAY: &str =
        "{63}\r\ninclude :personal \"fernamt-absence\";\r\ninclude :personal \"gone\";\r\nOK\r\n";
    const LEADS_ELSEWHERE: &str = "{28}\r\ninclude :personal \"other\";\r\n\r\nOK\r\n";

    #[tokio::test]
    async fn what_leads_to_a_script_that_is_gone_is_told_and_mended() {
        let answers = &[LIST, LEADS_ASTRAY, LIST, LEADS_ELSEWHERE, LIST, "OK\r\n", LEADS_ASTRAY, "OK\r\n", "OK\r\n"];
        let (mut sieve, server) = scripted("vacation include", answers);
        assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Broken);
        assert_eq!(sieve.on_duty().await.expect("asked"), OnDuty::Overruled);
        sieve.begin_absence(&Absence::default()).await.expect("begun");
        drop(sieve);
        let said = server.await.expect("said");
        assert!(said.ends_with("SETACTIVE \"fernamt-absence\"\r\nDELETESCRIPT \"fernamt\"\r\n"), "{said}");
    }
}
