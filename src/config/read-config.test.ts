import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { HomingError } from '../errors.ts'
import { type Config, type ConfigSources, readConfig } from './read-config.ts'
import { serverConfig } from './server-config.ts'
import { environmentName, settingKeys, settingOf } from './settings.ts'
import { showConfig } from './show-config.ts'

const canary = 'canary-5e0f'

function folderFor(t: TestContext, text?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'homing-config-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  if (text !== undefined) writeFileSync(join(folder, 'homing.toml'), text, { mode: 0o600 })
  return folder
}

async function faultsOf(read: Promise<unknown> | (() => unknown)): Promise<readonly string[]> {
  try {
    await (typeof read === 'function' ? read() : read)
  } catch (error) {
    assert.ok(error instanceof HomingError, inspect(error))
    assert.equal(error.code, 'bad-config')
    return (error.data as { readonly faults: readonly string[] }).faults
  }
  return assert.fail('it was taken')
}

const readIn = (folder: string, more: ConfigSources = {}): Promise<Config> =>
  readConfig({ folder, ...more })

test('a flag is stronger than the environment, that than the file, that than the default', async (t) => {
  const folder = folderFor(
    t,
    '[amqp]\nport = 1\ntls_port = 2\nchannel_max = 3\n[log]\nlevel = "warn"\n',
  )
  const config = await readIn(folder, {
    environment: { HOMING_AMQP_PORT: '11', HOMING_AMQP_TLS_PORT: '12', HOMING_LOG_LEVEL: '' },
    flags: [{ key: 'amqp.port', text: '111', flag: '--amqp-port' }],
  })
  const { values } = config
  assert.deepEqual(
    [values['amqp.port'], values['amqp.tls_port'], values['amqp.channel_max'], values['log.level']],
    [111, 12, 3, 'warn'],
  )
  assert.equal(values['amqp.heartbeat'], 60)
  const places = new Map(showConfig(config).map(({ key, place }) => [key, place]))
  assert.equal(places.get('amqp.port'), '--amqp-port')
  assert.equal(places.get('amqp.tls_port'), 'HOMING_AMQP_TLS_PORT')
  assert.equal(places.get('log.level'), 'homing.toml:6:1')
  assert.equal(places.get('amqp.heartbeat'), '')
})

test('every fault is told at once, each with its place and the nearest key', async (t) => {
  const folder = folderFor(
    t,
    [
      ...['[ampq]', 'port = 1', '[log]', 'levl = "info"', '  format = "xml"'],
      ...['[alarms]', 'memory = "2GB"', '[amqp]', 'port = 70000', 'heartbeat = "1500ms"'],
      ...['guest = "yes"', '[storage]', 'sync = "5"', 'retain_for = 7', 'segment = "1KiB"'],
      ...['[[listen]]', 'port = 1', '[nothing]', '[tls]', 'prot = 1', 'cert = 1979-05-27'],
    ].join('\n'),
  )
  assert.deepEqual(await faultsOf(readIn(folder, { environment: { HOMING_BIND: '' } })), [
    'homing.toml:2:1: ampq.port is no setting; did you mean amqp.port?',
    'homing.toml:4:1: log.levl is no setting; did you mean log.level?',
    'homing.toml:5:3: log.format is "xml"; give "text" or "json"',
    'homing.toml:7:1: alarms.memory is "2GB"; give a size such as "64MiB" or "2GiB", or a number of bytes',
    'homing.toml:9:1: amqp.port is 70000; give a port from 0 to 65,535',
    'homing.toml:10:1: amqp.heartbeat is "1500ms"; give whole seconds from 0 to 65,535, such as 60 or "60s"',
    'homing.toml:11:1: amqp.guest is "yes"; give true or false',
    'homing.toml:13:1: storage.sync is "5"; give "always", "never", or the time between two syncs such as "50ms"',
    'homing.toml:14:1: storage.retain_for is 7; give a duration such as "250ms", "30s", "5m", "2h" or "7d"',
    'homing.toml:15:1: storage.segment is "1KiB"; give a size such as "64MiB" or "2GiB", or a number of bytes, 4KiB to 1GiB',
    'homing.toml:17:1: listen.0.port is no setting; docs/configuration.md has all of them',
    'homing.toml:18:2: nothing is no setting; docs/configuration.md has all of them',
    'homing.toml:20:1: tls.prot is no setting; did you mean tls.cert?',
    'homing.toml:21:1: tls.cert is "1979-05-27T00:00:00.000Z"; give the path of a file or folder',
  ])
})

