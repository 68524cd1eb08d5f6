//! Names of variants, as JavaScript writes them.

use threadmap_core::Variant;

const VARIANTS: [(&str, Variant); 3] = [
    ("sharded", Variant::Sharded),
    ("lock-free", Variant::LockFree),
    ("snapshot", Variant::Snapshot),
];

/// The names of the variants that are built.
pub(crate) fn variant_names() -> impl Iterator<Item = &'static str> {
    VARIANTS.iter().map(|(name, _)| *name)
}

/// The variant of a name; `None` for those that are not built.
pub(crate) fn variant_from_name(name: &str) -> Option<Variant> {
    VARIANTS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, variant)| *variant)
}

/// The name of a variant.
pub(crate) fn variant_name(variant: Variant) -> &'static str {
    VARIANTS
        .iter()
        .find(|(_, known)| *known == variant)
        .map_or("unknown", |(name, _)| name)
}
