import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.Delivery;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.LongString;
import com.rabbitmq.client.MessageProperties;
import com.rabbitmq.client.Recoverable;
import com.rabbitmq.client.RecoveryListener;
import com.rabbitmq.client.Return;
import com.rabbitmq.client.RpcClient;
import com.rabbitmq.client.RpcClientParams;
import com.rabbitmq.client.RpcServer;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;

/** The checks with the RabbitMQ Java client; it connects again by itself, and brings back consumers. */
final class RabbitmqClient {
  private static final long PATIENCE_MS = 30_000;

  private RabbitmqClient() {}

  public static void main(String[] arguments) throws Exception {
    try (Connection connection = connect()) {
      confirms(connection);
      properties(connection);
      bodies(connection);
      prefetch(connection);
      returned(connection);
      routing(connection);
      deadLetter(connection);
      rpc(connection);
      transaction(connection);
      channelError(connection);
    }
    connectionCut();
    brokerRestart();
  }

  private static Connection connect() throws Exception {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setUri(Program.AMQP_URL);
    factory.setNetworkRecoveryInterval(100);
    return factory.newConnection("interop");
  }

  private static void confirms(Connection connection) throws Exception {
    Channel channel = confirming(connection);
    String queue = "java.confirms";
    channel.queueDeclare(queue, true, false, false, null);
    for (int number = 0; number < 100; number++)
      channel.basicPublish("", queue, MessageProperties.PERSISTENT_BASIC, text(number));
    channel.waitForConfirmsOrDie(PATIENCE_MS);
    long confirmed = channel.getNextPublishSeqNo() - 1;
    long ready = channel.messageCount(queue);
    channel.queueDelete(queue);
    channel.close();
    Program.passed("confirms", Map.of("confirmed", confirmed, "ready", ready));
  }

  private static void properties(Connection connection) throws Exception {
    Channel channel = confirming(connection);
    String queue = channel.queueDeclare().getQueue();
    Map<String, Object> headers = new HashMap<>();
    headers.put("text", "Grüße");
    headers.put("long", 1L << 40);
    headers.put("int", -1);
    headers.put("short", (short) -300);
    headers.put("byte", (byte) -3);
    headers.put("double", 1.5);
    headers.put("float", 0.25f);
    headers.put("yes", true);
    headers.put("nothing", null);
    headers.put("bytes", "raw");
    headers.put("decimal", new BigDecimal("3.14"));
    headers.put("when", new Date(1_600_000_000_000L));
    headers.put("list", List.of("a", 1, List.of("b", false)));
    headers.put("table", Map.of("inner", Map.of("deep", "x")));
    AMQP.BasicProperties sent =
        new AMQP.BasicProperties.Builder()
            .contentType("application/json")
            .contentEncoding("identity")
            .deliveryMode(2)
            .priority(7)
            .correlationId("correlation-1")
            .replyTo("some.queue")
            .expiration("60000")
            .messageId("message-1")
            .timestamp(new Date(1_700_000_000_000L))
            .type("greeting")
            .userId("guest")
            .appId("interop")
            .headers(headers)
            .build();
    publish(channel, queue, sent, text("{}"));
    GetResponse got = channel.basicGet(queue, true);
    Program.expect(plain(got.getProps().getHeaders()), headers, "headers");
    AMQP.BasicProperties bare = got.getProps().builder().headers(null).build();
    Program.expect(bare, sent.builder().headers(null).build(), "properties");
    Program.expect(got.getBody(), text("{}"), "the body");
    channel.close();
    Program.passed("properties", Map.of("equal", true));
  }

  private static void bodies(Connection connection) throws Exception {
    Channel channel = confirming(connection);
    String queue = channel.queueDeclare().getQueue();
    BlockingQueue<Delivery> arrivals = new LinkedBlockingQueue<>();
    channel.basicConsume(queue, true, (tag, message) -> arrivals.add(message), tag -> {});
    List<Integer> arrived = new ArrayList<>();
    for (int size : Program.BODY_SIZES) {
      channel.basicPublish("", queue, null, Program.bodyOf(size));
      byte[] body = arrivals.take().getBody();
      Program.expect(body, Program.bodyOf(size), "a body");
      arrived.add(body.length);
    }
    channel.close();
    Program.passed("bodies", Map.of("bytes", arrived));
  }

  private static void prefetch(Connection connection) throws Exception {
    Channel channel = confirming(connection);
    String queue = channel.queueDeclare().getQueue();
    for (int number = 0; number < 5; number++) publish(channel, queue, null, text(number));
    BlockingQueue<Delivery> arrivals = new LinkedBlockingQueue<>();
    channel.basicQos(2);
    channel.basicConsume(queue, false, (tag, message) -> arrivals.add(message), tag -> {});
    List<Delivery> held = List.of(arrivals.take(), arrivals.take());
    // A round trip on the same channel: what was to come has come.
    long left = channel.messageCount(queue);
    Program.expect(arrivals.size(), 0, "deliveries beyond the prefetch");
    for (Delivery message : held) ack(channel, message);
    for (int more = 0; more < 3; more++) ack(channel, arrivals.take());
    channel.close();
    Program.passed("prefetch", Map.of("held", held.size(), "left", left, "received", 5));
  }

