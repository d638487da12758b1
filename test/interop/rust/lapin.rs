//! The checks with lapin. It connects again by itself, and sets up again what it knows of, when told to.

mod program;
#[path = "lapin-shorthand.rs"]
mod shorthand;

use lapin::options::*;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::{AMQPValue, DecimalValue, FieldArray, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties};
use lapin::{ErrorKind, ExchangeKind, Result, message::Delivery};
use program::{BODY_SIZES, ask, body_of, expect, passed, url};
use serde_json::json;
use shorthand::*;
use std::time::Duration;
use tokio_stream::StreamExt;

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
    close(&connection).await?;
    connection_cut().await?;
    broker_restart().await
}

async fn confirms(connection: &Connection) -> Result<()> {
    let channel = confirming(connection).await?;
    let queue = declare(&channel, "lapin.confirms", QueueDeclareOptions::durable()).await?;
    let mut pending = Vec::new();
    for number in 0..100 {
        let body = number.to_string();
        pending.push(send(&channel, "", &queue, body.as_bytes(), persistent()).await?);
    }
    let mut confirmed = 0;
    for confirm in pending {
        confirmed += i32::from(confirm.await?.is_ack());
    }
    let ready = count(&channel, &queue).await?;
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    end(&channel).await?;
    passed("confirms", json!({ "confirmed": confirmed, "ready": ready }));
    Ok(())
}

async fn properties(connection: &Connection) -> Result<()> {
    let channel = confirming(connection).await?;
    let queue = exclusive(&channel, "", FieldTable::default()).await?;
    let bytes = |bytes: &[u8]| AMQPValue::ByteArray(bytes.to_vec().into());
    let list = |values: Vec<AMQPValue>| AMQPValue::FieldArray(FieldArray::from(values));
    let headers = table([
        ("text", text("Grüße")),
        ("u8", AMQPValue::ShortShortUInt(200)),
        ("i8", AMQPValue::ShortShortInt(-3)),
        ("u16", AMQPValue::ShortUInt(60_000)),
        ("i16", AMQPValue::ShortInt(-300)),
        ("u32", AMQPValue::LongUInt(4_000_000_000)),
        ("i32", AMQPValue::LongInt(-1)),
        ("i64", AMQPValue::LongLongInt(1 << 40)),
        ("float", AMQPValue::Float(0.25)),
        ("double", AMQPValue::Double(1.5)),
        ("decimal", AMQPValue::DecimalValue(DecimalValue { scale: 2, value: 314 })),
        ("when", AMQPValue::Timestamp(1_600_000_000)),
        ("yes", AMQPValue::Boolean(true)),
        ("nothing", AMQPValue::Void),
        ("bytes", bytes(&[0, 255])),
        ("list", list(vec![text("a"), AMQPValue::LongInt(1), list(vec![text("b")])])),
        ("table", AMQPValue::FieldTable(table([("deep", text("x"))]))),
    ]);
    let sent = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_content_encoding("identity".into())
        .with_headers(headers)
        .with_delivery_mode(PERSISTENT)
        .with_priority(7)
        .with_correlation_id("correlation-1".into())
        .with_reply_to("some.queue".into())
        .with_expiration("60000".into())
        .with_message_id("message-1".into())
        .with_timestamp(1_700_000_000)
        .with_type("greeting".into())
        .with_user_id("guest".into())
        .with_app_id("interop".into());
    publish(&channel, &queue, b"{}", sent.clone()).await?;
    let got = get(&channel, &queue, true).await?;
    expect(&got.properties, &sent, "properties");
    expect(got.data.as_slice(), b"{}", "the body");
    expect(
        (got.exchange.as_str(), &got.routing_key, got.redelivered),
        ("", &queue, false),
        "method",
    );
    end(&channel).await?;
    passed("properties", json!({ "equal": true }));
    Ok(())
}

