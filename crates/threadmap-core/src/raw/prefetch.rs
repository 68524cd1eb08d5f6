//! Hints to the processor about memory that will be looked at soon, so that the misses of many addresses overlap.
//!
//! Nothing is read, so any address will do, and any thread may call it.

use super::node::NodeRef;

/// Nodes between asking for one and asking for what its value leads to, and between that and looking at both. With 8
/// the words had not come yet where several programs share the machine.
const AHEAD: usize = 16;

/// Asks for the cache line of the address.
#[inline]
pub(crate) fn prefetch<T>(place: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, which reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = place;
}

/// The nodes in turn, each asked for well before its turn.
pub(crate) fn ahead<'a, 'g: 'a>(
    nodes: &'a [NodeRef<'g>],
) -> impl Iterator<Item = NodeRef<'g>> + 'a {
    for node in nodes.iter().take(2 * AHEAD) {
        node.prefetch();
    }
    for node in nodes.iter().take(AHEAD) {
        node.prefetch_value();
    }
    nodes.iter().enumerate().map(|(at, node)| {
        if let Some(node) = nodes.get(at + 2 * AHEAD) {
            node.prefetch();
        }
        if let Some(node) = nodes.get(at + AHEAD) {
            node.prefetch_value();
        }
        *node
    })
}
