// The rows, named as in Rust. Each is warmed until its loop is compiled, and then measured round by round.

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleSupplier;

final class Grid {
    record Plan(
            String only,
            int[] sizes,
            int rounds,
            double sliceMs,
            double warmMs,
            int[] growTo,
            int[] growThreads,
            int growRounds,
            int iterated,
            int churned) {}

    record Row(String name, int threads, List<Double> ns) {}

    record Tail(String name, List<double[]> ns) {}

    static final String[] QUANTILE_NAMES = {"p50", "p99", "p99.9", "p99.99", "p99.999", "max"};
    private static final double[] QUANTILES = {0.5, 0.99, 0.999, 0.9999, 0.99999, 1};
    private static final int[] THREADS = {1, 2, 8};
    private static final int[] READS = {100, 99, 90, 50, 0};
    private static final int CHURN_TIMES = 4;

    final List<Row> rows = new ArrayList<>();
    final List<Tail> tails = new ArrayList<>();
    private final Plan plan;
    private final boolean strings;
    private final String kind;
    private long kept;

    Grid(Plan plan, boolean strings) {
        this.plan = plan;
        this.strings = strings;
        kind = strings ? "str16" : "u64";
    }

    long run() {
        Table.check(strings);
        for (int size : plan.sizes) grid(size);
        churn();
        counter();
        grow();
        return kept;
    }

    private static String scientific(int n) {
        int exponent = (int) (Math.log10(n) + 1e-9);
        double mantissa = n / Math.pow(10, exponent);
        String digits = mantissa == Math.rint(mantissa) ? String.valueOf((long) mantissa) : String.valueOf(mantissa);
        return digits + "e" + exponent;
    }

    private boolean wants(String name, int threads) {
        return (name + " " + threads + "t").contains(plan.only);
    }

    private long sliceNs() {
        return (long) (plan.sliceMs * 1e6);
    }

    private void measure(String name, int threads, int rounds, DoubleSupplier slice) {
        if (!wants(name, threads)) return;
        long warm = System.nanoTime() + (long) (plan.warmMs * 1e6);
        while (System.nanoTime() < warm) slice.getAsDouble();
        List<Double> ns = new ArrayList<>();
        for (int round = 0; round < rounds; round++) ns.add(slice.getAsDouble());
        rows.add(new Row(name + " " + threads + "t", threads, ns));
    }

    /** Filled by two threads, as in Rust. */
    private static Table filled(Draw.Keys keys) {
        Table table = new Table();
        int half = (keys.size() + 1) / 2;
        Pool.price(2, 0, (thread, begin, deadline) -> {
            table.fill(keys, thread * half, Math.min((thread + 1) * half, keys.size()));
            return new Pool.Lap(begin, System.nanoTime(), 1);
        });
        return table;
    }

    private static int streamLength(int size) {
        int length = Integer.highestOneBit(size * 2 - 1) * 2;
        length = Math.min(Math.max(length, 1 << 16), 1 << 22);
        return size > 100_000 ? length / 2 : length;
    }

    private void grid(int size) {
        String group = kind + " " + scientific(size);
        boolean iterate = size == plan.iterated && wants("iterate " + group, 1);
        List<Object[]> mixes = new ArrayList<>();
        for (int reads : READS) {
            for (String law : List.of("uniform", "zipf")) {
                String name = String.format(Locale.ROOT, "%s %s reads %d%%", group, law, reads);
                if (Arrays.stream(THREADS).anyMatch(threads -> wants(name, threads))) {
                    mixes.add(new Object[] {reads, law, name});
                }
            }
        }
        if (mixes.isEmpty() && !iterate) return;
        Draw.Keys universe = Draw.keys(strings, size * 2, 1);
        Draw.Keys present = Draw.live(universe);
        Table table = filled(present);
        if (iterate) {
            measure("iterate " + group, 1, plan.rounds, () -> Pool.price(1, 0, (thread, begin, deadline) -> {
                long[] seen = table.visit();
                kept += seen[1];
                return new Pool.Lap(begin, System.nanoTime(), seen[0]);
            }));
        }
        for (Object[] mix : mixes) {
            int reads = (int) mix[0];
            Draw.Keys keys = reads == 100 ? present : universe;
            Draw.Stream stream = Draw.stream(keys, mix[1].equals("zipf"), reads, streamLength(size), reads + 2);
            for (int threads : THREADS) {
                measure((String) mix[2], threads, plan.rounds, () -> mixed(table, stream, threads));
            }
        }
    }

