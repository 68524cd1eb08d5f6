//! Whether each contestant does what it is timed for: a benchmark of a wrong adapter counts for nothing.

use crate::contestants::entrants;
use crate::draw;
use crate::key::Key;

/// Takes every contestant through all operations.
///
/// # Panics
/// When one answers wrongly.
pub(crate) fn check<K: Key>() {
    let keys: Vec<K> = draw::keys(2_000, 7);
    let (some, others) = keys.split_at(1_000);
    for entrant in entrants::<K>() {
        let (name, map) = (entrant.name, (entrant.make)());
        map.fill(some);
        map.fill(some);
        assert_eq!(map.visit(), (1_000, 499_500), "{name} after two fills");
        assert_eq!(map.read(&some[77]), Some(77), "{name}");
        assert_eq!(map.read(&others[0]), None, "{name}");
        map.drain(&keys[500..]);
        assert_eq!(map.visit(), (500, 124_750), "{name} after half was drained");
        map.drain(&keys);
        assert_eq!(map.visit(), (0, 0), "{name} after all was drained");
    }
}
