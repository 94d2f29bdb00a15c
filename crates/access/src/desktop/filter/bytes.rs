//! Reading and patching integers in frames, never out of bounds.

/// The little-endian `u16` at `at`.
pub(super) fn u16_le(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(array(data, at)?))
}

/// The big-endian `u16` at `at`.
pub(super) fn u16_be(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(array(data, at)?))
}

/// The little-endian `u32` at `at`.
pub(super) fn u32_le(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array(data, at)?))
}

/// Overwrites the little-endian `u32` at `at`.
pub(super) fn patch_u32_le(data: &mut [u8], at: usize, value: u32) -> Option<()> {
    data.get_mut(at..at.checked_add(4)?)?.copy_from_slice(&value.to_le_bytes());
    Some(())
}

fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..at.checked_add(N)?)?.try_into().ok()
}
