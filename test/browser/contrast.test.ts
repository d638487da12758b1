import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../tidy/source-file.ts'

const tokens = readFileSync(join(root, 'src/dashboard/styles/tokens.css'), 'utf8')
const pairs = new Map(
  [...tokens.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
)

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

const surfaces = ['ground', 'surface', 'raised', 'sunken', 'hover']
const charts = [...pairs.keys()].filter((name) => name.startsWith('chart-'))

/** Text, and what it stands on: at least 4.5 to 1. */
const texts = [
  ...['text', 'muted', 'accent'].flatMap((name) => surfaces.map((on) => [name, on])),
  ...['ok', 'bad', 'warn'].flatMap((name) => ['surface', `${name}-soft`].map((on) => [name, on])),
  ...['text', 'muted'].map((name) => [name, 'bad-soft']),
  ['text', 'pressed'],
  ['accent', 'accent-soft'],
  ['on-accent', 'accent'],
  ['on-bad', 'bad'],
] as [string, string][]

/** Edges of controls, marks and lines of charts: at least 3 to 1. */
const shapes = [
  ['edge', 'surface'],
  ['edge', 'ground'],
  ['accent', 'ground'],
  ...charts.map((name) => [name, 'surface']),
] as [string, string][]

for (const scheme of ['light', 'dark'] as const) {
  test(`texts and shapes can be told from what they stand on, ${scheme}`, () => {
    assert.ok(charts.length >= 6)
    const tooLow = (of: [string, string][], least: number): string[] =>
      of.flatMap(([name, on]) => {
        const [colour, under] = [pairs.get(name), pairs.get(on)]
        assert.ok(colour && under, `${name} on ${on}`)
        const found = contrast(colour[scheme], under[scheme])
        return found < least ? [`--${name} on --${on}: ${found.toFixed(2)} of ${least}`] : []
      })
    assert.deepEqual([...tooLow(texts, 4.5), ...tooLow(shapes, 3)], [])
  })
}

test('the measure itself is right', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21)
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48')
})
