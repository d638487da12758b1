/*
 * The file, homing.toml: its text into settings as they were given, each with line and column.
 *
 *   [amqp]            ─▶ { key: 'amqp.port', value: 5672, place: 'homing.toml:2:1' }
 *   port = 5672
 *
 * What a key means is not known here. `name = { file = "…" }` gives a value by the file that holds it.
 */

import fs from 'node:fs'
import { dirname } from 'node:path'
import type { AST } from 'toml-eslint-parser'
import type { Fault, Given } from './given.ts'

export interface ReadFile {
  readonly given: readonly Given[]
  readonly faults: readonly Fault[]
}

const fileBytesMax = 1_048_576

/** What is wrong with the file is a fault; one that cannot be read is, too. */
export async function readConfigFile(path: string, shownAs = path): Promise<ReadFile> {
  const faulty = (text: string, place = shownAs): ReadFile => ({
    given: [],
    faults: [{ place, text }],
  })
  let text: string
  try {
    if (fs.statSync(path).size > fileBytesMax) return faulty('is longer than 1 MiB')
    text = fs.readFileSync(path, 'utf8')
  } catch (error) {
    return faulty(`cannot be read: ${(error as Error).message}`)
  }
  const { parseTOML } = await import('toml-eslint-parser')
  try {
    const [top] = parseTOML(text, { tomlVersion: '1.0' }).body
    return { given: new Flattened(path, shownAs).of(top), faults: [] }
  } catch (error) {
    const { lineNumber, column, message } = error as Error & SyntaxPlace
    if (lineNumber === undefined) throw error
    return faulty(
      `is no TOML here: ${message}; texts stand in quotes`,
      `${shownAs}:${lineNumber}:${column + 1}`,
    )
  }
}

interface SyntaxPlace {
  readonly lineNumber?: number
  readonly column: number
}

class Flattened {
  readonly #given: Given[] = []
  readonly #shownAs: string
  readonly #folder: string

  constructor(path: string, shownAs: string) {
    this.#shownAs = shownAs
    this.#folder = dirname(path)
  }

  of(top: AST.TOMLTopLevelTable): readonly Given[] {
    for (const node of top.body) {
      if (node.type === 'TOMLKeyValue') this.#pair([], node)
      else this.#table(node)
    }
    return this.#given
  }

  #table(table: AST.TOMLTable): void {
    const section = table.resolvedKey.map(String)
    for (const pair of table.body) this.#pair(section, pair)
    // A misspelt section is told also when it is empty.
    if (table.body.length === 0) this.#add(section, sectionMark, table.key)
  }

  #pair(section: readonly string[], { key, value }: AST.TOMLKeyValue): void {
    const names = [...section, ...namesOf(key)]
    if (value.type !== 'TOMLInlineTable') {
      this.#add(names, plainValue(value), key)
      return
    }
    const [only, ...more] = value.body
    if (only !== undefined && more.length === 0 && namesOf(only.key).join('.') === 'file') {
      this.#add(names, plainValue(only.value), key, true)
      return
    }
    for (const pair of value.body) this.#pair(names, pair)
  }

  #add(names: readonly string[], value: unknown, at: AST.TOMLKey, inFile = false): void {
    const { line, column } = at.loc.start
    this.#given.push({
      key: names.join('.'),
      value,
      isText: false,
      source: 'file',
      place: `${this.#shownAs}:${line}:${column + 1}`,
      folder: this.#folder,
      ...(inFile && { inFile }),
    })
  }
}

/** In place of the value of a section in which nothing stands. */
export const sectionMark: unique symbol = Symbol('an empty section')

const namesOf = ({ keys }: AST.TOMLKey): readonly string[] =>
  keys.map((name) => (name.type === 'TOMLBare' ? name.name : name.value))

/** Dates, lists and tables are of no kind that a setting has: what they hold is no matter. */
function plainValue(node: AST.TOMLContentNode): unknown {
  if (node.type === 'TOMLArray') return node.elements.map(plainValue)
  return node.type === 'TOMLValue' ? node.value : {}
}
