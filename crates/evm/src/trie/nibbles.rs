//! Paths: the 64 nibbles of a 32-byte key, addressed by index.

use alloy_primitives::B256;

/// Nibbles of a key.
pub(super) const NIBBLES: usize = 64;

/// The nibble of `key` at `index`.
#[inline]
pub(super) fn nibble(key: &B256, index: usize) -> usize {
    let byte = key.0[index / 2];
    usize::from(if index.is_multiple_of(2) { byte >> 4 } else { byte & 0x0f })
}

/// `key` with the nibble at `index` replaced.
pub(super) fn with_nibble(key: &B256, index: usize, value: usize) -> B256 {
    let mut key = *key;
    let byte = &mut key.0[index / 2];
    *byte = if index.is_multiple_of(2) {
        (*byte & 0x0f) | ((value as u8) << 4)
    } else {
        (*byte & 0xf0) | value as u8
    };
    key
}

/// The first index in `from..to` at which the two differ, or `to`.
pub(super) fn fork(a: &B256, b: &B256, from: usize, to: usize) -> usize {
    (from..to).find(|&index| nibble(a, index) != nibble(b, index)).unwrap_or(to)
}

/// The hex-prefix encoding of the nibbles `from..to` of `key`; returns how many bytes it takes.
pub(super) fn hex_prefix(
    key: &B256,
    from: usize,
    to: usize,
    leaf: bool,
    out: &mut [u8; 33],
) -> usize {
    let flag = if leaf { 0x20 } else { 0x00 };
    let mut at = from;
    out[0] = match (to - from) % 2 {
        0 => flag,
        _ => {
            at += 1;
            flag | 0x10 | nibble(key, from) as u8
        }
    };
    let mut length = 1;
    while at < to {
        out[length] = ((nibble(key, at) << 4) | nibble(key, at + 1)) as u8;
        at += 2;
        length += 1;
    }
    length
}

/// Writes the nibbles of a hex-prefix encoding into `key` from `from` on. Returns where they end and whether they are a leaf's.
pub(super) fn parse_hex_prefix(
    bytes: &[u8],
    key: &B256,
    from: usize,
) -> Option<(B256, usize, bool)> {
    let (first, rest) = bytes.split_first()?;
    let odd = first & 0x10 != 0;
    if first & 0xc0 != 0
        || (!odd && first & 0x0f != 0)
        || from + 2 * rest.len() + usize::from(odd) > NIBBLES
    {
        return None;
    }
    let mut key = *key;
    let mut at = from;
    if odd {
        key = with_nibble(&key, at, usize::from(first & 0x0f));
        at += 1;
    }
    for byte in rest {
        key = with_nibble(&key, at, usize::from(byte >> 4));
        key = with_nibble(&key, at + 1, usize::from(byte & 0x0f));
        at += 2;
    }
    Some((key, at, first & 0x20 != 0))
}
