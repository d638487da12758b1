import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { testClient, withTransaction } from '../client-checks.ts'
import { lackingCommand } from '../installed.ts'

const folder = mkdtempSync(join(tmpdir(), 'homing-interop-go-'))
after(() => rmSync(folder, { recursive: true, force: true }))

testClient({
  name: 'amqp091-go',
  lacking: lackingCommand('go'),
  program: async () => {
    const command = join(folder, 'client')
    await promisify(execFile)('go', ['build', '-o', command, '.'], { cwd: import.meta.dirname })
    return { command, args: [] }
  },
  checks: withTransaction,
})
