//! The calls of amqprs as the checks make them, and a channel that hears what the broker tells it.

use crate::program::{expect, url};
use amqprs::callbacks::{ChannelCallback, DefaultConnectionCallback};
use amqprs::channel::{
    BasicConsumeArguments, BasicGetArguments, BasicPublishArguments, Channel,
    ConfirmSelectArguments, ConsumerMessage, QueueDeclareArguments, QueueDeleteArguments,
};
use amqprs::connection::{Connection, OpenConnectionArguments};
use amqprs::error::Error;
use amqprs::{Ack, BasicProperties, Cancel, CloseChannel, Deliver, FieldTable, FieldValue};
use amqprs::{GetOk, Nack, Return};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, PartialEq)]
pub enum Told {
    Confirmed { tag: u64, multiple: bool },
    Refused,
    Returned { code: u16, text: String },
    Closed { code: u16, text: String },
}

struct Ears(UnboundedSender<Told>);

impl Ears {
    fn hear(&self, told: Told) {
        // Nobody listens any more when its check is over.
        let _ = self.0.send(told);
    }
}

#[async_trait]
impl ChannelCallback for Ears {
    async fn close(&mut self, _: &Channel, close: CloseChannel) -> Result<()> {
        self.hear(Told::Closed { code: close.reply_code(), text: close.reply_text().clone() });
        Ok(())
    }
    async fn cancel(&mut self, _: &Channel, _: Cancel) -> Result<()> {
        Ok(())
    }
    async fn flow(&mut self, _: &Channel, active: bool) -> Result<bool> {
        Ok(active)
    }
    async fn publish_ack(&mut self, _: &Channel, ack: Ack) {
        self.hear(Told::Confirmed { tag: ack.delivery_tag(), multiple: ack.mutiple() });
    }
    async fn publish_nack(&mut self, _: &Channel, _: Nack) {
        self.hear(Told::Refused);
    }
    async fn publish_return(&mut self, _: &Channel, back: Return, _: BasicProperties, _: Vec<u8>) {
        self.hear(Told::Returned { code: back.reply_code(), text: back.reply_text().clone() });
    }
}

/// A channel, and what the broker told it.
pub struct Hearing {
    pub channel: Channel,
    told: UnboundedReceiver<Told>,
    published: u64,
    /// Numbers of those that are not confirmed yet.
    pending: BTreeSet<u64>,
}

impl Hearing {
    pub async fn open(connection: &Connection) -> Result<Self> {
        let channel = connection.open_channel(None).await?;
        let (ears, told) = unbounded_channel();
        channel.register_callback(Ears(ears)).await?;
        Ok(Self { channel, told, published: 0, pending: BTreeSet::new() })
    }

    pub async fn confirming(connection: &Connection) -> Result<Self> {
        let hearing = Self::open(connection).await?;
        hearing.channel.confirm_select(ConfirmSelectArguments::default()).await?;
        Ok(hearing)
    }

    pub async fn told(&mut self) -> Told {
        self.told.recv().await.expect("word of the broker")
    }

    pub async fn send(
        &mut self,
        to: BasicPublishArguments,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<()> {
        self.published += 1;
        self.pending.insert(self.published);
        self.channel.basic_publish(properties, body.to_vec(), to).await
    }

    /// Returns when the broker has confirmed.
    pub async fn publish(&mut self, queue: &str, body: &[u8], with: BasicProperties) -> Result<()> {
        self.send(BasicPublishArguments::new("", queue), body, with).await?;
        self.all_confirmed().await;
        Ok(())
    }

    /// How many were published, when all of them are confirmed.
    pub async fn all_confirmed(&mut self) -> u64 {
        while !self.pending.is_empty() {
            match self.told().await {
                Told::Confirmed { tag, multiple: true } => self.pending.retain(|one| *one > tag),
                Told::Confirmed { tag, .. } => expect(self.pending.remove(&tag), true, "pending"),
                other => panic!("{other:?} instead of a confirm"),
            }
        }
        self.published
    }

    pub async fn declare(&self, queue: QueueDeclareArguments) -> Result<String> {
        Ok(self.channel.queue_declare(queue).await?.expect("an answer").0)
    }

    pub async fn exclusive(&self, name: &str, arguments: FieldTable) -> Result<String> {
        let mut queue = QueueDeclareArguments::new(name);
        self.declare(queue.exclusive(true).arguments(arguments).finish()).await
    }

    pub async fn count(&self, queue: &str) -> Result<u32> {
        let passive = QueueDeclareArguments::new(queue).passive(true).finish();
        Ok(self.channel.queue_declare(passive).await?.expect("an answer").1)
    }

    pub async fn delete(&self, queue: &str) -> Result<u32> {
        let deleted = self.channel.queue_delete(QueueDeleteArguments::new(queue)).await?;
        Ok(deleted.expect("an answer"))
    }

    pub async fn get(
        &self,
        queue: &str,
        no_ack: bool,
    ) -> Result<(GetOk, BasicProperties, Vec<u8>)> {
        let asked = BasicGetArguments::new(queue).no_ack(no_ack).finish();
        Ok(self.channel.basic_get(asked).await?.expect("a message in the queue"))
    }

    pub async fn consume(&self, queue: &str, no_ack: bool) -> Result<Deliveries> {
        let asked = BasicConsumeArguments::new(queue, "").manual_ack(!no_ack).finish();
        let (_, deliveries) = self.channel.basic_consume_rx(asked).await?;
        Ok(Deliveries(deliveries))
    }

    pub async fn close(self) -> Result<()> {
        self.channel.close().await
    }
}

pub struct Deliveries(UnboundedReceiver<ConsumerMessage>);

impl Deliveries {
    pub async fn next(&mut self) -> (Deliver, BasicProperties, Vec<u8>) {
        let message = self.0.recv().await.expect("a delivery");
        let whole = "a whole delivery";
        let properties = message.basic_properties.expect(whole);
        (message.deliver.expect(whole), properties, message.content.expect(whole))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Tries until the broker is there, as the users of this client do.
pub async fn connect() -> Result<Connection> {
    let arguments = OpenConnectionArguments::try_from(url().as_str())?;
    let mut tries = 0;
    loop {
        match Connection::open(&arguments).await {
            Ok(connection) => {
                connection.register_callback(DefaultConnectionCallback).await?;
                return Ok(connection);
            }
            Err(error) if tries == 300 => return Err(error),
            Err(_) => tries += 1,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub fn persistent() -> BasicProperties {
    BasicProperties::default().with_persistence(true).finish()
}

pub fn text(text: &str) -> FieldValue {
    text.into()
}

pub fn table<const N: usize>(fields: [(&str, FieldValue); N]) -> FieldTable {
    let mut table = FieldTable::new();
    for (name, value) in fields {
        table.insert(name.try_into().expect("a short name"), value);
    }
    table
}
