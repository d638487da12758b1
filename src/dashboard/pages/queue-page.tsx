/*
 * One queue: its figures, who consumes from it, what stands in it. Looking takes nothing.
 */

import { useMemo, useState } from 'preact/hooks'
import type {
  LiveQueueJson,
  QueueHistoryJson,
  QueueRowJson,
  QueueSampleJson,
  Range,
} from '../../http/shapes/figures-shapes.ts'
import type { QueueDetail } from '../../http/shapes/queue.ts'
import { Chart } from '../elements/chart.tsx'
import { Button, Link } from '../elements/controls.tsx'
import { Badge, Facts, Loaded, PageHead, Section, Stat } from '../elements/page.tsx'
import { get, path } from '../site/api.ts'
import { useEvents } from '../site/live.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, place } from '../site/route.ts'
import { columnsOf, joined, rereadMs, useLiveSamples } from '../site/samples.ts'
import { hasIn, mayChange, readOnly } from '../site/session.ts'
import { ago, bytes, number, rate, t } from '../texts/text.ts'
import { deleteQueue, purge, sendMessage, setPaused } from './queue-acts.ts'
import { QueueConsumers } from './queue-consumers.tsx'
import { QueueMessages } from './queue-messages.tsx'
import { RangeChoice } from './range-choice.tsx'

const idleMs = 60_000

export function QueuePage() {
  const { vhost = '/', name = '' } = place.value.query
  const [range, setRange] = useState<Range>('5m')
  const [latest, setLatest] = useState<LiveQueueJson>()
  const { live, add } = useLiveSamples<QueueSampleJson>()
  const history = useResource(
    `queue ${vhost} ${name} ${range}`,
    (signal) => get<QueueHistoryJson>(path`queues/${vhost}/${name}/figures`, { range }, signal),
    rereadMs[range],
  )
  // null for those who may not ask: then the patterns of their permissions say what they may.
  const detail = useResource<QueueDetail | null>(`detail ${vhost} ${name}`, (signal) =>
    get<QueueDetail>(path`queues/${vhost}/${name}`, {}, signal).catch(() => null),
  )
  useEvents(`/api${addressOf('events', { vhost, queue: name })}`, {
    queue: (event: LiveQueueJson) => {
      setLatest(event)
      add(event.sample)
    },
  })
  const read = history.data?.samples
  const samples = useMemo(() => {
    const known = range === '5m' ? joined(read ?? [], live) : (read ?? [])
    return known.length === 0 ? idle() : known
  }, [range, read, live])
  const now = latest?.now ?? history.data?.now
  return (
    <>
      <PageHead
        title={name}
        above={['queues', t('queues.title')]}
        badges={now && <Badges row={now} />}
      >
        {now && <Acts row={now} detail={detail.data} reload={history.reload} />}
      </PageHead>
      <Loaded of={{ data: now, error: now === undefined ? history.error : undefined }}>
        {(row) => (
          <>
            <Glance row={row} />
            <div class="filters">
              <RangeChoice value={range} onChoose={setRange} />
            </div>
            <Charts samples={samples} />
            {detail.data !== undefined && (
              <Messages row={row} mayLook={rightsOf(row, detail.data).read} />
            )}
            <QueueConsumers consumers={latest?.consumers ?? history.data?.consumers ?? []} />
            <Settings row={row} detail={detail.data} />
          </>
        )}
      </Loaded>
    </>
  )
}

/** A queue in which nothing happens has no samples: all of them would be 0. */
function idle(): readonly QueueSampleJson[] {
  const nowMs = Date.now()
  const zero = { published: 0, delivered: 0, settled: 0, outcomes: 0, failed: 0 }
  const none = { ready: 0, unsettled: 0, delayed: 0 }
  return [nowMs - idleMs, nowMs].map((atMs) => ({ atMs, ...zero, ...none }))
}

const Badges = ({ row }: { readonly row: QueueRowJson }) => (
  <>
    {row.paused && <Badge tone="warn">{t('queue.paused')}</Badge>}
    {row.consumers === 0 && row.kind === 'queue' && (
      <Badge tone={row.ready > 0 ? 'warn' : ''}>{t('queue.noConsumers')}</Badge>
    )}
  </>
)

interface Rights {
  readonly configure: boolean
  readonly write: boolean
  readonly read: boolean
}

const rightsOf = ({ vhost }: QueueRowJson, detail: QueueDetail | null | undefined): Rights =>
  detail?.homing?.may ?? {
    configure: hasIn(vhost, 'configure'),
    write: hasIn(vhost, 'write'),
    read: hasIn(vhost, 'read'),
  }

interface MessagesProps {
  readonly row: QueueRowJson
  readonly mayLook: boolean
}

const Messages = ({ row, mayLook }: MessagesProps) =>
  mayLook ? (
    <QueueMessages vhost={row.vhost} name={row.name} row={row} />
  ) : (
    <p class="card card-body muted">{t('queue.noRead')}</p>
  )

