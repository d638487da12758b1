/*
 * A source file as the tidy tests see it: its path from the root, its text, its syntax tree.
 */

import { globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix, sep } from 'node:path'
import { parseSync } from 'oxc-parser'

export const root = join(import.meta.dirname, '../..')

/** What git leaves alone, as each .gitignore has it: results of builds, of tests, of the bench. */
const notOurs = globSync('**/.gitignore', { cwd: root, exclude: ['node_modules', '.git', '.tmp'] })
  .flatMap((ignoring) =>
    readFileSync(join(root, ignoring), 'utf8')
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '' && !/^[#!]/.test(line))
      .map((line) => posix.join(dirname(ignoring), line.replace(/^\/|\/$/g, ''))),
  )
  .concat('.git')
  .flatMap((path) => [path, `${path}/**`])

export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

/** Every file of the repository whose path matches, sorted. */
export function repositoryFiles(...patterns: readonly string[]): readonly SourceFile[] {
  return globSync([...patterns], { cwd: root, exclude: notOurs })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => statSync(join(root, path)).isFile())
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

export const typescriptFiles = (): readonly SourceFile[] =>
  repositoryFiles('{src,test,bench,examples,scripts}/**/*.{ts,tsx}')

/** Every node of the file's syntax tree, parents before children. */
export function* nodesOf(file: SourceFile): Generator<SyntaxNode> {
  const parsed = parseSync(file.path, file.text)
  const [problem] = parsed.errors
  if (problem !== undefined) throw new Error(`${file.path} does not parse: ${problem.message}`)
  const waiting: unknown[] = [parsed.program]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (Array.isArray(next)) waiting.push(...next)
    if (!isNode(next)) continue
    yield next
    waiting.push(...Object.values(next))
  }
}

export function lineOf(file: SourceFile, offset: number): number {
  let line = 1
  for (
    let at = file.text.indexOf('\n');
    at !== -1 && at < offset;
    at = file.text.indexOf('\n', at + 1)
  )
    line++
  return line
}

export const linesIn = (file: SourceFile): number =>
  file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0)

const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
