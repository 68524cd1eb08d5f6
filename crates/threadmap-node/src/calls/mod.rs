//! The raw callbacks, one shared function an operation: `get(id, key)`.
//!
//! Each follows the same path: convert the arguments (which may run JavaScript), pin the thread, look the map up, do
//! one core operation, make the result. No lock is ever held here; the core takes and drops its own.

pub(crate) mod bulk;
pub(crate) mod frozen;
pub(crate) mod life;
pub(crate) mod number;
pub(crate) mod read;
pub(crate) mod scan;
pub(crate) mod snapshot;
pub(crate) mod tiered;
pub(crate) mod transaction;
pub(crate) mod write;

use threadmap_core::{Key, Map, Value};

use crate::env::Pin;
use crate::error::Fault;
use crate::ffi::{Call, Env, Js, Operation, register};
use crate::key::{self, For, KeyBuf};
use crate::value::{self, ValueBuf};

/// What an operation gives.
pub(crate) type Outcome<'c> = Result<Js<'c>, Fault>;

impl<'c> Call<'c> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `key::read`")]
    pub(crate) fn key<'b>(&self, index: usize, buf: &'b mut KeyBuf) -> Result<Key<'b>, Fault> {
        self.key_for(For::Map(self.id), index, buf)
    }

    /// The key in an argument of an operation that is not on a map.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `key::read`")]
    pub(crate) fn key_for<'b>(
        &self,
        whose: For,
        index: usize,
        buf: &'b mut KeyBuf,
    ) -> Result<Key<'b>, Fault> {
        key::read(self.env, self.record, whose, self.args[index], buf)
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `key::read`")]
    pub(crate) fn value<'b>(
        &self,
        index: usize,
        buf: &'b mut ValueBuf,
    ) -> Result<Value<'b>, Fault> {
        value::read(self.env, self.record, self.args[index], buf)
    }

    #[inline]
    pub(crate) fn pin(&self) -> Pin<'c> {
        self.record.pin()
    }
}

/// The JavaScript value of what a map gave. Copied first and believed afterwards: it may have lain in a file.
#[inline]
pub(crate) fn given<'c>(env: Env<'c>, map: &Map, value: Option<&Value<'_>>) -> Outcome<'c> {
    let Some(value) = value else {
        return Ok(Js::UNDEFINED);
    };
    let given = value::to_js(env, value)?;
    map.check_read(value)?;
    Ok(given)
}

macro_rules! operations {
    ($($name:ident($args:literal) = $module:ident::$run:ident;)*) => {
        #[expect(non_camel_case_types, reason = "each is named as JavaScript sees it")]
        mod operation {
            use super::{Call, Operation, Outcome};
            $(
                pub(super) struct $name;
                impl Operation for $name {
                    const NAME: &'static str = stringify!($name);
                    const ARGS: usize = $args;
                    #[inline]
                    fn run<'c>(call: &Call<'c>) -> Outcome<'c> {
                        super::$module::$run(call)
                    }
                }
            )*
        }

        /// Adds every operation to the exports.
        pub(crate) fn register_all(
            env: Env<'_>,
            exports: Js<'_>,
            record: *mut crate::env::Record,
        ) -> Result<(), Fault> {
            $(register::<operation::$name>(env, exports, record)?;)*
            Ok(())
        }
    };
}

operations! {
    introduce(2) = life::introduce;
    claimWarning(1) = life::claim_warning;
    open(6) = life::open;
    attach(1) = life::attach;
    close(1) = life::close;
    hasName(1) = life::has_name;
    dropName(1) = life::drop_name;
    describe(1) = life::describe;
    externalMemory(0) = life::external_memory;
    panic(1) = life::panic;
    floor(2) = life::floor;
    get(2) = read::get;
    find(3) = read::find;
    has(2) = read::has;
    getEntry(2) = read::get_entry;
    size(1) = read::size;
    version(1) = read::version;
    set(3) = write::set;
    swap(3) = write::swap;
    delete(2) = write::delete;
    take(2) = write::take;
    setIfAbsent(3) = write::set_if_absent;
    getOrInsert(3) = write::get_or_insert;
    replace(3) = write::replace;
    compareAndSet(4) = write::compare_and_set;
    compareAndDelete(3) = write::compare_and_delete;
    setIfVersion(4) = write::set_if_version;
    deleteIfVersion(3) = write::delete_if_version;
    add(4) = number::add;
    max(3) = number::max;
    min(3) = number::min;
    getMany(2) = bulk::get_many;
    setMany(2) = bulk::set_many;
    deleteMany(2) = bulk::delete_many;
    addMany(2) = bulk::add_many;
    scan(3) = scan::scan;
    clear(2) = scan::clear;
    iterate(4) = scan::iterate;
    endIteration(1) = scan::end_iteration;
    takeSnapshot(1) = snapshot::take;
    releaseSnapshot(1) = snapshot::release;
    snapshotFigures(1) = snapshot::figures;
    snapshotFind(3) = snapshot::find;
    snapshotHas(2) = snapshot::has;
    snapshotScan(3) = snapshot::scan;
    replaceAll(3) = snapshot::replace_all;
    begin(2) = transaction::begin;
    transactionFind(3) = transaction::find;
    transactionSet(3) = transaction::set;
    transactionDelete(2) = transaction::delete;
    commit(2) = transaction::commit;
    abandon(1) = transaction::abandon;
    freezeBegin(2) = frozen::freeze_begin;
    freezeStep(3) = frozen::freeze_step;
    frozenOpen(2) = frozen::open;
    frozenClose(1) = frozen::close;
    frozenDescribe(1) = frozen::describe;
    frozenSize(1) = frozen::size;
    frozenGet(2) = frozen::get;
    frozenHas(2) = frozen::has;
    frozenScan(3) = frozen::scan;
    openTiered(6) = tiered::open;
    describeTier(1) = tiered::describe;
}
