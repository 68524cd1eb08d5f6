//! The workloads: one hot loop each, compiled for every contestant.

mod churn;
mod counter;
mod grow;
mod iterate;
mod mixed;

pub(crate) use churn::{Ring, churn};
pub(crate) use counter::count;
pub(crate) use grow::grow;
pub(crate) use iterate::{iterate, visit};
pub(crate) use mixed::mixed;
