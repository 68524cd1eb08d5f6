//! The raw callbacks, one shared function an operation: `get(id, key)`.
//!
//! Each follows the same path: convert the arguments (which may run JavaScript), pin the thread, look the map up, do
//! one core operation, make the result. No lock is ever held here; the core takes and drops its own.

pub(crate) mod bulk;
mod chunk;
pub(crate) mod frozen;
pub(crate) mod life;
pub(crate) mod number;
pub(crate) mod packed;
pub(crate) mod read;
pub(crate) mod refs;
pub(crate) mod scan;
pub(crate) mod snapshot;
pub(crate) mod tiered;
pub(crate) mod transaction;
pub(crate) mod write;

use threadmap_core::{Key, Lookup, Map, Prepared, Value};

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

/// How a call names its entry. The same function serves both ways, compiled for each.
pub(crate) trait Named {
    type Key<'b>: Lookup;

    fn key<'b>(call: &'b Call<'_>, buf: &'b mut KeyBuf) -> Result<Self::Key<'b>, Fault>;
}

/// By the map's id and the key.
pub(crate) struct ByKey;

impl Named for ByKey {
    type Key<'b> = Key<'b>;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `key::read`")]
    fn key<'b>(call: &'b Call<'_>, buf: &'b mut KeyBuf) -> Result<Key<'b>, Fault> {
        call.key(1, buf)
    }
}

/// By the slot of a ref.
pub(crate) struct ByRef;

impl Named for ByRef {
    type Key<'b> = &'b Prepared;

    #[inline]
    fn key<'b>(call: &'b Call<'_>, _buf: &'b mut KeyBuf) -> Result<&'b Prepared, Fault> {
        call.bound.map(|bound| &bound.key).ok_or_else(Fault::closed)
    }
}

macro_rules! operations {
    ($($by_ref:literal { $($name:ident($args:literal) = $run:path;)* })*) => {
        #[expect(non_camel_case_types, reason = "each is named as JavaScript sees it")]
        mod operation {
            use super::{ByKey, ByRef, Call, Operation, Outcome};
            use super::{
                bulk, frozen, life, number, packed, read, refs, scan as scans, snapshot, tiered,
                transaction, write,
            };
            $($(
                pub(super) struct $name;
                impl Operation for $name {
                    const NAME: &'static str = stringify!($name);
                    const ARGS: usize = $args;
                    const BY_REF: bool = $by_ref;
                    #[inline]
                    fn run<'c>(call: &Call<'c>) -> Outcome<'c> {
                        $run(call)
                    }
                }
            )*)*
        }

        /// Adds every operation to the exports.
        pub(crate) fn register_all(
            env: Env<'_>,
            exports: Js<'_>,
            record: *mut crate::env::Record,
        ) -> Result<(), Fault> {
            $($(register::<operation::$name>(env, exports, record)?;)*)*
            Ok(())
        }
    };
}

// By id and key, and where `true` stands by a ref in place of both: the same operations, the same arguments behind.
operations! {
    false {
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
        find(3) = read::find::<ByKey>;
        has(2) = read::has::<ByKey>;
        getEntry(2) = read::get_entry::<ByKey>;
        size(1) = read::size;
        version(1) = read::version;
        set(3) = write::set::<ByKey>;
        swap(3) = write::swap::<ByKey>;
        delete(2) = write::delete::<ByKey>;
        take(2) = write::take::<ByKey>;
        setIfAbsent(3) = write::set_if_absent::<ByKey>;
        getOrInsert(3) = write::get_or_insert::<ByKey>;
        replace(3) = write::replace::<ByKey>;
        compareAndSet(4) = write::compare_and_set::<ByKey>;
        compareAndDelete(3) = write::compare_and_delete::<ByKey>;
        setIfVersion(4) = write::set_if_version::<ByKey>;
        deleteIfVersion(3) = write::delete_if_version::<ByKey>;
        add(4) = number::add::<ByKey>;
        max(3) = number::max::<ByKey>;
        min(3) = number::min::<ByKey>;
        getMany(2) = bulk::get_many;
        setMany(2) = bulk::set_many;
        deleteMany(2) = bulk::delete_many;
        addMany(2) = bulk::add_many;
        getPacked(4) = packed::get;
        setPacked(4) = packed::set;
        deletePacked(4) = packed::delete;
        addPacked(4) = packed::add;
        scan(3) = scans::scan;
        clear(2) = scans::clear;
        iterate(3) = scans::iterate;
        endIteration(1) = scans::end_iteration;
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
        stamps(1) = refs::stamps;
        scratch(0) = refs::scratch;
        refuseBuffers(1) = refs::refuse_buffers;
        bind(2) = refs::bind;
        unbind(1) = refs::unbind;
        getKept(2) = read::keep::<ByKey>;
    }
    true {
        refGet(2) = read::keep::<ByRef>;
        refFind(3) = read::find::<ByRef>;
        refHas(2) = read::has::<ByRef>;
        refGetEntry(2) = read::get_entry::<ByRef>;
        refSet(3) = write::set::<ByRef>;
        refSetNumber(2) = refs::set_number;
        refSwap(3) = write::swap::<ByRef>;
        refDelete(2) = write::delete::<ByRef>;
        refTake(2) = write::take::<ByRef>;
        refSetIfAbsent(3) = write::set_if_absent::<ByRef>;
        refGetOrInsert(3) = write::get_or_insert::<ByRef>;
        refReplace(3) = write::replace::<ByRef>;
        refCompareAndSet(4) = write::compare_and_set::<ByRef>;
        refCompareAndDelete(3) = write::compare_and_delete::<ByRef>;
        refSetIfVersion(4) = write::set_if_version::<ByRef>;
        refDeleteIfVersion(3) = write::delete_if_version::<ByRef>;
        refAdd(4) = number::add::<ByRef>;
        refAddNumber(2) = refs::add_number;
        refMax(3) = number::max::<ByRef>;
        refMin(3) = number::min::<ByRef>;
    }
}
