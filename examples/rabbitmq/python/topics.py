"""Topics: `*` stands for one word of the routing key, `#` for any number of them, none included."""

import os

import pika

parameters = pika.URLParameters(os.environ.get('AMQP_URL', 'amqp://127.0.0.1'))
connection = pika.BlockingConnection(parameters)
channel = connection.channel()
channel.confirm_delivery()
channel.exchange_declare('topic_logs', 'topic')

queues = {}
for pattern in ('kern.*', '*.critical', 'kern.#', '#'):
    queues[pattern] = channel.queue_declare('', exclusive=True).method.queue
    channel.queue_bind(queues[pattern], 'topic_logs', pattern)
for key in ('kern.info', 'kern', 'cron.critical', 'kern.disk.full'):
    channel.basic_publish('topic_logs', key, 'look here')

for pattern, queue in queues.items():
    count = channel.queue_declare(queue, passive=True).method.message_count
    print(f'{pattern} got {count}')
connection.close()
