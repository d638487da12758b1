import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { callTypes, eventTypes, frameTypes } from '../../src/port-wire/frame.ts'

const page = readFileSync(new URL('../../docs/port-on-the-wire.md', import.meta.url), 'utf8')

/** The types of a section's table. */
function typesOf(section: string): Record<string, number> {
  const [, text = ''] = page.split(`## ${section}\n`)
  const rows = (text.split('\n## ')[0] ?? '').matchAll(/^\| (\d+) \| (\w+) \|/gm)
  return Object.fromEntries([...rows].map(([, type, name]) => [name, Number(type)]))
}

test('the page on the wire names every call and every event by its number', () => {
  assert.deepEqual(typesOf('Calls'), { ...frameTypes, ...callTypes })
  assert.deepEqual(typesOf('Events'), { hello: frameTypes.hello, ...eventTypes })
})
