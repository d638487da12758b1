"""The checks with kombu over py-amqp."""

import socket
from datetime import datetime

from amqp.exceptions import NotFound
from kombu import Connection, Consumer, Exchange, Producer, Queue

from program import AMQP_URL, BODY_SIZES, ask, body_of, expect, passed

RETRY = {'interval_start': 0.1, 'interval_step': 0, 'max_retries': 100}


def connect():
    options = {'confirm_publish': True}
    return Connection(AMQP_URL + '//', transport_options=options).ensure_connection(**RETRY)


def drain_until(connection, arrived, count):
    while len(arrived) < count:
        connection.drain_events(timeout=30)


def confirms(connection):
    with connection.channel() as channel:
        queue = Queue('kombu.confirms', durable=True)(channel)
        queue.declare()
        producer = Producer(channel)
        confirmed = 0
        for number in range(100):
            # Returns when the broker has confirmed.
            producer.publish(str(number), routing_key=queue.name, delivery_mode=2)
            confirmed += 1
        ready = queue.queue_declare(passive=True).message_count
        queue.delete()
    passed('confirms', confirmed=confirmed, ready=ready)


def properties(connection):
    with connection.channel() as channel:
        queue = Queue('', exclusive=True)(channel)
        queue.declare()
        sent = {
            'delivery_mode': 2,
            'priority': 7,
            'correlation_id': 'correlation-1',
            'reply_to': 'some.queue',
            'expiration': '60000',
            'message_id': 'message-1',
            'timestamp': 1_700_000_000,
            'type': 'greeting',
            'user_id': 'guest',
            'app_id': 'interop',
        }
        headers = {
            'text': 'Grüße',
            'number': 2**40,
            'negative': -1,
            'fraction': 1.5,
            'yes': True,
            'nothing': None,
            'list': ['a', 1, ['b', False]],
            'table': {'inner': {'deep': 'x'}},
            'when': datetime(2024, 2, 29, 12, 0, 0),
        }
        # The expiration goes out as a string of milliseconds, from a number of seconds.
        outgoing = {**sent, 'expiration': 60}
        Producer(channel).publish(
            {'hello': 'world'}, routing_key=queue.name, headers=headers, **outgoing
        )
        got = queue.get(no_ack=True)
        for name, value in sent.items():
            expect(got.properties[name], value, name)
        expect(got.headers, headers, 'headers')
        expect(got.payload, {'hello': 'world'}, 'payload')
        expect(got.content_type, 'application/json', 'content type')
    passed('properties', equal=True)


def bodies(connection):
    with connection.channel() as channel:
        queue = Queue('kombu.bodies', exclusive=True)(channel)
        queue.declare()
        producer = Producer(channel)
        arrived = []

        def take(message):
            body = bytes(message.body if isinstance(message.body, bytes) else message.body.encode())
            expect(body, body_of(len(body)), 'a body')
            arrived.append(len(body))

        with Consumer(channel, queue, no_ack=True, on_message=take):
            for size in BODY_SIZES:
                producer.publish(
                    body_of(size),
                    routing_key=queue.name,
                    content_type='application/data',
                    content_encoding='binary',
                )
            drain_until(connection, arrived, len(BODY_SIZES))
    passed('bodies', bytes=arrived)


def prefetch(connection):
    with connection.channel() as channel:
        queue = Queue('kombu.prefetch', exclusive=True)(channel)
        queue.declare()
        producer = Producer(channel)
        for number in range(5):
            producer.publish(str(number), routing_key=queue.name)
        arrived = []
        with Consumer(channel, queue, prefetch_count=2, on_message=arrived.append):
            drain_until(connection, arrived, 2)
            # A round trip on the same channel: what was to come has come.
            left = queue.queue_declare(passive=True).message_count
            try:
                connection.drain_events(timeout=0.01)
            except socket.timeout:
                pass
            held = len(arrived)
            received = 0
            while received < 5:
                drain_until(connection, arrived, received + 1)
                arrived[received].ack()
                received += 1
    passed('prefetch', held=held, left=left, received=received)


def returned(connection):
    returns = []

    def on_return(exception, exchange, routing_key, message):
        returns.append(exception)

    with connection.channel() as channel:
        producer = Producer(channel, exchange=Exchange('amq.direct'), on_return=on_return)
        producer.publish('x', routing_key='nobody', mandatory=True)
        drain_until(connection, returns, 1)
    passed('returned', code=returns[0].reply_code, text=returns[0].reply_text)


