"""The Celery app of the checks: tasks, and results that come back by rpc://."""

import os

from celery import Celery

QUEUE_TYPE = os.environ.get('CELERY_QUEUE_TYPE', 'classic')

app = Celery('celery-app', broker=os.environ['AMQP_URL'] + '//', backend='rpc://')
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={'confirm_publish': True},
    result_persistent=False,
    task_acks_late=True,
    task_default_exchange_type='topic',
    task_default_queue=f'celery.{QUEUE_TYPE}',
    task_default_queue_type=QUEUE_TYPE,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
)


@app.task(name='double')
def double(number):
    return number * 2


@app.task(name='square')
def square(number):
    return number * number


@app.task(name='say')
def say(text):
    return text


@app.task(name='fail')
def fail():
    raise ValueError('no such thing')


@app.task(name='stubborn', bind=True, max_retries=5)
def stubborn(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return self.request.retries + 1
