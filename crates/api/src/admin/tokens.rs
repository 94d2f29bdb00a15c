//! Hardware tokens. Role: administrator.

use fernamt_domain::{OtpTokenId, PersonId, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Page, operations::operations, page::ListQuery};

/// A hardware token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HardwareToken {
    /// The token.
    pub id: OtpTokenId,
    /// The serial number printed on it.
    pub serial: String,
    /// `totp` or `hotp`.
    pub algorithm: String,
    /// Who has it.
    pub person_id: Option<PersonId>,
    /// That person's name as others see it.
    pub person_name: Option<String>,
}

/// The vendor's file: PSKC (RFC 6030) or CSV.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ImportTokens {
    /// The file's text.
    #[schema(value_type = String)]
    pub file: Secret<String>,
}

/// What an import of tokens brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokensImported {
    /// New tokens.
    pub added: u32,
    /// Serial numbers that were known already.
    pub known: Vec<String>,
}

/// Who has a token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AssignToken {
    /// The person; `None` takes it back.
    pub person_id: Option<PersonId>,
}

operations! { "tokens";
    /// Hardware tokens, by serial number.
    list_tokens: get "/api/v1/admin/tokens" () query ListQuery [] -> 200 Page<HardwareToken>;
    /// Imports the vendor's file.
    import_tokens: post "/api/v1/admin/tokens/import" () [ImportTokens] -> 200 TokensImported;
    /// Hands a token to a person, or takes it back.
    assign_token: put "/api/v1/admin/tokens/{id}/person" (OtpTokenId) [AssignToken] -> 200 HardwareToken;
    /// Removes a token.
    remove_token: delete "/api/v1/admin/tokens/{id}" (OtpTokenId) [] -> 204;
}
