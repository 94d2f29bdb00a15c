//! Several attempts, each begun a little after the one before, until one succeeds.

use std::time::Duration;

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::time::sleep;

/// Begins the attempts in order, the next one when `pause` is over or one has failed, and yields the first success; the
/// others are dropped. Without any success it yields all failures.
pub(super) async fn staggered<F, T, E>(attempts: impl IntoIterator<Item = F>, pause: Duration) -> Result<T, Vec<E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut waiting = attempts.into_iter().peekable();
    let mut running: FuturesUnordered<F> = waiting.next().into_iter().collect();
    let mut failures = Vec::new();
    while !running.is_empty() {
        tokio::select! {
            Some(done) = running.next() => match done {
                Ok(success) => return Ok(success),
                Err(failure) => {
                    failures.push(failure);
                    running.extend(waiting.next());
                }
            },
            () = sleep(pause), if waiting.peek().is_some() => running.extend(waiting.next()),
        }
    }
    Err(failures)
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        pin::Pin,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use super::*;

    type Attempt = Pin<Box<dyn Future<Output = Result<u8, u8>>>>;

    const LONG: Duration = Duration::from_hours(1);
    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_failure_begins_the_next_at_once() {
        let attempts: [Attempt; 3] = [Box::pin(ready(Err(1))), Box::pin(ready(Err(2))), Box::pin(ready(Ok(3)))];
        assert_eq!(staggered(attempts, LONG).await, Ok(3));
    }

    #[tokio::test]
    async fn silence_begins_the_next_after_the_pause() {
        let attempts: [Attempt; 2] = [Box::pin(pending()), Box::pin(ready(Ok(2)))];
        assert_eq!(staggered(attempts, SHORT).await, Ok(2));
    }

    #[tokio::test]
    async fn nobody_who_need_not_begin_does() {
        let begun = Arc::new(AtomicUsize::new(0));
        let attempts = (0..5).map(|_| {
            let begun = Arc::clone(&begun);
            async move {
                begun.fetch_add(1, Ordering::Relaxed);
                Ok::<_, ()>(())
            }
        });
        assert_eq!(staggered(attempts, LONG).await, Ok(()));
        assert_eq!(begun.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn without_success_all_failures_are_told() {
        let attempts: [Attempt; 2] = [Box::pin(ready(Err(1))), Box::pin(ready(Err(2)))];
        assert_eq!(staggered(attempts, LONG).await, Err(vec![1, 2]));
        assert_eq!(staggered(Vec::<Attempt>::new(), LONG).await, Err(Vec::new()));
    }
}
