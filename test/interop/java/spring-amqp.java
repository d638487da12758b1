import com.rabbitmq.client.ShutdownSignalException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.springframework.amqp.AmqpException;
import org.springframework.amqp.AmqpIOException;
import org.springframework.amqp.core.AcknowledgeMode;
import org.springframework.amqp.core.Binding;
import org.springframework.amqp.core.BindingBuilder;
import org.springframework.amqp.core.FanoutExchange;
import org.springframework.amqp.core.HeadersExchange;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageBuilder;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.MessageListener;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.core.ReturnedMessage;
import org.springframework.amqp.core.TopicExchange;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.listener.DirectMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;
import org.springframework.amqp.rabbit.listener.adapter.MessageListenerAdapter;
import org.springframework.amqp.rabbit.listener.api.ChannelAwareMessageListener;

/**
 * The checks with Spring AMQP: RabbitTemplate with correlated confirms and returns, RabbitAdmin, and
 * listener containers, which connect again by themselves.
 */
final class SpringAmqp {
  private static final long PATIENCE_MS = 30_000;

  private final RabbitTemplate template;
  private final RabbitAdmin admin;
  private final CachingConnectionFactory connections;

  private SpringAmqp() {
    connections = new CachingConnectionFactory();
    connections.setUri(Program.AMQP_URL);
    connections.setPublisherConfirmType(CachingConnectionFactory.ConfirmType.CORRELATED);
    connections.setPublisherReturns(true);
    template = new RabbitTemplate(connections);
    template.setMandatory(true);
    template.setReplyTimeout(PATIENCE_MS);
    template.setReceiveTimeout(PATIENCE_MS);
    admin = new RabbitAdmin(connections);
  }

  public static void main(String[] arguments) throws Exception {
    SpringAmqp checks = new SpringAmqp();
    checks.confirms();
    checks.properties();
    checks.bodies();
    checks.prefetch();
    checks.returned();
    checks.routing();
    checks.deadLetter();
    checks.rpc();
    checks.transaction();
    checks.channelError();
    checks.connectionCut();
    checks.brokerRestart();
    checks.connections.destroy();
    // Threads of its pools stay for a minute otherwise.
    System.exit(0);
  }

  private void confirms() throws Exception {
    String queue = declare(QueueBuilder.durable("spring.confirms").build());
    List<CorrelationData> sent = new ArrayList<>();
    for (int number = 0; number < 100; number++) {
      CorrelationData correlation = new CorrelationData("" + number);
      template.convertAndSend("", queue, "" + number, correlation);
      sent.add(correlation);
    }
    int confirmed = 0;
    for (CorrelationData correlation : sent)
      if (correlation.getFuture().get(PATIENCE_MS, TimeUnit.MILLISECONDS).ack()) confirmed++;
    long ready = admin.getQueueInfo(queue).getMessageCount();
    admin.deleteQueue(queue);
    Program.passed("confirms", Map.of("confirmed", confirmed, "ready", ready));
  }

