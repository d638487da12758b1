/*
 * One program, unchanged but for its place. In one process it is run with all examples, and on a RabbitMQ
 * cluster in test/adapters/rabbitmq-cluster.test.ts.
 */

import { test } from 'node:test'
import { HomingFolder, jsonLines, shows } from '../cli/homing-command.ts'
import { orderRuns } from './order-runs.ts'

test('the order example, three times at once on one directory, brings each its orders home', async () => {
  await orderRuns(3, {})
})

test('the order example, three times at once on a broker, brings each its orders home', async () => {
  using folder = new HomingFolder()
  const served = folder.start(['serve', '--json', '--amqp-port', '0'])
  const gone = new Promise((resolve) => served.once('close', resolve))
  try {
    const [told] = jsonLines<{ readonly listening: readonly { readonly port: number }[] }>(
      await shows(served.stdout, /\n/),
    )
    await orderRuns(3, { where: `amqp://127.0.0.1:${told?.listening[0]?.port}` })
  } finally {
    served.kill('SIGTERM')
    await gone
  }
})
