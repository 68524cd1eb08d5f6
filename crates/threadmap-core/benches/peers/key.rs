//! The two kinds of keys, as each map wants them: what is asked with, what is owned, and our own form.
//!
//! Invariant: a drawn key costs nothing to ask with; only what a map has to own is allocated, within the timing,
//! because every map does it.

use std::borrow::Borrow;
use std::hash::Hash;

use threadmap_core::Key as OurKey;

use crate::draw::Random;

/// A key that the harness has drawn.
pub(crate) trait Key: Copy + Send + Sync + 'static {
    /// In names of rows.
    const NAME: &'static str;
    /// Whether making what a map owns allocates nothing. Where it does, upserts first try to change in place, in
    /// every map that can be asked with a borrowed key.
    const OWNED_IS_FREE: bool;
    /// What maps of Rust are asked with.
    type Asked: ?Sized + Hash + Ord + Sync;
    /// What maps of Rust own. `Sync` and `Ord`: flurry asks for them.
    type Owned: Borrow<Self::Asked> + Hash + Ord + Clone + Send + Sync + 'static;

    fn draw(random: &mut Random) -> Self;
    fn asked(&self) -> &Self::Asked;
    fn owned(&self) -> Self::Owned;
    fn ours(&self) -> OurKey<'_>;
    /// For a fingerprint.
    fn bytes(&self) -> Vec<u8>;
}

/// Drawn below 2^53, so that our map can store it as what it is in JavaScript: a number.
impl Key for u64 {
    const NAME: &'static str = "u64";
    const OWNED_IS_FREE: bool = true;
    type Asked = Self;
    type Owned = Self;

    fn draw(random: &mut Random) -> Self {
        random.next() >> 11
    }

    #[inline]
    fn asked(&self) -> &Self {
        self
    }

    #[inline]
    fn owned(&self) -> Self {
        *self
    }

    #[inline]
    fn ours(&self) -> OurKey<'_> {
        OurKey::number(*self as f64)
    }

    fn bytes(&self) -> Vec<u8> {
        self.to_le_bytes().into()
    }
}

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";

/// Sixteen characters. Peers own them as `Box<[u8]>`, the smallest owned string of the standard library (a `String`
/// costs 8 bytes more an entry).
#[derive(Clone, Copy)]
pub(crate) struct Text16([u8; 16]);

impl Key for Text16 {
    const NAME: &'static str = "str16";
    const OWNED_IS_FREE: bool = false;
    type Asked = [u8];
    type Owned = Box<[u8]>;

    fn draw(random: &mut Random) -> Self {
        let halves = [random.next(), random.next()];
        Self(std::array::from_fn(|i| {
            LETTERS[(halves[i / 8] >> (5 * (i % 8)) & 31) as usize]
        }))
    }

    #[inline]
    fn asked(&self) -> &[u8] {
        &self.0
    }

    #[inline]
    fn owned(&self) -> Box<[u8]> {
        Box::from(self.0)
    }

    #[inline]
    fn ours(&self) -> OurKey<'_> {
        OurKey::latin1(&self.0)
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.into()
    }
}
