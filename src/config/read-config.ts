/*
 * From all that was given to the settings in force:
 *
 *   defaults < file < environment < flags        each setting for itself
 *
 * Rule: all faults are told at once, and with any of them there is no configuration. A value that is
 * overruled is checked all the same: it would be in force tomorrow.
 */

import fs from 'node:fs'
import { basename, resolve } from 'node:path'
import { HomingError } from '../errors.ts'
import { nearestName } from '../known-options.ts'
import { Secret } from '../secret.ts'
import { readConfigFile, sectionMark } from './config-file.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { type Fault, faultText, type Given, type Source } from './given.ts'
import {
  isSettingKey,
  type SettingKey,
  type SettingValues,
  settingKeys,
  settingOf,
} from './settings.ts'

export interface ConfigSources {
  /** The file; undefined: `homing.toml` of the folder, when it is there. */
  readonly file?: string | undefined
  readonly environment?: Environment
  readonly flags?: readonly FlagGiven[]
  /** The working folder. */
  readonly folder?: string
}

export interface FlagGiven {
  readonly key: string
  readonly text: string
  /** `--amqp-port`. */
  readonly flag: string
}

export interface Config {
  readonly values: SettingValues
  /** Where each value came from; `place` is '' for a default. */
  readonly origins: ReadonlyMap<SettingKey, { readonly source: Source; readonly place: string }>
  /** The file that was read. */
  readonly file: string | undefined
  readonly warnings: readonly Fault[]
}

export const configFileName = 'homing.toml'

/** Fails with `bad-config`, which names every fault. */
export async function readConfig(sources: ConfigSources = {}): Promise<Config> {
  const { environment = {}, flags = [], folder = process.cwd() } = sources
  const file = fileOf(sources.file ?? environment.HOMING_CONFIG, folder)
  const read =
    file === undefined ? { given: [], faults: [] } : await readConfigFile(file.path, file.shownAs)
  const { given, warnings } = readEnvironment(environment, folder)
  const all = [...read.given, ...given, ...flags.map((flag) => givenBy(flag, folder))]
  const faults = [...read.faults, ...clashes(given)]
  const values = new Map<SettingKey, unknown>(
    settingKeys.map((key) => [key, defaultOf(key, folder)]),
  )
  const origins = new Map<SettingKey, { source: Source; place: string }>(
    settingKeys.map((key) => [key, { source: 'default', place: '' }]),
  )
  for (const one of all) {
    const taken = take(one)
    if ('fault' in taken) {
      if (taken.fault !== undefined) faults.push(taken.fault)
      continue
    }
    values.set(taken.key, taken.value)
    origins.set(taken.key, { source: one.source, place: one.place })
  }
  if (faults.length > 0) throw badConfig(faults)
  return {
    values: Object.fromEntries(values) as SettingValues,
    origins,
    file: file?.path,
    warnings: [...warnings, ...readableSecrets(read.given, file)],
  }
}

export function badConfig(faults: readonly Fault[]): HomingError {
  const texts = faults.map(faultText)
  return new HomingError(
    'bad-config',
    texts.length === 1
      ? `the configuration is not in order: ${texts[0]}`
      : `the configuration has ${texts.length} faults: ${texts.join(' · ')}`,
    { data: { faults: texts } },
  )
}

interface ConfigPath {
  readonly path: string
  readonly shownAs: string
}

/** The one that is named, or the one that happens to be there. */
function fileOf(named: string | undefined, folder: string): ConfigPath | undefined {
  if (named !== undefined && named !== '') return { path: resolve(folder, named), shownAs: named }
  const path = resolve(folder, configFileName)
  return fs.existsSync(path) ? { path, shownAs: configFileName } : undefined
}

const givenBy = ({ key, text, flag }: FlagGiven, folder: string): Given => ({
  key,
  value: text,
  isText: true,
  source: 'flag',
  place: flag,
  folder,
})

function defaultOf(key: SettingKey, folder: string): unknown {
  const { kind, default: value } = settingOf(key)
  return kind.isPath && typeof value === 'string' ? resolve(folder, value) : value
}

/** A value and a file for it are two answers to one question. */
function clashes(given: readonly Given[]): readonly Fault[] {
  const files = given.filter(({ inFile }) => inFile)
  return files
    .filter(({ key }) => given.some((other) => other.key === key && !other.inFile))
    .map(({ key, place }) => ({ place, text: `gives ${key} a second time; leave one of both out` }))
}

type Taken =
  | { readonly key: SettingKey; readonly value: unknown }
  | { readonly fault: Fault | undefined }

function take(given: Given): Taken {
  const { key, place } = given
  if (given.value === sectionMark && isSection(key)) return { fault: undefined }
  if (!isSettingKey(key)) return { fault: { place, text: unknownText(key) } }
  const { kind } = settingOf(key)
  const content = given.inFile ? contentOf(given) : given
  if ('fault' in content) return content
  const raw = content.isText ? kind.fromText(content.value as string) : content.value
  const value = kind.read(raw)
  if (value === undefined) {
    const shown =
      kind.isSecret || raw instanceof Secret ? 'not one that can be used' : shownValue(raw)
    return { fault: { place, text: `${key} is ${shown}; give ${kind.says}` } }
  }
  return { key, value: kind.isPath ? resolve(given.folder, value as string) : value }
}

/** The value that stands in the file which was named. */
function contentOf(given: Given): Given | { readonly fault: Fault } {
  const { value, folder, place, key } = given
  if (typeof value !== 'string' || value === '') {
    return { fault: { place, text: `${key} names no file; give its path as a text` } }
  }
  try {
    const text = fs.readFileSync(resolve(folder, value), 'utf8').replace(/\r?\n$/, '')
    return { ...given, value: text, isText: true }
  } catch (error) {
    // Who confuses the value with the name of its file finds no secret in an error.
    const { code } = error as NodeJS.ErrnoException
    return {
      fault: {
        place,
        text: `the file for ${key} cannot be read (${code}); check its path and mode`,
      },
    }
  }
}

const isSection = (key: string): boolean =>
  settingKeys.some((setting) => setting.startsWith(`${key}.`))

function unknownText(key: string): string {
  const shown = key.slice(0, 80)
  // What is right but for its section comes first: it is what people do not see.
  const name = key.slice(key.lastIndexOf('.') + 1)
  const elsewhere = settingKeys.filter((known) => known.slice(known.lastIndexOf('.') + 1) === name)
  const nearest =
    nearestName(key, settingKeys) ?? (elsewhere.length === 1 ? elsewhere[0] : undefined)
  const hint =
    nearest === undefined ? 'docs/configuration.md has all of them' : `did you mean ${nearest}?`
  return `${shown} is no setting; ${hint}`
}

function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

/** A secret that stands in a file which others may read is none. */
function readableSecrets(given: readonly Given[], file: ConfigPath | undefined): readonly Fault[] {
  if (file === undefined || (fs.statSync(file.path).mode & 0o044) === 0) return []
  const secrets = given.filter(
    ({ key, inFile }) => !inFile && isSettingKey(key) && settingOf(key).kind.isSecret,
  )
  return secrets.map(({ place, key }) => ({
    place,
    text: `${key} stands in a file that others may read; chmod 600 ${basename(file.path)}, or give it by { file = "…" }`,
  }))
}