    private double mixed(Table table, Draw.Stream stream, int threads) {
        int length = stream.whats().length;
        long[] sums = new long[threads];
        double price = Pool.price(threads, sliceNs(), (thread, begin, deadline) -> {
            int[] at = {length / threads * thread};
            long[] sum = {0};
            Pool.Lap lap = Pool.untilTheEnd(begin, deadline, (piece) -> {
                if (at[0] + piece > length) at[0] = 0;
                sum[0] += table.mixed(stream, at[0], piece);
                at[0] += piece;
            });
            sums[thread] = sum[0];
            return lap;
        });
        for (long sum : sums) kept += sum;
        return price;
    }

    /** Removes the oldest entry and inserts a new one: two operations. Each thread has keys of its own. */
    private void churn() {
        String name = "churn " + kind;
        for (int threads : THREADS) {
            if (!wants(name, threads)) continue;
            int alive = plan.churned / threads;
            int each = alive * CHURN_TIMES;
            Draw.Keys keys = Draw.keys(strings, each * threads, 3);
            Table table = new Table();
            int[] oldest = new int[threads];
            for (int thread = 0; thread < threads; thread++) table.fill(keys, thread * each, thread * each + alive);
            measure(name, threads, plan.rounds, () -> Pool.price(threads, sliceNs(), (thread, begin, deadline) -> {
                int from = thread * each;
                int[] place = {oldest[thread], (oldest[thread] + alive) % each};
                Pool.Lap lap = Pool.untilTheEnd(begin, deadline, (piece) -> {
                    for (int i = 0; i < piece / 2; i++) {
                        table.remove(keys.at(from + place[0]));
                        table.set(keys.at(from + place[1]), place[1]);
                        place[0] = (place[0] + 1) % each;
                        place[1] = (place[1] + 1) % each;
                    }
                });
                oldest[thread] = place[0];
                return lap;
            }));
        }
    }

    private void counter() {
        Object key = Draw.keys(strings, 1, 4).at(0);
        Table table = new Table();
        for (int threads : THREADS) {
            measure("counter " + kind, threads, plan.rounds, () -> Pool.price(threads, sliceNs(), (thread, begin, deadline) ->
                    Pool.untilTheEnd(begin, deadline, (piece) -> {
                        for (int i = 0; i < piece; i++) table.add(key);
                    })));
        }
    }

    private void grow() {
        for (int size : plan.growTo) {
            for (int threads : plan.growThreads) {
                String name = "grow " + kind + " " + scientific(size);
                if (!wants(name, threads)) continue;
                Draw.Keys keys = Draw.keys(strings, size, 5);
                int share = (size + threads - 1) / threads;
                List<double[]> told = new ArrayList<>();
                measure(name, threads, plan.growRounds, () -> {
                    Table table = new Table();
                    int[] waits = new int[size];
                    double price = Pool.price(threads, 0, (thread, begin, deadline) -> {
                        int from = thread * share;
                        int to = Math.min(from + share, size);
                        long before = begin;
                        for (int i = from; i < to; i++) {
                            table.set(keys.at(i), 1);
                            long now = System.nanoTime();
                            waits[i] = (int) Math.min(now - before, Integer.MAX_VALUE);
                            before = now;
                        }
                        return new Pool.Lap(begin, before, to - from);
                    });
                    Arrays.sort(waits);
                    told.add(Arrays.stream(QUANTILES)
                            .map((part) -> waits[(int) Math.ceil(part * size) - 1])
                            .toArray());
                    return price;
                });
                // The rounds that warmed are not among those that are told.
                tails.add(new Tail(name + " " + threads + "t", told.subList(told.size() - plan.growRounds, told.size())));
            }
        }
    }
}