async fn bodies(connection: &Connection) -> Result<()> {
    let channel = confirming(connection).await?;
    let queue = exclusive(&channel, "", FieldTable::default()).await?;
    let mut deliveries = consume(&channel, &queue, true).await?;
    let mut arrived = Vec::new();
    for size in BODY_SIZES {
        publish(&channel, &queue, &body_of(size), BasicProperties::default()).await?;
        let delivery = next(&mut deliveries).await?;
        assert!(delivery.data == body_of(size), "the body of {size} bytes");
        arrived.push(delivery.data.len());
    }
    end(&channel).await?;
    passed("bodies", json!({ "bytes": arrived }));
    Ok(())
}

async fn prefetch(connection: &Connection) -> Result<()> {
    let channel = confirming(connection).await?;
    let queue = exclusive(&channel, "", FieldTable::default()).await?;
    for number in 0..5 {
        let body = number.to_string();
        publish(&channel, &queue, body.as_bytes(), BasicProperties::default()).await?;
    }
    channel.basic_qos(2, BasicQosOptions::default()).await?;
    let mut deliveries = consume(&channel, &queue, false).await?;
    let held = [next(&mut deliveries).await?, next(&mut deliveries).await?];
    // A round trip on the same channel: what was to come has come.
    let left = count(&channel, &queue).await?;
    let beyond = tokio::time::timeout(Duration::ZERO, deliveries.next()).await;
    assert!(beyond.is_err(), "a delivery beyond the prefetch");
    for delivery in &held {
        delivery.ack(BasicAckOptions::default()).await?;
    }
    for _ in 0..3 {
        next(&mut deliveries).await?.ack(BasicAckOptions::default()).await?;
    }
    end(&channel).await?;
    passed("prefetch", json!({ "held": held.len(), "left": left, "received": 5 }));
    Ok(())
}

async fn returned(connection: &Connection) -> Result<()> {
    let channel = confirming(connection).await?;
    let mandatory = BasicPublishOptions { mandatory: true, ..Default::default() };
    let confirmation = channel
        .basic_publish("amq.direct".into(), "nobody".into(), mandatory, b"x", persistent())
        .await?
        .await?;
    let Confirmation::Ack(Some(back)) = confirmation else {
        panic!("confirmed, and returned: {confirmation:?}");
    };
    end(&channel).await?;
    passed("returned", json!({ "code": back.reply_code, "text": back.reply_text.as_str() }));
    Ok(())
}

async fn routing(connection: &Connection) -> Result<()> {
    let channel = confirming(connection).await?;
    let none = FieldTable::default;
    let key = |key| (key, none());
    let errors = [key("a.error"), key("a.error.b.c"), key("error")];
    let topic = counted(&channel, ExchangeKind::Topic, ("*.error.#", none()), &errors).await?;
    let all = [key("whatever")];
    let fanout = counted(&channel, ExchangeKind::Fanout, ("ignored", none()), &all).await?;
    let red = ("colour", text("red"));
    let size = |size| ("size", size);
    let matching = ("x-match", text("all"));
    let wanted = table([matching, red.clone(), size(AMQPValue::LongInt(3))]);
    // Another width of the same number.
    let whole = table([red.clone(), size(AMQPValue::LongLongInt(3)), ("more", AMQPValue::Void)]);
    let sent = [("", whole), ("", table([red]))];
    let headers = counted(&channel, ExchangeKind::Headers, ("", wanted), &sent).await?;
    end(&channel).await?;
    passed("routing", json!({ "topic": topic, "fanout": fanout, "headers": headers }));
    Ok(())
}

