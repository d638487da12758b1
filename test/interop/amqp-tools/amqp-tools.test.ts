import { join } from 'node:path'
import { testClient } from '../client-checks.ts'
import { lackingCommand } from '../installed.ts'

testClient({
  name: 'amqp-tools',
  lacking: lackingCommand('amqp-publish'),
  program: () => ({ command: 'sh', args: [join(import.meta.dirname, 'amqp-tools.sh')] }),
  checks: ['get-once', 'consume-lines', 'channel-error', 'broker-restart'],
})
