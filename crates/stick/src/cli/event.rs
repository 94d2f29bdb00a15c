//! What the command line says: objects for programs, sentences for people.

use std::{
    io::{Write as _, stderr, stdout},
    net::SocketAddr,
};

use fernamt_api::stick::{LineQuality, StickTarget, Transport};
use fernamt_domain::{DeviceId, TargetId, TargetKind, target::alias};
use serde::Serialize;

use super::{
    Exit, with_causes,
    words::{Language, Words, sentence},
};
use crate::{
    config::ConfigError,
    engine::{Away, LineTest, Problem, Step},
};

/// One line of `--json`. Fields without a value are left out.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event<'a> {
    /// What takes a moment: `unlocking`, `connecting`, `signing_in`, `activating`; or `ready` once signed in.
    Stage {
        /// The word.
        stage: &'a str,
    },
    /// What went wrong, by its word ([`problem_word`]). More may follow: another attempt, or the end.
    Problem {
        /// The word.
        problem: &'a str,
        /// Seconds to wait, for `slow_down`.
        #[serde(skip_serializing_if = "Option::is_none")]
        seconds: Option<u32>,
        /// More about it, in English, such as the field of `stick.json`.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'a str>,
    },
    /// Whose stick it is (`status`).
    Stick {
        /// The stick's device.
        device: DeviceId,
        /// The agency.
        agency: &'a str,
        /// The person.
        person: &'a str,
        /// Whether there is a key container.
        activated: bool,
        /// The way that worked last: `ssh`, `websocket` or `proxy`.
        #[serde(skip_serializing_if = "Option::is_none")]
        transport: Option<Transport>,
        /// The program's version.
        program: &'a str,
    },
    /// The stick has its key now.
    Activated,
    /// A target (`targets`), or a candidate where a name means several.
    Target {
        /// Its id.
        id: TargetId,
        /// Its name.
        name: &'a str,
        /// The name as it can be typed.
        alias: String,
        /// What is spoken to it: `rdp`, `ssh`, `tcp` or `web`.
        kind: TargetKind,
        /// The heading it stands under; empty if none.
        folder: &'a str,
        /// What it is for; may be empty.
        description: &'a str,
        /// Its own port.
        port: u16,
        /// Where a browser opens it.
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<&'a str>,
    },
    /// The target is open here.
    Listening {
        /// The target.
        target: TargetId,
        /// Its name.
        name: &'a str,
        /// Our end of the tunnel.
        host: String,
        /// Its port.
        port: u16,
    },
    /// The line is away.
    Away {
        /// How long it may be, in seconds, before everything ends.
        patience_s: u64,
    },
    /// The line is back.
    Back,
    /// How the line does.
    Quality {
        /// The way there and back.
        round_trip_ms: u32,
        /// The share lost, in thousandths.
        loss_permille: u16,
        /// How often the line was away since the sign-in.
        outages: u32,
        /// How it goes out.
        transport: Transport,
        /// It counts as weak.
        weak: bool,
    },
    /// The line test's result (`test-line`).
    LineTest {
        /// The way there and back.
        round_trip_ms: u128,
        /// How much that varied.
        jitter_ms: u128,
        /// The share lost, in thousandths.
        loss_permille: u16,
        /// Kilobits per second to us.
        down_kbit: u32,
        /// Kilobits per second from us.
        up_kbit: u32,
    },
    /// What one guess at the passphrase costs here (`measure`).
    Measured {
        /// Memory, in KiB.
        memory_kib: u32,
        /// Passes over that memory.
        passes: u32,
        /// Lanes of that memory.
        lanes: u32,
        /// The time it took: the median of the runs.
        seconds: f64,
        /// The most memory that this program had at any moment, in KiB, where the system tells.
        #[serde(skip_serializing_if = "Option::is_none")]
        peak_memory_kib: Option<u64>,
    },
    /// The last line.
    Ended {
        /// Why, if not as wished.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<&'a str>,
        /// The exit code.
        exit_code: u8,
    },
}

/// The stable word for a problem.
pub fn problem_word(problem: &Problem) -> &'static str {
    match problem {
        Problem::NoConfig => "no_config",
        Problem::CannotUnlock => "cannot_unlock",
        Problem::ContainerDamaged => "container_damaged",
        Problem::NoMemory => "no_memory",
        Problem::CannotWrite => "cannot_write",
        Problem::WeakPassphrase => "weak_passphrase",
        Problem::WrongActivationCode => "wrong_activation_code",
        Problem::SignInRefused => "sign_in_refused",
        Problem::SlowDown { .. } => "slow_down",
        Problem::DevicePending => "device_pending",
        Problem::EnrolmentRequired => "enrolment_required",
        Problem::Unreachable => "unreachable",
        Problem::ProxyWantsPassword => "proxy_wants_password",
        Problem::WrongHostKey => "wrong_host_key",
        Problem::Copied => "copied",
        Problem::Outdated => "outdated",
        Problem::SessionEnded => "session_ended",
        Problem::LineLost => "line_lost",
        Problem::StickPulled => "stick_pulled",
        Problem::TargetForbidden => "target_forbidden",
        Problem::TargetUnreachable => "target_unreachable",
        Problem::NoProgram => "no_program",
        Problem::Restarting => "restarting",
        Problem::Unavailable => "unavailable",
    }
}

