"""The checks with aio-pika, and its robust connection, which connects again by itself."""

import asyncio
from datetime import datetime, timezone

import aio_pika
from aio_pika import DeliveryMode, ExchangeType, Message
from aiormq.exceptions import ChannelNotFoundEntity, PublishError

from program import AMQP_URL, BODY_SIZES, ask, body_of, expect, passed


async def confirms(connection):
    channel = await connection.channel()
    queue = await channel.declare_queue('aio-pika.confirms', durable=True)
    sends = [
        channel.default_exchange.publish(
            Message(str(number).encode(), delivery_mode=DeliveryMode.PERSISTENT), queue.name
        )
        for number in range(100)
    ]
    confirmed = len(await asyncio.gather(*sends))
    again = await channel.declare_queue(queue.name, passive=True)
    ready = again.declaration_result.message_count
    await queue.delete(if_empty=False)
    await channel.close()
    passed('confirms', confirmed=confirmed, ready=ready)


async def properties(connection):
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    sent = {
        'content_type': 'application/json',
        'content_encoding': 'identity',
        'delivery_mode': DeliveryMode.PERSISTENT,
        'priority': 7,
        'correlation_id': 'correlation-1',
        'reply_to': 'some.queue',
        'expiration': 60.0,
        'message_id': 'message-1',
        'timestamp': datetime.fromtimestamp(1_700_000_000, timezone.utc),
        'type': 'greeting',
        'user_id': 'guest',
        'app_id': 'interop',
        'headers': {
            'text': 'Grüße',
            'number': 2**40,
            'negative': -1,
            'fraction': 1.5,
            'yes': True,
            'nothing': None,
            'list': ['a', 1, ['b', False]],
            'table': {'inner': {'deep': 'x'}},
        },
    }
    await channel.default_exchange.publish(Message(b'{}', **sent), queue.name)
    got = await queue.get(no_ack=True)
    for name, value in sent.items():
        expect(getattr(got, name), value, name)
    expect((got.body, got.redelivered, got.routing_key), (b'{}', False, queue.name), 'delivery')
    await channel.close()
    passed('properties', equal=True)


async def bodies(connection):
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    arrived = []
    async with queue.iterator(no_ack=True) as messages:
        for size in BODY_SIZES:
            await channel.default_exchange.publish(Message(body_of(size)), queue.name)
            message = await anext(messages)
            expect(message.body, body_of(size), 'a body')
            arrived.append(len(message.body))
    await channel.close()
    passed('bodies', bytes=arrived)


async def prefetch(connection):
    channel = await connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    for number in range(5):
        await channel.default_exchange.publish(Message(str(number).encode()), queue.name)
    await channel.set_qos(prefetch_count=2)
    arrivals = asyncio.Queue()
    await queue.consume(arrivals.put)
    held = [await arrivals.get(), await arrivals.get()]
    # A round trip on the same channel: what was to come has come.
    again = await channel.declare_queue(queue.name, passive=True)
    left = again.declaration_result.message_count
    expect(arrivals.qsize(), 0, 'deliveries beyond the prefetch')
    for message in held:
        await message.ack()
    for _ in range(3):
        await (await arrivals.get()).ack()
    await channel.close()
    passed('prefetch', held=len(held), left=left, received=5)


async def returned(connection):
    channel = await connection.channel(on_return_raises=True)
    exchange = await channel.get_exchange('amq.direct')
    try:
        await exchange.publish(Message(b'x'), 'nobody', mandatory=True)
        raise AssertionError('a message without a queue was taken')
    except PublishError as error:
        delivery = error.message.delivery
    await channel.close()
    passed('returned', code=delivery.reply_code, text=delivery.reply_text)


async def routing(connection):
    channel = await connection.channel()

    async def counted(kind, key, arguments, published):
        exchange = await channel.declare_exchange(f'aio-pika.{kind}', kind, auto_delete=True)
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(exchange, key, arguments=arguments)
        for routing_key, headers in published:
            await exchange.publish(Message(b'x', headers=headers), routing_key)
        return (await queue.delete(if_empty=False)).message_count

    errors = [('a.error', None), ('a.error.b.c', None), ('error', None)]
    topic = await counted(ExchangeType.TOPIC, '*.error.#', None, errors)
    fanout = await counted(ExchangeType.FANOUT, 'ignored', None, [('whatever', None)])
    wanted = {'x-match': 'all', 'colour': 'red', 'size': 3}
    red = {'colour': 'red'}
    sent = [('', {**red, 'size': 3, 'more': 1}), ('', red)]
    headers = await counted(ExchangeType.HEADERS, '', wanted, sent)
    await channel.close()
    passed('routing', topic=topic, fanout=fanout, headers=headers)


