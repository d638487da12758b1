import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { before, test } from 'node:test'
import { brotliDecompressSync } from 'node:zlib'
import { StaticFiles } from '../../src/http/static-files.ts'
import { builtDashboard } from './built-dashboard.ts'

before(builtDashboard)

const files = new StaticFiles()
const asked = (
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response | undefined> =>
  files.find(path, new Request(`http://127.0.0.1${path}`, { headers }))

test('every page path is the one HTML file, paths of the API and of files are not', async () => {
  const start = await (await asked('/'))?.text()
  assert.match(start ?? '', /<title>Homing<\/title>/)
  for (const path of ['/queues', '/message', '/anything']) {
    assert.equal(await (await asked(path))?.text(), start, path)
  }
  for (const path of ['/api/nothing', '/assets/nothing.js', '/nothing.png', '/../package.json']) {
    assert.equal(await asked(path), undefined, path)
  }
})

test('files come as brotli to those who take it, are kept by their hashed names, and are asked for again by their tag', async () => {
  const html = (await (await asked('/'))?.text()) ?? ''
  const [, script = ''] = /src="([^"]+\.js)"/.exec(html) ?? []
  const plain = await asked(script)
  const packed = await asked(script, { 'accept-encoding': 'gzip, br' })
  assert.equal(plain?.headers.get('content-type'), 'text/javascript; charset=utf-8')
  assert.match(plain?.headers.get('cache-control') ?? '', /immutable/)
  assert.equal(plain?.headers.get('content-encoding'), null)
  assert.equal(packed?.headers.get('content-encoding'), 'br')
  const bytes = Buffer.from((await packed?.arrayBuffer()) ?? new ArrayBuffer())
  assert.equal(brotliDecompressSync(bytes).toString(), await plain?.text())
  const page = await asked('/')
  assert.equal(page?.headers.get('cache-control'), 'no-cache')
  const again = await asked('/', { 'if-none-match': page?.headers.get('etag') ?? '' })
  assert.equal(again?.status, 304)
})

test('the licences of what the page is made of can be read', async () => {
  const licences = await asked('/licences.txt')
  assert.equal(licences?.headers.get('content-type'), 'text/plain; charset=utf-8')
})
