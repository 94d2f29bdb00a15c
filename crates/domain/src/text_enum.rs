//! One macro for enums whose values are words: in the database, in JSON and in the log.

/// Defines an enum with `as_str`, `ALL`, `FromStr`, `Display` and serde over the same word.
#[macro_export]
macro_rules! text_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $text:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $( $(#[$vmeta])* #[serde(rename = $text)] $variant, )+ }

        impl $name {
            /// All values, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The word for this value, the same in database, API and log.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }

        impl $crate::openapi::PartialSchema for $name {
            fn schema() -> $crate::openapi::RefOr<$crate::openapi::Schema> {
                $crate::openapi::words(&[$( $text, )+])
            }
        }

        impl $crate::openapi::ToSchema for $name {}

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    $( $text => Ok(Self::$variant), )+
                    _ => Err($crate::UnknownWord { kind: stringify!($name) }),
                }
            }
        }
    };
}

/// What [`text_enum!`] needs to describe its words in the OpenAPI document.
#[doc(hidden)]
pub mod openapi {
    use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
    pub use utoipa::{
        PartialSchema, ToSchema,
        openapi::{RefOr, Schema},
    };

    /// A string that is one of `words`.
    pub fn words(words: &[&'static str]) -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied()));
        RefOr::T(schema.build().into())
    }

    /// A string in a form that has a name.
    pub fn text(format: &str) -> RefOr<Schema> {
        let format = SchemaFormat::Custom(format.to_owned());
        RefOr::T(ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into())
    }

    /// A string in the form of a UUID.
    pub fn uuid() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        RefOr::T(ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build().into())
    }
}

/// A word that names no value of an enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a known {kind}")]
pub struct UnknownWord {
    /// The enum's name.
    pub kind: &'static str,
}