  private void properties() {
    String queue = declare(QueueBuilder.nonDurable("spring.properties").autoDelete().build());
    Message sent =
        MessageBuilder.withBody(bytes("{}"))
            .setContentType("application/json")
            .setContentEncoding("identity")
            .setDeliveryMode(MessageDeliveryMode.PERSISTENT)
            .setPriority(7)
            .setCorrelationId("correlation-1")
            .setReplyTo("some.queue")
            .setExpiration("60000")
            .setMessageId("message-1")
            .setType("greeting")
            .setAppId("interop")
            .setHeader("text", "Grüße")
            .setHeader("number", 1L << 40)
            .setHeader("list", List.of("a", 1, List.of("b", false)))
            .setHeader("table", Map.of("inner", Map.of("deep", "x")))
            .build();
    template.send("", queue, sent);
    Message got = template.receive(queue);
    MessageProperties properties = got.getMessageProperties();
    for (String name : List.of("text", "number", "list", "table"))
      Program.expect(
          properties.getHeader(name), sent.getMessageProperties().getHeader(name), name);
    Program.expect(properties.getContentType(), "application/json", "content type");
    Program.expect(properties.getPriority(), 7, "priority");
    Program.expect(properties.getCorrelationId(), "correlation-1", "correlation id");
    Program.expect(properties.getReplyTo(), "some.queue", "reply-to");
    Program.expect(properties.getExpiration(), "60000", "expiration");
    Program.expect(properties.getMessageId(), "message-1", "message id");
    Program.expect(properties.getType(), "greeting", "type");
    Program.expect(properties.getAppId(), "interop", "app id");
    MessageDeliveryMode mode = properties.getReceivedDeliveryMode();
    Program.expect(mode, MessageDeliveryMode.PERSISTENT, "delivery mode");
    admin.deleteQueue(queue);
    Program.passed("properties", Map.of("equal", true));
  }

  private void bodies() {
    String queue = declare(QueueBuilder.nonDurable("spring.bodies").build());
    List<Integer> arrived = new ArrayList<>();
    for (int size : Program.BODY_SIZES) {
      template.send("", queue, MessageBuilder.withBody(Program.bodyOf(size)).build());
      byte[] body = template.receive(queue).getBody();
      Program.expect(body, Program.bodyOf(size), "a body");
      arrived.add(body.length);
    }
    admin.deleteQueue(queue);
    Program.passed("bodies", Map.of("bytes", arrived));
  }

  private void prefetch() throws Exception {
    String queue = declare(QueueBuilder.nonDurable("spring.prefetch").build());
    for (int number = 0; number < 5; number++) send(queue, "" + number);
    BlockingQueue<Runnable> acks = new LinkedBlockingQueue<>();
    DirectMessageListenerContainer container = new DirectMessageListenerContainer(connections);
    container.setQueueNames(queue);
    container.setPrefetchCount(2);
    container.setAcknowledgeMode(AcknowledgeMode.MANUAL);
    container.setMessageListener(
        (ChannelAwareMessageListener)
            (message, channel) -> acks.add(() -> ack(message, channel)));
    container.start();
    List<Runnable> held = List.of(acks.take(), acks.take());
    long left = admin.getQueueInfo(queue).getMessageCount();
    Program.expect(acks.size(), 0, "deliveries beyond the prefetch");
    held.forEach(Runnable::run);
    for (int more = 0; more < 3; more++) acks.take().run();
    container.stop();
    admin.deleteQueue(queue);
    Program.passed("prefetch", Map.of("held", held.size(), "left", left, "received", 5));
  }

  private static void ack(Message message, com.rabbitmq.client.Channel channel) {
    try {
      channel.basicAck(message.getMessageProperties().getDeliveryTag(), false);
    } catch (java.io.IOException error) {
      throw new IllegalStateException(error);
    }
  }

  private void returned() throws Exception {
    CorrelationData correlation = new CorrelationData("returned");
    template.convertAndSend("amq.direct", "nobody", "x", correlation);
    boolean taken = correlation.getFuture().get(PATIENCE_MS, TimeUnit.MILLISECONDS).ack();
    Program.expect(taken, true, "confirmed");
    ReturnedMessage back = correlation.getReturned();
    Program.passed("returned", Map.of("code", back.getReplyCode(), "text", back.getReplyText()));
  }

