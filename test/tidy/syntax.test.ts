import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typescriptFiles } from './source-file.ts'
import { fileLinesMax, functionLinesMax, syntaxProblems } from './syntax.ts'

const problems = (text: string) => syntaxProblems({ path: 'src/sample.ts', text })

test('files and functions are short, and use no default export, export *, enum, any or namespace', () => {
  assert.deepEqual(typescriptFiles().flatMap(syntaxProblems), [])
})

test('each forbidden piece of syntax is found with its line', () => {
  const found = (text: string): string => problems(`// first line\n${text}`).join()
  assert.equal(found('export default 1'), 'src/sample.ts:2 has a default export')
  assert.equal(
    found("export * from './x.ts'"),
    'src/sample.ts:2 exports everything of another file',
  )
  assert.equal(
    found("export * as x from './x.ts'"),
    'src/sample.ts:2 exports everything of another file',
  )
  assert.equal(found('enum Colour { red }'), 'src/sample.ts:2 declares an enum')
  assert.equal(found('let x: Map<string, any>'), 'src/sample.ts:2 uses the type any')
  assert.equal(found('const y = z as any'), 'src/sample.ts:2 uses the type any')
  assert.equal(found('namespace N { export const a = 1 }'), 'src/sample.ts:2 declares a namespace')
})

test('words in strings and comments are not syntax', () => {
  assert.deepEqual(problems("// export default any enum\nexport const s = 'enum any'"), [])
})

test('a file of the most lines is let through, one more is not', () => {
  assert.deepEqual(problems('//\n'.repeat(fileLinesMax)), [])
  assert.equal(problems('//\n'.repeat(fileLinesMax + 1)).length, 1)
})

test('a function of the most lines is let through, one more is not, in every form', () => {
  const body = (lines: number): string => `{${'\n'.repeat(lines - 1)}}`
  for (const form of ['function f()', 'const f = () =>', 'const f = function ()']) {
    assert.deepEqual(problems(`${form} ${body(functionLinesMax)}`), [])
    assert.equal(problems(`${form} ${body(functionLinesMax + 1)}`).length, 1, form)
  }
  assert.equal(problems(`class C { m() ${body(functionLinesMax + 1)} }`).length, 1)
})