interface ActsProps {
  readonly row: QueueRowJson
  readonly detail: QueueDetail | null | undefined
  readonly reload: () => void
}

function Acts({ row, detail, reload }: ActsProps) {
  if (readOnly.value) return null
  const may = rightsOf(row, detail)
  const mayConfigure = may.configure && mayChange('management')
  return (
    <>
      {may.write && row.kind === 'queue' && (
        <Button kind="main" icon="send" onClick={() => sendMessage(row)}>
          {t('queue.send')}
        </Button>
      )}
      {mayConfigure && (
        <Button
          icon={row.paused ? 'play' : 'pause'}
          onClick={() => setPaused(row, !row.paused).then(reload)}
        >
          {t(row.paused ? 'queue.resume' : 'queue.pause')}
        </Button>
      )}
      {may.read && (
        <Button disabled={row.ready === 0} onClick={() => purge(row, reload)}>
          {t('queue.purge')}
        </Button>
      )}
      {mayConfigure && (
        <Button kind="danger" icon="trash" onClick={() => deleteQueue(row)}>
          {t('act.delete')}
        </Button>
      )}
    </>
  )
}

function oldestText({ oldestReadyAtMs, readyBytes }: QueueRowJson): string {
  if (oldestReadyAtMs !== undefined) {
    return t('queue.oldestSince', { time: ago(oldestReadyAtMs) })
  }
  return readyBytes === undefined ? t('overview.readyMore') : bytes(readyBytes)
}

const Glance = ({ row }: { readonly row: QueueRowJson }) => (
  <section class="cards six" aria-label={t('overview.glance')}>
    <Stat label={t('count.ready')} value={number(row.ready)} more={oldestText(row)} />
    <Stat
      label={t('count.unacked')}
      value={number(row.unsettled)}
      more={t('overview.unackedMore')}
    />
    <Stat label={t('count.delayed')} value={number(row.delayed)} more={t('queue.delayedMore')} />
    <Stat
      label={t('count.notHome')}
      value={number(row.ready + row.unsettled + row.delayed)}
      more={t('queue.notHomeMore')}
    />
    <Stat
      label={t('dead.title')}
      value={number(row.dead)}
      more={t('overview.deadMore')}
      to={addressOf('dead-letters', { queue: row.name })}
      tone={row.dead > 0 ? 'bad' : ''}
    />
    <Stat
      label={t('chart.home')}
      value={number(row.outcomes)}
      more={t('queue.failedOf', { count: number(row.failed) })}
      to={addressOf('outcomes', { queue: row.name })}
    />
  </section>
)

const perSecond = (value: number): string => `${rate(value)}/s`

function Charts({ samples }: { readonly samples: readonly QueueSampleJson[] }) {
  const rates = useMemo(
    () =>
      columnsOf(samples, [
        (one) => one.published,
        (one) => one.delivered,
        (one) => one.settled,
        (one) => one.outcomes,
        (one) => one.failed,
      ]),
    [samples],
  )
  const counts = useMemo(
    () => columnsOf(samples, [(one) => one.ready, (one) => one.unsettled, (one) => one.delayed]),
    [samples],
  )
  return (
    <section class="charts" aria-label={t('overview.charts')}>
      <Chart
        title={t('chart.rates')}
        write={perSecond}
        least={4}
        data={rates}
        lines={[
          { label: t('chart.published'), colour: 'chart-published' },
          { label: t('chart.delivered'), colour: 'chart-delivered' },
          { label: t('chart.settled'), colour: 'chart-settled' },
          { label: t('chart.home'), colour: 'chart-home' },
          { label: t('chart.failed'), colour: 'chart-failed' },
        ]}
      />
      <Chart
        title={t('chart.messages')}
        write={number}
        least={4}
        data={counts}
        lines={[
          { label: t('count.ready'), colour: 'chart-published' },
          { label: t('count.unacked'), colour: 'chart-settled' },
          { label: t('count.delayed'), colour: 'chart-delivered' },
        ]}
      />
    </section>
  )
}

interface SettingsProps {
  readonly row: QueueRowJson
  readonly detail: QueueDetail | null | undefined
}

function Settings({ row, detail }: SettingsProps) {
  const given = Object.entries(detail?.arguments ?? {})
  return (
    <Section
      title={t('queue.settings')}
      end={
        <Link to={addressOf('exchanges', { queue: row.name, vhost: row.vhost })}>
          {t('queue.bindings')}
        </Link>
      }
    >
      <div class="card card-body">
        <Facts
          of={[
            [t('hosts.one'), row.vhost],
            [t('queue.durable'), t(row.durable ? 'told.yes' : 'told.no')],
            ...(detail?.policy ? [[t('queue.policy'), detail.policy] as const] : []),
            ...given.map(
              ([name, value]) => [name, <code key={name}>{JSON.stringify(value)}</code>] as const,
            ),
          ]}
        />
      </div>
    </Section>
  )
}
