//! The memory of the snapshot variant: a trie whose published nodes never change, behind one root.
//!
//! `docs/design/snapshot.md` has the whole of it. From the inside out, each knowing only those before it: `branch` (an
//! inner node, and the links to nodes), `tree` (finding and walking), `edit` (a new version by path copying), `held`
//! (what snapshots keep alive), `store` (the root, the writers' lock, reclamation). `crate::index::snapshot` makes
//! operations of them.
//!
//! Invariants. `published-is-final`: what a root leads to never changes. `buried-once`: a node that a new root no longer leads to is freed, or kept
//! by the newest snapshot that may see it, once.

mod branch;
pub(crate) mod edit;
mod held;
pub(crate) mod store;
pub(crate) mod tree;
