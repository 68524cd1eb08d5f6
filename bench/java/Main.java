// Java's ConcurrentHashMap on the grid of crates/threadmap-core/benches/peers: the same keys, laws, mixes and threads,
// the same names of rows, the same form of raw figures. bench/elsewhere.ts compiles and calls it.

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

public final class Main {
    private Main() {}

    private static int[] integers(String text) {
        return Arrays.stream(text.split(",")).mapToInt(Integer::parseInt).toArray();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private static String list(List<String> members) {
        return members.stream().collect(Collectors.joining(",", "[", "]"));
    }

    private static String named(String name, String ns) {
        return "{\"name\":\"" + name + "\"" + ns + "}";
    }

    public static void main(String[] arguments) throws IOException {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) given.put(arguments[i].substring(2), arguments[i + 1]);
        Grid.Plan plan = new Grid.Plan(
                given.getOrDefault("only", ""),
                integers(given.get("sizes")),
                Integer.parseInt(given.get("rounds")),
                Double.parseDouble(given.get("slice-ms")),
                Double.parseDouble(given.get("warm-ms")),
                integers(given.get("grow-to")),
                integers(given.get("grow-threads")),
                Integer.parseInt(given.get("grow-rounds")),
                Integer.parseInt(given.get("iterated")),
                Integer.parseInt(given.get("churned")));
        List<String> rows = new ArrayList<>();
        List<String> tails = new ArrayList<>();
        long kept = 0;
        for (boolean strings : new boolean[] {false, true}) {
            Grid grid = new Grid(plan, strings);
            kept += grid.run();
            for (Grid.Row row : grid.rows) {
                String ns = list(row.ns().stream().map(Main::number).toList());
                rows.add(named(row.name(), ",\"threads\":" + row.threads() + ",\"ns\":{\"" + Table.NAME + "\":" + ns + "}"));
            }
            for (Grid.Tail tail : grid.tails) {
                String ns = list(tail.ns().stream()
                        .map((round) -> list(Arrays.stream(round).mapToObj(Main::number).toList()))
                        .toList());
                tails.add(named(tail.name(), ",\"ns\":{\"" + Table.NAME + "\":" + ns + "}"));
            }
        }
        String collectors = ManagementFactory.getGarbageCollectorMXBeans().get(0).getName();
        String facts = System.getProperty("java.vm.name") + " " + System.getProperty("java.version") + ", " + collectors;
        String quantiles = list(Arrays.stream(Grid.QUANTILE_NAMES).map((name) -> "\"" + name + "\"").toList());
        String drawn = "{\"u64\":\"" + Draw.drawn(false) + "\",\"str16\":\"" + Draw.drawn(true) + "\"}";
        String told = "{\"drawn\":" + drawn + ",\"facts\":{\"java\":\"" + facts + "\"},\"kept\":" + kept + ",\n\"rows\":" + list(rows)
                + ",\n\"quantiles\":" + quantiles + ",\n\"tails\":" + list(tails) + "}\n";
        Files.writeString(Path.of(given.get("json")), told);
    }
}
