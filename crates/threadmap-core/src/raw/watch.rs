//! Under a model checker: whether memory is used after its end, or while it ends.
//!
//! Whoever makes, reaches or frees memory that threads share says so here. In a normal build nothing is left of that.
//! In a model (`tests/models`) freed memory stays where it is until the execution ends, so that a late
//! use is a failure with a name and not whatever lies there by then; under loom a use must also *happen before* the
//! end, not only come before it. Invariant: each address is born once in an execution.

#[cfg(not(any(loom, shuttle)))]
pub(super) use nothing::{born, freed, used};
#[cfg(any(loom, shuttle))]
pub(crate) use registry::{born, execution, freed, used};

#[cfg(not(any(loom, shuttle)))]
mod nothing {
    #[inline]
    pub(crate) const fn born<T>(_at: *const T) {}

    #[inline]
    pub(crate) const fn used<T>(_at: *const T) {}

    #[inline]
    pub(crate) fn freed<T>(_at: *const T, give_back: impl FnOnce()) {
        give_back();
    }
}

#[cfg(any(loom, shuttle))]
mod registry {
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::rc::Rc;

    #[cfg(loom)]
    type Cell = loom::cell::UnsafeCell<()>;
    /// Shuttle orders everything as it runs.
    #[cfg(shuttle)]
    type Cell = std::cell::UnsafeCell<()>;

    #[derive(Default)]
    struct Registry {
        /// What lives; `None` for what has been freed.
        lives: BTreeMap<usize, Option<Rc<Cell>>>,
        freed: Vec<Box<dyn FnOnce()>>,
    }

    // Both checkers run all threads of a model on one thread of the system, and models on several.
    thread_local! {
        static REGISTRY: RefCell<Registry> = RefCell::default();
    }

    /// From now on there is something at that address.
    pub(crate) fn born<T>(at: *const T) {
        let cell = Rc::new(Cell::new(()));
        let before = REGISTRY.with_borrow_mut(|it| it.lives.insert(at.addr(), Some(cell)));
        assert!(before.is_none(), "two things at one address");
    }

    /// It is reached.
    pub(crate) fn used<T>(at: *const T) {
        if std::thread::panicking() {
            return;
        }
        let life = REGISTRY.with_borrow(|it| it.lives.get(&at.addr()).cloned());
        let Some(cell) = life.expect("what is used was born") else {
            panic!("memory is used after its end")
        };
        #[cfg(loom)]
        cell.with(|_| ());
        drop(cell);
    }

    /// Ends it, and calls `give_back` once no thread of the model can come late.
    pub(crate) fn freed<T>(at: *const T, give_back: impl FnOnce() + 'static) {
        if std::thread::panicking() {
            return;
        }
        let life = REGISTRY.with_borrow_mut(|it| it.lives.insert(at.addr(), None));
        let Some(cell) = life.expect("what is freed was born") else {
            panic!("memory is freed twice")
        };
        #[cfg(loom)]
        cell.with_mut(|_| ());
        drop(cell);
        REGISTRY.with_borrow_mut(|it| it.freed.push(Box::new(give_back)));
    }

    /// One execution of a model: nothing may live after `body`, which ends with everything reclaimed.
    pub(crate) fn execution(body: impl FnOnce()) {
        // What a failed execution left is leaked: its threads were cut off anywhere.
        let failed = REGISTRY.take();
        failed.freed.into_iter().for_each(std::mem::forget);
        body();
        let Registry { lives, freed } = REGISTRY.take();
        for give_back in freed {
            give_back();
        }
        let left = lives.values().flatten().count();
        assert_eq!(left, 0, "memory that is never freed");
    }
}