  private void routing() throws Exception {
    TopicExchange topics = new TopicExchange("spring.topic", false, true);
    Queue topic = new Queue("spring.routing.topic", false);
    bind(topics, topic, BindingBuilder.bind(topic).to(topics).with("*.error.#"));
    for (String key : List.of("a.error", "a.error.b.c", "error"))
      confirmed(correlation -> template.convertAndSend("spring.topic", key, "x", correlation));
    FanoutExchange all = new FanoutExchange("spring.fanout", false, true);
    Queue fanout = new Queue("spring.routing.fanout", false);
    bind(all, fanout, BindingBuilder.bind(fanout).to(all));
    confirmed(correlation -> template.convertAndSend("spring.fanout", "any", "x", correlation));
    HeadersExchange byHeader = new HeadersExchange("spring.headers", false, true);
    Queue headers = new Queue("spring.routing.headers", false);
    Map<String, Object> wanted = Map.of("colour", "red", "size", 3);
    bind(byHeader, headers, BindingBuilder.bind(headers).to(byHeader).whereAll(wanted).match());
    for (int size : List.of(3, 4)) {
      Message message =
          MessageBuilder.withBody(bytes("x"))
              .setHeader("colour", "red")
              .setHeader("size", size)
              .build();
      confirmed(correlation -> template.send("spring.headers", "", message, correlation));
    }
    Map<String, Long> counts =
        Map.of("topic", count(topic), "fanout", count(fanout), "headers", count(headers));
    for (Queue queue : List.of(topic, fanout, headers)) admin.deleteQueue(queue.getName());
    Program.passed("routing", counts);
  }

  private void bind(
      org.springframework.amqp.core.Exchange exchange, Queue queue, Binding binding) {
    admin.declareExchange(exchange);
    admin.declareQueue(queue);
    admin.declareBinding(binding);
  }

  private long count(Queue queue) {
    return admin.getQueueInfo(queue.getName()).getMessageCount();
  }

  private void deadLetter() throws Exception {
    String dead = declare(QueueBuilder.nonDurable("spring.dead").build());
    String work =
        declare(
            QueueBuilder.nonDurable("spring.work")
                .deadLetterExchange("")
                .deadLetterRoutingKey(dead)
                .build());
    SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(connections);
    container.setQueueNames(work);
    container.setDefaultRequeueRejected(false);
    container.setErrorHandler(error -> {});
    container.setMessageListener(
        (MessageListener)
            message -> {
              throw new IllegalStateException("bad");
            });
    container.start();
    List<Object> reasons = new ArrayList<>();
    send(work, "bad");
    reasons.add(reasonOf(template.receive(dead)));
    container.stop();
    Message late = MessageBuilder.withBody(bytes("late")).setExpiration("1").build();
    template.send("", work, late);
    reasons.add(reasonOf(template.receive(dead)));
    admin.deleteQueue(work);
    admin.deleteQueue(dead);
    Program.passed("dead-letter", Map.of("reasons", reasons));
  }

  private static Object reasonOf(Message message) {
    Map<String, ?> death = message.getMessageProperties().getXDeathHeader().get(0);
    Program.expect(death.get("queue"), "spring.work", "the queue in x-death");
    return death.get("reason");
  }

  public int twice(String number) {
    return Integer.parseInt(number) * 2;
  }

  private void rpc() {
    String queue = declare(QueueBuilder.nonDurable("spring.rpc").build());
    SimpleMessageListenerContainer server = new SimpleMessageListenerContainer(connections);
    server.setQueueNames(queue);
    server.setMessageListener(new MessageListenerAdapter(this, "twice"));
    server.start();
    // Its template asks over direct reply-to.
    Object reply = template.convertSendAndReceive("", queue, "21");
    server.stop();
    admin.deleteQueue(queue);
    Program.passed("rpc", Map.of("reply", reply));
  }

  private void transaction() {
    String queue = declare(QueueBuilder.nonDurable("spring.transaction").build());
    // Its own connection: channels with confirms have no transactions.
    CachingConnectionFactory own = new CachingConnectionFactory();
    own.setUri(Program.AMQP_URL);
    RabbitTemplate transacted = new RabbitTemplate(own);
    transacted.setChannelTransacted(true);
    var transactions =
        new org.springframework.amqp.rabbit.transaction.RabbitTransactionManager(own);
    var committed = transactions.getTransaction(null);
    transacted.convertAndSend("", queue, "committed");
    transactions.commit(committed);
    var abandoned = transactions.getTransaction(null);
    transacted.convertAndSend("", queue, "rolled back");
    transactions.rollback(abandoned);
    long count = admin.getQueueInfo(queue).getMessageCount();
    own.destroy();
    admin.deleteQueue(queue);
    Program.passed("transaction", Map.of("committed", count));
  }

