//! What is known of meetings that run now, beyond the store. The meeting itself implements it.

use async_trait::async_trait;
use fernamt_api::conference::settings::MediaLoad;
use fernamt_domain::{MeetingId, TenantId};

/// How many are in a running meeting. It says nothing about who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// The meeting.
    pub meeting: MeetingId,
    /// How many are seated.
    pub seats: u32,
    /// How many wait in the lobby.
    pub lobby: u32,
    /// How many send sound.
    pub microphones: u32,
    /// How many send pictures.
    pub cameras: u32,
}

/// Knows what runs now.
#[async_trait]
pub trait LiveMeetings: Send + Sync + std::fmt::Debug {
    /// The counts of a tenant's running meetings.
    async fn counts(&self, tenant: TenantId) -> Vec<Counts>;

    /// How hard the machine works.
    async fn load(&self) -> MediaLoad;
}

/// Where no meeting can run: nothing does.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoneRuns;

#[async_trait]
impl LiveMeetings for NoneRuns {
    async fn counts(&self, _: TenantId) -> Vec<Counts> {
        Vec::new()
    }

    async fn load(&self) -> MediaLoad {
        MediaLoad::default()
    }
}
