//! Hash flooding: families of keys that collide under weak hashes cost what random keys cost, in nodes looked at.

use super::{Made, map_of};
use crate::raw::node::comparisons;
use crate::{Key, Participant, Value};

const KEYS: u64 = 1 << 14;

type Family<'a> = &'a dyn Fn(u64) -> Vec<u8>;

/// Nodes looked at while the family is stored, read and missed.
fn cost(family: Family<'_>) -> u64 {
    let (map, me) = (map_of(Made::Sharded(16), u32::MAX), Participant::new());
    comparisons::take();
    for i in 0..KEYS {
        map.swap(&Key::bytes(&family(i)), &Value::Number(0.0), &me.pin())
            .expect("memory");
    }
    for i in 0..KEYS * 2 {
        map.get(&Key::bytes(&family(i)), &me.pin())
            .expect("no damage");
    }
    comparisons::take()
}

fn mixed(i: u64) -> u64 {
    let mut x = i.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The inverse of an odd number modulo 2^64, by Newton's iteration.
fn inverse(odd: u64) -> u64 {
    (0..6).fold(odd, |x, _| {
        x.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(x)))
    })
}

#[test]
fn colliding_families_cost_at_most_three_times_random_keys() {
    const FX: u64 = 0x517c_c1b7_2722_0a95;
    const FNV_PRIME: u64 = 0x0100_0000_01b3;
    let random = cost(&|i| mixed(i).to_le_bytes().to_vec());
    assert!(random > KEYS, "each hit looks at a node at least");
    let families: [(&str, Family); 8] = [
        ("multiples of 2^40", &|i| (i << 40).to_le_bytes().to_vec()),
        ("multiples of 2^16", &|i| (i << 16).to_le_bytes().to_vec()),
        ("consecutive", &|i| i.to_le_bytes().to_vec()),
        ("doubles of integers", &|i| {
            (i as f64).to_le_bytes().to_vec()
        }),
        ("integer-like strings", &|i| i.to_string().into_bytes()),
        // Equal top 32 bits of FxHash: multiply back from hashes that share them.
        ("equal under FxHash", &|i| {
            (0xdead_beef_0000_0000 | i)
                .wrapping_mul(inverse(FX))
                .to_le_bytes()
                .to_vec()
        }),
        // Equal low 16 bits under a multiplication by FNV's prime.
        ("equal under FNV", &|i| {
            (i << 16 | 0x1234)
                .wrapping_mul(inverse(FNV_PRIME))
                .to_le_bytes()
                .to_vec()
        }),
        ("one character repeated", &|i| {
            vec![b'a'; i as usize % 4096 + (i as usize / 4096) * 4096]
        }),
    ];
    for (name, family) in families {
        let cost = cost(family);
        assert!(
            cost <= random * 3,
            "{name}: {cost} nodes looked at, {random} for random keys"
        );
    }
}

#[test]
fn the_measure_sees_a_hash_that_collides() {
    let (map, me) = (map_of(Made::Sharded(16), 0xf), Participant::new());
    comparisons::take();
    for i in 0..1_000 {
        map.swap(&Key::int(i), &Value::Number(0.0), &me.pin())
            .expect("memory");
    }
    assert!(
        comparisons::take() > 20_000,
        "sixteen hashes for a thousand keys"
    );
}
