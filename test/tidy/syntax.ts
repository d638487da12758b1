/*
 * Rules of one file's syntax: how long it and its functions are, and what it may not use.
 */

import { lineOf, linesIn, nodesOf, type SourceFile, type SyntaxNode } from './source-file.ts'

export const fileLinesMax = 400
export const functionLinesMax = 60

const functions = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']

/** Every breach in the file, as `path:line what`. */
export function syntaxProblems(file: SourceFile): readonly string[] {
  const problems: string[] = []
  const lines = linesIn(file)
  if (lines > fileLinesMax) problems.push(`${file.path}:1 has ${lines} lines of ${fileLinesMax}`)
  for (const node of nodesOf(file)) {
    const problem = problemOf(file, node)
    if (problem !== undefined) problems.push(`${file.path}:${lineOf(file, node.start)} ${problem}`)
  }
  return problems
}

function problemOf(file: SourceFile, node: SyntaxNode): string | undefined {
  if (functions.includes(node.type)) return lengthProblem(file, node)
  switch (node.type) {
    case 'ExportDefaultDeclaration':
      return 'has a default export'
    case 'ExportAllDeclaration':
      return 'exports everything of another file'
    case 'TSEnumDeclaration':
      return 'declares an enum'
    case 'TSAnyKeyword':
      return 'uses the type any'
    case 'TSModuleDeclaration':
      return 'declares a namespace'
    default:
      return undefined
  }
}

function lengthProblem(file: SourceFile, node: SyntaxNode): string | undefined {
  const lines = lineOf(file, node.end) - lineOf(file, node.start) + 1
  return lines > functionLinesMax
    ? `has a function of ${lines} lines of ${functionLinesMax}`
    : undefined
}
