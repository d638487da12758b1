/*
 * What came home, newest first.
 */

import type { OutcomeJson, OutcomePageJson } from '../../http/shapes/outcome-shapes.ts'
import { ListFoot, messageColumn, queueColumn, shownText } from '../elements/columns.tsx'
import { Button, Link } from '../elements/controls.tsx'
import { Ago, CodeBadge, Empty, Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { usePages } from '../site/pages-of.ts'
import { addressOf, go } from '../site/route.ts'
import { bytes, duration, number, t } from '../texts/text.ts'
import { chosenFilters, clearFilters, isFiltered, MessageFilters } from './message-filters.tsx'

const filters = ['vhost', 'idPrefix', 'queue', 'code', 'since'] as const
const rereadMs = 5_000

export function OutcomesPage() {
  const query = chosenFilters(filters)
  const pages = usePages(
    `outcomes ${JSON.stringify(query)}`,
    (more, signal) =>
      get<OutcomePageJson>(
        'api/outcomes',
        { ...query, ...more, limit: '50', bodyBytesMax: '0' },
        signal,
      ),
    rereadMs,
  )
  return (
    <>
      <PageHead title={t('outcomes.title')} text={t('outcomes.text')} />
      <MessageFilters filters={filters} />
      <Loaded of={pages}>
        {(read) => {
          const rows = read.flatMap(({ outcomes }) => outcomes)
          if (rows.length === 0) return <NoOutcomes />
          return (
            <Table
              label={t('outcomes.title')}
              rows={rows}
              columns={columns()}
              keyOf={({ id, vhost }) => `${vhost} ${id}`}
              onOpen={({ id, vhost }) => go(addressOf('message', { id, vhost }))}
              foot={<ListFoot text={shownText(rows.length)} more={pages.more} />}
            />
          )
        }}
      </Loaded>
    </>
  )
}

const NoOutcomes = () =>
  isFiltered(filters) ? (
    <Empty icon="search" title={t('told.noMatch')} text={t('told.noMatchText')}>
      <Button onClick={() => clearFilters(filters)}>{t('act.clearFilters')}</Button>
    </Empty>
  ) : (
    <Empty icon="outcome" title={t('outcomes.none')} text={t('outcomes.noneText')}>
      <Link class="button" to={addressOf('queues')}>
        {t('queues.title')}
      </Link>
    </Empty>
  )

const columns = (): readonly Column<OutcomeJson>[] => [
  messageColumn((row) => row),
  { key: 'code', title: t('outcome.code'), cell: ({ code }) => <CodeBadge code={code} /> },
  queueColumn(true),
  {
    key: 'finished',
    title: t('message.finished'),
    cell: ({ finishedAtMs }) => <Ago ms={finishedAtMs} />,
  },
  {
    key: 'took',
    title: t('overview.roundTrip'),
    isNumber: true,
    cell: ({ acceptedAtMs, finishedAtMs }) => duration(finishedAtMs - acceptedAtMs),
  },
  {
    key: 'attempts',
    title: t('message.attempts'),
    isNumber: true,
    isExtra: true,
    cell: ({ attempts }) => number(attempts),
  },
  {
    key: 'size',
    title: t('message.size'),
    isNumber: true,
    isExtra: true,
    cell: ({ bodyBytes }) => bytes(bodyBytes),
  },
]
