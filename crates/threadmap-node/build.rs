//! Link arguments that Node-API addons need on each platform.

fn main() {
    napi_build::setup();
}
