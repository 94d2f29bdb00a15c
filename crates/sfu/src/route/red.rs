//! RED (RFC 2198): a packet of sound that repeats earlier ones, so that who loses one finds it in the next.
//!
//! It is forwarded as it is. For clients that do not take it the newest block is taken out, which is the packet without
//! what it repeats.

/// More blocks follow.
const MORE: u8 = 0x80;

/// The newest block of a packet: its payload type and its bytes. Never panics.
pub(crate) fn newest(payload: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = payload;
    let mut repeated = 0;
    loop {
        match rest {
            [first, after @ ..] if first & MORE == 0 => {
                let block = after.get(repeated..).filter(|block| !block.is_empty())?;
                return Some((*first, block));
            }
            // Payload type, how much earlier in 14 bits, bytes in 10 bits.
            [_, _, high, low, after @ ..] => {
                repeated += usize::from(u16::from_be_bytes([high & 3, *low]));
                rest = after;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_newest_block_follows_what_is_repeated() {
        assert_eq!(newest(&[0xef, 0x0f, 0x00, 0x02, 0x6f, 1, 2, 3, 4, 5]), Some((111, &[3, 4, 5][..])));
        assert_eq!(newest(&[0x6f, 9]), Some((111, &[9][..])), "nothing repeated");
        assert_eq!(newest(&[0x6f]), None, "no sound");
        assert_eq!(newest(&[0xef, 0x0f, 0x00, 0x09, 0x6f, 1, 2]), None, "more than there is");
        assert_eq!(newest(&[0xef, 0x0f, 0x00]), None);
    }

    proptest! {
        #[test]
        fn any_payload_is_read(payload in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some((_, block)) = newest(&payload) {
                prop_assert!(payload.ends_with(block) && block.len() < payload.len());
            }
        }
    }
}
