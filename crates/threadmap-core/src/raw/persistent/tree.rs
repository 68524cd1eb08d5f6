//! A tree: one version of a map's content, to be looked at.
//!
//! Nothing in it ever changes (`published-is-final`), so a walk needs no care for writers. Anybody who has one may call
//! anything here.

use std::marker::PhantomData;

use super::branch::{LEVELS, Link, Target, index};
use crate::hash::Hashed;
use crate::raw::node::NodeRef;

/// One version of the content, alive for `'g`.
#[derive(Clone, Copy)]
pub(crate) struct Tree<'g> {
    link: Link,
    alive: PhantomData<&'g ()>,
}

impl<'g> Tree<'g> {
    /// # Safety
    /// Nothing below the link is freed before the end of `'g`.
    pub(super) unsafe fn new(link: Link) -> Self {
        Self {
            link,
            alive: PhantomData,
        }
    }

    pub(super) fn link(self) -> Link {
        self.link
    }

    /// The leaf of the key.
    #[inline]
    pub(crate) fn find(self, key: &Hashed<'_>) -> Option<NodeRef<'g>> {
        let (mut link, mut level) = (self.link, 0);
        loop {
            // SAFETY: below this tree's root.
            match unsafe { link.target::<'g>() } {
                Target::Nothing => return None,
                Target::Leaf(node) => return node.is_for(key).then_some(node),
                Target::Branch(branch) if level < LEVELS => {
                    let bit = 1 << index(key.hash, level);
                    if branch.bitmap() & bit == 0 {
                        return None;
                    }
                    link = branch.at(branch.place_of(bit));
                    level += 1;
                }
                Target::Branch(row) => {
                    return row.links().find_map(|link| {
                        // SAFETY: as above.
                        match unsafe { link.target::<'g>() } {
                            Target::Leaf(node) if node.is_for(key) => Some(node),
                            _ => None,
                        }
                    });
                }
            }
        }
    }

    /// Gives the leaves from hash `from` on by ascending hashes, until at least `enough` are given and all of the last
    /// one's hash; returns the next hash that there is.
    pub(crate) fn scan(self, from: u32, enough: usize, give: &mut Vec<NodeRef<'g>>) -> Option<u32> {
        let mut walk = Walk { from, enough, give };
        walk.below(self.link, 0, true)
    }
}

struct Walk<'a, 'g> {
    from: u32,
    enough: usize,
    give: &'a mut Vec<NodeRef<'g>>,
}

impl<'g> Walk<'_, 'g> {
    /// `bounded`: what the link leads to agrees with `from` in all bits above its level.
    fn below(&mut self, link: Link, level: u32, bounded: bool) -> Option<u32> {
        // SAFETY: below the root of a tree that lives for `'g`.
        match unsafe { link.target::<'g>() } {
            Target::Nothing => None,
            Target::Leaf(node) => {
                // Its hash is asked for only where it matters: it may not have come yet.
                if bounded && node.hash() < self.from {
                    return None;
                }
                if self.give.len() >= self.enough {
                    let hash = node.hash();
                    if self.give.last().is_some_and(|last| last.hash() != hash) {
                        return Some(hash);
                    }
                }
                self.give.push(node);
                None
            }
            Target::Branch(branch) if bounded && level < LEVELS => {
                let bit = 1_u32 << index(self.from, level);
                let first = branch.place_of(bit);
                let on_the_edge = usize::from(branch.bitmap() & bit != 0);
                for place in first..branch.len() {
                    branch.at(place).prefetch();
                }
                (first..branch.len()).find_map(|place| {
                    let bounded = place < first + on_the_edge;
                    self.below(branch.at(place), level + 1, bounded)
                })
            }
            Target::Branch(branch) => {
                branch.links().for_each(Link::prefetch);
                branch
                    .links()
                    .find_map(|link| self.below(link, level + 1, bounded))
            }
        }
    }
}

#[cfg(any(test, feature = "tiny"))]
impl Tree<'_> {
    /// Every leaf is where its hash says and no branch has a lone leaf; gives the bytes of all branches.
    pub(crate) fn check(self) -> usize {
        fn below(link: Link, level: u32, prefix: &mut Vec<u32>) -> usize {
            // SAFETY: below the root of a living tree.
            let branch = match unsafe { link.target() } {
                Target::Nothing => return 0,
                Target::Leaf(leaf) => {
                    let path = (0..level.min(LEVELS)).map(|above| index(leaf.hash(), above));
                    assert!(path.eq(prefix.iter().copied()), "a leaf and its place");
                    return 0;
                }
                Target::Branch(branch) => branch,
            };
            // SAFETY: as above.
            let is_leaf = |link: Link| matches!(unsafe { link.target() }, Target::Leaf(_));
            assert!(branch.len() > 1 || !is_leaf(branch.at(0)), "a lone leaf");
            if level == LEVELS {
                assert!(branch.links().all(is_leaf));
                let beneath = branch.links().map(|link| below(link, level, prefix));
                return branch.size() + beneath.sum::<usize>();
            }
            assert_eq!(branch.bitmap().count_ones() as usize, branch.len());
            let mut bytes = branch.size();
            let bits = (0..32).filter(|bit| branch.bitmap() >> bit & 1 == 1);
            for (place, bit) in bits.enumerate() {
                prefix.push(bit);
                bytes += below(branch.at(place), level + 1, prefix);
                prefix.pop();
            }
            bytes
        }
        below(self.link, 0, &mut Vec::new())
    }
}
