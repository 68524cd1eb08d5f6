//! What the binary says of itself: the loader refuses one of another version, `diagnostics()` reports it.

use napi_derive::napi;
use threadmap_core::{Options, Participant};

use crate::options::{variant_name, variant_names};

/// How the binary was built and what it chose on this machine.
#[napi(object)]
pub struct Build {
    /// The package's version.
    pub version: String,
    /// The compiler's target triple.
    pub target: String,
    /// Cargo's profile.
    pub profile: String,
    /// What `rustc --version` says.
    pub compiler: String,
    /// The commit, where `THREADMAP_COMMIT` told it to the build.
    pub commit: Option<String>,
    /// The variants that are built.
    pub variants: Vec<String>,
    /// The variant of maps that name none.
    pub default_variant: String,
    /// The shards of sharded maps that name no number.
    pub default_shards: u32,
    /// Whether the system lends a barrier over all threads of the process, so that pinning needs none.
    pub process_barrier: bool,
}

/// Tells it. Costs a registration of the thread, which is given back at once.
#[napi]
#[must_use]
pub fn build() -> Build {
    let Options {
        variant, shards, ..
    } = Options::default();
    Build {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        target: env!("THREADMAP_TARGET").to_owned(),
        profile: env!("THREADMAP_PROFILE").to_owned(),
        compiler: env!("THREADMAP_COMPILER").to_owned(),
        commit: option_env!("THREADMAP_COMMIT").map(str::to_owned),
        variants: variant_names().map(str::to_owned).collect(),
        default_variant: variant_name(variant).to_owned(),
        default_shards: shards,
        process_barrier: Participant::new().has_process_barrier(),
    }
}
