/*
 * The flags of `homing serve`, out of the table of settings. What they mean is checked together with the
 * file and the environment, in one place; here they stay texts.
 */

import { type Command, Option } from 'commander'
import { type FlagGiven, isSettingKey, type SettingKey, settingKeys, settingOf } from '../server.ts'
import { collected } from './command.ts'
import { Refusal } from './refusal.ts'

/** Adds `--config`, `--set`, and a flag for each setting that has one. */
export function settingFlags(command: Command): Command {
  for (const key of settingKeys) {
    const option = optionOf(key)
    if (option !== undefined) command.addOption(option)
  }
  return command
    .option('--config <file>', 'the configuration; without it homing.toml, when it is there')
    .option('--set <key=value>', 'any other setting, such as log.format=json', collected)
}

function optionOf(key: SettingKey): Option | undefined {
  const { flag, flagHelp, help } = settingOf(key)
  if (flag === undefined) return undefined
  const sentence = help.replace(/^[A-Z](?=[a-z ])/, (first) => first.toLowerCase())
  return new Option(flag, flagHelp ?? sentence.replace(/\.$/, '').replaceAll('`', ''))
}

/** Those that were given on the command line. Fails with `usage` for a `--set` that sets nothing. */
export function flagsGiven(command: Command): readonly FlagGiven[] {
  const flags = settingKeys.flatMap((key): FlagGiven[] => {
    const option = optionOf(key)
    if (option === undefined) return []
    const name = option.attributeName()
    if (command.getOptionValueSource(name) !== 'cli') return []
    return [{ key, text: String(command.getOptionValue(name)), flag: option.long ?? '' }]
  })
  const sets = (command.getOptionValue('set') ?? []) as readonly string[]
  return [...flags, ...dataGiven(command), ...sets.map(setGiven)]
}

/** `--data` is shared by all commands, and the environment is read for it elsewhere. */
function dataGiven(command: Command): readonly FlagGiven[] {
  if (command.getOptionValueSource('data') !== 'cli') return []
  return [{ key: 'data', text: String(command.getOptionValue('data')), flag: '--data' }]
}

function setGiven(words: string): FlagGiven {
  const [, key = '', text = ''] = /^([^=]+)=(.*)$/s.exec(words) ?? []
  if (key === '') throw new Refusal('usage', '--set takes KEY=VALUE, such as --set log.format=json')
  if (isSettingKey(key) && settingOf(key).kind.isSecret) {
    throw new Refusal(
      'usage',
      `${key} is a secret, and everybody sees the words of a command; give it by the file or the environment`,
    )
  }
  return { key, text, flag: `--set ${key}` }
}
