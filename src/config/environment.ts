/*
 * Settings out of the environment: HOMING_AMQP_PORT, and HOMING_ADMIN_PASSWORD_FILE for the name of a
 * file that holds the value, as containers mount their secrets.
 *
 * Rule: names that are none of ours are left alone. Kubernetes makes variables of its own for a service
 * called homing, and they must stop nobody; only what looks like a misspelt setting is told.
 */

import { nearestName } from '../known-options.ts'
import type { Fault, Given } from './given.ts'
import { environmentName, settingKeys } from './settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface ReadEnvironment {
  readonly given: readonly Given[]
  /** Told, and not refused. */
  readonly warnings: readonly Fault[]
}

export function readEnvironment(environment: Environment, folder: string): ReadEnvironment {
  const given: Given[] = []
  const warnings: Fault[] = []
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('HOMING_') || value === undefined || value === '') continue
    const one = namedBy(name)
    if (one !== undefined) {
      given.push({ ...one, value, isText: true, source: 'environment', place: name, folder })
      continue
    }
    const meant = misspelt(name)
    if (meant !== undefined) {
      warnings.push({ place: name, text: `is no setting and is not read; did you mean ${meant}?` })
    }
  }
  return { given, warnings }
}

function namedBy(name: string): { readonly key: string; readonly inFile?: true } | undefined {
  const key = keysByName.get(name)
  if (key !== undefined) return { key }
  const base = name.endsWith('_FILE') ? keysByName.get(name.slice(0, -'_FILE'.length)) : undefined
  return base === undefined ? undefined : { key: base, inFile: true }
}

const keysByName: ReadonlyMap<string, string> = new Map(
  settingKeys.map((key) => [environmentName(key), key]),
)

/** What other parts of Homing read. */
const others: ReadonlySet<string> = new Set([
  ...['HOMING_CONFIG', 'HOMING_PASSWORD', 'HOMING_PASSWORD_FILE', 'HOMING_NO_SKIP'],
  // Of a command that `homing work` runs.
  ...['HOMING_ID', 'HOMING_QUEUE', 'HOMING_ATTEMPT', 'HOMING_HEADERS', 'HOMING_KEY'],
  'HOMING_DEADLINE',
])

function misspelt(name: string): string | undefined {
  // Of Kubernetes and of container links.
  if (others.has(name) || /_(SERVICE_(HOST|PORT)|TCP(_\w+)?|UDP(_\w+)?)(_\w+)?$/.test(name))
    return undefined
  return nearestName(name, keysByName.keys())
}
