"""Publisher confirms: the broker says of every message that it has it, on disk if it is persistent."""

import os

import pika
from pika.exceptions import UnroutableError

parameters = pika.URLParameters(os.environ.get('AMQP_URL', 'amqp://127.0.0.1'))
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.confirm_delivery()
queue = channel.queue_declare('', exclusive=True).method.queue

# Each call returns when the broker has confirmed, and raises when it has not.
confirmed = 0
for number in range(100):
    channel.basic_publish('', queue, str(number))
    confirmed += 1

# Nowhere to go: the message comes back.
try:
    channel.basic_publish('', 'no such queue', 'lost?', mandatory=True)
except UnroutableError as error:
    print(f'came back: {error.messages[0].method.reply_text}')

print(f'confirmed: {confirmed}')
connection.close()
