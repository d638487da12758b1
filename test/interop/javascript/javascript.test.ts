import { join } from 'node:path'
import {
  type CheckName,
  everyClient,
  SharedBroker,
  testClient,
  withTransaction,
} from '../client-checks.ts'

const clients: Readonly<Record<string, readonly CheckName[]>> = {
  amqplib: everyClient,
  'rabbitmq-client': withTransaction,
  cloudamqp: withTransaction,
}

const broker = new SharedBroker()
for (const [name, checks] of Object.entries(clients))
  testClient(
    {
      name,
      lacking: false,
      program: () => ({
        command: process.execPath,
        args: [join(import.meta.dirname, `${name}.ts`)],
      }),
      checks,
    },
    broker,
  )
