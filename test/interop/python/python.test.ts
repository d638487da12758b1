import { join } from 'node:path'
import {
  type CheckName,
  everyClient,
  SharedBroker,
  testClient,
  withTransaction,
} from '../client-checks.ts'
import { lacking, python } from '../installed.ts'

const celeryChecks: readonly CheckName[] = [
  'task',
  'task-error',
  'task-retry',
  'task-group',
  'task-later',
  'worker-control',
  'connection-cut-of-both',
  'broker-restart-of-both',
]

const clients: Readonly<Record<string, readonly CheckName[]>> = {
  pika: withTransaction,
  'aio-pika': withTransaction,
  kombu: everyClient,
  celery: celeryChecks,
}

const broker = new SharedBroker()
for (const [name, checks] of Object.entries(clients))
  testClient(
    {
      name,
      lacking: lacking(python),
      program: () => ({
        command: python,
        args: [join(import.meta.dirname, `${name}-client.py`)],
        env: { PYTHONDONTWRITEBYTECODE: '1' },
      }),
      checks,
    },
    broker,
  )

// Tasks with a countdown then wait in 28 queues of the broker, not in the worker.
testClient(
  {
    name: 'celery on quorum queues',
    lacking: lacking(python),
    program: () => ({
      command: python,
      args: [join(import.meta.dirname, 'celery-client.py')],
      env: { PYTHONDONTWRITEBYTECODE: '1', CELERY_QUEUE_TYPE: 'quorum' },
    }),
    checks: celeryChecks,
  },
  broker,
)
