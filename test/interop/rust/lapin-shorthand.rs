//! The calls of lapin as the checks make them.

use crate::program::expect;
use lapin::options::*;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, Connection, Consumer, PublisherConfirm};
use lapin::{Result, message::Delivery};
use tokio_stream::StreamExt;

pub const PERSISTENT: u8 = 2;

pub async fn confirming(connection: &Connection) -> Result<Channel> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(channel)
}

pub async fn end(channel: &Channel) -> Result<()> {
    channel.close(200, "done".into()).await
}

pub async fn close(connection: &Connection) -> Result<()> {
    connection.close(200, "done".into()).await
}

pub async fn declare(
    channel: &Channel,
    name: &str,
    options: QueueDeclareOptions,
) -> Result<ShortString> {
    let queue = channel.queue_declare(name.into(), options, FieldTable::default()).await?;
    Ok(queue.name().clone())
}

pub async fn exclusive(
    channel: &Channel,
    name: &str,
    arguments: FieldTable,
) -> Result<ShortString> {
    let options = QueueDeclareOptions::exclusive();
    Ok(channel.queue_declare(name.into(), options, arguments).await?.name().clone())
}

pub async fn count(channel: &Channel, queue: &ShortString) -> Result<u32> {
    let passive = QueueDeclareOptions { passive: true, ..Default::default() };
    let declared = channel.queue_declare(queue.clone(), passive, FieldTable::default()).await?;
    Ok(declared.message_count())
}

pub fn persistent() -> BasicProperties {
    BasicProperties::default().with_delivery_mode(PERSISTENT)
}

pub async fn send(
    channel: &Channel,
    exchange: &str,
    key: &ShortString,
    body: &[u8],
    properties: BasicProperties,
) -> Result<PublisherConfirm> {
    let options = BasicPublishOptions::default();
    channel.basic_publish(exchange.into(), key.clone(), options, body, properties).await
}

/// Returns when the broker has confirmed.
pub async fn publish(
    channel: &Channel,
    queue: &ShortString,
    body: &[u8],
    properties: BasicProperties,
) -> Result<()> {
    let confirmation = send(channel, "", queue, body, properties).await?.await?;
    expect(confirmation, Confirmation::Ack(None), "the confirmation");
    Ok(())
}

pub async fn get(channel: &Channel, queue: &ShortString, no_ack: bool) -> Result<Delivery> {
    let got = channel.basic_get(queue.clone(), BasicGetOptions { no_ack }).await?;
    Ok(got.expect("a message in the queue").delivery)
}

pub async fn consume(channel: &Channel, queue: &ShortString, no_ack: bool) -> Result<Consumer> {
    let options = BasicConsumeOptions { no_ack, ..Default::default() };
    channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default()).await
}

pub async fn next(deliveries: &mut Consumer) -> Result<Delivery> {
    deliveries.next().await.expect("the consumer ended")
}

pub fn number_in(delivery: &Delivery) -> i32 {
    std::str::from_utf8(&delivery.data).expect("text").parse().expect("a number")
}

pub fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

pub fn table<const N: usize>(fields: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in fields {
        table.insert(name.into(), value);
    }
    table
}
