"""Publish and subscribe: a fanout exchange gives each queue bound to it a copy."""

import os

import pika

parameters = pika.URLParameters(os.environ.get('AMQP_URL', 'amqp://127.0.0.1'))
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.exchange_declare('logs', 'fanout')
heard = {}


def subscribe(listener):
    # A queue of this connection, with a name by the broker; it goes with the connection.
    queue = channel.queue_declare('', exclusive=True).method.queue
    channel.queue_bind(queue, 'logs')

    def on_message(channel, method, properties, body):
        heard[listener] = body.decode()

    channel.basic_consume(queue, on_message, auto_ack=True)


subscribe('screen')
subscribe('disk')
channel.basic_publish('logs', '', 'the disk is nearly full')
while len(heard) < 2:
    connection.process_data_events(time_limit=None)
for listener in ('screen', 'disk'):
    print(f'{listener}: {heard[listener]}')
connection.close()
