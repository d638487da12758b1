/*
 * All queues: what waits in each, how fast it goes, and which nobody consumes from.
 */

import { useMemo } from 'preact/hooks'
import type { QueueRowJson } from '../../http/shapes/figures-shapes.ts'
import { queueAddress } from '../elements/columns.tsx'
import { Button, Link, Select } from '../elements/controls.tsx'
import { Ago, Badge, Empty, Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { keyOf } from '../site/changed-rows.ts'
import { useQueueRows } from '../site/queue-rows.ts'
import { filterBy, go, place } from '../site/route.ts'
import { mayChange, mayIn } from '../site/session.ts'
import { hasManyVhosts, shownVhost } from '../site/vhosts.ts'
import { number, rate, t, tn } from '../texts/text.ts'
import { createQueue } from './queue-acts.ts'

export function QueuesPage() {
  const rows = useQueueRows()
  const mayCreate = mayChange('management') && mayIn(shownVhost(), 'configure')
  const create = mayCreate && (
    <Button kind="main" icon="plus" onClick={() => createQueue()}>
      {t('queues.create')}
    </Button>
  )
  return (
    <>
      <PageHead title={t('queues.title')} text={t('queues.text')}>
        {create}
      </PageHead>
      <Loaded of={rows}>
        {(all) =>
          all.length === 0 ? (
            <Empty
              icon="queue"
              title={t('queues.none')}
              text={t(mayCreate ? 'queues.noneText' : 'queues.noneSeen')}
            >
              {create}
            </Empty>
          ) : (
            <List all={all} />
          )
        }
      </Loaded>
    </>
  )
}

const kinds = ['queue', 'all', 'waiting', 'alone', 'dead', 'callback'] as const
type Kind = (typeof kinds)[number]

/** Messages wait, and nobody is there to take them. */
const isAlone = (row: QueueRowJson): boolean =>
  row.consumers === 0 && row.ready > 0 && row.kind === 'queue'

const fits: Readonly<Record<Kind, (row: QueueRowJson) => boolean>> = {
  queue: ({ kind }) => kind === 'queue',
  all: () => true,
  waiting: ({ ready, unsettled, delayed }) => ready + unsettled + delayed > 0,
  alone: isAlone,
  dead: ({ dead }) => dead > 0,
  callback: ({ kind }) => kind === 'callback',
}

function List({ all }: { readonly all: readonly QueueRowJson[] }) {
  const { name = '', kind = 'queue' } = place.value.query
  const chosen = kinds.find((one) => one === kind) ?? 'queue'
  const wanted = name.toLowerCase()
  const rows = all.filter((row) => fits[chosen](row) && row.name.toLowerCase().includes(wanted))
  const alone = all.filter(isAlone).length
  const many = hasManyVhosts()
  const columns = useMemo(() => columnsFor(many), [many])
  return (
    <>
      <div class="filters">
        <input
          type="search"
          aria-label={t('queues.filter')}
          placeholder={t('queues.filter')}
          value={name}
          onInput={(event) => filterBy({ name: event.currentTarget.value })}
        />
        <Select
          label={t('queues.kind')}
          value={chosen}
          options={kinds.map((one) => [one, t(`queues.kind.${one}`)] as const)}
          onChoose={(value) => filterBy({ kind: value })}
        />
        {alone > 0 && chosen !== 'alone' && (
          <button type="button" class="badge warn" onClick={() => filterBy({ kind: 'alone' })}>
            {tn('queues.alone', alone)}
          </button>
        )}
        <span class="muted small end">{tn('queues.count', rows.length)}</span>
      </div>
      {rows.length === 0 ? (
        <Empty icon="search" title={t('told.noMatch')} text={t('told.noMatchText')}>
          <Button onClick={() => filterBy({ name: '', kind: '' })}>{t('act.clearFilters')}</Button>
        </Empty>
      ) : (
        <Table
          label={t('queues.title')}
          rows={rows}
          columns={columns}
          keyOf={keyOf}
          sort={{ key: 'name' }}
          onOpen={(row) => go(queueAddress(row))}
        />
      )}
    </>
  )
}

const columnsFor = (many: boolean): readonly Column<QueueRowJson>[] => [
  {
    key: 'name',
    title: t('queue.name'),
    by: ({ name }) => name,
    cell: (row) => (
      <>
        <Link to={queueAddress(row)} class="cell-name">
          {row.name}
        </Link>
        {row.paused && <Badge tone="warn">{t('queue.paused')}</Badge>}
        {isAlone(row) && <Badge tone="warn">{t('queue.noConsumers')}</Badge>}
        {row.kind === 'callback' && <Badge tone="accent">{t('queue.callback')}</Badge>}
      </>
    ),
  },
  ...(many
    ? [
        {
          key: 'vhost',
          title: t('hosts.one'),
          by: vhostOf,
          cell: vhostOf,
          isExtra: true,
          class: 'dim',
        },
      ]
    : []),
  count('ready', t('count.ready'), ({ ready }) => ready),
  count('unsettled', t('count.unacked'), ({ unsettled }) => unsettled, true),
  count('delayed', t('count.delayed'), ({ delayed }) => delayed, true),
  count('not-home', t('count.notHome'), (row) => row.ready + row.unsettled + row.delayed),
  count('in', t('rate.in'), ({ rates }) => rates?.published ?? 0, true, rate),
  count('home', t('rate.home'), ({ rates }) => rates?.outcomes ?? 0, true, rate),
  count('dead', t('count.dead'), ({ dead }) => dead),
  count('consumers', t('count.consumers'), ({ consumers }) => consumers, true),
  {
    key: 'oldest',
    title: t('queue.oldest'),
    isNumber: true,
    isExtra: true,
    by: ({ oldestReadyAtMs }) => -(oldestReadyAtMs ?? Number.MAX_SAFE_INTEGER),
    cell: ({ oldestReadyAtMs }) => <Ago ms={oldestReadyAtMs} />,
    class: 'dim',
  },
]

const vhostOf = ({ vhost }: QueueRowJson): string => vhost

const count = (
  key: string,
  title: string,
  by: (row: QueueRowJson) => number,
  isExtra = false,
  write: (value: number) => string = number,
): Column<QueueRowJson> => ({
  key,
  title,
  by,
  isNumber: true,
  isExtra,
  cell: (row) => {
    const value = by(row)
    return value === 0 ? <span class="muted">0</span> : write(value)
  },
})
