//! The threads that work: they live as long as the run, as workers of a server do, so what a map keeps for a thread
//! is kept from one round to the next. The system deals them to cores as it does with theirs.
//!
//! Invariant: threads start together at a barrier, and the clock runs from the first that passes it to the last that
//! ends.

use std::fs::read_to_string;
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, OnceLock};
use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

type Job = Box<dyn FnOnce() + Send>;

/// Threads that wait for work.
pub(crate) struct Pool {
    threads: Vec<Sender<Job>>,
}

impl Pool {
    pub(crate) fn new(threads: usize) -> Self {
        let start = |_| {
            let (sender, jobs) = channel::<Job>();
            thread::spawn(move || {
                for job in jobs {
                    job();
                }
            });
            sender
        };
        Self {
            threads: (0..threads).map(start).collect(),
        }
    }

    /// Runs `work` on the first `threads` threads; gives what each returned.
    ///
    /// # Panics
    /// When one of them panics.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        threads: usize,
        work: impl Fn(usize) -> T + Send + Sync + 'static,
    ) -> Vec<T> {
        let work = Arc::new(work);
        let (sender, results) = channel();
        for (number, thread) in self.threads[..threads].iter().enumerate() {
            let (work, sender) = (Arc::clone(&work), sender.clone());
            let job = move || {
                let result = work(number);
                // What the work borrowed is gone before the result is told.
                drop(work);
                sender.send((number, result)).expect("the caller waits");
            };
            thread
                .send(Box::new(job))
                .expect("the thread waits for work");
        }
        drop(sender);
        let mut results: Vec<_> = results.into_iter().collect();
        assert_eq!(results.len(), threads, "a thread has panicked");
        results.sort_by_key(|(number, _)| *number);
        results.into_iter().map(|(_, result)| result).collect()
    }
}

/// Where the threads of one measurement start, and when they are to end.
pub(crate) struct Line {
    barrier: Barrier,
    first: OnceLock<Instant>,
    slice: Duration,
}

impl Line {
    pub(crate) fn new(threads: usize, slice: Duration) -> Self {
        Self {
            barrier: Barrier::new(threads),
            first: OnceLock::new(),
            slice,
        }
    }

    /// Waits for the others and runs `work`, which gets this thread's begin and everybody's end, and tells its own
    /// end and how many operations it did.
    #[inline]
    pub(crate) fn run(&self, work: impl FnOnce(Instant, Instant) -> (Instant, u64)) -> Lap {
        self.barrier.wait();
        let before = without_a_core();
        let begin = Instant::now();
        let deadline = *self.first.get_or_init(|| begin) + self.slice;
        let (end, ops) = work(begin, deadline);
        let waited = without_a_core().saturating_sub(before);
        Lap {
            begin,
            end,
            ops,
            waited,
        }
    }
}

/// How long the calling thread was ready to run so far and had no core. Zero where the system does not tell it as
/// Linux does.
fn without_a_core() -> Duration {
    let told = read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited = told.split(' ').nth(1).and_then(|ns| ns.parse().ok());
    Duration::from_nanos(waited.unwrap_or(0))
}

/// What one thread did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lap {
    begin: Instant,
    end: Instant,
    pub(crate) ops: u64,
    waited: Duration,
}

/// Threads that can run at a time.
pub(crate) fn cores() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// What all threads of a measurement did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    /// Nanoseconds an operation and thread: wall time times threads by operations.
    pub(crate) price: f64,
    /// The part of the machine that the threads could have used and did not get, because another program had it. (A
    /// thread that sleeps on a lock counts as one that runs, so it is more if anything.)
    pub(crate) disturbed: f64,
}

impl Slice {
    /// # Panics
    /// When there are no laps.
    pub(crate) fn of(laps: &[Lap]) -> Self {
        let begin = laps.iter().map(|lap| lap.begin).min().expect("a thread");
        let end = laps.iter().map(|lap| lap.end).max().expect("a thread");
        let ops: u64 = laps.iter().map(|lap| lap.ops).sum();
        let wall = (end - begin).as_secs_f64();
        let ran = laps
            .iter()
            .map(|lap| (lap.end - lap.begin).saturating_sub(lap.waited));
        let ran: Duration = ran.sum();
        let share = ran.as_secs_f64() / (wall * laps.len().min(cores()) as f64);
        Self {
            price: wall * 1e9 * laps.len() as f64 / ops as f64,
            disturbed: (1.0 - share).max(0.0),
        }
    }
}

/// Longest and shortest piece of work between two looks at the clock. A look costs 25 ns, which 256 operations of
/// 10 ns dilute to one in a hundred; 16 of the slowest seen (500 us) still end soon after their time.
const PIECES: RangeInclusive<usize> = 16..=512;

/// Lets `work` do so many operations, again and again until the time is over.
#[inline]
pub(crate) fn until_the_end(line: &Line, mut work: impl FnMut(usize)) -> Lap {
    line.run(|begin, deadline| {
        let (mut piece, mut ops, mut before) = (*PIECES.start(), 0, begin);
        loop {
            work(piece);
            ops += piece as u64;
            let now = Instant::now();
            if now >= deadline {
                return (now, ops);
            }
            match (now - before).as_micros() {
                0..10 => piece = (piece * 2).min(*PIECES.end()),
                100.. => piece = (piece / 2).max(*PIECES.start()),
                _ => {}
            }
            before = now;
        }
    })
}
