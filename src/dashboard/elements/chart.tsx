/*
 * Charts over time, by uPlot: lines, a legend with the values under the pointer (or the latest), one
 * pointer for all charts of the page.
 *
 * Rule: new data goes into the chart that is there; it is made anew only when colours or lines change.
 */

import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import { isDark, language } from '../site/preferences.ts'
import { clockTime } from '../texts/text.ts'

export interface Line {
  readonly label: string
  /** Name of a colour in tokens.css. */
  readonly colour: string
}

export interface ChartProps {
  readonly title: string
  readonly lines: readonly Line[]
  /** Wall milliseconds, then the values of each line. */
  readonly data: readonly (readonly (number | null)[])[]
  readonly write: (value: number) => string
  /** The axis reaches at least that far: a quiet line is not blown up. Default 1. */
  readonly least?: number
}

const height = 190

/** Seconds between two marks of the time axis. */
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400]

export function Chart({ title, lines, data, write, least = 1 }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const under = useSignal<number | null>(null)
  const scaled = useMemo(() => toSeconds(data), [data])
  const names = lines.map(({ label, colour }) => `${label} ${colour}`).join()
  const dark = isDark.value
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const made = new UPlot(optionsOf({ lines, write, element, under, least }), scaled, element)
    plot.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      made.destroy()
    }
  }, [names, dark, language.value])
  useEffect(() => plot.current?.setData(scaled), [scaled])
  return (
    <figure class="card chart" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        <Legend lines={lines} data={data} write={write} under={under} />
      </div>
      <div class="plot" ref={box} aria-hidden="true" />
    </figure>
  )
}

interface LegendProps extends Omit<ChartProps, 'title' | 'least'> {
  readonly under: Signal<number | null>
}

function Legend({ lines, data, write, under }: LegendProps) {
  const [times = []] = data
  const at = under.value ?? times.length - 1
  const time = times[at]
  const isUnder = under.value !== null && time !== undefined && time !== null
  return (
    <dl class="legend">
      {isUnder && <div>{clockTime(time).replace(/[.,]\d+$/, '')}</div>}
      {lines.map(({ label, colour }, index) => (
        <div key={label}>
          <i style={{ background: `var(--${colour})` }} />
          <dt>{label}</dt>
          <dd>{valueText(data[index + 1]?.[at], write)}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Axes without lines, until there is something to draw. */
function empty(lines: number): UPlot.AlignedData {
  const now = Date.now() / 1_000
  const none = Array.from({ length: lines }, () => [null, null])
  return [[now - 60, now], ...none]
}

const valueText = (value: number | null | undefined, write: (value: number) => string): string =>
  value === null || value === undefined ? '–' : write(value)

const toSeconds = ([times = [], ...values]: ChartProps['data']): UPlot.AlignedData =>
  times.length === 0
    ? empty(values.length)
    : ([times.map((time) => (time ?? 0) / 1_000), ...values] as UPlot.AlignedData)

interface Making extends Pick<ChartProps, 'lines' | 'write'> {
  readonly least: number
  readonly element: HTMLElement
  readonly under: Signal<number | null>
}

function optionsOf({ lines, write, element, under, least }: Making): UPlot.Options {
  const colour = colourFinder(element)
  const font = `11px ${getComputedStyle(element).fontFamily}`
  const axis = {
    stroke: colour('muted'),
    font,
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    padding: [12, 18, 4, 6],
    cursor: { y: false, points: { size: 7 }, sync: { key: 'page' }, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high || 0, least) * 1.1] } },
    axes: [
      {
        ...axis,
        size: 26,
        values: (_plot, splits) => splits.map(shortTime),
        space: 70,
        incrs: timeSteps,
      },
      { ...axis, size: 62, values: (_plot, splits) => splits.map((value) => write(value)) },
    ],
    series: [
      {},
      ...lines.map((line) => ({
        label: line.label,
        stroke: colour(line.colour),
        width: 1.6,
        points: { show: false },
        ...(lines.length === 1 && { fill: `${colour(line.colour)}1f` }),
      })),
    ],
    hooks: {
      setCursor: [
        ({ cursor }) => {
          under.value = cursor.idx ?? null
        },
      ],
    },
  }
}

const shortTime = (seconds: number): string =>
  clockTime(seconds * 1_000).replace(/(:\d\d)?[.,]\d+$/, '$1')

/** What a colour of tokens.css is now, as `#rrggbb`: a canvas knows no variables. */
function colourFinder(element: HTMLElement): (name: string) => string {
  const canvas = document.createElement('canvas').getContext('2d')
  return (name) => {
    const probe = document.createElement('i')
    probe.style.color = `var(--${name})`
    element.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    if (canvas === null) return color
    canvas.fillStyle = color
    return String(canvas.fillStyle)
  }
}
