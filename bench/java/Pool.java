// Threads that start together, and what a measurement costs: as in crates/threadmap-core/benches/peers/pool.rs.

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;

final class Pool {
    private Pool() {}

    /** One thread's share; gives when it ended and how many operations it did. */
    interface Work {
        Lap run(int thread, long begin, long deadline);
    }

    record Lap(long begin, long end, long ops) {}

    /** Does so many operations. */
    interface Piece {
        void run(int operations);
    }

    /** Nanoseconds an operation and thread: wall time times threads by operations. */
    static double price(int threads, long sliceNs, Work work) {
        Lap[] laps = new Lap[threads];
        Throwable[] failed = new Throwable[1];
        CyclicBarrier line = new CyclicBarrier(threads);
        AtomicLong first = new AtomicLong();
        CountDownLatch done = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            int thread = i;
            new Thread(() -> {
                try {
                    line.await();
                    long begin = System.nanoTime();
                    first.compareAndSet(0, begin);
                    laps[thread] = work.run(thread, begin, first.get() + sliceNs);
                } catch (Throwable error) {
                    failed[0] = error;
                } finally {
                    done.countDown();
                }
            }).start();
        }
        try {
            done.await();
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
        if (failed[0] != null) throw new IllegalStateException(failed[0]);
        long begin = Long.MAX_VALUE;
        long end = Long.MIN_VALUE;
        long ops = 0;
        for (Lap lap : laps) {
            begin = Math.min(begin, lap.begin);
            end = Math.max(end, lap.end);
            ops += lap.ops;
        }
        return (double) (end - begin) * threads / ops;
    }

    /** Longest and shortest piece of work between two looks at the clock. */
    private static final int SHORTEST = 16;
    private static final int LONGEST = 512;

    static Lap untilTheEnd(long begin, long deadline, Piece work) {
        int piece = SHORTEST;
        long ops = 0;
        long before = begin;
        while (true) {
            work.run(piece);
            ops += piece;
            long now = System.nanoTime();
            if (now >= deadline) return new Lap(begin, now, ops);
            if (now - before < 10_000) piece = Math.min(piece * 2, LONGEST);
            else if (now - before >= 100_000) piece = Math.max(piece / 2, SHORTEST);
            before = now;
        }
    }
}
