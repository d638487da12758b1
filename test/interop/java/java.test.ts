import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { SharedBroker, testClient, withTransaction } from '../client-checks.ts'
import { jars, lacking, lackingCommand } from '../installed.ts'

const folder = mkdtempSync(join(tmpdir(), 'homing-interop-java-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const clients = { 'rabbitmq-client': 'RabbitmqClient', 'spring-amqp': 'SpringAmqp' }

const broker = new SharedBroker()
for (const [file, className] of Object.entries(clients))
  testClient(
    {
      name: `Java ${file}`,
      lacking: lackingCommand('javac') || lacking(jars),
      program: async () => {
        const classPath = ['-classpath', `${join(jars, '*')}:${folder}`]
        const sources = ['program.java', `${file}.java`]
        const options = [...classPath, '-encoding', 'UTF-8', '-d', folder]
        await promisify(execFile)('javac', [...options, ...sources], { cwd: import.meta.dirname })
        return { command: 'java', args: ['-XX:TieredStopAtLevel=1', ...classPath, className] }
      },
      checks: withTransaction,
    },
    broker,
  )