test('what is no TOML, a key given twice and a file that is not there are told with their place', async (t) => {
  const folder = folderFor(t, 'data = "a"\ndata = "b"\n')
  assert.match(
    (await faultsOf(readIn(folder))).join(),
    /^homing\.toml:2:1: is no TOML here: .*mult/,
  )
  writeFileSync(join(folder, 'homing.toml'), '[log]\nlevel = info\n')
  assert.match((await faultsOf(readIn(folder))).join(), /^homing\.toml:2:\d+: is no TOML here/)
  assert.match(
    (await faultsOf(readIn(folder, { file: 'none.toml' }))).join(),
    /^none\.toml: cannot be read: ENOENT/,
  )
  assert.match((await faultsOf(readIn(folder, { file: '.' }))).join(), /cannot be read: EISDIR/)
})

test('names of a prototype are no settings', async (t) => {
  const folder = folderFor(t, '__proto__ = 1\nconstructor = 2\n[toString]\nx = 1\n')
  assert.equal((await faultsOf(readIn(folder))).length, 3)
  assert.equal(({} as { polluted?: unknown }).polluted, undefined)
})

test('paths of the file are relative to its folder, those of flags to the working folder', async (t) => {
  const folder = folderFor(t)
  writeFileSync(join(folder, 'other.toml'), 'data = "store"\n[log]\nfile = "homing.log"\n')
  const { values } = await readConfig({
    file: join(folder, 'other.toml'),
    flags: [{ key: 'log.file', text: 'here.log', flag: '--log-file' }],
    folder: '/somewhere',
  })
  assert.equal(values.data, join(folder, 'store'))
  assert.equal(values['log.file'], '/somewhere/here.log')
})

test('a secret is given by a file, of the configuration or of the environment, and shown nowhere', async (t) => {
  const folder = folderFor(t, 'admin_password = { file = "secret" }\n')
  writeFileSync(join(folder, 'secret'), `${canary}\n`)
  const byFile = await readIn(folder)
  const environment = { HOMING_TLS_KEY_PASSPHRASE_FILE: join(folder, 'secret') }
  const config = await readIn(folder, { environment })
  assert.equal(byFile.values.admin_password?.reveal(), canary)
  assert.equal(config.values['tls.key_passphrase']?.reveal(), canary)
  for (const shown of [JSON.stringify(config.values), inspect(config, { depth: 9 })])
    assert.ok(!shown.includes(canary))
  assert.ok(!JSON.stringify(showConfig(config)).includes(canary))
  assert.ok(!`${config.values.admin_password}`.includes(canary))
})

test('a secret of the wrong kind, or the name of its file, is in no error', async (t) => {
  const folder = folderFor(t, `admin_password = ["${canary}"]\n[tls]\nkey_passphrase = ""\n`)
  const environment = { HOMING_ADMIN_PASSWORD_FILE: canary, HOMING_ADMIN_PASSWORD: canary }
  const faults = await faultsOf(readIn(folder, { environment }))
  assert.equal(faults.length, 4, faults.join('\n'))
  assert.ok(!faults.join().includes(canary))
  assert.match(faults.join(), /HOMING_ADMIN_PASSWORD_FILE: gives admin_password a second time/)
})

test('a secret in a file that others may read is warned of', async (t) => {
  const folder = folderFor(t, `admin_password = "${canary}"\n`)
  assert.deepEqual((await readIn(folder)).warnings, [])
  chmodSync(join(folder, 'homing.toml'), 0o644)
  const { warnings } = await readIn(folder)
  assert.match(warnings[0]?.text ?? '', /others may read; chmod 600 homing\.toml/)
  assert.ok(!JSON.stringify(warnings).includes(canary))
})

