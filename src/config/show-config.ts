/*
 * The settings in force, each with where it came from. Secrets are shown as such.
 */

import type { Config } from './read-config.ts'
import { type SettingKey, settingKeys, settingOf } from './settings.ts'

export interface ShownSetting {
  readonly key: SettingKey
  /** As it is written in the file; undefined when nothing is set. */
  readonly value: string | undefined
  readonly source: string
  /** `homing.toml:3:8`, `HOMING_AMQP_PORT`, `--amqp-port`; '' for a default. */
  readonly place: string
}

export function showConfig({ values, origins }: Config): readonly ShownSetting[] {
  return settingKeys.map((key) => {
    const value: unknown = values[key]
    const { source, place } = origins.get(key) ?? { source: 'default', place: '' }
    return { key, value: value === undefined ? undefined : shownAs(key, value), source, place }
  })
}

const shownAs = (key: SettingKey, value: unknown): string =>
  settingOf(key).kind.show(value as NonNullable<unknown>)
