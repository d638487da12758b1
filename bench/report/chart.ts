/*
 * The picture for the README: horizontal bars, the number at the end of each bar.
 *
 *   title
 *   Homing             ████████████████████  12,345/s
 *   BullMQ, everysec   ██  1,234/s
 *
 * It paints its own background, because an SVG inside an <img> follows the reader's system for
 * light and dark and not the page it stands in. Bars start at zero and are to scale.
 */

import { brokerNames } from '../amqp/brokers.ts'
import { bareLogName, diskName } from '../system/disk.ts'
import { homingName } from '../system/homing.ts'
import { numberText } from './number-text.ts'
import type { Results, ScenarioResult } from './results.ts'

interface Bar {
  readonly name: string
  readonly value: number
  readonly text: string
}

interface Panel {
  readonly title: string
  readonly subtitle: string
  readonly bars: readonly Bar[]
}

const width = 760
const margin = 28
const nameWidth = 150
const numberWidth = 100
const barHeight = 20
const rowHeight = 30
const panelHeadHeight = 54
const panelGap = 26
const footHeight = 66

export function chart(results: Results): string {
  const panels = panelsOf(results)
  let y = margin
  const drawn = panels.map((panel) => {
    const svg = drawPanel(panel, y)
    y += panelHeadHeight + panel.bars.length * rowHeight + panelGap
    return svg
  })
  const height = y + footHeight - panelGap
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">Homing beside other queues</title>`,
    `<desc id="description">${escaped(describe(panels))}</desc>`,
    style,
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    ...drawn,
    ...foot(results, height),
    '</svg>',
    '',
  ].join('\n')
}

function panelsOf(results: Results): Panel[] {
  const scenario = (name: string): ScenarioResult | undefined =>
    results.scenarios.find((one) => one.name === name)
  const panels = [
    ratePanel(
      scenario('round-trips'),
      'Awaited durable round trips a second',
      'send, confirm, process, outcome home; about 100 bytes of JSON, 1,000 in flight; longer is better',
    ),
    latencyPanel(scenario('sequential')),
    ratePanel(
      scenario('confirmed-sends'),
      'Confirmed sends a second',
      '100 bytes, 1,000 in flight, beside the same bytes in a bare log with group commit; longer is better',
    ),
    ratePanel(
      withoutFloor(scenario('amqp-durable')),
      'The broker: persistent messages a second',
      'AMQP 0-9-1, 100 bytes, durable queue, confirms, acknowledgements; longer is better',
    ),
    ratePanel(
      withoutFloor(scenario('amqp-transient')),
      'The broker: transient messages a second',
      'AMQP 0-9-1, 100 bytes, one queue, no acknowledgement; longer is better',
    ),
  ]
  return panels.filter((panel) => panel !== undefined)
}

/** The bare loop is so much quicker than brokers are that their bars would be hard to tell apart. */
const withoutFloor = (scenario: ScenarioResult | undefined): ScenarioResult | undefined =>
  scenario && {
    ...scenario,
    systems: scenario.systems.filter(({ name }) => name !== brokerNames.bare),
  }

function ratePanel(
  scenario: ScenarioResult | undefined,
  title: string,
  subtitle: string,
): Panel | undefined {
  if (scenario === undefined) return undefined
  const bars = scenario.systems.map((system) => ({
    name: system.name,
    value: system.medianPerSecond,
    text: `${numberText(system.medianPerSecond)}/s`,
  }))
  return { title, subtitle, bars }
}

function latencyPanel(scenario: ScenarioResult | undefined): Panel | undefined {
  if (scenario === undefined) return undefined
  const bars = scenario.systems
    .filter((system) => !system.name.startsWith(`${diskName},`))
    .toSorted((a, b) => Number(b.name === homingName) - Number(a.name === homingName))
    .map((system) => ({
      name: system.name,
      value: system.medianP50Ms,
      text: `${numberText(system.medianP50Ms)} ms`,
    }))
  return {
    title: 'One round trip at a time, median',
    subtitle: 'the disk alone is one write and one fdatasync; shorter is better',
    bars,
  }
}

