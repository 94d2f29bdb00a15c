//! One macro to declare the operations of a module in a few lines each.

/// Declares operations: `name: method "path" (id) query Query [Body] -> status Answer;`. A path with a second parameter
/// says `(id) person PersonId` instead of `(id)`.
macro_rules! operations {
    ($tag:literal; $(
        $(#[$doc:meta])*
        $name:ident: $method:ident $path:literal ($($id:ty)?) $(person $person:ty,)? $(query $query:ty)? [$($body:ty)?] -> $status:literal $($answer:ty)?;
    )*) => {
        $(
            $(#[$doc])*
            #[utoipa::path($method, path = $path, tag = $tag,
                params($(("id" = $id, Path),)? $(("person" = $person, Path),)? $($query)?),
                $(request_body = $body,)?
                responses(
                    (status = $status, description = "Done" $(, body = $answer)?),
                    (status = "4XX", description = "Refused", body = $crate::Problem, content_type = "application/problem+json"),
                ))]
            #[expect(dead_code, reason = "declares the operation for the document")]
            fn $name() {}
        )*

        /// The operations of this module.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($name),*))]
        pub struct Operations;
    };
}

pub(crate) use operations;
