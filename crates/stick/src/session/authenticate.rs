//! Who we are: the stick's key, and the code that a person types.

use std::{sync::Arc, time::Duration};

use fernamt_api::stick_notice::Notice;
use fernamt_domain::Secret;
use russh::{
    client::{AuthResult, KeyboardInteractiveAuthResponse as Reply},
    keys::{PrivateKey, PrivateKeyWithHashAlg, ssh_key::private::Ed25519Keypair},
};
use tokio::time::timeout;
use tracing::debug;

use super::connect::{Connection, said, why_over};
use crate::engine::Problem;

/// How long the gateway may take for all of it; a directory may be slow.
const SIGN_IN_PATIENCE: Duration = Duration::from_mins(1);

/// One attempt to be let in.
pub(super) struct Attempt<'a> {
    pub(super) login: &'a str,
    /// Of the stick's key.
    pub(super) seed: &'a Secret<[u8; 32]>,
    pub(super) code: &'a Secret<String>,
    /// The problem where the gateway says nothing but no.
    pub(super) refused: Problem,
    /// The problem where the line breaks after the code has gone out.
    pub(super) broken: Problem,
}

/// Signs in with the stick's key and one code.
pub(super) async fn authenticate(connection: &mut Connection, attempt: Attempt<'_>) -> Result<(), Problem> {
    let mut answered = false;
    let done = timeout(SIGN_IN_PATIENCE, ask(connection, &attempt, &mut answered)).await;
    match done {
        Ok(Ok(Verdict::In)) => Ok(()),
        Ok(Ok(Verdict::Refused(notice))) => Err(notice.map_or(attempt.refused, said)),
        // The connection went away meanwhile; perhaps somebody said why.
        broken => {
            let error = broken.map(Result::err).ok().flatten();
            debug!(?error, end = ?connection.stream.status().ended, answered, "The sign-in broke off");
            let nobody = if answered { attempt.broken } else { Problem::Unreachable };
            Err(why_over(&connection.fate, &connection.stream, nobody))
        }
    }
}

enum Verdict {
    In,
    Refused(Option<Notice>),
}

async fn ask(connection: &mut Connection, attempt: &Attempt<'_>, answered: &mut bool) -> Result<Verdict, russh::Error> {
    let ssh = &mut connection.ssh;
    let key = PrivateKey::from(Ed25519Keypair::from_seed(attempt.seed.expose()));
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
    let known = match ssh.authenticate_publickey(attempt.login, key).await? {
        AuthResult::Success => return Ok(Verdict::In),
        AuthResult::Failure { partial_success, .. } => partial_success,
    };
    if ssh.is_closed() {
        return Err(russh::Error::Disconnect);
    }
    if !known {
        return Ok(Verdict::Refused(None));
    }
    let mut reply = ssh.authenticate_keyboard_interactive_start(attempt.login, None).await?;
    loop {
        reply = match reply {
            Reply::Success => return Ok(Verdict::In),
            Reply::Failure { .. } => return Ok(Verdict::Refused(None)),
            // A request without questions tells why not.
            Reply::InfoRequest { name, instructions, prompts } if prompts.is_empty() => {
                return Ok(Verdict::Refused(Notice::find(&name).or_else(|| Notice::find(&instructions))));
            }
            Reply::InfoRequest { prompts, .. } if prompts.len() == 1 && !*answered => {
                *answered = true;
                ssh.authenticate_keyboard_interactive_respond(vec![attempt.code.expose().clone()]).await?
            }
            // Who asks more than we can know does not know our key.
            Reply::InfoRequest { .. } => return Ok(Verdict::Refused(None)),
        };
    }
}
