//! The checks with amqprs, connecting again by hand, as its users do.

mod program;
#[path = "amqprs-shorthand.rs"]
mod shorthand;

use amqprs::channel::{
    BasicAckArguments, BasicPublishArguments, BasicQosArguments, BasicRejectArguments,
    ExchangeDeclareArguments, QueueBindArguments, QueueDeclareArguments,
};
use amqprs::connection::Connection;
use amqprs::{BasicProperties, DecimalValue, FieldArray, FieldTable, FieldValue};
use program::{BODY_SIZES, ask, body_of, expect, passed};
use serde_json::json;
use shorthand::*;

fn main() -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(checks())
}

async fn checks() -> Result<()> {
    let connection = connect().await?;
    confirms(&connection).await?;
    properties(&connection).await?;
    bodies(&connection).await?;
    prefetch(&connection).await?;
    returned(&connection).await?;
    routing(&connection).await?;
    dead_letter(&connection).await?;
    rpc(&connection).await?;
    transaction(&connection).await?;
    channel_error(&connection).await?;
    connection.close().await?;
    connection_cut().await?;
    broker_restart().await
}

async fn confirms(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::confirming(connection).await?;
    let declared = QueueDeclareArguments::durable_client_named("amqprs.confirms");
    let queue = channel.declare(declared).await?;
    for number in 0..100 {
        let to = BasicPublishArguments::new("", &queue);
        channel.send(to, number.to_string().as_bytes(), persistent()).await?;
    }
    let confirmed = channel.all_confirmed().await;
    let ready = channel.count(&queue).await?;
    channel.delete(&queue).await?;
    channel.close().await?;
    passed("confirms", json!({ "confirmed": confirmed, "ready": ready }));
    Ok(())
}

async fn properties(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::confirming(connection).await?;
    let queue = channel.exclusive("", FieldTable::new()).await?;
    let list = |values: Vec<FieldValue>| {
        FieldValue::A(FieldArray::try_from(values).expect("a list that fits"))
    };
    let headers = table([
        ("text", text("Grüße")),
        ("u8", FieldValue::B(200)),
        ("i8", FieldValue::b(-3)),
        ("u16", FieldValue::u(60_000)),
        ("i16", FieldValue::s(-300)),
        ("u32", FieldValue::i(4_000_000_000)),
        ("i32", FieldValue::I(-1)),
        ("i64", FieldValue::l(1 << 40)),
        ("float", FieldValue::f(0.25)),
        ("double", FieldValue::d(1.5)),
        ("decimal", FieldValue::D(DecimalValue::new(2, 314))),
        ("when", FieldValue::T(1_600_000_000)),
        ("yes", FieldValue::t(true)),
        ("nothing", FieldValue::V),
        ("bytes", FieldValue::x(vec![0, 255].try_into().expect("bytes that fit"))),
        ("list", list(vec![text("a"), FieldValue::I(1), list(vec![text("b")])])),
        ("table", FieldValue::F(table([("deep", text("x"))]))),
    ]);
    let sent = BasicProperties::default()
        .with_content_type("application/json")
        .with_content_encoding("identity")
        .with_headers(headers)
        .with_persistence(true)
        .with_priority(7)
        .with_correlation_id("correlation-1")
        .with_reply_to("some.queue")
        .with_expiration("60000")
        .with_message_id("message-1")
        .with_timestamp(1_700_000_000)
        .with_message_type("greeting")
        .with_user_id("guest")
        .with_app_id("interop")
        .finish();
    channel.publish(&queue, b"{}", sent.clone()).await?;
    let (method, got, body) = channel.get(&queue, true).await?;
    expect(got.headers(), sent.headers(), "headers");
    expect(plain(&got), plain(&sent), "properties");
    expect(body.as_slice(), b"{}", "the body");
    let told = (method.exchange().as_str(), method.routing_key(), method.redelivered());
    expect(told, ("", &queue, false), "method");
    channel.close().await?;
    passed("properties", json!({ "equal": true }));
    Ok(())
}

