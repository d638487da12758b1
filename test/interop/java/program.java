import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What every client program of this folder does besides using its client. */
final class Program {
  static final String AMQP_URL = System.getenv("AMQP_URL");

  /** Of bodies that must arrive whole: none, one byte, just one frame, just two, many. */
  static final int[] BODY_SIZES = {0, 1, 131_064, 131_065, 1_000_000};

  private static final BufferedReader ANSWERS =
      new BufferedReader(new InputStreamReader(System.in));

  private Program() {}

  static byte[] bodyOf(int size) {
    byte[] body = new byte[size];
    for (int index = 0; index < size; index++) body[index] = (byte) (index * 7 + size);
    return body;
  }

  static void passed(String check, Map<String, ?> details) {
    Map<String, Object> line = new TreeMap<>(details);
    line.put("check", check);
    System.out.println(json(line));
  }

  /** Returns when the test has done it. */
  static void ask(String what) throws Exception {
    System.out.println(json(Map.of("ask", what)));
    expect(ANSWERS.readLine(), "done", "the answer");
  }

  static void expect(Object actual, Object wanted, String what) {
    boolean equal =
        actual instanceof byte[] bytes
            ? Arrays.equals(bytes, (byte[]) wanted)
            : Objects.equals(actual, wanted);
    if (!equal) throw new AssertionError(what + ": " + actual + " instead of " + wanted);
  }

  private static String json(Object value) {
    if (value instanceof Map<?, ?> map)
      return map.entrySet().stream()
          .map(entry -> json(entry.getKey()) + ":" + json(entry.getValue()))
          .collect(Collectors.joining(",", "{", "}"));
    if (value instanceof Iterable<?> list) {
      StringBuilder text = new StringBuilder("[");
      for (Object item : list) text.append(text.length() == 1 ? "" : ",").append(json(item));
      return text.append("]").toString();
    }
    return value instanceof Number || value instanceof Boolean ? value.toString() : '"' + value.toString() + '"';
  }
}
