/*
 * What fails, grouped by queue, code and message: one row for a thousand failures of the same kind.
 */

import type { FailureGroupJson, FailurePageJson } from '../../http/shapes/outcome-shapes.ts'
import { countColumn, queueColumn, timeColumn } from '../elements/columns.tsx'
import { Button, Link } from '../elements/controls.tsx'
import { CodeBadge, Empty, Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { useResource } from '../site/resource.ts'
import { addressOf, go } from '../site/route.ts'
import { t, tn } from '../texts/text.ts'
import { chosenFilters, clearFilters, isFiltered, MessageFilters } from './message-filters.tsx'

const filters = ['vhost', 'queue', 'since'] as const
const rereadMs = 10_000

export function FailuresPage() {
  const query = chosenFilters(filters)
  const page = useResource(
    `failures ${JSON.stringify(query)}`,
    (signal) => get<FailurePageJson>('api/failures', query, signal),
    rereadMs,
  )
  return (
    <>
      <PageHead title={t('failures.title')} text={t('failures.text')} />
      <MessageFilters filters={filters} />
      <Loaded of={page}>
        {({ groups, examined, complete }) =>
          groups.length === 0 ? (
            <NoFailures />
          ) : (
            <Table
              label={t('failures.title')}
              rows={groups}
              columns={columns()}
              keyOf={({ vhost, queue, code, message }) => `${vhost} ${queue} ${code} ${message}`}
              sort={{ key: 'count', isFalling: true }}
              onOpen={({ lastId, vhost }) => go(addressOf('message', { id: lastId, vhost }))}
              foot={complete ? tn('failures.examined', examined) : tn('failures.newest', examined)}
            />
          )
        }
      </Loaded>
    </>
  )
}

const NoFailures = () =>
  isFiltered(filters) ? (
    <Empty icon="search" title={t('told.noMatch')} text={t('told.noMatchText')}>
      <Button onClick={() => clearFilters(filters)}>{t('act.clearFilters')}</Button>
    </Empty>
  ) : (
    <Empty icon="outcome" title={t('failures.none')} text={t('failures.noneText')} />
  )

const columns = (): readonly Column<FailureGroupJson>[] => [
  {
    key: 'message',
    title: t('failures.message'),
    by: ({ message }) => message ?? '',
    cell: ({ message }) => <span title={message}>{message ?? <span class="muted">–</span>}</span>,
    class: 'cell-name',
  },
  {
    key: 'code',
    title: t('outcome.code'),
    by: ({ code }) => code,
    cell: ({ code }) => <CodeBadge code={code} />,
  },
  queueColumn(),
  countColumn({ key: 'count', title: t('failures.count'), of: ({ count }) => count }),
  timeColumn({
    key: 'first',
    title: t('failures.first'),
    of: ({ firstAtMs }) => firstAtMs,
    isExtra: true,
  }),
  timeColumn({ key: 'last', title: t('failures.last'), of: ({ lastAtMs }) => lastAtMs }),
  {
    key: 'newest',
    title: t('failures.newestOne'),
    isExtra: true,
    class: 'narrow-id',
    cell: ({ lastId, vhost }) => (
      <Link to={addressOf('message', { id: lastId, vhost })} class="fixed">
        {lastId}
      </Link>
    ),
  },
]