/// Says things.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    json: bool,
    pub(super) language: Language,
}

impl Voice {
    pub(super) fn new(json: bool, language: Language) -> Self {
        Self { json, language }
    }

    pub(super) fn event(self, event: &Event<'_>) {
        if self.json
            && let Ok(text) = serde_json::to_string(event)
        {
            print(&text);
        }
    }

    /// Says something to people.
    #[expect(clippy::unused_self, reason = "there is no voice without a language")]
    pub(super) fn tell(self, text: &str) {
        // Nobody may be left to hear it.
        let _ = writeln!(stderr().lock(), "{text}");
    }

    pub(super) fn words(self) -> Words {
        Words(self.language)
    }

    pub(super) fn step(self, step: Step) {
        let stage = match step {
            Step::Unlocking => "unlocking",
            Step::Connecting => "connecting",
            Step::SigningIn => "signing_in",
            Step::Activating => "activating",
        };
        self.event(&Event::Stage { stage });
    }

    pub(super) fn problem(self, problem: &Problem) {
        let seconds = if let Problem::SlowDown { seconds } = problem { Some(*seconds) } else { None };
        self.event(&Event::Problem { problem: problem_word(problem), seconds, detail: None });
        self.tell(&sentence(problem, self.language));
    }

    /// `stick.json` is missing or wrong.
    pub(super) fn unusable(self, error: &ConfigError) {
        let detail = with_causes(error);
        let problem = problem_word(&Problem::NoConfig);
        self.event(&Event::Problem { problem, seconds: None, detail: Some(&detail) });
        self.tell(&sentence(&Problem::NoConfig, self.language));
        self.tell(&detail);
        self.event(&Event::Ended { problem: Some(problem), exit_code: Exit::Stick.code() });
    }

    pub(super) fn target(self, target: &StickTarget) {
        let StickTarget { id, name, kind, folder, description, port, url, .. } = target;
        self.event(&Event::Target {
            id: *id,
            name,
            alias: alias(name),
            kind: *kind,
            folder,
            description,
            port: *port,
            url: url.as_deref(),
        });
    }

    pub(super) fn listening(self, target: &StickTarget, address: SocketAddr, print_port: bool) {
        let (host, port) = (address.ip().to_string(), address.port());
        self.event(&Event::Listening { target: target.id, name: &target.name, host, port });
        if print_port && !self.json {
            print(&address.to_string());
        } else {
            self.tell(&self.words().listening(&target.name, address));
        }
    }

    pub(super) fn away(self, away: Away) {
        self.event(&Event::Away { patience_s: away.patience.as_secs() });
        self.tell(&self.words().away(away.patience));
    }

    pub(super) fn back(self) {
        self.event(&Event::Back);
        self.tell(self.words().back());
    }

    pub(super) fn quality(self, quality: &LineQuality, weak: bool) {
        let LineQuality { round_trip_ms, loss_permille, outages, transport } = quality;
        self.event(&Event::Quality {
            round_trip_ms: *round_trip_ms,
            loss_permille: *loss_permille,
            outages: *outages,
            transport: *transport,
            weak,
        });
    }

    pub(super) fn line_test(self, test: LineTest) {
        let LineTest::Done { round_trip, jitter, loss_permille, down_kbit, up_kbit } = test else { return };
        self.event(&Event::LineTest {
            round_trip_ms: round_trip.as_millis(),
            jitter_ms: jitter.as_millis(),
            loss_permille,
            down_kbit,
            up_kbit,
        });
        if !self.json {
            print(&self.words().line_test(round_trip, jitter, loss_permille, down_kbit, up_kbit));
        }
    }

    /// Prints what was asked for where there is no `--json`.
    pub(super) fn answer(self, text: &str) {
        if !self.json {
            print(text);
        }
    }

    pub(super) fn ended(self, problem: Option<&Problem>, exit: Exit) -> Exit {
        self.event(&Event::Ended { problem: problem.map(problem_word), exit_code: exit.code() });
        exit
    }
}

fn print(text: &str) {
    let mut out = stdout().lock();
    // A reader that has gone away wants no more of it; the tunnel may still be in use.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
