import { join } from 'node:path'
import { type CheckName, everyClient, testClient, withTransaction } from '../client-checks.ts'
import { lacking, python } from '../installed.ts'

const clients: Readonly<Record<string, readonly CheckName[]>> = {
  pika: withTransaction,
  'aio-pika': withTransaction,
  kombu: everyClient,
  celery: [
    'task',
    'task-error',
    'task-retry',
    'task-group',
    'task-later',
    'worker-control',
    'connection-cut-of-both',
    'broker-restart-of-both',
  ],
}

for (const [name, checks] of Object.entries(clients))
  testClient({
    name,
    lacking: lacking(python),
    program: () => ({
      command: python,
      args: [join(import.meta.dirname, `${name}-client.py`)],
      env: { PYTHONDONTWRITEBYTECODE: '1' },
    }),
    checks,
  })
