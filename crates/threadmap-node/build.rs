//! Link arguments that Node-API addons need on each platform, and what the binary later says of its build.

use std::process::Command;

fn main() {
    napi_build::setup();
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    let compiler = Command::new(of("RUSTC"))
        .arg("--version")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    println!("cargo::rustc-env=THREADMAP_TARGET={}", of("TARGET"));
    println!("cargo::rustc-env=THREADMAP_PROFILE={}", of("PROFILE"));
    println!("cargo::rustc-env=THREADMAP_COMPILER={compiler}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=THREADMAP_COMMIT");
}
