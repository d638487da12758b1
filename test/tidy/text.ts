/*
 * Rules of plain text, in every file of the repository: no work left for later that is not an issue,
 * no path of somebody's machine, no package registry. The words are put together here so that this
 * file keeps its own rules.
 */

import { lineOf, type SourceFile } from './source-file.ts'

const folders = ['work', 'tmp', 'root', 'home/[a-z]+', 'Users/[A-Za-z]+'].join('|')

const rules: readonly { readonly pattern: RegExp; readonly says: string }[] = [
  {
    pattern: new RegExp(`\\b(${['TO', 'FIX'].join('DO|')}ME|XX${'X'})\\b`, 'g'),
    says: 'leaves work',
  },
  {
    pattern: new RegExp(`(?<![\\w.\\-/}*])/(${folders})(?![\\w-])`, 'g'),
    says: 'names a path of a machine',
  },
  {
    pattern: new RegExp(
      ['registry\\.npm', 'repo1\\.maven', 'static\\.crates', 'files\\.pythonhosted'].join('|'),
      'g',
    ),
    says: 'names a package registry',
  },
  { pattern: /^<{7} |^>{7} /gm, says: 'holds a merge conflict' },
  { pattern: /[ \t]+$/gm, says: 'ends a line in blanks' },
]

export function textProblems(file: SourceFile): readonly string[] {
  return rules.flatMap(({ pattern, says }) =>
    [...file.text.matchAll(pattern)].map(
      (match) => `${file.path}:${lineOf(file, match.index + 1)} ${says}: ${match[0]}`,
    ),
  )
}
