use fernamt_domain::LiveGrants;
use fernamt_identity::Identity;
use fernamt_media::{MediaError, MediaEvent, Presence, RoomLimits, Seat, Ticket, TicketFor, Tracks};
use fernamt_testkit::{SeededRng, TestClock};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::*;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// A media plane that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl MediaPlane for Silent {
    async fn open_room(&self, _: RoomName, _: RoomLimits) -> Result<(), MediaError> {
        std::future::pending().await
    }

    async fn close_room(&self, _: RoomName) -> Result<(), MediaError> {
        std::future::pending().await
    }

    async fn ticket(&self, _: TicketFor) -> Result<Ticket, MediaError> {
        std::future::pending().await
    }

    async fn set_permissions(&self, _: Seat, _: fernamt_media::Permissions) -> Result<(), MediaError> {
        std::future::pending().await
    }

    async fn mute(&self, _: Seat, _: Tracks) -> Result<(), MediaError> {
        std::future::pending().await
    }

    async fn stop_video(&self, _: Seat) -> Result<(), MediaError> {
        std::future::pending().await
    }

    async fn remove(&self, _: Seat) -> Result<(), MediaError> {
        std::future::pending().await
    }

    async fn list(&self, _: RoomName) -> Result<Vec<Presence>, MediaError> {
        std::future::pending().await
    }

    fn events(&self) -> broadcast::Receiver<MediaEvent> {
        broadcast::Sender::new(1).subscribe()
    }
}

async fn hall() -> (Arc<Hall>, TenantId, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(TestClock::new()), Arc::new(SeededRng::new(7)));
    let url = format!("sqlite:{}", folder.path().join("fernamt.db").display()).parse().unwrap();
    let store = Store::open(url, Arc::clone(&clock), Arc::clone(&rng)).await.unwrap();
    let tenant = store.tenants().create("amt", "fernamt.example.org").await.unwrap().id;
    let sealer = Arc::new(Sealer::new(&[7; 32]));
    let identity =
        Identity::new(store.clone(), Arc::clone(&clock), Arc::clone(&rng), Arc::clone(&sealer), LiveGrants::new());
    let authoriser = identity.authoriser().clone();
    let (media, place) = (Arc::new(Silent), MediaPlace::ThisServer);
    let hall = Hall::new(HallParts { store, clock, rng, sealer, authoriser, media, place, media_host: None });
    (hall, tenant, folder)
}

/// A meeting whose task takes in nothing.
fn stuck(hall: &Hall, tenant: TenantId, id: u128) -> (Arc<Nudges>, mpsc::Receiver<Command>) {
    let (commands, inbox) = mpsc::channel(1);
    commands.try_send(Command::Gone { line: LineId(0) }).unwrap();
    let nudges = Arc::<Nudges>::default();
    let (_, counts) = watch::channel(MeetingCounts::default());
    let entry = Running { owner: PersonId(Uuid::nil()), commands, nudges: Arc::clone(&nudges), counts };
    hall.lock().insert((tenant, MeetingId(Uuid::from_u128(id))), entry);
    (nudges, inbox)
}

#[tokio::test]
async fn a_meeting_that_takes_nothing_in_holds_up_no_other() {
    let (hall, tenant, _folder) = hall().await;
    let (first, _inbox) = stuck(&hall, tenant, 1);
    let (second, _other_inbox) = stuck(&hall, tenant, 2);
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&hall).run(stop.clone()));
    for _ in 0..3 {
        let mut work = hall.parts.store.tenant(tenant).begin().await.unwrap();
        for meeting in [1, 2] {
            work.publish(DomainEvent::MeetingChanged { meeting: MeetingId(Uuid::from_u128(meeting)) });
        }
        work.commit().await.unwrap();
        tokio::time::timeout(DEADLINE, second.changed.notified()).await.expect("it hears of its change");
    }
    hall.guessed(tenant, MeetingId(Uuid::from_u128(1)));
    tokio::time::timeout(DEADLINE, first.guessed.notified()).await.expect("it is remembered for it");
    stop.cancel();
    tokio::time::timeout(DEADLINE, running).await.expect("the hall closes").unwrap();
    assert!(first.restart.is_cancelled() && second.restart.is_cancelled());
}

#[tokio::test]
async fn a_media_plane_that_is_silent_is_not_waited_for() {
    let (hall, tenant, _folder) = hall().await;
    let _inboxes: Vec<_> = (0..4).map(|id| stuck(&hall, tenant, id)).collect();
    let counts = tokio::time::timeout(DEADLINE, hall.counts(tenant)).await;
    assert_eq!(counts.map(|counts| counts.len()), Ok(4));
}
