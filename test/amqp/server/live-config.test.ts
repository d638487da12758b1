import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { LiveConfig, type LogLevel, readConfig, serverConfig } from '../../../src/server.ts'
import { makeCertificates } from './certificates.ts'
import { SocketClient } from './socket-client.ts'
import { testServer } from './test-server.ts'

const certificates = makeCertificates()
const folder = mkdtempSync(join(tmpdir(), 'homing-live-'))
after(() => {
  certificates[Symbol.dispose]()
  rmSync(folder, { recursive: true, force: true })
})

for (const name of ['server.pem', 'server.key', 'authority.pem'])
  copyFileSync(join(certificates.folder, name), join(folder, name))

const base = '[amqp]\nport = 0\ntls_port = 0\n[tls]\ncert = "server.pem"\nkey = "server.key"\n'
const write = (text: string): void => writeFileSync(join(folder, 'homing.toml'), text)

async function running() {
  write(base)
  const levels: LogLevel[] = []
  const lines: string[] = []
  const tell = (_: object, text: string): void => void lines.push(text)
  const config = await readConfig({ folder })
  const { settings } = serverConfig(config)
  const started = await testServer(settings)
  const live = new LiveConfig({
    config,
    read: () => readConfig({ folder }),
    server: () => started.server,
    log: { debug: tell, info: tell, warn: tell, error: tell },
    setLogLevel: (level) => levels.push(level),
  })
  return { started, live, lines, levels }
}

test('asking for certificates of clients needs a restart; what comes with it is changed all the same', async () => {
  const { started, live, lines, levels } = await running()
  await using _ = started
  write(`${base}ca = "authority.pem"\n[log]\nlevel = "warn"\n[limits]\nconnections = 1\n`)
  const { changed, needsRestart } = await live.reloadNow()
  assert.deepEqual(changed, ['log.level', 'limits.connections'])
  assert.deepEqual(needsRestart, ['tls.ca'])
  assert.deepEqual(levels, ['warn'])
  assert.ok(lines.includes('tls.ca needs a restart to change'))
  using client = await SocketClient.open({ port: started.port })
  await assert.rejects(SocketClient.open({ port: started.port }), /the socket was closed/)
  // Told each time, until it is restarted or taken back.
  assert.deepEqual((await live.reloadNow()).needsRestart, ['tls.ca'])
  await client.end()
})

test('a configuration that could not be started with changes nothing, and the next good one is taken', async () => {
  const { started, live, lines, levels } = await running()
  await using _ = started
  write(`[amqp]\nport = 0\ntls_port = 0\n[log]\nlevel = "debug"\n`)
  await assert.rejects(live.reloadNow(), { code: 'bad-config', message: /TLS needs a certificate/ })
  write(`${base.replace('server.key', 'authority.pem')}[log]\nlevel = "debug"\n`)
  await assert.rejects(live.reloadNow(), { code: 'bad-certificate' })
  assert.deepEqual(levels, [])
  await live.reload('a test')
  assert.match(lines.at(-1) ?? '', /what was in force stays/)
  write(`${base}[log]\nlevel = "debug"\n`)
  assert.deepEqual((await live.reloadNow()).changed, ['log.level'])
})

test('reloads that are asked for at one moment happen one after the other', async () => {
  const { started, live } = await running()
  await using _ = started
  write(`${base}[shutdown]\ngrace = "1s"\n`)
  const both = await Promise.all([live.reloadNow(), live.reloadNow()])
  assert.deepEqual(
    both.map(({ changed }) => changed),
    [['shutdown.grace'], []],
  )
})
