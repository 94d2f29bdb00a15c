//! Signing in, the first set-up and the enrolment of a second factor.

use fernamt_domain::{DeviceState, Method, Secret};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{operations::operations, session::SessionView};

/// What a client needs before it signs in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SignInChallenge {
    /// A sealed token that the device signs. The server keeps nothing of it.
    pub challenge: String,
    /// Until when it may be used.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The administration's name, for the page's heading.
    pub tenant_name: String,
    /// Whether the first administrator has yet to be made.
    pub setup_open: bool,
    /// Whether there are meetings here. Left out, there are.
    #[serde(default = "crate::session::yes")]
    pub meetings: bool,
}

/// A browser's proof that it holds its key: ES256 over `fernamt-sign-in`, a zero byte and the challenge.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeviceProof {
    /// The P-256 public key as SPKI in DER, base64url without padding.
    pub public_key: String,
    /// The signature in the fixed 64-byte form of IEEE P1363, base64url without padding.
    pub signature: String,
    /// What the person sees in their list of devices, such as "Firefox on Linux".
    pub name: String,
}

/// A password and, unless the person has none yet, a second factor.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SignInRequest {
    /// The sign-in name.
    #[schema(max_length = 200)]
    pub name: String,
    /// The password.
    #[schema(value_type = String, max_length = 1000)]
    pub password: Secret<String>,
    /// The second factor. Left out at the first sign-in.
    pub second: Option<SecondFactor>,
    /// The device's proof.
    pub device: DeviceProof,
    /// The challenge that was signed.
    pub challenge: String,
}

/// A second factor as typed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SecondFactor {
    /// A one-time code of an app or a hardware token.
    Totp {
        /// Six or eight digits.
        #[schema(value_type = String)]
        code: Secret<String>,
    },
    /// A recovery code.
    RecoveryCode {
        /// The code, with or without hyphens.
        #[schema(value_type = String)]
        code: Secret<String>,
    },
}

/// How a sign-in went on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SignInAnswer {
    /// The person is signed in; the session cookie is set.
    SignedIn {
        /// The new session.
        session: SessionView,
        /// Recovery codes, shown once after a second factor was enrolled.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recovery_codes: Vec<String>,
    },
    /// The password was right and a second factor must be enrolled first.
    EnrolmentRequired {
        /// What the authenticator app needs.
        enrolment: TotpEnrolment,
    },
    /// The password was right and the second factor was left out. Said only to who brought the right password.
    SecondFactorRequired {
        /// What the person has enrolled: `totp` for codes, `passkey`.
        methods: Vec<Method>,
    },
    /// Everything was right, but the device waits for an administrator.
    DevicePending {
        /// What to ask with whether it was approved meanwhile.
        waiting: WaitingDevice,
        /// Recovery codes, shown once after a second factor was enrolled.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        recovery_codes: Vec<String>,
    },
}

/// A device that waits for approval, as its page shows it and asks for it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingDevice {
    /// A sealed token for `POST /sign-in/device`. It tells of this device alone and signs nobody in.
    pub token: String,
    /// Until when it may be used; after that, sign in again to see how things stand.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// Seconds to wait between two questions, at least.
    pub ask_every_s: u16,
    /// The device's name in the lists of person and control desk.
    pub name: String,
    /// The fingerprint of its key, to read out to the control desk.
    pub fingerprint: String,
}

/// The question whether a device was approved.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitingDeviceRequest {
    /// The token of the answer that said the device waits.
    pub token: String,
}

/// How things stand with a device that waited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingDeviceAnswer {
    /// `pending`: ask again later. `approved`: sign in now. `suspended`, `revoked`: it was refused.
    pub state: DeviceState,
}

/// What an authenticator app needs to make codes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TotpEnrolment {
    /// A sealed token to send back with the first code.
    pub token: String,
    /// The secret in Base32, to type by hand.
    pub secret: String,
    /// The `otpauth:` address.
    pub otpauth_uri: String,
    /// The address as a QR code: an SVG document.
    pub qr_svg: String,
}

/// The first code of a new authenticator app.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EnrolmentRequest {
    /// The token of the enrolment.
    pub token: String,
    /// The first code.
    #[schema(value_type = String)]
    pub code: Secret<String>,
    /// The device's proof.
    pub device: DeviceProof,
    /// The challenge that was signed.
    pub challenge: String,
}

/// The start of a passkey sign-in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PasskeyOptions {
    /// `PublicKeyCredentialRequestOptions` or `…CreationOptions` in WebAuthn's JSON form.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub options: serde_json::Value,
    /// A sealed token to send back.
    pub token: String,
}

/// A passkey's answer.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PasskeySignInRequest {
    /// The token of the options.
    pub token: String,
    /// `PublicKeyCredential` in WebAuthn's JSON form.
    #[schema(value_type = BTreeMap<String, serde_json::Value>)]
    pub credential: serde_json::Value,
    /// The device's proof.
    pub device: DeviceProof,
    /// The challenge that was signed.
    pub challenge: String,
}

/// Whether a set-up link is good.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SetupView {
    /// The link may be used.
    pub valid: bool,
}

/// The first administrator.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetupRequest {
    /// The secret of the set-up link.
    #[schema(value_type = String)]
    pub token: Secret<String>,
    /// The sign-in name.
    pub name: String,
    /// The name that others see.
    pub display_name: String,
    /// The password.
    #[schema(value_type = String)]
    pub password: Secret<String>,
    /// The device's proof.
    pub device: DeviceProof,
    /// The challenge that was signed.
    pub challenge: String,
}

/// A set-up link's secret. It stands in the link's fragment, so no log holds it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetupCheckRequest {
    /// The secret of the set-up link.
    #[schema(value_type = String)]
    pub token: Secret<String>,
}

operations! { "sign-in";
    /// A challenge for the device to sign.
    sign_in_challenge: get "/api/v1/sign-in/challenge" () [] -> 200 SignInChallenge;
    /// Signs in by password and second factor.
    sign_in: post "/api/v1/sign-in" () [SignInRequest] -> 200 SignInAnswer;
    /// Confirms a new second factor and signs in.
    sign_in_enrolment: post "/api/v1/sign-in/enrolment" () [EnrolmentRequest] -> 200 SignInAnswer;
    /// Tells whether a device that waited was approved.
    sign_in_device: post "/api/v1/sign-in/device" () [WaitingDeviceRequest] -> 200 WaitingDeviceAnswer;
    /// Begins a sign-in by passkey.
    sign_in_passkey_begin: post "/api/v1/sign-in/passkey/begin" () [] -> 200 PasskeyOptions;
    /// Signs in by passkey.
    sign_in_passkey: post "/api/v1/sign-in/passkey" () [PasskeySignInRequest] -> 200 SignInAnswer;
    /// Tells whether a set-up link is good.
    setup_check: post "/api/v1/setup/check" () [SetupCheckRequest] -> 200 SetupView;
    /// Makes the first administrator.
    setup: post "/api/v1/setup" () [SetupRequest] -> 200 SignInAnswer;
}
