import assert from 'node:assert/strict'
import { test } from 'node:test'
import { repositoryFiles } from './source-file.ts'
import { textProblems } from './text.ts'

const texts = repositoryFiles(
  '**/*.{ts,tsx,css,html,mjs,json,md,svg}',
  '.ci/*',
  '.npmrc',
  '.gitignore',
)
const problems = (text: string) => textProblems({ path: 'sample.md', text })

test('no file leaves work behind, names a path of a machine or a package registry', () => {
  const own = texts.filter(({ path }) => path !== 'package-lock.json')
  assert.deepEqual(own.flatMap(textProblems), [])
})

test('the lock file names no package registry', () => {
  const [lock] = repositoryFiles('package-lock.json')
  assert.ok(lock)
  assert.deepEqual(textProblems(lock), [])
})

test('each breach is found with its line', () => {
  const tmp = `/${'tmp'}`
  for (const text of [
    `// ${'TO'}${'DO'} later`,
    `${'FIX'}${'ME'}`,
    `open("${tmp}/x")`,
    `cd ${tmp}`,
    `/${'work'}/main`,
    `/${'root'}/.npmrc`,
    `/${'home'}/ann/x`,
    `https://${'registry'}.npmjs.org`,
    'blanks at the end  ',
  ])
    assert.equal(problems(`one\n${text}\ntwo`).length, 1, text)
  assert.match(problems(`one\n${tmp}`).join(), /^sample\.md:2 /)
})

test('what only looks like a breach is let through', () => {
  for (const text of ['homing work orders', './tmp/x', 'src/work/x.ts', '/working', `$\{dir}/tmp`])
    assert.deepEqual(problems(text), [], text)
})
