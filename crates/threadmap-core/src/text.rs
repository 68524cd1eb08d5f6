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
    let (fours, tail) = units.as_chunks::<4>();
    // Checked in ordinary registers, and in a loop of its own with a way out: the compiler would make one vector of all
    // checks otherwise, which has to be folded in the end, or narrow in those registers, unit by unit.
    if tail.iter().fold(0, |all, unit| all | unit) > 0xff
        || fours
            .iter()
            .any(|&four| register(four) & 0xff00_ff00_ff00_ff00 != 0)
    {
        return false;
    }
    let (eights, tail) = units.as_chunks::<8>();
    let (bytes, rest) = room.split_at_mut(8 * eights.len());
    for (eight, bytes) in eights.iter().zip(bytes.as_chunks_mut::<8>().0) {
        *bytes = eight.map(|unit| MaybeUninit::new(unit as u8));
    }
    for (unit, byte) in tail.iter().zip(rest) {
        byte.write(*unit as u8);
    }
    true
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
}