/// How many of those messages the exchange brings to a queue that is bound like that.
async fn counted(
    channel: &Channel,
    kind: ExchangeKind,
    (binding, arguments): (&str, FieldTable),
    published: &[(&str, FieldTable)],
) -> Result<u32> {
    let exchange: ShortString = format!("lapin.{kind:?}").into();
    let options = ExchangeDeclareOptions { auto_delete: true, ..Default::default() };
    channel.exchange_declare(exchange.clone(), kind, options, FieldTable::default()).await?;
    let queue = exclusive(channel, "", FieldTable::default()).await?;
    let bound = QueueBindOptions::default();
    channel.queue_bind(queue.clone(), exchange.clone(), binding.into(), bound, arguments).await?;
    for (key, headers) in published {
        let properties = BasicProperties::default().with_headers(headers.clone());
        send(channel, exchange.as_str(), &(*key).into(), b"x", properties).await?.await?;
    }
    channel.queue_delete(queue, QueueDeleteOptions::default()).await
}

async fn dead_letter(connection: &Connection) -> Result<()> {
    let channel = confirming(connection).await?;
    let dead = exclusive(&channel, "lapin.dead", FieldTable::default()).await?;
    let arguments = table([
        ("x-dead-letter-exchange", text("")),
        ("x-dead-letter-routing-key", text(dead.as_str())),
    ]);
    let work = exclusive(&channel, "lapin.work", arguments).await?;
    let mut deaths = consume(&channel, &dead, true).await?;
    publish(&channel, &work, b"bad", BasicProperties::default()).await?;
    get(&channel, &work, false).await?.reject(BasicRejectOptions { requeue: false }).await?;
    let rejected = died(&next(&mut deaths).await?);
    let late = BasicProperties::default().with_expiration("1".into());
    publish(&channel, &work, b"late", late).await?;
    let expired = died(&next(&mut deaths).await?);
    end(&channel).await?;
    passed("dead-letter", json!({ "reasons": [rejected, expired] }));
    Ok(())
}

/// The reason of the first death, which must be in the queue of work.
fn died(delivery: &Delivery) -> String {
    let headers = delivery.properties.headers().as_ref().expect("headers").inner();
    let Some(AMQPValue::FieldArray(deaths)) = headers.get("x-death") else {
        panic!("x-death: {headers:?}");
    };
    let Some(AMQPValue::FieldTable(death)) = deaths.as_slice().first() else {
        panic!("x-death: {deaths:?}");
    };
    let field = |name: &str| death.inner().get(name).expect("a field of x-death");
    expect(field("queue"), &text("lapin.work"), "the queue of x-death");
    expect(field("count"), &AMQPValue::LongLongInt(1), "the count of x-death");
    let AMQPValue::LongString(reason) = field("reason") else {
        panic!("reason: {death:?}");
    };
    reason.to_string()
}

async fn rpc(connection: &Connection) -> Result<()> {
    let server = confirming(connection).await?;
    let queue = exclusive(&server, "", FieldTable::default()).await?;
    let mut requests = consume(&server, &queue, false).await?;
    let client = connection.create_channel().await?;
    let direct: ShortString = "amq.rabbitmq.reply-to".into();
    let mut replies = consume(&client, &direct, true).await?;
    let asked =
        BasicProperties::default().with_reply_to(direct).with_correlation_id("call-1".into());
    send(&client, "", &queue, b"21", asked).await?;

    let request = next(&mut requests).await?;
    let reply_to = request.properties.reply_to().clone().expect("a reply_to");
    assert!(reply_to.as_str().starts_with("amq.rabbitmq.reply-to."), "{reply_to}");
    let mut answer = BasicProperties::default();
    if let Some(id) = request.properties.correlation_id() {
        answer = answer.with_correlation_id(id.clone());
    }
    let doubled = (number_in(&request) * 2).to_string();
    publish(&server, &reply_to, doubled.as_bytes(), answer).await?;
    request.ack(BasicAckOptions::default()).await?;

    let reply = next(&mut replies).await?;
    let correlation_id = reply.properties.correlation_id().as_ref().map(ShortString::as_str);
    expect(correlation_id, Some("call-1"), "the correlation id");
    end(&client).await?;
    end(&server).await?;
    passed("rpc", json!({ "reply": number_in(&reply) }));
    Ok(())
}