def routing(connection):
    def counted(kind, key, arguments, published):
        with connection.channel() as channel:
            exchange = Exchange(f'kombu.{kind}', kind, durable=False, auto_delete=True)
            queue = Queue('', exchange, key, exclusive=True, binding_arguments=arguments)(channel)
            queue.declare()
            producer = Producer(channel, exchange=exchange)
            for routing_key, headers in published:
                producer.publish('x', routing_key=routing_key, headers=headers)
            return queue.delete()

    errors = [('a.error', None), ('a.error.b.c', None), ('error', None)]
    topic = counted('topic', '*.error.#', None, errors)
    fanout = counted('fanout', 'ignored', None, [('whatever', None)])
    wanted = {'x-match': 'all', 'colour': 'red', 'size': 3}
    red = {'colour': 'red'}
    headers = counted('headers', '', wanted, [('', {**red, 'size': 3, 'more': 1}), ('', red)])
    passed('routing', topic=topic, fanout=fanout, headers=headers)


def dead_letter(connection):
    with connection.channel() as channel:
        dead = Queue('kombu.dead', exclusive=True)(channel)
        arguments = {'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead.name}
        work = Queue('kombu.work', exclusive=True, queue_arguments=arguments)(channel)
        dead.declare()
        work.declare()
        producer = Producer(channel)
        arrived = []
        reasons = []

        def died():
            drain_until(connection, arrived, len(reasons) + 1)
            death = arrived[-1].headers['x-death'][0]
            expect((death['queue'], death['count']), (work.name, 1), 'x-death')
            reasons.append(death['reason'])

        with Consumer(channel, dead, no_ack=True, on_message=arrived.append):
            producer.publish('bad', routing_key=work.name)
            work.get().reject()
            died()
            producer.publish('late', routing_key=work.name, expiration=0.001)
            died()
    passed('dead-letter', reasons=reasons)


def rpc(connection):
    with connection.channel() as server, connection.channel() as client:
        queue = Queue('kombu.rpc', exclusive=True)(server)
        queue.declare()

        def answer(request):
            assert request.properties['reply_to'].startswith('amq.rabbitmq.reply-to.')
            Producer(server).publish(
                request.payload * 2,
                routing_key=request.properties['reply_to'],
                correlation_id=request.properties['correlation_id'],
            )
            request.ack()

        replies = []
        direct = Queue('amq.rabbitmq.reply-to', no_declare=True)
        with (
            Consumer(server, queue, on_message=answer),
            Consumer(client, direct, no_ack=True, on_message=replies.append, auto_declare=False),
        ):
            Producer(client).publish(
                21, routing_key=queue.name, reply_to=direct.name, correlation_id='call-1'
            )
            drain_until(connection, replies, 1)
        expect(replies[0].properties['correlation_id'], 'call-1', 'the correlation id')
    passed('rpc', reply=replies[0].payload)


def channel_error(connection):
    channel = connection.channel()
    try:
        Queue('kombu.absent')(channel).queue_declare(passive=True)
        raise AssertionError('an absent queue was found')
    except NotFound as error:
        code = error.reply_code
        expect(error.reply_text, "NOT_FOUND - no queue 'kombu.absent' in vhost '/'", 'the text')
    with connection.channel() as following:
        queue = Queue('', exclusive=True)(following)
        queue.declare()
        Producer(following).publish('still here', routing_key=queue.name)
        count = queue.delete()
    passed('channel-error', code=code, carriedOn=count == 1)


def connection_cut():
    queue = Queue('kombu.cut', durable=True)
    connection = connect()
    producer = connection.Producer(auto_declare=False)
    arrived = []

    def publish(text):
        producer.publish(
            text, routing_key=queue.name, declare=[queue], retry=True, retry_policy=RETRY
        )

    publish('first')
    consumer = connection.Consumer(queue, on_message=arrived.append)
    consumer.consume()
    drain_until(connection, arrived, 1)
    expect(arrived[0].delivery_info['redelivered'], False, 'redelivered, of the first delivery')
    ask('cut')
    # The producer notices, connects again and publishes.
    publish('second')
    arrived.clear()
    with connection.Consumer(queue, on_message=arrived.append):
        drain_until(connection, arrived, 2)
    expect([message.payload for message in arrived], ['first', 'second'], 'what came again')
    again = arrived[0].delivery_info['redelivered']
    for message in arrived:
        message.ack()
    queue(connection.default_channel).delete()
    connection.close()
    passed('connection-cut', redelivered=again, confirmed=True)


def broker_restart():
    connection = connect()
    queue = Queue('kombu.restart', durable=True)
    producer = connection.Producer()
    for number in range(3):
        producer.publish(str(number), routing_key=queue.name, declare=[queue], delivery_mode=2)
    ask('restart')
    found = []

    def errback(error, interval):
        del error, interval

    def take():
        bound = queue(connection.default_channel)
        while len(found) < 3:
            message = bound.get()
            message.ack()
            found.append(message.payload)
        bound.delete()

    connection.ensure(connection, lambda: take(), errback=errback, **RETRY)()
    expect(found, ['0', '1', '2'], 'what was found')
    connection.close()
    passed('broker-restart', found=len(found))


def main():
    with connect() as connection:
        for check in (confirms, properties, bodies, prefetch, returned, routing, dead_letter, rpc):
            check(connection)
        channel_error(connection)
    connection_cut()
    broker_restart()


main()