/// All properties but the headers.
fn plain(properties: &BasicProperties) -> ([Option<&String>; 9], [Option<u8>; 2], Option<u64>) {
    let texts = [
        properties.content_type(),
        properties.content_encoding(),
        properties.correlation_id(),
        properties.reply_to(),
        properties.expiration(),
        properties.message_id(),
        properties.message_type(),
        properties.user_id(),
        properties.app_id(),
    ];
    (texts, [properties.delivery_mode(), properties.priority()], properties.timestamp())
}

async fn bodies(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::confirming(connection).await?;
    let queue = channel.exclusive("", FieldTable::new()).await?;
    let mut deliveries = channel.consume(&queue, true).await?;
    let mut arrived = Vec::new();
    for size in BODY_SIZES {
        channel.publish(&queue, &body_of(size), BasicProperties::default()).await?;
        let (_, _, body) = deliveries.next().await;
        assert!(body == body_of(size), "the body of {size} bytes");
        arrived.push(body.len());
    }
    channel.close().await?;
    passed("bodies", json!({ "bytes": arrived }));
    Ok(())
}

async fn prefetch(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::confirming(connection).await?;
    let queue = channel.exclusive("", FieldTable::new()).await?;
    for number in 0..5 {
        channel.publish(&queue, number.to_string().as_bytes(), BasicProperties::default()).await?;
    }
    channel.channel.basic_qos(BasicQosArguments::new(0, 2, false)).await?;
    let mut deliveries = channel.consume(&queue, false).await?;
    let held = [deliveries.next().await.0, deliveries.next().await.0];
    // A round trip on the same channel: what was to come has come.
    let left = channel.count(&queue).await?;
    assert!(deliveries.is_empty(), "a delivery beyond the prefetch");
    for delivery in &held {
        acknowledge(&channel, delivery.delivery_tag()).await?;
    }
    for _ in 0..3 {
        let (delivery, _, _) = deliveries.next().await;
        acknowledge(&channel, delivery.delivery_tag()).await?;
    }
    channel.close().await?;
    passed("prefetch", json!({ "held": held.len(), "left": left, "received": 5 }));
    Ok(())
}

async fn acknowledge(channel: &Hearing, tag: u64) -> Result<()> {
    channel.channel.basic_ack(BasicAckArguments::new(tag, false)).await
}

async fn returned(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::confirming(connection).await?;
    let to = BasicPublishArguments::new("amq.direct", "nobody").mandatory(true).finish();
    channel.send(to, b"x", persistent()).await?;
    let Told::Returned { code, text } = channel.told().await else {
        panic!("not returned");
    };
    expect(channel.all_confirmed().await, 1, "confirmed");
    channel.close().await?;
    passed("returned", json!({ "code": code, "text": text }));
    Ok(())
}

async fn routing(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::confirming(connection).await?;
    let none = FieldTable::new;
    let key = |key| (key, none());
    let errors = [key("a.error"), key("a.error.b.c"), key("error")];
    let topic = counted(&mut channel, "topic", ("*.error.#", none()), &errors).await?;
    let all = [key("whatever")];
    let fanout = counted(&mut channel, "fanout", ("ignored", none()), &all).await?;
    let red = || ("colour", text("red"));
    let wanted = table([("x-match", text("all")), red(), ("size", FieldValue::I(3))]);
    // Another width of the same number.
    let whole = table([red(), ("size", FieldValue::l(3)), ("more", FieldValue::V)]);
    let sent = [("", whole), ("", table([red()]))];
    let headers = counted(&mut channel, "headers", ("", wanted), &sent).await?;
    channel.close().await?;
    passed("routing", json!({ "topic": topic, "fanout": fanout, "headers": headers }));
    Ok(())
}

