/*
 * What every command file is made of: options shared by all, help with examples, the way to an exit.
 */

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ExitName } from './exit-codes.ts'
import type { Stopping } from './stopping.ts'
import type { Terminal } from './terminal.ts'

/** One run of the command. */
export interface Invocation {
  readonly terminal: Terminal
  readonly stopping: Stopping
  /** How it ends unless something is thrown. */
  exit: ExitName
}

/** Gives a command its arguments, options, help and action. */
export type Define = (command: Command, invocation: Invocation) => void

export interface CommonOptions {
  readonly data: string
  readonly json?: boolean
}

const dataDefault = './data'

export function commonOptions(command: Command): Command {
  return command.addOption(dataOption()).addOption(jsonOption())
}

export const dataOption = (): Option =>
  new Option('--data <dir>', 'data directory').default(dataDefault).env('HOMING_DATA')

export const jsonOption = (): Option => new Option('--json', 'results and errors as JSON')

/** Examples below the help; each is a command line and what it does. */
export function examples(lines: readonly (readonly [line: string, does: string])[]): string {
  const shown = lines.map(([line, does]) => `  $ ${line}\n      ${does}`)
  return `\nExamples:\n${shown.join('\n')}\n`
}

/** Parses a whole number for an option. */
export function wholeNumberFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }
}

/** Collects an option that may be given several times. */
export const collected = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  text,
]