  private static void returned(Connection connection) throws Exception {
    Channel channel = confirming(connection);
    BlockingQueue<Return> returns = new LinkedBlockingQueue<>();
    channel.addReturnListener(message -> returns.add(message));
    channel.basicPublish("amq.direct", "nobody", true, null, text("x"));
    channel.waitForConfirmsOrDie(PATIENCE_MS);
    Return back = returns.take();
    channel.close();
    Program.passed("returned", Map.of("code", back.getReplyCode(), "text", back.getReplyText()));
  }

  private static void routing(Connection connection) throws Exception {
    Channel channel = confirming(connection);
    String topic = bound(channel, "topic", "*.error.#", null);
    for (String key : List.of("a.error", "a.error.b.c", "error"))
      channel.basicPublish("java.topic", key, null, text("x"));
    String fanout = bound(channel, "fanout", "ignored", null);
    channel.basicPublish("java.fanout", "whatever", null, text("x"));
    Map<String, Object> wanted = Map.of("x-match", "all", "colour", "red", "size", 3);
    String headers = bound(channel, "headers", "", wanted);
    for (Map<String, Object> sent :
        List.<Map<String, Object>>of(
            Map.of("colour", "red", "size", 3L, "more", 1), Map.of("colour", "red"))) {
      AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder().headers(sent).build();
      channel.basicPublish("java.headers", "", properties, text("x"));
    }
    channel.waitForConfirmsOrDie(PATIENCE_MS);
    Program.passed(
        "routing",
        Map.of(
            "topic", channel.messageCount(topic),
            "fanout", channel.messageCount(fanout),
            "headers", channel.messageCount(headers)));
    for (String queue : List.of(topic, fanout, headers)) channel.queueDelete(queue);
    channel.close();
  }

  private static String bound(
      Channel channel, String type, String key, Map<String, Object> arguments) throws IOException {
    String exchange = "java." + type;
    channel.exchangeDeclare(exchange, type, false, true, null);
    String queue = channel.queueDeclare().getQueue();
    channel.queueBind(queue, exchange, key, arguments);
    return queue;
  }

  private static void deadLetter(Connection connection) throws Exception {
    Channel channel = confirming(connection);
    String dead = channel.queueDeclare("java.dead", false, true, false, null).getQueue();
    Map<String, Object> arguments =
        Map.of("x-dead-letter-exchange", "", "x-dead-letter-routing-key", dead);
    String work = channel.queueDeclare("java.work", false, true, false, arguments).getQueue();
    BlockingQueue<Delivery> deaths = new LinkedBlockingQueue<>();
    channel.basicConsume(dead, true, (tag, message) -> deaths.add(message), tag -> {});
    publish(channel, work, null, text("bad"));
    channel.basicReject(channel.basicGet(work, false).getEnvelope().getDeliveryTag(), false);
    List<String> reasons = new ArrayList<>();
    reasons.add(reasonOf(deaths.take(), work));
    AMQP.BasicProperties brief = new AMQP.BasicProperties.Builder().expiration("1").build();
    publish(channel, work, brief, text("late"));
    reasons.add(reasonOf(deaths.take(), work));
    channel.close();
    Program.passed("dead-letter", Map.of("reasons", reasons));
  }

  private static String reasonOf(Delivery message, String queue) {
    List<?> deaths = (List<?>) message.getProperties().getHeaders().get("x-death");
    Map<?, ?> death = (Map<?, ?>) deaths.get(0);
    Program.expect(death.get("queue").toString(), queue, "the queue in x-death");
    Program.expect(death.get("count"), 1L, "the count in x-death");
    return death.get("reason").toString();
  }

  private static void rpc(Connection connection) throws Exception {
    Channel serving = connection.createChannel();
    String queue = serving.queueDeclare().getQueue();
    RpcServer server =
        new RpcServer(serving, queue) {
          @Override
          public byte[] handleCall(byte[] body, AMQP.BasicProperties reply) {
            return text(Integer.parseInt(new String(body)) * 2);
          }
        };
    Thread thread = new Thread(() -> run(server));
    thread.start();
    Channel calling = connection.createChannel();
    RpcClient client =
        new RpcClient(new RpcClientParams().channel(calling).exchange("").routingKey(queue));
    int reply = Integer.parseInt(new String(client.primitiveCall(text(21))));
    client.close();
    serving.close();
    thread.join();
    calling.close();
    Program.passed("rpc", Map.of("reply", reply));
  }