/// How many of those messages the exchange brings to a queue that is bound like that.
async fn counted(
    channel: &mut Hearing,
    kind: &str,
    (binding, arguments): (&str, FieldTable),
    published: &[(&str, FieldTable)],
) -> Result<u32> {
    let exchange = format!("amqprs.{kind}");
    let declared = ExchangeDeclareArguments::new(&exchange, kind).auto_delete(true).finish();
    channel.channel.exchange_declare(declared).await?;
    let queue = channel.exclusive("", FieldTable::new()).await?;
    let mut bound = QueueBindArguments::new(&queue, &exchange, binding);
    channel.channel.queue_bind(bound.arguments(arguments).finish()).await?;
    for (key, headers) in published {
        let properties = BasicProperties::default().with_headers(headers.clone()).finish();
        channel.send(BasicPublishArguments::new(&exchange, key), b"x", properties).await?;
    }
    channel.all_confirmed().await;
    channel.delete(&queue).await
}

async fn dead_letter(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::confirming(connection).await?;
    let dead = channel.exclusive("amqprs.dead", FieldTable::new()).await?;
    let arguments =
        table([("x-dead-letter-exchange", text("")), ("x-dead-letter-routing-key", text(&dead))]);
    let work = channel.exclusive("amqprs.work", arguments).await?;
    let mut deaths = channel.consume(&dead, true).await?;
    channel.publish(&work, b"bad", BasicProperties::default()).await?;
    let (bad, _, _) = channel.get(&work, false).await?;
    let rejection = BasicRejectArguments::new(bad.delivery_tag(), false);
    channel.channel.basic_reject(rejection).await?;
    let rejected = died(&deaths.next().await.1);
    let late = BasicProperties::default().with_expiration("1").finish();
    channel.publish(&work, b"late", late).await?;
    let expired = died(&deaths.next().await.1);
    channel.close().await?;
    passed("dead-letter", json!({ "reasons": [rejected, expired] }));
    Ok(())
}

/// The reason of the first death, which must be in the queue of work.
fn died(properties: &BasicProperties) -> String {
    let field = |table: &FieldTable, name: &str| {
        let found = table.get(&name.try_into().expect("a short name"));
        found.unwrap_or_else(|| panic!("no {name} in {table:?}")).clone()
    };
    let headers = properties.headers().expect("headers");
    let FieldValue::A(deaths) = field(headers, "x-death") else {
        panic!("x-death: {headers:?}");
    };
    let Some(FieldValue::F(death)) = Vec::from(deaths).into_iter().next() else {
        panic!("x-death: {headers:?}");
    };
    expect(field(&death, "queue"), text("amqprs.work"), "the queue of x-death");
    expect(field(&death, "count"), FieldValue::l(1), "the count of x-death");
    field(&death, "reason").try_into().expect("a text")
}

async fn rpc(connection: &Connection) -> Result<()> {
    let mut server = Hearing::confirming(connection).await?;
    let queue = server.exclusive("", FieldTable::new()).await?;
    let mut requests = server.consume(&queue, false).await?;
    let mut client = Hearing::open(connection).await?;
    let direct = "amq.rabbitmq.reply-to";
    let mut replies = client.consume(direct, true).await?;
    let asked =
        BasicProperties::default().with_reply_to(direct).with_correlation_id("call-1").finish();
    client.send(BasicPublishArguments::new("", &queue), b"21", asked).await?;

    let (request, with, body) = requests.next().await;
    let reply_to = with.reply_to().expect("a reply_to");
    assert!(reply_to.starts_with("amq.rabbitmq.reply-to."), "{reply_to}");
    let correlation_id = with.correlation_id().expect("a correlation id");
    let answer = BasicProperties::default().with_correlation_id(correlation_id).finish();
    let doubled = (number_in(&body) * 2).to_string();
    server.publish(reply_to, doubled.as_bytes(), answer).await?;
    acknowledge(&server, request.delivery_tag()).await?;

    let (_, with, body) = replies.next().await;
    expect(with.correlation_id().map(String::as_str), Some("call-1"), "the correlation id");
    client.close().await?;
    server.close().await?;
    passed("rpc", json!({ "reply": number_in(&body) }));
    Ok(())
}