async fn transaction(connection: &Connection) -> Result<()> {
    let channel = connection.create_channel().await?;
    let queue = exclusive(&channel, "", FieldTable::default()).await?;
    channel.tx_select().await?;
    send(&channel, "", &queue, b"committed", BasicProperties::default()).await?;
    channel.tx_commit().await?;
    send(&channel, "", &queue, b"rolled back", BasicProperties::default()).await?;
    channel.tx_rollback().await?;
    let committed = count(&channel, &queue).await?;
    end(&channel).await?;
    passed("transaction", json!({ "committed": committed }));
    Ok(())
}

async fn channel_error(connection: &Connection) -> Result<()> {
    let channel = connection.create_channel().await?;
    let refused = count(&channel, &"lapin.absent".into()).await.expect_err("an absent queue");
    let ErrorKind::ProtocolError(error) = refused.kind() else {
        panic!("{refused:?}");
    };
    let kind = &AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND);
    expect(error.kind(), kind, "the error");
    let words = "NOT_FOUND - no queue 'lapin.absent' in vhost '/'";
    expect(error.get_message().as_str(), words, "the text");
    let following = confirming(connection).await?;
    let queue = exclusive(&following, "", FieldTable::default()).await?;
    publish(&following, &queue, b"still here", BasicProperties::default()).await?;
    let count = following.queue_delete(queue, QueueDeleteOptions::default()).await?;
    end(&following).await?;
    passed("channel-error", json!({ "code": error.get_id(), "carriedOn": count == 1 }));
    Ok(())
}

async fn connection_cut() -> Result<()> {
    let connection = connect().await?;
    let channel = confirming(&connection).await?;
    let queue = declare(&channel, "lapin.cut", QueueDeclareOptions::durable()).await?;
    publish(&channel, &queue, b"first", persistent()).await?;
    let mut deliveries = consume(&channel, &queue, false).await?;
    let first = next(&mut deliveries).await?;
    expect(first.redelivered, false, "redelivered, of the first delivery");
    ask("cut").await;
    // The consumer goes on when the connection is there again; it may be told of what happened.
    let again = match next(&mut deliveries).await {
        Ok(delivery) => delivery,
        Err(lost) => {
            channel.wait_for_recovery(lost).await?;
            next(&mut deliveries).await?
        }
    };
    expect(again.data.as_slice(), b"first", "the message that comes again");
    again.ack(BasicAckOptions::default()).await?;
    publish(&channel, &queue, b"second", persistent()).await?;
    let second = next(&mut deliveries).await?;
    expect(second.data.as_slice(), b"second", "the next message");
    second.ack(BasicAckOptions::default()).await?;
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    close(&connection).await?;
    let redelivered = again.redelivered;
    passed("connection-cut", json!({ "redelivered": redelivered, "confirmed": true }));
    Ok(())
}

async fn broker_restart() -> Result<()> {
    let connection = connect().await?;
    let channel = confirming(&connection).await?;
    let queue = declare(&channel, "lapin.restart", QueueDeclareOptions::durable()).await?;
    for number in 0..3 {
        publish(&channel, &queue, number.to_string().as_bytes(), persistent()).await?;
    }
    ask("restart").await;
    if let Err(lost) = count(&channel, &queue).await {
        channel.wait_for_recovery(lost).await?;
    }
    for number in 0..3 {
        let got = get(&channel, &queue, true).await?;
        expect(number_in(&got), number, "what was found");
    }
    channel.queue_delete(queue, QueueDeleteOptions::default()).await?;
    close(&connection).await?;
    passed("broker-restart", json!({ "found": 3 }));
    Ok(())
}

/// Tries until the broker is there, now and whenever it is gone.
async fn connect() -> Result<Connection> {
    let patient =
        ConnectionProperties::default().enable_auto_recover().configure_backoff(|backoff| {
            let (least, most) = (Duration::from_millis(100), Duration::from_millis(200));
            backoff.with_min_delay(least).with_max_delay(most).with_max_times(300)
        });
    Connection::connect(&url(), patient).await
}
