/*
 * The configuration of a server that runs, and how it changes.
 *
 *   SIGHUP, or a file of TLS that was changed ─▶ read again ─▶ all in order? ─▶ the server takes it over
 *                                                    └─ no ─▶ logged; what is in force stays
 *
 * Rule: what can only be changed by a restart is named in the log, each time. Reloads happen one after
 * the other. Files of TLS are looked at once in a while; those who renew certificates need no signal.
 */

import fs from 'node:fs'
import type { RunningServer } from '../server/running-server.ts'
import type { LogLevel, ServerLog } from '../server/server-log.ts'
import { faultText } from './given.ts'
import type { Config } from './read-config.ts'
import { serverConfig, watchedFiles } from './server-config.ts'
import { type SettingKey, settingKeys, settingOf } from './settings.ts'
import { showConfig } from './show-config.ts'

export interface LiveConfigParts {
  /** As it was read for the start. */
  readonly config: Config
  readonly read: () => Promise<Config>
  readonly server: () => Pick<RunningServer, 'reload'>
  readonly log: ServerLog
  /** The log's own settings. */
  readonly setLogLevel: (level: LogLevel) => void
}

/** Longer ones would be taken for 1 ms. */
const intervalMsMax = 2 ** 31 - 1

export interface ConfigReloaded {
  readonly changed: readonly SettingKey[]
  readonly needsRestart: readonly SettingKey[]
}

export class LiveConfig implements Disposable {
  readonly #parts: LiveConfigParts
  #inForce: Config
  #stamps: string
  #timer: NodeJS.Timeout | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: LiveConfigParts) {
    this.#parts = parts
    this.#inForce = parts.config
    this.#stamps = stampsOf(parts.config)
  }

  /** Looks at the files of TLS from now on. */
  watch(): void {
    const everyMs = this.#inForce.values['tls.watch']
    if (everyMs === 0 || watchedFiles(this.#inForce.values).length === 0) return
    this.#timer = setInterval(() => this.#look(), Math.min(everyMs, intervalMsMax))
    this.#timer.unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  /** For those whom nobody answers: what came of it is in the log. */
  async reload(why: string): Promise<void> {
    const { log } = this.#parts
    try {
      await this.reloadNow(why)
    } catch (error) {
      log.error({ why, error }, 'the configuration was not taken over: what was in force stays')
    }
  }

  /** Fails with `bad-config`, `bad-certificate`; then nothing has changed. */
  reloadNow(why = 'asked for'): Promise<ConfigReloaded> {
    const reloaded = this.#last.then(() => this.#reload(why))
    this.#last = reloaded.catch(() => undefined)
    return reloaded
  }

  async #reload(why: string): Promise<ConfigReloaded> {
    const { read, server, setLogLevel, log } = this.#parts
    const before = this.#inForce
    // Files that are refused are looked at again when they have changed again.
    this.#stamps = stampsOf(before)
    const wanted = await read()
    // As a whole it must be fit for a restart.
    serverConfig(wanted)
    const different = differentKeys(before, wanted)
    const changed = different.filter((key) => reloads(key, before, wanted))
    const needsRestart = different.filter((key) => !changed.includes(key))
    const next = merged(before, wanted, changed)
    const took = await server().reload(serverConfig(next).settings)
    setLogLevel(next.values['log.level'])
    this.#inForce = next
    if (different.includes('tls.cert') || different.includes('tls.key'))
      this.#stamps = stampsOf(next)
    for (const warning of wanted.warnings) log.warn({}, faultText(warning))
    log.info({ why, changed: changed.join(', ') || 'nothing' }, 'the configuration was read again')
    if (took.changed.includes('tls')) log.info({}, 'new certificates are in force')
    for (const key of needsRestart) log.warn({ setting: key }, `${key} needs a restart to change`)
    return { changed, needsRestart }
  }

  #look(): void {
    if (stampsOf(this.#inForce) !== this.#stamps) void this.reload('a file of TLS was changed')
  }
}

/** What of the files tells that they were changed. */
const stampsOf = ({ values }: Config): string =>
  watchedFiles(values)
    .map((path) => {
      const { mtimeMs, size, ino } = fs.statSync(path, { throwIfNoEntry: false }) ?? {}
      return `${mtimeMs} ${size} ${ino}`
    })
    .join('\n')

function differentKeys(before: Config, after: Config): readonly SettingKey[] {
  const shown = new Map(showConfig(before).map(({ key, value }) => [key, value]))
  return showConfig(after).flatMap(({ key, value }) =>
    shown.get(key) === value && !secretChanged(key, before, after) ? [] : [key],
  )
}

function secretChanged(key: SettingKey, before: Config, after: Config): boolean {
  if (!settingOf(key).kind.isSecret) return false
  const [was, is] = [before, after].map(
    ({ values }) => values[key as 'admin_password']?.reveal() ?? undefined,
  )
  // At the first start it was used, and is never looked at again.
  return key !== 'admin_password' && was !== is
}

/** Whether certificates are asked for is settled when a port is opened. */
function reloads(key: SettingKey, before: Config, after: Config): boolean {
  const wasSet = before.values[key] !== undefined
  const isSet = after.values[key] !== undefined
  return settingOf(key).reloads && (key !== 'tls.ca' || wasSet === isSet)
}

/** In force: what could be changed is new, the rest as it was. */
function merged(before: Config, after: Config, changed: readonly SettingKey[]): Config {
  const values = settingKeys.map((key) => [
    key,
    (changed.includes(key) ? after : before).values[key],
  ])
  return { ...before, values: Object.fromEntries(values) as Config['values'] }
}
