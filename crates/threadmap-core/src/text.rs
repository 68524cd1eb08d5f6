//! Strings in their canonical form: Latin-1 where every unit fits, UTF-16 otherwise.
//!
//! Exact for every JavaScript string, lone surrogates included, and the same string has the same form however the
//! engine stores it. Invariant: [`narrow`] has written every byte when it says yes; the boundary stands on
//! that.

use std::mem::MaybeUninit;

/// The units of a string in their canonical form.
#[derive(Clone, Copy, Debug)]
pub enum Text<'b> {
    /// Every unit is below 256: one byte each.
    Latin1(&'b [u8]),
    /// All others.
    Utf16(&'b [u16]),
}

/// Writes each unit as one byte, as long as all of them fit; says whether they did.
///
/// # Panics
/// When there is less room than units.
#[inline]
#[must_use]
pub fn narrow(units: &[u16], room: &mut [MaybeUninit<u8>]) -> bool {
    let (eights, tail) = units.as_chunks::<8>();
    let (room, rest) = room.split_at_mut(8 * eights.len());
    // Eight at a time in ordinary registers, and a way out after each: left to itself the compiler makes one vector of
    // all checks, which has to be folded in the end, or puts vectors together unit by unit. Eight bytes are one store,
    // since the hash reads them by one load.
    for (eight, bytes) in eights.iter().zip(room.as_chunks_mut::<8>().0) {
        let [low, high] =
            [[0, 1, 2, 3], [4, 5, 6, 7]].map(|four| register(four.map(|at| eight[at])));
        if (low | high) & 0xff00_ff00_ff00_ff00 != 0 {
            return false;
        }
        let both = u64::from(squeeze(low)) | u64::from(squeeze(high)) << 32;
        *bytes = both.to_le_bytes().map(MaybeUninit::new);
    }
    for (unit, byte) in tail.iter().zip(&mut rest[..tail.len()]) {
        if *unit > 0xff {
            return false;
        }
        byte.write(*unit as u8);
    }
    true
}

/// The lower bytes of four units that have no others.
#[inline]
fn squeeze(units: u64) -> u32 {
    let pairs = (units | units >> 8) & 0x0000_ffff_0000_ffff;
    (pairs | pairs >> 16) as u32
}

/// Four units in one register: compiled to a load.
#[inline]
fn register(units: [u16; 4]) -> u64 {
    units
        .into_iter()
        .rev()
        .fold(0, |all, unit| all << 16 | u64::from(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_does_not_fit_is_seen_at_every_place_of_every_length() {
        for length in 0..40 {
            let mut units = vec![0xff_u16; length];
            let mut room = [MaybeUninit::new(0); 40];
            assert!(narrow(&units, &mut room));
            for place in 0..length {
                units[place] = 0x100;
                assert!(!narrow(&units, &mut room), "at {place} of {length}");
                units[place] = 0xff;
            }
        }
    }

    #[test]
    fn four_units_are_squeezed_in_their_order() {
        let bytes = [0x80, 0x01, 0xff, 0x7e];
        assert_eq!(
            squeeze(register(bytes.map(u16::from))),
            u32::from_le_bytes(bytes)
        );
    }
}
