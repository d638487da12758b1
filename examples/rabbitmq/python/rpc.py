"""Request and reply: the answer comes to amq.rabbitmq.reply-to, for which there is no queue to declare."""

import os
import uuid

import pika

parameters = pika.URLParameters(os.environ.get('AMQP_URL', 'amqp://127.0.0.1'))
connection = pika.BlockingConnection(parameters)
REPLIES = 'amq.rabbitmq.reply-to'


def fibonacci(number):
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


def serve(queue):
    def on_request(channel, method, properties, body):
        reply = pika.BasicProperties(correlation_id=properties.correlation_id)
        channel.basic_publish('', properties.reply_to, str(fibonacci(int(body))), reply)
        channel.basic_ack(method.delivery_tag)

    channel = connection.channel()
    channel.queue_declare(queue, durable=True, arguments={'x-queue-type': 'quorum'})
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(queue, on_request)


class Caller:
    def __init__(self, queue):
        self.queue = queue
        self.answers = {}
        self.channel = connection.channel()
        self.channel.basic_consume(REPLIES, self.on_reply, auto_ack=True)

    def on_reply(self, channel, method, properties, body):
        self.answers[properties.correlation_id] = int(body)

    def call(self, number):
        request = pika.BasicProperties(reply_to=REPLIES, correlation_id=str(uuid.uuid4()))
        self.channel.basic_publish('', self.queue, str(number), request)
        while request.correlation_id not in self.answers:
            connection.process_data_events(time_limit=None)
        return self.answers.pop(request.correlation_id)


serve('rpc_queue')
caller = Caller('rpc_queue')
answers = [str(caller.call(number)) for number in (10, 15, 20)]
print('fib(10), fib(15), fib(20) = ' + ', '.join(answers))
connection.close()
