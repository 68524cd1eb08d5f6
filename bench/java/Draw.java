// What is drawn before any clock runs: the keys and the streams of operations of crates/threadmap-core/benches/peers
// (draw.rs, key.rs), number by number, so that all languages do the same work.

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** SplitMix64 (Steele, Lea, Flood, 2014): no two of its draws are the same. */
final class Draw {
    private long state;

    Draw(long seed) {
        state = seed;
    }

    long next() {
        state += 0x9e3779b97f4a7c15L;
        long x = state;
        x = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
        x = (x ^ x >>> 27) * 0x94d049bb133111ebL;
        return x ^ x >>> 31;
    }

    int below(int end) {
        long x = next();
        // The high half of an unsigned product; Java has it by itself only since 18.
        return (int) (Math.multiplyHigh(x, end) + (x >> 63 & end));
    }

    double fraction() {
        return (next() >>> 11) / (double) (1L << 53);
    }

    static final byte GET = 0;
    static final byte SET = 1;
    static final byte REMOVE = 2;

    /** Keys of one kind; a map is asked with what `at` gives. */
    interface Keys {
        Object at(int index);

        int size();
    }

    /** Numbers are boxed when they are used, as a caller does that has a `long`. */
    record Numbers(long[] all) implements Keys {
        public Object at(int index) {
            return all[index];
        }

        public int size() {
            return all.length;
        }
    }

    record Texts(String[] all) implements Keys {
        public Object at(int index) {
            return all[index];
        }

        public int size() {
            return all.length;
        }
    }

    private static final byte[] LETTERS = "abcdefghijklmnopqrstuvwxyz012345".getBytes(StandardCharsets.ISO_8859_1);

    private static String text(Draw random) {
        long[] halves = {random.next(), random.next()};
        byte[] text = new byte[16];
        for (int i = 0; i < text.length; i++) text[i] = LETTERS[(int) (halves[i / 8] >>> 5 * (i % 8) & 31)];
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    static Keys keys(boolean strings, int count, long seed) {
        Draw random = new Draw(seed);
        if (strings) {
            String[] all = new String[count];
            for (int i = 0; i < count; i++) all[i] = text(random);
            return new Texts(all);
        }
        long[] all = new long[count];
        for (int i = 0; i < count; i++) all[i] = random.next() >>> 11;
        return new Numbers(all);
    }

    /** The chosen keys. Strings are new objects, in the order of the list, and know no hash yet. */
    static Keys chosen(Keys from, int[] places) {
        if (from instanceof Texts texts) {
            String[] all = new String[places.length];
            for (int i = 0; i < places.length; i++) {
                all[i] = new String(texts.all[places[i]].getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.ISO_8859_1);
            }
            return new Texts(all);
        }
        long[] all = new long[places.length];
        for (int i = 0; i < places.length; i++) all[i] = ((Numbers) from).all[places[i]];
        return new Numbers(all);
    }

    /** The keys that are in the map before the clock runs: every second one. */
    static Keys live(Keys universe) {
        int[] places = new int[(universe.size() + 1) / 2];
        for (int i = 0; i < places.length; i++) places[i] = i * 2;
        return chosen(universe, places);
    }

    record Stream(Keys keys, byte[] whats) {}

    /** So many reads in a hundred, the rest half upserts and half removals. */
    static Stream stream(Keys universe, boolean zipf, int reads, int length, long seed) {
        Draw random = new Draw(seed);
        Zipf law = new Zipf(universe.size(), 0.99);
        int[] places = new int[length];
        byte[] whats = new byte[length];
        for (int i = 0; i < length; i++) {
            places[i] = zipf ? law.draw(random) : random.below(universe.size());
            if (random.below(100) < reads) whats[i] = GET;
            else whats[i] = random.below(2) == 0 ? SET : REMOVE;
        }
        return new Stream(chosen(universe, places), whats);
    }

    /** A fingerprint of a stream (FNV-1a): the programs in all languages must tell the same one. */
    static String drawn(boolean strings) {
        Stream stream = stream(keys(strings, 1_000, 1), true, 50, 4_096, 52);
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < stream.whats.length; i++) {
            hash = (hash ^ stream.whats[i]) * 0x100000001b3L;
            byte[] key = stream.keys.at(i) instanceof String text
                    ? text.getBytes(StandardCharsets.ISO_8859_1)
                    : ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong((Long) stream.keys.at(i)).array();
            for (byte part : key) hash = (hash ^ part & 0xff) * 0x100000001b3L;
        }
        return String.format("%016x", hash);
    }

    /** Zipf's law by rejection-inversion (Hörmann, Derflinger, 1996). */
    private static final class Zipf {
        private final double exponent;
        private final double size;
        private final double first;
        private final double last;
        private final double shortcut;

        Zipf(int size, double exponent) {
            this.exponent = exponent;
            this.size = size;
            first = integral(1.5) - 1;
            last = integral(size + 0.5);
            shortcut = 2 - inverse(integral(2.5) - weight(2));
        }

        private double weight(double x) {
            return Math.exp(-exponent * Math.log(x));
        }

        private double integral(double x) {
            double power = (1 - exponent) * Math.log(x);
            return Math.expm1(power) / power * Math.log(x);
        }

        private double inverse(double y) {
            double power = Math.max(y * (1 - exponent), -1);
            return Math.exp(Math.log1p(power) / power * y);
        }

        /** A rank from 0, the most frequent. */
        int draw(Draw random) {
            while (true) {
                double u = last + random.fraction() * (first - last);
                double x = inverse(u);
                double k = Math.min(Math.max(Math.floor(x + 0.5), 1), size);
                if (k - x <= shortcut || u >= integral(k + 0.5) - weight(k)) return (int) k - 1;
            }
        }
    }
}
