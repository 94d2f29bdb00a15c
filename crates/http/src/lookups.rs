//! Names that are resolved at the moment, those counted that nobody waits for any more. The system ends none early, and each
//! holds a thread until it is through.

use std::{io, sync::Arc};

use tokio::sync::Semaphore;

/// How many names are resolved at once. The runtime has 512 threads for these and all else that would hold it up.
const MAX_LOOKUPS: usize = 64;

/// Names that are resolved at the moment. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Lookups(Arc<Semaphore>);

impl Default for Lookups {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_LOOKUPS)))
    }
}

impl Lookups {
    /// Does it when it is its turn, and to its end, whoever still waits for it.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        lookup: impl Future<Output = io::Result<T>> + Send + 'static,
    ) -> io::Result<T> {
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let lookup = tokio::spawn(async move {
            let found = lookup.await;
            drop(turn);
            found
        });
        lookup.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::{oneshot, watch};

    use super::*;

    #[tokio::test]
    async fn so_many_names_are_resolved_at_once_also_when_nobody_waits_for_them() {
        let lookups = Lookups::default();
        let (go, may_go) = watch::channel(false);
        for _ in 0..MAX_LOOKUPS {
            let ((begin, begun), mut may_go) = (oneshot::channel(), may_go.clone());
            let slow = lookups.to_the_end(async move {
                begin.send(()).unwrap();
                may_go.wait_for(|go| *go).await.map(drop).map_err(io::Error::other)
            });
            // Whoever asked goes away as soon as it is under way.
            tokio::select! {
                ended = slow => panic!("it ended before it might: {ended:?}"),
                begun = begun => begun.unwrap(),
            }
        }
        assert_eq!(lookups.0.available_permits(), 0);
        go.send(true).unwrap();
        lookups.to_the_end(async { Ok(()) }).await.unwrap();
        drop(lookups.0.acquire_many(u32::try_from(MAX_LOOKUPS).unwrap()).await.unwrap());
    }
}
