/*
 * From the words on the command line to one command, and from what it did to an exit code.
 * Only the file of the command that runs is loaded, so `homing --help` is quick.
 */

import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { Command, CommanderError } from 'commander'
import type { HomingError } from '../index.ts'
import type { Define, Invocation } from './command.ts'
import { commands } from './commands.ts'
import { type ExitName, exitCodes, exitFor } from './exit-codes.ts'
import { Refusal } from './refusal.ts'
import { Stopping } from './stopping.ts'
import { Terminal } from './terminal.ts'
import { harmless } from './text-width.ts'

/** Runs the command; resolves with the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const terminal = new Terminal()
  const optionWords = words.includes('--') ? words.slice(0, words.indexOf('--')) : words
  terminal.json = optionWords.includes('--json')
  using stopping = new Stopping(terminal)
  const invocation: Invocation = { terminal, stopping, exit: 'ok' }
  // What is awaited must keep the process going, whatever it waits for.
  const awake = setInterval(() => undefined, 2 ** 30)
  try {
    const program = await programFor(words, invocation)
    await program.parseAsync(words.length === 0 ? ['--help'] : [...words], { from: 'user' })
    const exit = terminal.failure ? unwritten(terminal, terminal.failure) : invocation.exit
    return exitCodes[exit].code
  } catch (error) {
    return exitCodes[told(error, terminal, stopping, commandIn(words))].code
  } finally {
    clearInterval(awake)
  }
}

async function programFor(words: readonly string[], invocation: Invocation): Promise<Command> {
  const program = new Command('homing')
  program
    .description('A message queue in which every message comes back with a result.')
    .version(version(), '-V, --version')
    .addHelpText(
      'after',
      '\nhoming COMMAND --help shows the options of a command, with examples.\n',
    )
  prepare(program)
  const name = commandIn(words)
  for (const entry of commands) {
    const command = program.command(entry.name).summary(entry.summary).description(entry.summary)
    prepare(command)
    if (entry.name !== name) continue
    const define: Define = await entry.load()
    define(command, invocation)
    for (const inner of command.commands) prepare(inner)
  }
  return program
}

/** The command that is meant, also by `homing help send`. */
function commandIn(words: readonly string[]): string | undefined {
  const [first, second] = words.filter((word) => !word.startsWith('-'))
  return first === 'help' ? second : first
}

function prepare(command: Command): void {
  command
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({
      styleTitle: (text) => styleText('bold', text),
      styleCommandText: (text) => styleText('cyan', text),
      styleOptionText: (text) => styleText('cyan', text),
      styleArgumentText: (text) => styleText('cyan', text),
    })
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** What commander says, in our form. */
function usageText(message: string, name: string | undefined): string {
  const text = message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')
  const known = commands.some((entry) => entry.name === name)
  return `${text}; homing ${known ? `${name} ` : ''}--help shows how`
}

/** Tells the user what went wrong; returns the exit that stands for it. */
function told(
  error: unknown,
  terminal: Terminal,
  stopping: Stopping,
  name: string | undefined,
): ExitName {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 'ok'
    // The help itself was shown, on stderr.
    if (error.code === 'commander.help') return 'usage'
    return tell(terminal, 'usage', 'usage', usageText(error.message, name))
  }
  if (error instanceof Refusal) return tell(terminal, error.exit, error.exit, error.message)
  if (isHomingError(error)) {
    const exit = exitFor(error.code)
    if (exit === 'interrupted' && stopping.reason === 'reader gone') return 'ok'
    return tell(terminal, exit, error.code, error.message)
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return tell(terminal, 'failed', 'failed', text)
}

function unwritten(terminal: Terminal, error: NodeJS.ErrnoException): ExitName {
  const exit = error.code === 'ENOSPC' ? 'full' : 'failed'
  return tell(terminal, exit, exit, `the results cannot be written: ${error.message}`)
}

/** By its name: loading the library for its class alone would make `--help` slow. */
const isHomingError = (error: unknown): error is HomingError =>
  error instanceof Error && error.name === 'HomingError' && 'code' in error

function tell(terminal: Terminal, exit: ExitName, code: string, message: string): ExitName {
  if (terminal.json) {
    terminal.stderr(`${JSON.stringify({ error: { code, message, exit: exitCodes[exit].code } })}\n`)
  } else {
    terminal.error(harmless(message))
  }
  return exit
}
