//! Who in the process warns about a second copy of the package: one caller, whichever images are loaded.

use std::sync::atomic::{AtomicBool, Ordering};

static CLAIMED: AtomicBool = AtomicBool::new(false);

/// True for the first caller in the process, through this image.
pub(crate) fn claim() -> bool {
    !CLAIMED.swap(true, Ordering::Relaxed)
}

/// [`claim`] of this image, for other copies of the package in the process.
#[unsafe(no_mangle)]
extern "C" fn threadmap_claim() -> bool {
    claim()
}

/// [`claim`] of the image at that path, which is loaded already; `None` where it cannot be asked.
#[cfg(unix)]
pub(crate) fn claim_in_image(path: Option<&str>) -> Option<bool> {
    use libloading::os::unix::{Library, RTLD_LAZY, RTLD_LOCAL};
    // SAFETY: the image is loaded and its constructors have run: this counts one more user of it.
    let image = unsafe { Library::open(Some(path?), RTLD_LAZY | RTLD_LOCAL) }.ok()?;
    // SAFETY: every image of the package exports this name with this type.
    let claim = unsafe { image.get::<extern "C" fn() -> bool>(b"threadmap_claim") }.ok()?;
    let claimed = claim();
    std::mem::forget(image);
    Some(claimed)
}

/// Elsewhere each copy warns for itself.
#[cfg(not(unix))]
pub(crate) fn claim_in_image(_path: Option<&str>) -> Option<bool> {
    None
}