  private void channelError() throws Exception {
    com.rabbitmq.client.AMQP.Channel.Close reason;
    try {
      template.execute(channel -> channel.queueDeclarePassive("spring.absent"));
      throw new AssertionError("an absent queue was found");
    } catch (AmqpIOException error) {
      ShutdownSignalException cause = (ShutdownSignalException) error.getCause().getCause();
      reason = (com.rabbitmq.client.AMQP.Channel.Close) cause.getReason();
    }
    Program.expect(admin.getQueueInfo("spring.absent"), null, "what is known of an absent queue");
    String queue = declare(QueueBuilder.nonDurable("spring.next").build());
    send(queue, "still here");
    boolean carriedOn = admin.getQueueInfo(queue).getMessageCount() == 1;
    admin.deleteQueue(queue);
    Program.passed("channel-error", Map.of("code", reason.getReplyCode(), "carriedOn", carriedOn));
  }

  private void connectionCut() throws Exception {
    String queue = declare(QueueBuilder.durable("spring.cut").build());
    BlockingQueue<Message> arrivals = new LinkedBlockingQueue<>();
    BlockingQueue<Runnable> acks = new LinkedBlockingQueue<>();
    SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(connections);
    container.setQueueNames(queue);
    container.setRecoveryInterval(100);
    container.setAcknowledgeMode(AcknowledgeMode.MANUAL);
    container.setMessageListener(
        (ChannelAwareMessageListener)
            (message, channel) -> {
              acks.add(() -> ack(message, channel));
              arrivals.add(message);
            });
    container.start();
    send(queue, "first");
    Message first = arrivals.take();
    acks.take();
    Program.expect(first.getMessageProperties().isRedelivered(), false, "redelivered, at first");
    Program.ask("cut");
    Message again = arrivals.take();
    Program.expect(new String(again.getBody()), "first", "the message that comes again");
    acks.take().run();
    send(queue, "second");
    Program.expect(new String(arrivals.take().getBody()), "second", "the next message");
    acks.take().run();
    container.stop();
    admin.deleteQueue(queue);
    boolean redelivered = again.getMessageProperties().isRedelivered();
    Program.passed("connection-cut", Map.of("redelivered", redelivered, "confirmed", true));
  }

  private void brokerRestart() throws Exception {
    String queue = declare(QueueBuilder.durable("spring.restart").build());
    for (int number = 0; number < 3; number++) send(queue, "" + number);
    Program.ask("restart");
    int found = 0;
    for (; found < 3; found++)
      Program.expect(template.receiveAndConvert(queue), "" + found, "what was found");
    admin.deleteQueue(queue);
    Program.passed("broker-restart", Map.of("found", found));
  }

  private interface Sending {
    void with(CorrelationData correlation);
  }

  /** Returns when the broker has confirmed; tries again while the connection is being made again. */
  private static void confirmed(Sending sending) throws Exception {
    for (int tries = 1; ; tries++) {
      try {
        CorrelationData correlation = new CorrelationData();
        sending.with(correlation);
        boolean taken = correlation.getFuture().get(PATIENCE_MS, TimeUnit.MILLISECONDS).ack();
        Program.expect(taken, true, "confirmed");
        return;
      } catch (AmqpException error) {
        if (tries == 10) throw error;
      }
    }
  }

  private void send(String queue, String text) throws Exception {
    confirmed(correlation -> template.convertAndSend("", queue, text, correlation));
  }

  private String declare(Queue queue) {
    admin.declareQueue(queue);
    return queue.getName();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
