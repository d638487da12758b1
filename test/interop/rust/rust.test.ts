import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { SharedBroker, testClient, withTransaction } from '../client-checks.ts'
import { lacking, lackingCommand, rust } from '../installed.ts'

const clients = {
  lapin: withTransaction,
  amqprs: withTransaction,
} as const

const broker = new SharedBroker()
for (const [name, checks] of Object.entries(clients))
  testClient(
    {
      name,
      lacking: lackingCommand('cargo') || lacking(rust),
      program: async () => {
        // What the clients stand on is compiled; they themselves are when they have changed.
        const args = ['build', '--quiet', '--locked', '--offline', '--target-dir', rust]
        await promisify(execFile)('cargo', args, { cwd: import.meta.dirname })
        return { command: join(rust, 'debug', `${name}-client`), args: [] }
      },
      checks,
    },
    broker,
  )
