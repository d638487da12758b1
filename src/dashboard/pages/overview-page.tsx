/*
 * The server at a glance: what waits, how fast it goes, how long it takes.
 */

import { useMemo, useState } from 'preact/hooks'
import type {
  FiguresHistoryJson,
  LiveFiguresJson,
  Range,
  SampleJson,
} from '../../http/shapes/figures-shapes.ts'
import { Chart, type Line } from '../elements/chart.tsx'
import { Link } from '../elements/controls.tsx'
import { CodeBadge, Empty, Loaded, PageHead, Section, Stat } from '../elements/page.tsx'
import { Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { useEvents } from '../site/live.ts'
import { useResource } from '../site/resource.ts'
import { addressOf } from '../site/route.ts'
import { columnsOf, joined, rereadMs, useLiveSamples } from '../site/samples.ts'
import { bytes, date, duration, number, rate, type TextKey, t, tn } from '../texts/text.ts'
import { RangeChoice } from './range-choice.tsx'

export function OverviewPage() {
  const [range, setRange] = useState<Range>('5m')
  const [latest, setLatest] = useState<LiveFiguresJson>()
  const { live, add } = useLiveSamples<SampleJson>()
  const history = useResource(
    `figures ${range}`,
    (signal) => get<FiguresHistoryJson>('api/figures', { range }, signal),
    rereadMs[range],
  )
  useEvents('/api/events?figures=true', {
    figures: (event: LiveFiguresJson) => {
      setLatest(event)
      add(event.sample)
    },
  })
  const read = history.data?.samples
  const samples = useMemo(
    () => (range === '5m' ? joined(read ?? [], live) : (read ?? [])),
    [range, read, live],
  )
  return (
    <>
      <PageHead title={t('overview.title')}>
        <RangeChoice value={range} onChoose={setRange} />
      </PageHead>
      <Loaded of={history}>
        {(read) => (
          <>
            <Blocked server={(latest ?? read).server} />
            <Glance {...(latest ?? read)} />
            {(latest ?? read).now.queues === 0 ? <Begin /> : null}
            <Charts samples={samples} />
            <Codes of={(latest ?? read).now.failedByCode} sinceMs={(latest ?? read).now.sinceMs} />
          </>
        )}
      </Loaded>
    </>
  )
}

const Blocked = ({ server }: Pick<LiveFiguresJson, 'server'>) =>
  server.blockedFor === undefined ? null : (
    <p class="fault" role="alert">
      {t('overview.blocked', { why: server.blockedFor })}
    </p>
  )

const Begin = () => (
  <Empty icon="queue" title={t('queues.none')} text={t('queues.noneText')}>
    <Link class="button main" to={addressOf('queues')}>
      {t('queues.title')}
    </Link>
  </Empty>
)

function Glance({ now, server }: Pick<LiveFiguresJson, 'now' | 'server'>) {
  const total = now.ready + now.unsettled + now.delayed
  const paused = now.pausedQueues === 0 ? undefined : tn('overview.paused', now.pausedQueues)
  return (
    <section class="cards" aria-label={t('overview.glance')}>
      <Stat label={t('count.ready')} value={number(now.ready)} more={t('overview.readyMore')} />
      <Stat
        label={t('count.unacked')}
        value={number(now.unsettled)}
        more={t('overview.unackedMore')}
      />
      <Stat
        label={t('count.total')}
        value={number(total)}
        more={tn('overview.delayed', now.delayed)}
      />
      <Stat
        label={t('overview.roundTrip')}
        value={now.roundTrip.count === 0 ? '–' : duration(now.roundTrip.p50Ms)}
        more={
          now.roundTrip.count === 0
            ? t('overview.roundTripNone')
            : t('overview.p99', { time: duration(now.roundTrip.p99Ms) })
        }
      />
      <Stat
        label={t('dead.title')}
        value={number(now.dead)}
        more={t('overview.deadMore')}
        to={addressOf('dead-letters')}
        tone={now.dead > 0 ? 'bad' : ''}
      />
      <Stat
        label={t('away.title')}
        value={number(now.notHome)}
        more={t('overview.awayMore')}
        to={addressOf('not-home')}
        tone={now.notHome > 0 ? 'warn' : ''}
      />
      <Stat
        label={t('queues.title')}
        value={number(now.queues)}
        more={paused ?? tn('overview.consumers', now.consumers)}
        to={addressOf('queues')}
      />
      <Stat
        label={t('connections.title')}
        value={number(server.connections)}
        more={t('overview.since', { time: date(server.startedAtMs) })}
        to={addressOf('connections')}
      />
    </section>
  )
}

type Value = (sample: SampleJson) => number

interface ChartOf {
  readonly title: TextKey
  readonly write: (value: number) => string
  readonly least?: number
  readonly lines: readonly (readonly [TextKey, string, Value])[]
}

const perSecond = (value: number): string => `${rate(value)}/s`

const charts: readonly ChartOf[] = [
  {
    title: 'chart.rates',
    write: perSecond,
    least: 4,
    lines: [
      ['chart.published', 'chart-published', (one) => one.published],
      ['chart.confirmed', 'chart-confirmed', (one) => one.confirmed],
      ['chart.delivered', 'chart-delivered', (one) => one.delivered],
      ['chart.settled', 'chart-settled', (one) => one.settled],
      ['chart.home', 'chart-home', (one) => one.outcomes],
      ['chart.failed', 'chart-failed', (one) => one.failed],
    ],
  },
  {
    title: 'chart.messages',
    write: number,
    least: 4,
    lines: [
      ['count.ready', 'chart-published', (one) => one.ready],
      ['count.unacked', 'chart-settled', (one) => one.unsettled],
      ['count.total', 'chart-delivered', (one) => one.ready + one.unsettled + one.delayed],
    ],
  },
  {
    title: 'chart.roundTrip',
    write: duration,
    lines: [
      ['chart.p50', 'chart-home', (one) => one.roundTripP50Ms],
      ['chart.p99', 'chart-settled', (one) => one.roundTripP99Ms],
    ],
  },
  {
    title: 'chart.sync',
    write: duration,
    lines: [
      ['chart.p50', 'chart-confirmed', (one) => one.syncP50Ms],
      ['chart.p99', 'chart-settled', (one) => one.syncP99Ms],
    ],
  },
  {
    title: 'chart.memory',
    write: bytes,
    lines: [['chart.process', 'chart-delivered', (one) => one.rssBytes]],
  },
  {
    title: 'chart.disk',
    write: bytes,
    lines: [['chart.journal', 'chart-confirmed', (one) => one.journalBytes]],
  },
]

const Charts = ({ samples }: { readonly samples: readonly SampleJson[] }) => (
  <section class="charts" aria-label={t('overview.charts')}>
    {charts.map((chart) => (
      <OneChart key={chart.title} chart={chart} samples={samples} />
    ))}
  </section>
)

interface OneChartProps {
  readonly chart: ChartOf
  readonly samples: readonly SampleJson[]
}

function OneChart({ chart: { title, lines, write, least = 1 }, samples }: OneChartProps) {
  const data = useMemo(
    () =>
      columnsOf(
        samples,
        lines.map(([, , value]) => value),
      ),
    [samples, lines],
  )
  const named: readonly Line[] = lines.map(([label, colour]) => ({ label: t(label), colour }))
  return <Chart title={t(title)} lines={named} data={data} write={write} least={least} />
}

interface CodesProps {
  readonly of: Readonly<Record<string, number>>
  readonly sinceMs: number
}

function Codes({ of, sinceMs }: CodesProps) {
  const rows = Object.entries(of)
  if (rows.length === 0) return null
  return (
    <Section
      title={t('overview.codes', { time: date(sinceMs) })}
      end={<Link to={addressOf('failures')}>{t('failures.title')}</Link>}
    >
      <Table
        label={t('failures.title')}
        rows={rows}
        keyOf={([code]) => code}
        sort={{ key: 'count', isFalling: true }}
        columns={[
          {
            key: 'code',
            title: t('outcome.code'),
            by: ([code]) => code,
            cell: ([code]) => (
              <Link to={addressOf('outcomes', { code })}>
                <CodeBadge code={code} />
              </Link>
            ),
          },
          {
            key: 'count',
            title: t('count.messages'),
            isNumber: true,
            by: ([, count]) => count,
            cell: ([, count]) => number(count),
          },
        ]}
      />
    </Section>
  )
}
