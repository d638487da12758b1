import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root, type SourceFile } from '../tidy/source-file.ts'
import { anchors, documents, links, namedPaths } from './document.ts'

const document = (text: string): SourceFile => ({ path: 'docs/page.md', text })

test('links between documents resolve, headings included', () => {
  const all = documents()
  const broken = all.flatMap((from) =>
    links(from).flatMap(({ path, anchor }) => {
      if (!existsSync(join(root, path)))
        return [`${from.path} links to ${path}, which is not there`]
      const to = all.find((other) => other.path === path)
      if (anchor === '' || to === undefined || anchors(to).includes(anchor)) return []
      return [`${from.path} links to "${anchor}" in ${path}, which has no such heading`]
    }),
  )
  assert.deepEqual(broken, [])
})

test('paths that documents name exist', () => {
  const missing = documents().flatMap((from) =>
    namedPaths(from).flatMap((path) =>
      globSync(path, { cwd: root }).length > 0 ? [] : [`${from.path} names ${path}`],
    ),
  )
  assert.deepEqual(missing, [])
})

test('links, named paths and headings are found, those in code blocks are not', () => {
  const page = document(
    [
      '# Queues & callbacks: `send`',
      'See [the errors](errors.md#closes), [home](../README.md "home"), [out](https://example.org)',
      'and `src/engine.ts` or `node scripts/test.ts` but not `home.send()`.',
      '[ref]: ./limits.md',
      '<img src="../bench/chart.svg">',
      '```sh',
      'cat `docs/nowhere.md` [x](gone.md)',
      '# no heading',
      '```',
    ].join('\n'),
  )
  assert.deepEqual(
    links(page).map(({ path, anchor }) => `${path}#${anchor}`),
    ['docs/errors.md#closes', 'README.md#', 'docs/limits.md#', 'bench/chart.svg#'],
  )
  assert.deepEqual(namedPaths(page), ['src/engine.ts', 'scripts/test.ts'])
  assert.deepEqual(anchors(page), ['queues--callbacks-send'])
})