async def dead_letter(connection):
    channel = await connection.channel()
    dead = await channel.declare_queue('aio-pika.dead', exclusive=True)
    arguments = {'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead.name}
    work = await channel.declare_queue('aio-pika.work', exclusive=True, arguments=arguments)
    deaths = asyncio.Queue()
    await dead.consume(deaths.put, no_ack=True)
    reasons = []

    async def died():
        [death] = (await deaths.get()).headers['x-death']
        expect((death['queue'], death['count']), (work.name, 1), 'x-death')
        reasons.append(death['reason'])

    await channel.default_exchange.publish(Message(b'bad'), work.name)
    await (await work.get()).reject(requeue=False)
    await died()
    await channel.default_exchange.publish(Message(b'late', expiration=0.001), work.name)
    await died()
    await channel.close()
    passed('dead-letter', reasons=reasons)


async def rpc(connection):
    server = await connection.channel()
    queue = await server.declare_queue(exclusive=True)

    async def answer(request):
        async with request.process():
            assert request.reply_to.startswith('amq.rabbitmq.reply-to.')
            reply = Message(
                str(int(request.body) * 2).encode(), correlation_id=request.correlation_id
            )
            await server.default_exchange.publish(reply, request.reply_to)

    await queue.consume(answer)
    client = await connection.channel()
    direct = await client.get_queue('amq.rabbitmq.reply-to', ensure=False)
    replies = asyncio.Queue()
    await direct.consume(replies.put, no_ack=True)
    asked = Message(b'21', reply_to=direct.name, correlation_id='call-1')
    await client.default_exchange.publish(asked, queue.name)
    reply = await replies.get()
    expect(reply.correlation_id, 'call-1', 'the correlation id')
    await client.close()
    await server.close()
    passed('rpc', reply=int(reply.body))


async def transaction(connection):
    channel = await connection.channel(publisher_confirms=False)
    queue = await channel.declare_queue(exclusive=True)
    async with channel.transaction():
        await channel.default_exchange.publish(Message(b'committed'), queue.name)
    try:
        async with channel.transaction():
            await channel.default_exchange.publish(Message(b'rolled back'), queue.name)
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    again = await channel.declare_queue(queue.name, passive=True)
    count = again.declaration_result.message_count
    await channel.close()
    passed('transaction', committed=count)


async def channel_error(connection):
    channel = await connection.channel()
    try:
        await channel.declare_queue('aio-pika.absent', passive=True)
        raise AssertionError('an absent queue was found')
    except ChannelNotFoundEntity as error:
        assert "no queue 'aio-pika.absent' in vhost '/'" in str(error), error
    following = await connection.channel()
    queue = await following.declare_queue(exclusive=True)
    await following.default_exchange.publish(Message(b'still here'), queue.name)
    count = (await queue.delete(if_empty=False)).message_count
    await following.close()
    passed('channel-error', code=404, carriedOn=count == 1)


async def connection_cut():
    connection = await aio_pika.connect_robust(AMQP_URL, reconnect_interval=0.1)
    connected = asyncio.Event()
    channel = await connection.channel()
    connection.reconnect_callbacks.add(lambda *_: connected.set())
    queue = await channel.declare_queue('aio-pika.cut', durable=True)
    exchange = channel.default_exchange
    arrivals = asyncio.Queue()
    await queue.consume(arrivals.put)
    first = Message(b'first', delivery_mode=DeliveryMode.PERSISTENT)
    await exchange.publish(first, queue.name)
    expect((await arrivals.get()).redelivered, False, 'redelivered, of the first delivery')
    ask('cut')
    await connected.wait()
    # The consumer is there again without our doing.
    again = await arrivals.get()
    expect(again.body, b'first', 'the body of the message that comes again')
    await again.ack()
    await exchange.publish(Message(b'second'), queue.name)
    second = await arrivals.get()
    expect(second.body, b'second', 'the body of the next message')
    await second.ack()
    await queue.delete(if_unused=False)
    await connection.close()
    passed('connection-cut', redelivered=again.redelivered, confirmed=True)


async def broker_restart():
    connection = await aio_pika.connect_robust(AMQP_URL, reconnect_interval=0.1)
    connected = asyncio.Event()
    connection.reconnect_callbacks.add(lambda *_: connected.set())
    channel = await connection.channel()
    queue = await channel.declare_queue('aio-pika.restart', durable=True)
    for number in range(3):
        message = Message(str(number).encode(), delivery_mode=DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, queue.name)
    # In a thread: the connection must notice meanwhile.
    await asyncio.to_thread(ask, 'restart')
    await connected.wait()
    channel = await connection.channel()
    queue = await channel.declare_queue('aio-pika.restart', durable=True)
    found = [(await queue.get(no_ack=True)).body for _ in range(3)]
    expect(found, [b'0', b'1', b'2'], 'what was found')
    await queue.delete()
    await connection.close()
    passed('broker-restart', found=len(found))


async def main():
    connection = await aio_pika.connect(AMQP_URL)
    for check in (confirms, properties, bodies, prefetch, returned, routing, dead_letter, rpc):
        await check(connection)
    await transaction(connection)
    await channel_error(connection)
    await connection.close()
    await connection_cut()
    await broker_restart()


asyncio.run(main())
