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
import type { ServerSettings } from '../server/server-settings.ts'
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

export interface ConfigReloaded {
  readonly changed: readonly SettingKey[]
  readonly needsRestart: readonly SettingKey[]
}

export class LiveConfig implements Disposable {
  readonly #parts: LiveConfigParts
  #inForce: Config
  #wanted: Config
  #stamps: string
  #timer: NodeJS.Timeout | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: LiveConfigParts) {
    this.#parts = parts
    this.#inForce = parts.config
    this.#wanted = parts.config
    this.#stamps = stampsOf(parts.config)
  }

  /** Looks at the files of TLS from now on. */
  watch(): void {
    const everyMs = this.#inForce.values['tls.watch']
    if (everyMs === 0 || watchedFiles(this.#inForce.values).length === 0) return
    this.#timer = setInterval(() => this.#look(), everyMs)
    this.#timer.unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  /** What was refused is in the log, and undefined comes back. */
  async reload(why: string): Promise<ConfigReloaded | undefined> {
    const { log } = this.#parts
    try {
      const reloaded = await this.#inTurn(() => this.#reload())
      const { changed, needsRestart } = reloaded
      log.info(
        { why, changed: changed.join(', ') || 'nothing' },
        'the configuration was read again',
      )
      for (const key of needsRestart) log.warn({ setting: key }, `${key} needs a restart to change`)
      return reloaded
    } catch (error) {
      log.error({ why, error }, 'the configuration was not taken over: what was in force stays')
      return undefined
    }
  }

  /** For the server, when it is asked to reload by others: what it is to take over. */
  async readSettings(): Promise<ServerSettings> {
    const config = await this.#parts.read()
    const { settings } = serverConfig(config)
    this.#wanted = config
    return settings
  }

  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run)
    this.#last = result.catch(() => undefined)
    return result
  }

  async #reload(): Promise<ConfigReloaded> {
    const { server, setLogLevel, log } = this.#parts
    const before = this.#inForce
    // Files that are refused are looked at again when they have changed again.
    this.#stamps = stampsOf(before)
    await server().reload(await this.readSettings())
    const wanted = this.#wanted
    for (const warning of wanted.warnings) log.warn({}, faultText(warning))
    const different = differentKeys(before, wanted)
    const changed = different.filter((key) => settingOf(key).reloads)
    const needsRestart = different.filter((key) => !settingOf(key).reloads)
    setLogLevel(wanted.values['log.level'])
    this.#inForce = merged(before, wanted, changed)
    this.#stamps = stampsOf(this.#inForce)
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

/** In force: what could be changed is new, the rest as it was. */
function merged(before: Config, after: Config, changed: readonly SettingKey[]): Config {
  const values = settingKeys.map((key) => [
    key,
    (changed.includes(key) ? after : before).values[key],
  ])
  return { ...before, values: Object.fromEntries(values) as Config['values'] }
}