async fn transaction(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::open(connection).await?;
    let queue = channel.exclusive("", FieldTable::new()).await?;
    let to = BasicPublishArguments::new("", &queue);
    channel.channel.tx_select().await?;
    channel.send(to.clone(), b"committed", BasicProperties::default()).await?;
    channel.channel.tx_commit().await?;
    channel.send(to, b"rolled back", BasicProperties::default()).await?;
    channel.channel.tx_rollback().await?;
    let committed = channel.count(&queue).await?;
    channel.close().await?;
    passed("transaction", json!({ "committed": committed }));
    Ok(())
}

async fn channel_error(connection: &Connection) -> Result<()> {
    let mut channel = Hearing::open(connection).await?;
    channel.count("amqprs.absent").await.expect_err("an absent queue was found");
    let Told::Closed { code, text } = channel.told().await else {
        panic!("the channel was not closed");
    };
    expect(text.as_str(), "NOT_FOUND - no queue 'amqprs.absent' in vhost '/'", "the text");
    let mut following = Hearing::confirming(connection).await?;
    let queue = following.exclusive("", FieldTable::new()).await?;
    following.publish(&queue, b"still here", BasicProperties::default()).await?;
    let count = following.delete(&queue).await?;
    following.close().await?;
    passed("channel-error", json!({ "code": code, "carriedOn": count == 1 }));
    Ok(())
}

async fn connection_cut() -> Result<()> {
    let connection = connect().await?;
    let mut channel = Hearing::confirming(&connection).await?;
    let declared = QueueDeclareArguments::durable_client_named("amqprs.cut");
    let queue = channel.declare(declared).await?;
    channel.publish(&queue, b"first", persistent()).await?;
    let (first, _, _) = channel.consume(&queue, false).await?.next().await;
    expect(first.redelivered(), false, "redelivered, of the first delivery");
    let ((), lost) = tokio::join!(ask("cut"), connection.listen_network_io_failure());
    expect(lost, true, "word of the cut");
    let connection = connect().await?;
    let mut channel = Hearing::confirming(&connection).await?;
    let mut deliveries = channel.consume(&queue, false).await?;
    let (again, _, body) = deliveries.next().await;
    expect(body.as_slice(), b"first", "the message that comes again");
    acknowledge(&channel, again.delivery_tag()).await?;
    channel.publish(&queue, b"second", persistent()).await?;
    let (second, _, body) = deliveries.next().await;
    expect(body.as_slice(), b"second", "the next message");
    acknowledge(&channel, second.delivery_tag()).await?;
    channel.delete(&queue).await?;
    channel.close().await?;
    connection.close().await?;
    let redelivered = again.redelivered();
    passed("connection-cut", json!({ "redelivered": redelivered, "confirmed": true }));
    Ok(())
}

async fn broker_restart() -> Result<()> {
    let connection = connect().await?;
    let mut channel = Hearing::confirming(&connection).await?;
    let declared = QueueDeclareArguments::durable_client_named("amqprs.restart");
    let queue = channel.declare(declared).await?;
    for number in 0..3 {
        channel.publish(&queue, number.to_string().as_bytes(), persistent()).await?;
    }
    ask("restart").await;
    assert!(!connection.is_open(), "no word of the restart");
    let connection = connect().await?;
    let channel = Hearing::confirming(&connection).await?;
    for number in 0..3 {
        let (_, _, body) = channel.get(&queue, true).await?;
        expect(number_in(&body), number, "what was found");
    }
    channel.delete(&queue).await?;
    channel.close().await?;
    connection.close().await?;
    passed("broker-restart", json!({ "found": 3 }));
    Ok(())
}

fn number_in(body: &[u8]) -> i32 {
    std::str::from_utf8(body).expect("text").parse().expect("a number")
}
