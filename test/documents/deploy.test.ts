import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { environmentName, settingKeys } from '../../src/config/settings.ts'
import {
  detailedName,
  type MetricName,
  type MetricRow,
  metrics,
} from '../../src/server/metric-names.ts'
import { root } from '../tidy/source-file.ts'

const read = (path: string): string => readFileSync(join(root, 'deploy', path), 'utf8')

interface Panel {
  readonly title: string
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>
  readonly targets: readonly { readonly expr: string }[]
}

const dashboard = JSON.parse(read('grafana/homing.json')) as {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly definition: string }[] }
}

/** Every name that /metrics answers with. */
const known = new Set(
  Object.entries<MetricRow>(metrics).flatMap(([name, { type, perQueue }]) => [
    ...(type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]),
    ...(perQueue ? [detailedName(name as MetricName)] : []),
  ]),
)

const namesIn = (text: string): readonly string[] =>
  text.match(/\b(?:rabbitmq|homing)_[a-z_0-9]+/g) ?? []

test('the dashboard asks for metrics that there are, and shows the ones that people look for', () => {
  const texts = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ definition }) => definition),
  ]
  const asked = new Set(texts.flatMap(namesIn))
  assert.deepEqual(
    [...asked].filter((name) => !known.has(name)),
    [],
  )
  for (const name of [
    'homing_not_home',
    'homing_round_trip_seconds_bucket',
    'homing_outcomes_total',
  ])
    assert.ok(asked.has(name), name)
})

test('panels of the dashboard stand beside each other, none over another', () => {
  const taken = new Map<string, string>()
  for (const { title, gridPos } of dashboard.panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.equal(taken.get(`${x} ${y}`), undefined, `${title} at ${x} ${y}`)
        taken.set(`${x} ${y}`, title)
      }
  }
})

test('counters are summed as rates, and names tell counters from gauges', () => {
  for (const [name, { type }] of Object.entries<MetricRow>(metrics))
    assert.equal(name.endsWith('_total'), type === 'counter', name)
  for (const { targets } of dashboard.panels)
    for (const { expr } of targets)
      if (/_(total|bucket)\b/.test(expr)) assert.match(expr, /\brate\(/)
})

test('the container, the compose files and the unit set what can be set', () => {
  const files = ['Dockerfile', 'compose.yaml', 'compose.monitoring.yaml', 'homing.service']
  const names = new Set(settingKeys.map(environmentName))
  for (const file of files)
    for (const [name] of read(file).matchAll(/\bHOMING_[A-Z_]+/g)) {
      const isKnown = names.has(name) || names.has(name.replace(/_FILE$/, ''))
      assert.ok(isKnown || name === 'HOMING_CONFIG', `${file}: ${name}`)
    }
})

test('the container runs as nobody in particular, and is healthy when the server answers', () => {
  const text = read('Dockerfile')
  const runtime = text.slice(text.lastIndexOf('FROM '))
  assert.match(runtime, /^USER node$/m)
  assert.match(runtime, /^HEALTHCHECK .* CMD \["homing", "health"\]$/m)
  assert.match(runtime, /^ENTRYPOINT \["homing"\]$/m)
  assert.match(text, /npm ci --ignore-scripts/)
  assert.match(read('compose.yaml'), /read_only: true/)
  assert.doesNotMatch(read('compose.yaml'), /- '?(0\.0\.0\.0|\d+):/)
})
