import { join } from 'node:path'
import { testClient, withTransaction } from '../client-checks.ts'
import { lacking, lackingCommand } from '../installed.ts'

testClient({
  name: 'Bunny',
  lacking: lackingCommand('ruby') || lacking('/usr/share/rubygems-integration/all/gems'),
  program: () => ({ command: 'ruby', args: [join(import.meta.dirname, 'bunny.rb')] }),
  checks: withTransaction,
})
