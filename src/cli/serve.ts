/*
 * `homing serve`: the engine of a data directory behind AMQP 0-9-1.
 *
 *   start ─▶ one line on stdout: where it listens ─▶ log lines on stderr
 *   SIGHUP ─▶ the configuration is read again, and what can be changed is
 *   Ctrl-C, SIGTERM ─▶ clients may settle for a while, are told; what they hold goes back ─▶ 0
 *   again ─▶ ends at once
 */

import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import type { Command } from 'commander'
import {
  type Config,
  faultText,
  LiveConfig,
  type OpenedLog,
  openLog,
  readConfig,
  type ServerConfig,
  type StartedServer,
  serverConfig,
  startServer,
} from '../server.ts'
import { type Define, dataOption, examples, type Invocation, jsonOption } from './command.ts'
import { refuseForeign } from './open-home.ts'
import { flagsGiven, settingFlags } from './serve-flags.ts'

const help = examples([
  ['homing serve', 'on port 5672 of this machine, data in ./data'],
  ['homing serve --config /etc/homing/homing.toml', 'as the file says'],
  ['homing serve --amqp-port 0 --json', 'on a free port, told as JSON'],
  [
    'homing serve --bind 0.0.0.0 --amqps-port 5671 --tls-cert c.pem --tls-key k.pem --no-amqp',
    'for other machines, with TLS only',
  ],
])

const notes = `
The first start makes the user guest, who comes in from this machine only, and the user admin, with a
password that stands in the file admin-password of the data directory. homing user manages others.
Passwords over a connection without TLS are taken from this machine only, unless --allow-plaintext.
Everything that can be set, also by a file and the environment: docs/configuration.md.
`

export const defineServe: Define = (command, invocation) => {
  settingFlags(command.addOption(dataOption()).addOption(jsonOption()))
    .addHelpText('after', help + notes)
    .action(() => serve(invocation, command))
}

async function serve(invocation: Invocation, command: Command): Promise<void> {
  const { terminal, stopping } = invocation
  collectByNeed()
  const read = (): Promise<Config> => configOf(command, terminal.json)
  const config = await read()
  const wanted = serverConfig(config)
  refuseForeign(wanted.data)
  const { values } = config
  const log = await openLog({
    level: values['log.level'],
    format: values['log.format'],
    file: values['log.file'],
    write: (line) => terminal.stderr(line),
  })
  for (const warning of config.warnings) log.warn({}, faultText(warning))
  stopping.onFirst = () => log.info({}, 'stopping; a second signal ends at once')
  const started = await start(invocation, { config, wanted, read, log })
  try {
    await stopped(stopping.signal)
  } finally {
    await started.server.close()
    log.close()
  }
}

interface Starting {
  readonly config: Config
  readonly wanted: ServerConfig
  readonly read: () => Promise<Config>
  readonly log: OpenedLog
}

async function start(
  invocation: Invocation,
  { config, wanted, read, log }: Starting,
): Promise<StartedServer> {
  let started: StartedServer | undefined
  const live = new LiveConfig({
    ...{ config, read, log, setLogLevel: (level) => log.setLevel(level) },
    server: () => (started as StartedServer).server,
  })
  started = await startServer(
    wanted.data,
    { ...wanted.settings, log, reloadConfiguration: () => live.reloadNow() },
    wanted.options,
  )
  const { stopping } = invocation
  stopping.onHangUp = () => {
    reopen(log)
    void live.reload('SIGHUP')
  }
  stopping.signal.addEventListener('abort', () => live[Symbol.dispose](), { once: true })
  live.watch()
  await tell(invocation, wanted.data, started)
  started.server.warm()
  return started
}

/** A log that cannot be opened again stays where it is: the server matters more. */
function reopen(log: OpenedLog): void {
  try {
    log.reopen()
  } catch (error) {
    log.error({ error }, 'the log goes on in the old file')
  }
}

/** What the file, the environment and the flags say now. */
function configOf(command: Command, json: boolean): Promise<Config> {
  const jsonLog = json ? [{ key: 'log.format', text: 'json', flag: '--json' }] : []
  return readConfig({
    file: command.getOptionValue('config') as string | undefined,
    environment: process.env,
    flags: [...jsonLog, ...flagsGiven(command)],
  })
}

/**
 * Bodies are buffers outside of V8's heap. By default they make it mark the whole heap several times a second,
 * a fifth of the process under load; with this flag they count as a part of what may be in use.
 */
function collectByNeed(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}

async function tell(
  { terminal }: Invocation,
  data: string,
  { server, adminPasswordFile }: StartedServer,
): Promise<void> {
  const { listening, httpListening: http } = server
  if (terminal.json) {
    const where = listening.map(({ url, host, port, tls }) => ({ url, host, port, tls }))
    return terminal.line(JSON.stringify({ listening: where, http, data, adminPasswordFile }))
  }
  if (adminPasswordFile !== undefined) {
    terminal.note(`the password of the user admin is in ${adminPasswordFile}, behind "admin:"`)
  }
  const urls = [...listening, ...http].map(({ url }) => url)
  const [last, ...others] = urls.toReversed()
  const all = others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`
  await terminal.line(`homing listens on ${all}`)
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
