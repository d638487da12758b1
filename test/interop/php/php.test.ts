import { join } from 'node:path'
import { testClient, withTransaction } from '../client-checks.ts'
import { lacking, lackingCommand } from '../installed.ts'

testClient({
  name: 'php-amqplib',
  lacking: lackingCommand('php') || lacking('/usr/share/php/PhpAmqpLib'),
  program: () => ({ command: 'php', args: [join(import.meta.dirname, 'php-amqplib.php')] }),
  checks: withTransaction,
})
