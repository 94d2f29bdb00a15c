//! What the signed-in person manages: their sessions, devices and second factors.

use fernamt_domain::{DeviceId, DeviceKind, DeviceState, Method, OtpTokenId, PasskeyId, Secret, SessionId, Zone};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use crate::{
    operations::operations,
    sign_in::{PasskeyOptions, TotpEnrolment},
};

/// One of the person's sessions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MySession {
    /// The session.
    pub id: SessionId,
    /// Whether this request belongs to it.
    pub current: bool,
    /// The device's name.
    pub device_name: String,
    /// The device's kind.
    pub device_kind: DeviceKind,
    /// The methods used.
    pub methods: Vec<Method>,
    /// The zone it came through.
    #[schema(value_type = String)]
    pub zone: Zone,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last used, to the minute.
    #[serde(with = "time::serde::rfc3339")]
    pub seen_at: OffsetDateTime,
    /// Connections that run in it now.
    pub connections: u32,
}

/// One of the person's devices.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MyDevice {
    /// The device.
    pub id: DeviceId,
    /// Whether this request comes from it.
    pub current: bool,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: DeviceKind,
    /// Its state.
    pub state: DeviceState,
    /// When it was enrolled.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The day it was last used.
    pub last_seen_on: Option<Date>,
    /// The fingerprint of its key, for SSH keys as `ssh-keygen -l` prints it.
    pub fingerprint: String,
}

/// Another name for a device.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RenameDevice {
    /// What the person calls it.
    #[schema(max_length = 100)]
    pub name: String,
}

/// A new SSH key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewSshKey {
    /// What the person calls it.
    #[schema(max_length = 100)]
    pub name: String,
    /// The public key as in `authorized_keys`.
    #[schema(max_length = 16384)]
    pub public_key: String,
}

/// What the person's programs may do, and which there are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MyPrograms {
    /// Whether the administration allows programs.
    pub allowed: bool,
    /// Whether a token may be made now: on an approved device, by a person who signed in a short time ago.
    pub may_make: bool,
    /// The most days that a token is good for.
    pub max_days: u16,
    /// Where programs find mail; none where there is no mail.
    pub server: Option<String>,
    /// The programs, oldest first.
    pub programs: Vec<MyProgram>,
}

/// One of the person's programs: a device of its own, with a token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MyProgram {
    /// The program's device.
    pub id: DeviceId,
    /// What the person calls it.
    pub name: String,
    /// The device's state.
    pub state: DeviceState,
    /// Whether the token is over, by time or because somebody ended it.
    pub over: bool,
    /// When the token was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it is over at the latest; none once that is forgotten.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// The day it was last used.
    pub last_seen_on: Option<Date>,
    /// What the control desk sees of it, to compare.
    pub fingerprint: String,
}

/// A program that is to have a token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewProgram {
    /// What the person calls it.
    #[schema(max_length = 100)]
    pub name: String,
    /// For how many days the token is to be good.
    pub days: u16,
}

/// A program with its token, which is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MadeProgram {
    /// The program.
    pub program: MyProgram,
    /// Its token (RFC 6750).
    pub token: String,
}

/// The person's second factors.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MySecondFactors {
    /// One-time-code apps and hardware tokens.
    pub otp_tokens: Vec<MyOtpToken>,
    /// Passkeys.
    pub passkeys: Vec<MyPasskey>,
    /// Recovery codes left.
    pub recovery_codes_left: u32,
}

/// A source of one-time codes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MyOtpToken {
    /// The token.
    pub id: OtpTokenId,
    /// Whether it is a hardware token; otherwise an app.
    pub hardware: bool,
    /// The serial number printed on a hardware token.
    pub serial: Option<String>,
    /// When it was enrolled.
    #[serde(with = "time::serde::rfc3339::option")]
    pub confirmed_at: Option<OffsetDateTime>,
}

/// A passkey.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MyPasskey {
    /// The passkey.
    pub id: PasskeyId,
    /// What the person calls it.
    pub name: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The day it was last used.
    pub last_used_on: Option<Date>,
}

/// A new passkey's answer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NewPasskey {
    /// The token of the options.
    pub token: String,
    /// What the person calls it.
    #[schema(max_length = 100)]
    pub name: String,
    /// `PublicKeyCredential` in WebAuthn's JSON form.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub credential: serde_json::Value,
}

/// The first code of a new authenticator app.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConfirmTotp {
    /// The token of the enrolment.
    pub token: String,
    /// The first code.
    #[schema(value_type = String)]
    pub code: Secret<String>,
}

/// New recovery codes, shown once.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
}

/// A change of password.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangePassword {
    /// The present password.
    #[schema(value_type = String)]
    pub current: Secret<String>,
    /// The new password.
    #[schema(value_type = String)]
    pub new: Secret<String>,
}

/// The person's language.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetLanguage {
    /// `de` or `en`; `None` follows the browser.
    pub language: Option<String>,
}

operations! { "me";
    /// The person's sessions.
    my_sessions: get "/api/v1/me/sessions" () [] -> 200 Vec<MySession>;
    /// Ends one of the person's sessions.
    end_my_session: delete "/api/v1/me/sessions/{id}" (SessionId) [] -> 204;
    /// The person's devices.
    my_devices: get "/api/v1/me/devices" () [] -> 200 Vec<MyDevice>;
    /// Revokes one of the person's devices.
    revoke_my_device: delete "/api/v1/me/devices/{id}" (DeviceId) [] -> 204;
    /// Gives a device another name, which the control desk reads too.
    rename_my_device: put "/api/v1/me/devices/{id}" (DeviceId) [RenameDevice] -> 200 MyDevice;
    /// Enrols an SSH key.
    add_ssh_key: post "/api/v1/me/devices/ssh-key" () [NewSshKey] -> 201 MyDevice;
    /// The person's programs.
    my_programs: get "/api/v1/me/programs" () [] -> 200 MyPrograms;
    /// Makes a token for a program. It is revoked as a device is.
    make_program: post "/api/v1/me/programs" () [NewProgram] -> 201 MadeProgram;
    /// The person's second factors.
    my_second_factors: get "/api/v1/me/second-factors" () [] -> 200 MySecondFactors;
    /// Begins to enrol a passkey.
    begin_passkey: post "/api/v1/me/passkeys/begin" () [] -> 200 PasskeyOptions;
    /// Enrols a passkey.
    add_passkey: post "/api/v1/me/passkeys" () [NewPasskey] -> 201 MyPasskey;
    /// Removes a passkey.
    remove_passkey: delete "/api/v1/me/passkeys/{id}" (PasskeyId) [] -> 204;
    /// Begins to enrol an authenticator app; it replaces the present one once confirmed.
    begin_totp: post "/api/v1/me/totp/begin" () [] -> 200 TotpEnrolment;
    /// Confirms a new authenticator app.
    confirm_totp: post "/api/v1/me/totp" () [ConfirmTotp] -> 204;
    /// Makes new recovery codes; the old ones lose their worth.
    new_recovery_codes: post "/api/v1/me/recovery-codes" () [] -> 200 RecoveryCodes;
    /// Changes the password.
    change_password: post "/api/v1/me/password" () [ChangePassword] -> 204;
    /// Sets the language.
    set_language: put "/api/v1/me/language" () [SetLanguage] -> 204;
}