  private static void run(RpcServer server) {
    try {
      server.mainloop();
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  private static void transaction(Connection connection) throws Exception {
    Channel channel = connection.createChannel();
    String queue = channel.queueDeclare().getQueue();
    channel.txSelect();
    channel.basicPublish("", queue, null, text("committed"));
    channel.txCommit();
    channel.basicPublish("", queue, null, text("rolled back"));
    channel.txRollback();
    long count = channel.messageCount(queue);
    channel.close();
    Program.passed("transaction", Map.of("committed", count));
  }

  private static void channelError(Connection connection) throws Exception {
    Channel channel = connection.createChannel();
    AMQP.Channel.Close reason;
    try {
      channel.queueDeclarePassive("java.absent");
      throw new AssertionError("an absent queue was found");
    } catch (IOException error) {
      ShutdownSignalException cause = (ShutdownSignalException) error.getCause();
      Program.expect(cause.isHardError(), false, "an error of the connection");
      reason = (AMQP.Channel.Close) cause.getReason();
    }
    String text = "NOT_FOUND - no queue 'java.absent' in vhost '/'";
    Program.expect(reason.getReplyText(), text, "the text");
    Channel next = confirming(connection);
    String queue = next.queueDeclare().getQueue();
    publish(next, queue, null, text("still here"));
    boolean carriedOn = next.queueDelete(queue).getMessageCount() == 1;
    next.close();
    Program.passed("channel-error", Map.of("code", reason.getReplyCode(), "carriedOn", carriedOn));
  }

  private static void connectionCut() throws Exception {
    Connection connection = connect();
    Semaphore recovered = recoveries(connection);
    Channel channel = confirming(connection);
    String queue = channel.queueDeclare("java.cut", true, false, false, null).getQueue();
    BlockingQueue<Delivery> arrivals = new LinkedBlockingQueue<>();
    // Both of them come back with the connection: this consumer, and the exclusive queue.
    channel.basicConsume(queue, false, (tag, message) -> arrivals.add(message), tag -> {});
    String own = channel.queueDeclare("java.cut.own", false, true, false, null).getQueue();
    publish(channel, queue, MessageProperties.PERSISTENT_BASIC, text("first"));
    Program.expect(arrivals.take().getEnvelope().isRedeliver(), false, "redelivered, at first");
    Program.ask("cut");
    recovered.acquire();
    Delivery again = arrivals.take();
    Program.expect(new String(again.getBody()), "first", "the message that comes again");
    ack(channel, again);
    publish(channel, queue, MessageProperties.PERSISTENT_BASIC, text("second"));
    Delivery second = arrivals.take();
    Program.expect(new String(second.getBody()), "second", "the next message");
    ack(channel, second);
    Program.expect(channel.messageCount(own), 0L, "messages in the queue of its own");
    channel.queueDelete(queue);
    connection.close();
    boolean redelivered = again.getEnvelope().isRedeliver();
    Program.passed("connection-cut", Map.of("redelivered", redelivered, "confirmed", true));
  }

  private static void brokerRestart() throws Exception {
    Connection connection = connect();
    Semaphore recovered = recoveries(connection);
    Channel channel = confirming(connection);
    String queue = channel.queueDeclare("java.restart", true, false, false, null).getQueue();
    for (int number = 0; number < 3; number++)
      publish(channel, queue, MessageProperties.PERSISTENT_BASIC, text(number));
    Program.ask("restart");
    recovered.acquire();
    int found = 0;
    for (; found < 3; found++)
      Program.expect(channel.basicGet(queue, true).getBody(), text(found), "what was found");
    channel.queueDelete(queue);
    connection.close();
    Program.passed("broker-restart", Map.of("found", found));
  }

  private static Semaphore recoveries(Connection connection) {
    Semaphore recovered = new Semaphore(0);
    ((Recoverable) connection)
        .addRecoveryListener(
            new RecoveryListener() {
              @Override
              public void handleRecovery(Recoverable recoverable) {
                recovered.release();
              }

              @Override
              public void handleRecoveryStarted(Recoverable recoverable) {}
            });
    return recovered;
  }

  private static Channel confirming(Connection connection) throws IOException {
    Channel channel = connection.createChannel();
    channel.confirmSelect();
    return channel;
  }

  private static void publish(
      Channel channel, String queue, AMQP.BasicProperties properties, byte[] body)
      throws Exception {
    channel.basicPublish("", queue, properties, body);
    channel.waitForConfirmsOrDie(PATIENCE_MS);
  }

  private static void ack(Channel channel, Delivery message) throws IOException {
    channel.basicAck(message.getEnvelope().getDeliveryTag(), false);
  }

  private static byte[] text(Object text) {
    return text.toString().getBytes();
  }

  /** Texts come as LongString, which equals no String. */
  private static Object plain(Object value) {
    if (value instanceof LongString string) return string.toString();
    if (value instanceof List<?> list) return list.stream().map(RabbitmqClient::plain).toList();
    if (!(value instanceof Map<?, ?> map)) return value;
    Map<Object, Object> texts = new HashMap<>();
    map.forEach((key, item) -> texts.put(key, plain(item)));
    return texts;
  }
}
