import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { startBroker } from './broker.ts'
import {
  type CheckName,
  everyClient,
  SharedBroker,
  testClient,
  withTransaction,
} from './client-checks.ts'
import { lacking, lackingCommand, python } from './installed.ts'

const folder = mkdtempSync(join(tmpdir(), 'homing-interop-tls-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const certificateFile = join(folder, 'certificate.pem')
const keyFile = join(folder, 'key.pem')

const broker = new SharedBroker(() => {
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', keyFile, '-out', certificateFile]
  const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', ...kind, ...names, ...files], { stdio: 'ignore' })
  return startBroker({ certificate: { certificateFile, keyFile } })
})

interface TlsClient {
  readonly command: string
  readonly path: string
  /** How this language is told of one more authority. */
  readonly authority: string
  readonly checks: readonly CheckName[]
}

const clients: Readonly<Record<string, TlsClient>> = {
  amqplib: {
    command: process.execPath,
    path: 'javascript/amqplib.ts',
    authority: 'NODE_EXTRA_CA_CERTS',
    checks: everyClient,
  },
  pika: {
    command: python,
    path: 'python/pika-client.py',
    authority: 'SSL_CERT_FILE',
    checks: withTransaction,
  },
  'aio-pika': {
    command: python,
    path: 'python/aio-pika-client.py',
    authority: 'SSL_CERT_FILE',
    checks: withTransaction,
  },
}

for (const [name, { command, path, authority, checks }] of Object.entries(clients))
  testClient(
    {
      name: `${name} over TLS`,
      lacking: lackingCommand('openssl') || lacking(command),
      program: () => ({
        command,
        args: [join(import.meta.dirname, path)],
        env: { [authority]: certificateFile, PYTHONDONTWRITEBYTECODE: '1' },
      }),
      checks,
    },
    broker,
  )
