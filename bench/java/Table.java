// ConcurrentHashMap as Java programs use it: boxed values, `merge` to add.

import java.util.concurrent.ConcurrentHashMap;

final class Table {
    static final String NAME = "Java CHM";

    private final ConcurrentHashMap<Object, Long> map = new ConcurrentHashMap<>();

    void fill(Draw.Keys keys, int from, int to) {
        for (int i = from; i < to; i++) map.put(keys.at(i), (long) i);
    }

    void set(Object key, long value) {
        map.put(key, value);
    }

    boolean remove(Object key) {
        return map.remove(key) != null;
    }

    Long get(Object key) {
        return map.get(key);
    }

    void add(Object key) {
        map.merge(key, 1L, Long::sum);
    }

    /** How many entries there are, and the sum of their values. */
    long[] visit() {
        long entries = 0;
        long sum = 0;
        for (Long value : map.values()) {
            entries++;
            sum += value;
        }
        return new long[] {entries, sum};
    }

    long mixed(Draw.Stream stream, int at, int piece) {
        long sum = 0;
        for (int i = at; i < at + piece; i++) {
            Object key = stream.keys().at(i);
            switch (stream.whats()[i]) {
                case Draw.GET -> {
                    Long value = map.get(key);
                    if (value != null) sum += value;
                }
                case Draw.SET -> map.put(key, (long) at);
                default -> sum += map.remove(key) == null ? 0 : 1;
            }
        }
        return sum;
    }

    /** A benchmark of a wrong adapter counts for nothing. */
    static void check(boolean strings) {
        Draw.Keys keys = Draw.keys(strings, 2_000, 7);
        Table table = new Table();
        table.fill(keys, 0, 1_000);
        long[] seen = table.visit();
        boolean right = seen[0] == 1_000 && seen[1] == 499_500;
        right &= table.get(keys.at(77)) == 77 && table.get(keys.at(1_000)) == null;
        table.add(keys.at(77));
        right &= table.get(keys.at(77)) == 78 && table.remove(keys.at(77)) && !table.remove(keys.at(77));
        if (!right) throw new IllegalStateException(NAME + " answers wrongly");
    }
}
