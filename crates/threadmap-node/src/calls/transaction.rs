//! Transactions: what the function of `transact` does, kept on this thread until it is committed or abandoned.

use threadmap_core::Transaction;

use super::{Outcome, bulk};
use crate::error::{Fault, INVALID_ARGUMENT};
use crate::ffi::{Call, Js};
use crate::key::{For, KeyBuf};
use crate::value::{self, ValueBuf};

fn ended() -> Fault {
    let message = "this transaction has ended: use tx inside of the function that it was passed to";
    Fault::Caller(INVALID_ARGUMENT, message.to_owned())
}

/// Runs something on the transaction of argument 0. No JavaScript runs meanwhile.
fn with<'c>(call: &Call<'c>, run: impl FnOnce(&mut Transaction) -> Outcome<'c>) -> Outcome<'c> {
    call.record
        .with_transaction(call.id, run)
        .unwrap_or_else(|| Err(ended()))
}

/// `begin(id, keys) -> transaction`: the keys count as read.
pub(crate) fn begin<'c>(call: &Call<'c>) -> Outcome<'c> {
    let keys = bulk::read_keys(call, For::Map(call.id), 1, |_| Ok(()))?;
    let mut transaction = {
        let pin = call.pin();
        pin.map(call.id)?.begin(&pin.guard)?
    };
    for key in keys.iter() {
        transaction.touch(&key);
    }
    let id = call.record.keep_transaction(transaction);
    call.env.new_number(f64::from(id))
}

/// `transactionFind(transaction, key, absent) -> value`, or `absent` where there is no entry.
pub(crate) fn find<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = call.key_for(For::Transaction(call.id), 1, &mut buf)?;
    with(call, |transaction| {
        let found = transaction.get(&key);
        found.map_or(Ok(call.args[2]), |value| value::to_js(call.env, &value))
    })
}

/// `transactionSet(transaction, key, value)`
pub(crate) fn set<'c>(call: &Call<'c>) -> Outcome<'c> {
    let (mut key, mut value) = (KeyBuf::new(), ValueBuf::new());
    let key = call.key_for(For::Transaction(call.id), 1, &mut key)?;
    let value = call.value(2, &mut value)?;
    with(call, |transaction| {
        transaction.set(&key, &value)?;
        Ok(Js::UNDEFINED)
    })
}

/// `transactionDelete(transaction, key) -> boolean`
pub(crate) fn delete<'c>(call: &Call<'c>) -> Outcome<'c> {
    let mut buf = KeyBuf::new();
    let key = call.key_for(For::Transaction(call.id), 1, &mut buf)?;
    with(call, |transaction| {
        call.env.new_boolean(transaction.delete(&key))
    })
}

/// `commit(id, transaction) -> boolean`: false when what was read has changed. The transaction ends.
pub(crate) fn commit<'c>(call: &Call<'c>) -> Outcome<'c> {
    let id = call.env.id(call.args[1]);
    let transaction = call.record.end_transaction(id).ok_or_else(ended)?;
    let (committed, snapshot) = {
        let pin = call.pin();
        let map = pin.map(call.id)?;
        transaction.commit(map, &pin.guard)?
    };
    call.record.bury(snapshot.release());
    call.env.new_boolean(committed)
}

/// `abandon(transaction)`: nothing happens where it has ended.
#[expect(clippy::unnecessary_wraps, reason = "all operations have one type")]
pub(crate) fn abandon<'c>(call: &Call<'c>) -> Outcome<'c> {
    if let Some(transaction) = call.record.end_transaction(call.id) {
        call.record.bury(transaction.abandon().release());
    }
    Ok(Js::UNDEFINED)
}