test('variables of others are left alone; one that is misspelt is warned of', async (t) => {
  const { warnings } = await readIn(folderFor(t), {
    environment: {
      HOMING_SERVICE_HOST: '10.0.0.1',
      HOMING_PORT_5672_TCP: 'tcp://10.0.0.1:5672',
      HOMING_ID: 'x',
      HOMING_LOG_LEVLE: 'debug',
    },
  })
  assert.deepEqual(
    warnings.map(({ place, text }) => `${place} ${text}`),
    ['HOMING_LOG_LEVLE is no setting and is not read; did you mean HOMING_LOG_LEVEL?'],
  )
})

test('settings that do not fit each other are faults', async (t) => {
  const folder = folderFor(t)
  const cases: readonly (readonly [string, RegExp])[] = [
    ['[amqp]\ntls_port = 1\n', /:2:1: TLS needs a certificate and a key/],
    ['[http]\ntls_port = 1\n', /:2:1: TLS needs a certificate and a key/],
    ['[tls]\nkey = "x"\n', /:2:1: TLS is set up, but no port uses it/],
    ['[amqp]\nenabled = false\n', /:2:1: this leaves no AMQP/],
    ['[tls]\nverify_peer = true\n', /:2:1: it needs the authorities/],
    [
      '[amqp]\ntls_port = 1\n[tls]\ncert = "no"\nkey = "homing.toml"\n',
      /:4:1: the file of TLS cannot be read: ENOENT/,
    ],
  ]
  for (const [text, says] of cases) {
    writeFileSync(join(folder, 'homing.toml'), text)
    const config = await readIn(folder)
    assert.match((await faultsOf(() => serverConfig(config))).join(), says)
  }
})

test('what a configuration says arrives where the server is started', async (t) => {
  const folder = folderFor(
    t,
    [
      'bind = "0.0.0.0"',
      ...['[storage]', 'sync = "50ms"', 'retain_for = "2d"', 'tail_memory = "1MiB"'],
      ...['[shutdown]', 'grace = "3s"', '[http]', 'bind = "::1"', '[limits]', 'handshakes = 9'],
    ].join('\n'),
  )
  const { settings, options } = serverConfig(await readIn(folder))
  assert.deepEqual(settings.listen, [{ host: '0.0.0.0', port: 5672 }])
  assert.deepEqual(settings.http, {
    listen: [{ host: '::1', port: 15672 }],
    readOnly: false,
    hostNames: [],
    backupFolder: undefined,
  })
  assert.deepEqual(settings.metrics, { access: 'users' })
  assert.equal(settings.grace, 3_000)
  assert.equal(settings.limits?.handshakesMax, 9)
  assert.deepEqual(options.sync, { every: 50 })
  assert.deepEqual([options.retain?.for, options.tailBytes], [172_800_000, 2 ** 20])
})

test('every default is a value of its kind, and shown so that it could stand in the file', async (t) => {
  const folder = folderFor(t)
  const shown = showConfig(await readConfig({ folder: '/x' }))
  const lines = shown
    .filter(({ value }) => value !== undefined)
    .map(({ key, value }) => `${key} = ${value}`)
  writeFileSync(join(folder, 'homing.toml'), lines.join('\n'))
  const again = await readIn(folder)
  assert.deepEqual(
    showConfig(again).map(({ key, value }) => [key, value]),
    shown.map(({ key, value }) => [key, value]),
  )
})

test('names in the environment are unlike each other, and every setting says in a sentence what it is', () => {
  const names = settingKeys.flatMap((key) => [environmentName(key), `${environmentName(key)}_FILE`])
  assert.equal(new Set(names).size, names.length)
  for (const key of settingKeys) assert.match(settingOf(key).help, /^[A-Z].*\.$/, key)
})

test('the example of the page is in order', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
  const [, example = ''] = /```toml\n(.*?)```/s.exec(page) ?? []
  const folder = folderFor(t, example.replace('/run/secrets/homing-admin', 'secret'))
  writeFileSync(join(folder, 'secret'), canary)
  const { values } = await readIn(folder)
  assert.deepEqual([values['amqp.tls_port'], values['alarms.memory']], [5_671, 2 ** 31])
})
