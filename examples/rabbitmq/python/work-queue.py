"""Work queues: tasks go to whichever worker is free, one at a time, and none is lost with a worker."""

import os

import pika

parameters = pika.URLParameters(os.environ.get('AMQP_URL', 'amqp://127.0.0.1'))
connection = pika.BlockingConnection(parameters)
queue = 'task_queue'
tasks = ['resize a photo', 'send a mail', 'print a bill', 'count the stock']
done = []

sending = connection.channel()
sending.confirm_delivery()
sending.queue_declare(queue, durable=True, arguments={'x-queue-type': 'quorum'})
for task in tasks:
    persistent = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
    sending.basic_publish('', queue, task, persistent)


def work(worker):
    def on_message(channel, method, _, body):
        print(f'{worker} works on: {body.decode()}')
        channel.basic_ack(method.delivery_tag)
        done.append(body.decode())

    channel = connection.channel()
    # The next task comes only after this one was acknowledged.
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(queue, on_message)


work('anna')
work('ben')
while len(done) < len(tasks):
    connection.process_data_events(time_limit=None)
print('done: ' + ', '.join(sorted(done)))
connection.close()
