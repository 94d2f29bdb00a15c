//! The repositories: one a table and what belongs to it. Those that [`crate::TenantStore`] hands out can only read;
//! those of a unit of work ([`crate::Work`]) can write too.

pub mod audit;
pub mod conference;
pub mod container;
pub mod credential;
pub mod device;
pub mod directory;
pub mod enrolment;
pub mod group;
pub mod import;
pub mod journal;
pub mod licence;
pub mod mail;
pub mod outbox;
pub mod person;
pub mod push;
pub mod rule;
pub mod session;
pub mod setting;
pub mod setup;
pub mod stick;
pub mod target;
pub mod tenant;

/// Defines a repository that reads, or reads and writes.
macro_rules! repository {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        pub struct $name<'a, A = $crate::scope::Reading> {
            pub(super) scope: $crate::scope::Scope<'a>,
            access: ::std::marker::PhantomData<A>,
        }

        impl<'a, A> $name<'a, A> {
            pub(crate) fn over(scope: $crate::scope::Scope<'a>) -> Self {
                Self { scope, access: ::std::marker::PhantomData }
            }
        }
    };
}
pub(crate) use repository;
