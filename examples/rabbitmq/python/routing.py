"""Routing: a direct exchange hands a message to the queues bound with its routing key."""

import os

import pika

parameters = pika.URLParameters(os.environ.get('AMQP_URL', 'amqp://127.0.0.1'))
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.confirm_delivery()
channel.exchange_declare('direct_logs', 'direct')

everything = channel.queue_declare('', exclusive=True).method.queue
for severity in ('info', 'warning', 'error'):
    channel.queue_bind(everything, 'direct_logs', severity)
errors = channel.queue_declare('', exclusive=True).method.queue
channel.queue_bind(errors, 'direct_logs', 'error')

for severity in ('info', 'error'):
    channel.basic_publish('direct_logs', severity, f'{severity}: something happened')

for name, queue in (('everything', everything), ('errors', errors)):
    count = channel.queue_declare(queue, passive=True).method.message_count
    print(f'{name}: {count}')
connection.close()
