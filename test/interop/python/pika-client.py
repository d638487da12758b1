"""The checks with pika, its blocking connection. It does not connect again by itself; its users do."""

import pika
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker, UnroutableError

from program import AMQP_URL, BODY_SIZES, ask, body_of, expect, passed

PERSISTENT = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)


def connect():
    parameters = pika.URLParameters(AMQP_URL + '/%2F?connection_attempts=50&retry_delay=0.2')
    return pika.BlockingConnection(parameters)


def confirms(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    queue = 'pika.confirms'
    channel.queue_declare(queue, durable=True)
    confirmed = 0
    for number in range(100):
        # Returns when the broker has confirmed, raises when it has not.
        channel.basic_publish('', queue, str(number), PERSISTENT)
        confirmed += 1
    ready = channel.queue_declare(queue, passive=True).method.message_count
    channel.queue_delete(queue)
    channel.close()
    passed('confirms', confirmed=confirmed, ready=ready)


def properties(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare('', exclusive=True).method.queue
    sent = pika.BasicProperties(
        content_type='application/json',
        content_encoding='identity',
        delivery_mode=2,
        priority=7,
        correlation_id='correlation-1',
        reply_to='some.queue',
        expiration='60000',
        message_id='message-1',
        timestamp=1_700_000_000,
        type='greeting',
        user_id='guest',
        app_id='interop',
        headers={
            'text': 'Grüße',
            'number': 2**40,
            'negative': -1,
            'yes': True,
            'nothing': None,
            'bytes': b'\x00\xff',
            'list': ['a', 1, ['b', False]],
            'table': {'inner': {'deep': 'x'}},
        },
    )
    channel.basic_publish('', queue, b'{}', sent)
    method, got, body = channel.basic_get(queue, auto_ack=True)
    # A binary string that is no UTF-8 comes as bytes, or as bytearray.
    got.headers['bytes'] = bytes(got.headers['bytes'])
    expect(got, sent, 'properties')
    expect(body, b'{}', 'the body')
    expect((method.exchange, method.routing_key, method.redelivered), ('', queue, False), 'method')
    channel.close()
    passed('properties', equal=True)


def bodies(connection):
    channel = connection.channel()
    queue = channel.queue_declare('', exclusive=True).method.queue
    for size in BODY_SIZES:
        channel.basic_publish('', queue, body_of(size))
    arrived = []
    for _, _, body in channel.consume(queue, auto_ack=True):
        expect(body, body_of(len(body)), 'a body')
        arrived.append(len(body))
        if len(arrived) == len(BODY_SIZES):
            break
    channel.cancel()
    channel.close()
    passed('bodies', bytes=arrived)


def prefetch(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare('', exclusive=True).method.queue
    for number in range(5):
        channel.basic_publish('', queue, str(number))
    arrived = []
    channel.basic_qos(prefetch_count=2)
    channel.basic_consume(queue, lambda _, method, __, ___: arrived.append(method.delivery_tag))
    while len(arrived) < 2:
        connection.process_data_events(time_limit=None)
    # A round trip on the same channel: what was to come has come.
    left = channel.queue_declare(queue, passive=True).method.message_count
    connection.process_data_events(time_limit=0)
    held = len(arrived)
    received = 0
    while received < 5:
        while received < len(arrived):
            channel.basic_ack(arrived[received])
            received += 1
        if received < 5:
            connection.process_data_events(time_limit=None)
    channel.close()
    passed('prefetch', held=held, left=left, received=received)


def returned(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    try:
        channel.basic_publish('amq.direct', 'nobody', b'x', mandatory=True)
        raise AssertionError('a message without a queue was taken')
    except UnroutableError as error:
        method = error.messages[0].method
    channel.close()
    passed('returned', code=method.reply_code, text=method.reply_text)


def routing(connection):
    channel = connection.channel()
    channel.confirm_delivery()

    def counted(kind, key, arguments, published):
        exchange = f'pika.{kind}'
        channel.exchange_declare(exchange, kind, auto_delete=True)
        queue = channel.queue_declare('', exclusive=True).method.queue
        channel.queue_bind(queue, exchange, key, arguments)
        for routing_key, headers in published:
            properties = pika.BasicProperties(headers=headers)
            channel.basic_publish(exchange, routing_key, b'x', properties)
        return channel.queue_delete(queue).method.message_count

    errors = [('a.error', None), ('a.error.b.c', None), ('error', None)]
    topic = counted('topic', '*.error.#', None, errors)
    fanout = counted('fanout', 'ignored', None, [('whatever', None)])
    wanted = {'x-match': 'all', 'colour': 'red', 'size': 3}
    red = {'colour': 'red'}
    headers = counted('headers', '', wanted, [('', {**red, 'size': 3, 'more': 1}), ('', red)])
    channel.close()
    passed('routing', topic=topic, fanout=fanout, headers=headers)


def dead_letter(connection):
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare('pika.dead', exclusive=True)
    arguments = {'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'pika.dead'}
    channel.queue_declare('pika.work', exclusive=True, arguments=arguments)
    deaths = channel.consume('pika.dead', auto_ack=True)
    reasons = []

    def died():
        _, properties, _ = next(deaths)
        death = properties.headers['x-death'][0]
        expect((death['queue'], death['count']), ('pika.work', 1), 'x-death')
        reasons.append(death['reason'])

    channel.basic_publish('', 'pika.work', b'bad')
    method, _, _ = channel.basic_get('pika.work')
    channel.basic_reject(method.delivery_tag, requeue=False)
    died()
    channel.basic_publish('', 'pika.work', b'late', pika.BasicProperties(expiration='1'))
    died()
    channel.cancel()
    channel.close()
    passed('dead-letter', reasons=reasons)


def rpc(connection):
    server = connection.channel()
    queue = server.queue_declare('', exclusive=True).method.queue

    def answer(channel, method, properties, body):
        assert properties.reply_to.startswith('amq.rabbitmq.reply-to.')
        reply = pika.BasicProperties(correlation_id=properties.correlation_id)
        channel.basic_publish('', properties.reply_to, str(int(body) * 2), reply)
        channel.basic_ack(method.delivery_tag)

    server.basic_consume(queue, answer)
    client = connection.channel()
    replies = []
    client.basic_consume(
        'amq.rabbitmq.reply-to',
        lambda _, __, properties, body: replies.append((properties.correlation_id, int(body))),
        auto_ack=True,
    )
    asked = pika.BasicProperties(reply_to='amq.rabbitmq.reply-to', correlation_id='call-1')
    client.basic_publish('', queue, b'21', asked)
    while not replies:
        connection.process_data_events(time_limit=None)
    correlation, reply = replies[0]
    expect(correlation, 'call-1', 'the correlation id')
    client.close()
    server.close()
    passed('rpc', reply=reply)


def transaction(connection):
    channel = connection.channel()
    queue = channel.queue_declare('', exclusive=True).method.queue
    channel.tx_select()
    channel.basic_publish('', queue, b'committed')
    channel.tx_commit()
    channel.basic_publish('', queue, b'rolled back')
    channel.tx_rollback()
    count = channel.queue_declare(queue, passive=True).method.message_count
    channel.close()
    passed('transaction', committed=count)


def channel_error(connection):
    channel = connection.channel()
    try:
        channel.queue_declare('pika.absent', passive=True)
        raise AssertionError('an absent queue was found')
    except ChannelClosedByBroker as error:
        code = error.reply_code
        expect(error.reply_text, "NOT_FOUND - no queue 'pika.absent' in vhost '/'", 'the text')
    following = connection.channel()
    following.confirm_delivery()
    queue = following.queue_declare('', exclusive=True).method.queue
    following.basic_publish('', queue, b'still here')
    count = following.queue_delete(queue).method.message_count
    following.close()
    passed('channel-error', code=code, carriedOn=count == 1)


def connection_cut():
    queue = 'pika.cut'
    connection = connect()
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True)
    channel.basic_publish('', queue, b'first', PERSISTENT)
    method, _, _ = next(channel.consume(queue))
    expect(method.redelivered, False, 'redelivered, of the first delivery')
    ask('cut')
    try:
        while True:
            connection.process_data_events(time_limit=None)
    except AMQPConnectionError:
        pass
    connection = connect()
    channel = connection.channel()
    channel.confirm_delivery()
    deliveries = channel.consume(queue)
    again, _, body = next(deliveries)
    expect(body, b'first', 'the body of the message that comes again')
    channel.basic_ack(again.delivery_tag)
    channel.basic_publish('', queue, b'second', PERSISTENT)
    _, _, body = next(deliveries)
    expect(body, b'second', 'the body of the next message')
    channel.cancel()
    channel.queue_delete(queue)
    connection.close()
    passed('connection-cut', redelivered=again.redelivered, confirmed=True)


def broker_restart():
    queue = 'pika.restart'
    connection = connect()
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(queue, durable=True)
    for number in range(3):
        channel.basic_publish('', queue, str(number), PERSISTENT)
    ask('restart')
    connection = connect()
    channel = connection.channel()
    found = []
    for _ in range(3):
        _, _, body = channel.basic_get(queue, auto_ack=True)
        found.append(body)
    expect(found, [b'0', b'1', b'2'], 'what was found')
    channel.queue_delete(queue)
    connection.close()
    passed('broker-restart', found=len(found))


def main():
    connection = connect()
    for check in (confirms, properties, bodies, prefetch, returned, routing, dead_letter, rpc):
        check(connection)
    transaction(connection)
    channel_error(connection)
    connection.close()
    connection_cut()
    broker_restart()


main()
