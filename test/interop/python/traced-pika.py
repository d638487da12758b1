"""pika with OpenTelemetry's own instrumentation, as `producer` or as `consumer`: a line for each span that ended."""

import json
import sys

import pika
from opentelemetry import trace
from opentelemetry.instrumentation.pika import PikaInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from program import AMQP_URL, expect

ORDERS = 'traced.orders'
ANSWERS = 'traced.answers'

# Texts alone: what is none ends a consumer that has this instrumentation.
UNREADABLE = ['', 'x', 'x' * 60_000, f'00-{"A" * 32}-{"B" * 16}-01', f'00-{"0" * 32}-{"1" * 16}-01']


class Lines(SpanExporter):
    def export(self, spans):
        for span in spans:
            told = {
                'check': 'span',
                'name': span.name,
                'traceId': trace.format_trace_id(span.context.trace_id),
                'spanId': trace.format_span_id(span.context.span_id),
                'parentSpanId': trace.format_span_id(span.parent.span_id) if span.parent else '',
                'fromMs': span.start_time / 1e6,
            }
            print(json.dumps(told), flush=True)
        return SpanExportResult.SUCCESS


def instrument():
    """What programs do at their start; pika is used as ever from then on."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Lines()))
    trace.set_tracer_provider(provider)
    PikaInstrumentor().instrument()
    return trace.get_tracer('program')


def connect():
    connection = pika.BlockingConnection(pika.URLParameters(AMQP_URL + '/%2F'))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(ORDERS, durable=True)
    channel.queue_declare(ANSWERS, durable=True)
    return connection, channel


def consumer():
    instrument()
    connection, channel = connect()

    def work(channel, method, properties, body):
        if body == b'twice' and not method.redelivered:
            channel.basic_nack(method.delivery_tag)
            return
        if body == b'refused':
            channel.basic_reject(method.delivery_tag, requeue=False)
            return
        if body in (b'twice', b'direct'):
            reply = pika.BasicProperties(correlation_id=properties.correlation_id)
            channel.basic_publish('', properties.reply_to, b'done', reply)
        channel.basic_ack(method.delivery_tag)
        if body == b'end':
            channel.stop_consuming()

    channel.basic_consume(ORDERS, work)
    channel.start_consuming()
    connection.close()


def producer():
    tracer = instrument()
    connection, channel = connect()
    answers = []

    def answered(_, __, properties, ___):
        answers.append((properties.correlation_id, properties.headers))

    channel.basic_consume(ANSWERS, answered, auto_ack=True)
    channel.basic_consume('amq.rabbitmq.reply-to', answered, auto_ack=True)

    def publish(body, **properties):
        sent = pika.BasicProperties(delivery_mode=2, **properties)
        channel.basic_publish('', ORDERS, body, sent)

    def answer_to(wanted):
        while not answers:
            connection.process_data_events(time_limit=None)
        correlation_id, headers = answers.pop()
        expect(correlation_id, wanted, 'the correlation id')
        return headers

    def request(name, reply_to=ANSWERS, headers=None):
        with tracer.start_as_current_span(name):
            publish(name.encode(), reply_to=reply_to, correlation_id=name, headers=headers)
        answer_to(name)

    notified = {'x-homing-notify': 'all'}
    request('twice')
    request('direct', reply_to='amq.rabbitmq.reply-to')
    request('refused', headers=notified)
    for number, unreadable in enumerate(UNREADABLE):
        name = f'unreadable-{number}'
        headers = {**notified, 'traceparent': unreadable, 'tracestate': 'a=1'}
        with suppress_instrumentation():
            publish(b'unreadable', reply_to=ANSWERS, correlation_id=name, headers=headers)
        carried = [header for header in answer_to(name) if header.startswith('trace')]
        expect(carried, [], 'what is carried on')
    publish(b'end')
    connection.close()


{'producer': producer, 'consumer': consumer}[sys.argv[1]]()
