import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { builtDashboard } from './built-dashboard.ts'

const bytesMax = 80_000

test('the dashboard is at most 80 KB over the wire, all files together', async () => {
  const folder = await builtDashboard()
  const sizes = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.br'))
    .map((name) => readFileSync(join(folder, name)).length)
  assert.equal(sizes.length, 4)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  assert.ok(bytes <= bytesMax, `${bytes} bytes`)
})

test('the HTML has no script and no style in it, and names files of this server only', async () => {
  const html = readFileSync(join(await builtDashboard(), 'index.html'), 'utf8')
  assert.doesNotMatch(html, /<style|style=|<script(?![^>]* src=)|\son\w+=/)
  const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address)
  assert.equal(addresses.length, 3)
  for (const address of addresses) assert.match(address, /^\/assets\/[\w-]+\.(js|css|svg)$/)
})

test('the licence of each package that the script carries stands beside it', async () => {
  const licences = readFileSync(join(await builtDashboard(), 'licences.txt'), 'utf8')
  for (const name of ['preact', '@preact/signals', '@preact/signals-core', 'uplot']) {
    assert.match(licences, new RegExp(`^${name} \\d+\\.`, 'm'))
  }
  assert.equal([...licences.matchAll(/MIT License/gi)].length, 4)
})
