import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { demoFiles } from './demo-files.ts'

function inFolder(run: (folder: string) => void): void {
  const folder = fs.mkdtempSync(join(tmpdir(), 'homing-demo-test-'))
  try {
    run(folder)
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

test('pieces cover the files below a folder, each byte once, cut behind line feeds', () => {
  inFolder((folder) => {
    const lines = Array.from({ length: 3_000 }, (_, n) => `line ${n} of a file\n`)
    fs.mkdirSync(join(folder, 'inner'))
    fs.writeFileSync(join(folder, 'a.txt'), lines.slice(0, 2_000).join(''))
    fs.writeFileSync(join(folder, 'inner/b.txt'), lines.slice(2_000).join(''))
    const { pieces, files } = demoFiles(folder, join(folder, 'data'), 1_000)
    assert.equal(files, 3)
    const texts = pieces.filter(({ path }) => path.startsWith(folder))
    const read = texts.map(({ path, from, bytes }) =>
      fs
        .readFileSync(path)
        .subarray(from, from + bytes)
        .toString(),
    )
    assert.equal(read.join(''), lines.join(''))
    for (const text of read) assert.match(text, /\n$/)
    assert.ok(pieces.some(({ path }) => path === process.execPath))
  })
})

test('node_modules, .git, the data directory, links and what cannot be read are passed over', () => {
  inFolder((folder) => {
    const text = 'some words on a line\n'.repeat(5_000)
    for (const name of ['node_modules', '.git', 'data']) {
      fs.mkdirSync(join(folder, name))
      fs.writeFileSync(join(folder, name, 'no.txt'), text)
    }
    fs.writeFileSync(join(folder, 'yes.txt'), text)
    fs.writeFileSync(join(folder, 'empty.txt'), '')
    fs.symlinkSync(folder, join(folder, 'circle'))
    fs.symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'))
    const { pieces } = demoFiles(folder, join(folder, 'data'), 300)
    const paths = new Set(pieces.map(({ path }) => path))
    assert.deepEqual(paths, new Set([join(folder, 'yes.txt'), process.execPath]))
  })
})

test('an empty folder is helped out with files of Homing itself', () => {
  inFolder((folder) => {
    const { pieces, folder: name } = demoFiles(folder, join(folder, 'data'), 1_000)
    assert.match(name, /and of Homing itself$/)
    assert.ok(pieces.length > 500, String(pieces.length))
  })
})

test('more files than messages are wanted give some of the files', () => {
  inFolder((folder) => {
    for (let n = 0; n < 300; n++) fs.writeFileSync(join(folder, `${n}.txt`), 'x'.repeat(4_000))
    const { pieces } = demoFiles(folder, join(folder, 'data'), 100)
    assert.ok(pieces.length <= 101 && pieces.length > 50, String(pieces.length))
  })
})
