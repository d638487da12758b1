/*
 * Messages that failed for good, to be looked at, replayed or dropped: one, some, or all that match.
 */

import { useState } from 'preact/hooks'
import type {
  DeadLetterChoiceJson,
  DeadLetterJson,
  DeadLetterPageJson,
} from '../../http/shapes/dead-letter-shapes.ts'
import { messageColumn, queueColumn } from '../elements/columns.tsx'
import { Button, InTabOrder } from '../elements/controls.tsx'
import { Ago, CodeBadge, Empty, Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { get } from '../site/api.ts'
import { type Pages, usePages } from '../site/pages-of.ts'
import { addressOf, go, type Query } from '../site/route.ts'
import { hasManyVhosts } from '../site/vhosts.ts'
import { number, t, tn } from '../texts/text.ts'
import { choiceMax, DeadLetterActs } from './dead-letter-acts.tsx'
import { chosenFilters, clearFilters, isFiltered, MessageFilters } from './message-filters.tsx'

const filters = ['vhost', 'idPrefix', 'queue', 'reason', 'since'] as const
const rereadMs = 5_000
export function DeadLettersPage() {
  const query = chosenFilters(filters)
  const pages = useDeadLetters(query)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const rows = pages.data?.flatMap(({ deadLetters }) => deadLetters) ?? []
  const some = rows.filter((row) => chosen.has(keyOf(row))).slice(0, choiceMax)
  const done = (): void => {
    setChosen(new Set())
    pages.reload()
  }
  const total = isFiltered(['idPrefix', 'reason', 'since']) ? undefined : pages.data?.[0]?.total
  const isAll = some.length === 0
  const choices = isAll ? [choiceOf(query)] : choicesOf(some)
  const count = isAll ? (total ?? (pages.more ? undefined : rows.length)) : some.length
  return (
    <>
      <PageHead title={t('dead.title')} text={t('dead.text')}>
        {rows.length > 0 && (
          <DeadLetterActs
            {...{ choices, count, isAll, done }}
            vhosts={isAll ? [query.vhost] : choices.map(({ vhost }) => vhost)}
          />
        )}
      </PageHead>
      <MessageFilters filters={filters} />
      <Loaded of={pages}>
        {() =>
          rows.length === 0 ? (
            <NoDead />
          ) : (
            <Table
              label={t('dead.title')}
              rows={rows}
              columns={columns(chosen, (key) => setChosen(toggled(chosen, key)))}
              keyOf={keyOf}
              onOpen={({ id, vhost }) => go(addressOf('message', { id, vhost }))}
              foot={
                <>
                  <span>
                    {isAll ? tn('told.shown', rows.length) : tn('dead.chosen', some.length)}
                  </span>
                  {pages.more && (
                    <Button kind="short" onClick={pages.more}>
                      {t('act.more')}
                    </Button>
                  )}
                </>
              }
            />
          )
        }
      </Loaded>
    </>
  )
}

const useDeadLetters = (query: Query): Pages<DeadLetterPageJson> =>
  usePages(
    `dead ${JSON.stringify(query)}`,
    (more, signal) =>
      get<DeadLetterPageJson>(
        'api/dead-letters',
        { ...query, ...more, limit: '50', bodyBytesMax: '0' },
        signal,
      ),
    rereadMs,
  )

/** An id is one within its virtual host. */
const keyOf = ({ id, vhost }: DeadLetterJson): string => `${vhost} ${id}`

/** Read aloud, two of one id must differ. */
const labelOf = ({ id, vhost }: DeadLetterJson): string =>
  hasManyVhosts() ? `${id}, ${vhost}` : id

const toggled = (before: ReadonlySet<string>, key: string): ReadonlySet<string> =>
  new Set(before.has(key) ? [...before].filter((one) => one !== key) : [...before, key])

/** By id the API acts in one virtual host at a time. */
const choicesOf = (rows: readonly DeadLetterJson[]): readonly DeadLetterChoiceJson[] =>
  [...Map.groupBy(rows, ({ vhost }) => vhost)].map(([vhost, some]) => ({
    vhost,
    ids: some.map(({ id }) => id),
  }))

function choiceOf(query: Query): DeadLetterChoiceJson {
  const given = Object.entries(query).filter(([, value]) => value)
  return given.length === 0 ? { all: true } : Object.fromEntries(given)
}

const NoDead = () =>
  isFiltered(filters) ? (
    <Empty icon="search" title={t('told.noMatch')} text={t('told.noMatchText')}>
      <Button onClick={() => clearFilters(filters)}>{t('act.clearFilters')}</Button>
    </Empty>
  ) : (
    <Empty icon="outcome" title={t('dead.none')} text={t('dead.noneText')} />
  )

const columns = (
  chosen: ReadonlySet<string>,
  toggle: (key: string) => void,
): readonly Column<DeadLetterJson>[] => [
  {
    key: 'chosen',
    title: '',
    cell: (row) => (
      <InTabOrder.Consumer>
        {(inOrder) => (
          <input
            type="checkbox"
            aria-label={t('dead.choose', { id: labelOf(row) })}
            checked={chosen.has(keyOf(row))}
            tabIndex={inOrder ? undefined : -1}
            onChange={() => toggle(keyOf(row))}
          />
        )}
      </InTabOrder.Consumer>
    ),
  },
  messageColumn((row) => row),
  queueColumn(true),
  { key: 'reason', title: t('dead.reason'), cell: ({ reason }) => <CodeBadge code={reason} /> },
  {
    key: 'error',
    title: t('dead.error'),
    isExtra: true,
    cell: ({ error }) => {
      const text = error?.message ?? error?.data ?? error?.name
      return <span title={text}>{text ?? '–'}</span>
    },
  },
  {
    key: 'attempts',
    title: t('message.attempts'),
    isNumber: true,
    isExtra: true,
    cell: ({ attempts }) => number(attempts),
  },
  { key: 'died', title: t('dead.died'), cell: ({ diedAtMs }) => <Ago ms={diedAtMs} /> },
]
