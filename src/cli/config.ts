/*
 * `homing config`: what `homing serve` would be told, without starting it.
 */

import { Argument, type Command } from 'commander'
import { HomingError } from '../index.ts'
import { type Config, faultText, readConfig, serverConfig, showConfig } from '../server.ts'
import { type Define, examples, type Invocation, jsonOption } from './command.ts'
import { flagsGiven, settingFlags } from './serve-flags.ts'
import { tableLines } from './table.ts'
import { harmless } from './text-width.ts'

const checkHelp = examples([
  ['homing config check', 'homing.toml and the environment, as homing serve would read them'],
  ['homing config check /etc/homing/homing.toml', 'another file'],
])
const showHelp = examples([
  ['homing config show', 'every setting, its value, and where that came from'],
  ['homing config show --only-set', 'without the defaults'],
])

export const defineConfig: Define = (command, invocation) => {
  command.addHelpText('after', checkHelp + showHelp.replace('\nExamples:\n', ''))
  const file = (): Argument => new Argument('[file]', 'the configuration; without it homing.toml')
  flagged(command.command('check').summary('whether the configuration is in order'))
    .addArgument(file())
    .addHelpText('after', checkHelp)
    .action((path: string | undefined, _: unknown, inner: Command) =>
      check(invocation, path, inner),
    )
  flagged(command.command('show').summary('the settings, each with where it came from'))
    .addArgument(file())
    .option('--only-set', 'leave out defaults')
    .addHelpText('after', showHelp)
    .action((path: string | undefined, _: unknown, inner: Command) => show(invocation, path, inner))
}

const flagged = (command: Command): Command =>
  settingFlags(command.description(command.summary()).addOption(jsonOption()))

function read(path: string | undefined, command: Command): Promise<Config> {
  const named = path ?? (command.getOptionValue('config') as string | undefined)
  return readConfig({ file: named, environment: process.env, flags: flagsGiven(command) })
}

/** Each fault on a line of its own; programs get them in one object. */
function told(invocation: Invocation, error: unknown): undefined {
  const { terminal } = invocation
  const faults = error instanceof HomingError && error.code === 'bad-config' && !terminal.json
  if (!faults) throw error
  for (const fault of (error.data as { readonly faults: readonly string[] }).faults) {
    terminal.error(harmless(fault))
  }
  invocation.exit = 'usage'
}

async function check(
  invocation: Invocation,
  path: string | undefined,
  command: Command,
): Promise<void> {
  const config = await read(path, command).catch((error: unknown) => told(invocation, error))
  if (config === undefined) return
  try {
    serverConfig(config)
  } catch (error) {
    told(invocation, error)
    return
  }
  const { terminal } = invocation
  for (const warning of config.warnings) terminal.warn(faultText(warning))
  const { file } = config
  const set = showConfig(config).filter(({ source }) => source !== 'default').length
  if (terminal.json) {
    const warnings = config.warnings.map(faultText)
    return terminal.line(JSON.stringify({ ok: true, file, set, warnings }))
  }
  await terminal.line(
    `in order: ${file ?? 'no file'}, ${set} ${set === 1 ? 'setting' : 'settings'} set`,
  )
}

async function show(
  { terminal }: Invocation,
  path: string | undefined,
  command: Command,
): Promise<void> {
  const all = showConfig(await read(path, command))
  const onlySet = command.getOptionValue('onlySet') === true
  const shown = onlySet ? all.filter(({ source }) => source !== 'default') : all
  if (terminal.json) {
    for (const one of shown) await terminal.line(JSON.stringify(one))
    return
  }
  if (shown.length === 0) return terminal.note('everything is as by default')
  const rows = shown.map(({ key, value = '(not set)', source, place }) => [
    ...[key, value],
    place === '' ? source : place,
  ])
  const bold = (text: string): string => terminal.style('bold', text)
  for (const line of tableLines(columns, rows, terminal.width, bold)) await terminal.line(line)
}

const columns = [
  { title: 'SETTING', whole: true },
  { title: 'VALUE', widthMin: 12 },
  { title: 'FROM', widthMin: 12 },
] as const