function drawPanel(panel: Panel, top: number): string {
  const longest = Math.max(...panel.bars.map((bar) => bar.value))
  const room = width - 2 * margin - nameWidth - numberWidth
  const rows = panel.bars.flatMap((bar, index) => {
    const y = top + panelHeadHeight + index * rowHeight
    const middle = y + barHeight / 2 + 5
    const length = Math.max(2, (bar.value / longest) * room)
    const left = margin + nameWidth
    const kind = barClass(bar.name)
    return [
      `<text class="name${kind === 'ours' ? ' strong' : ''}" x="${left - 12}" y="${middle}" text-anchor="end">${escaped(bar.name)}</text>`,
      `<path class="bar ${kind}" d="${roundedBar(left, y, length)}"/>`,
      `<text class="number${kind === 'ours' ? ' strong' : ''}" x="${left + length + 8}" y="${middle}">${escaped(bar.text)}</text>`,
    ]
  })
  return [
    `<text class="title" x="${margin}" y="${top + 16}">${escaped(panel.title)}</text>`,
    `<text class="subtitle" x="${margin}" y="${top + 36}">${escaped(panel.subtitle)}</text>`,
    ...rows,
  ].join('\n')
}

/** Square where it starts, at zero; rounded where it ends. */
function roundedBar(left: number, top: number, length: number): string {
  const radius = Math.min(4, length / 2)
  const x = (value: number): string => value.toFixed(1)
  return (
    `M${left} ${top}H${x(left + length - radius)}` +
    `a${x(radius)} ${x(radius)} 0 0 1 ${x(radius)} ${x(radius)}` +
    `V${x(top + barHeight - radius)}` +
    `a${x(radius)} ${x(radius)} 0 0 1 -${x(radius)} ${x(radius)}H${left}Z`
  )
}

const barClass = (name: string): string => {
  if (name === homingName) return 'ours'
  return name === diskName || name === bareLogName ? 'floor' : 'peer'
}

function foot(results: Results, height: number): string[] {
  const { machine, settings, startedAt } = results
  const peers = results.scenarios
    .flatMap((scenario) => scenario.systems.map((system) => system.durability))
    .map((text) => /^(redis-server|RabbitMQ) [\d.]+/.exec(text)?.[0])
  const versions = [...new Set(peers)].filter((text) => text !== undefined)
  const lines = [
    `${machine.cores} cores (${machine.cpu}), ${machine.fileSystem}, ${[`Node ${machine.node.slice(1)}`, ...versions].join(', ')}`,
    `${startedAt.slice(0, 10)}; medians of ${settings.rounds} rounds in turns; how, and what each system promises: docs/benchmarks.md`,
  ]
  return lines.map(
    (line, index) =>
      `<text class="foot" x="${margin}" y="${height - 34 + index * 16}">${escaped(line)}</text>`,
  )
}

const describe = (panels: readonly Panel[]): string =>
  panels
    .map(
      (panel) =>
        `${panel.title}: ${panel.bars.map((bar) => `${bar.name} ${bar.text}`).join(', ')}.`,
    )
    .join(' ')

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const style = `<style>
  text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; font-size: 13px; fill: #1f2328 }
  .page { fill: #ffffff; stroke: #d1d9e0 }
  .title { font-size: 16px; font-weight: 600 }
  .subtitle, .foot { font-size: 12px; fill: #59636e }
  .name, .number { fill: #3d444d }
  .strong { font-weight: 600; fill: #1f2328 }
  .ours { fill: #0969da }
  .peer { fill: #9aa4af }
  .floor { fill: #c3ccd5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .page { fill: #0d1117; stroke: #3d444d }
    .subtitle, .foot { fill: #9198a1 }
    .name, .number { fill: #d1d7e0 }
    .strong { fill: #ffffff }
    .ours { fill: #4493f8 }
    .peer { fill: #6e7681 }
    .floor { fill: #3d444d }
  }
</style>`
