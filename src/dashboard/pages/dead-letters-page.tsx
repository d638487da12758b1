/*
 * Messages that failed for good, to be looked at, replayed or dropped: one, some, or all that match.
 */

import { useState } from 'preact/hooks'
import type {
  DeadLetterChoiceJson,
  DeadLetterJson,
  DeadLetterPageJson,
  DroppedJson,
  ReplayedJson,
} from '../../http/shapes/dead-letter-shapes.ts'
import { messageColumn, queueColumn } from '../elements/columns.tsx'
import { Button, InTabOrder } from '../elements/controls.tsx'
import { confirm, fillIn } from '../elements/dialogs.tsx'
import { Ago, CodeBadge, Empty, Loaded, PageHead } from '../elements/page.tsx'
import { type Column, Table } from '../elements/table.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask, get } from '../site/api.ts'
import { usePages } from '../site/pages-of.ts'
import { addressOf, go, type Query } from '../site/route.ts'
import { mayIn } from '../site/session.ts'
import { oneVhost } from '../site/vhosts.ts'
import { number, t, tn } from '../texts/text.ts'
import { chosenFilters, clearFilters, isFiltered, MessageFilters } from './message-filters.tsx'

const filters = ['idPrefix', 'queue', 'reason', 'since'] as const
const rereadMs = 5_000
/** As many as one request takes. */
const choiceMax = 1_000

export function DeadLettersPage() {
  // The API acts in one virtual host at a time, so the list is of one, too.
  const query: Query = { ...chosenFilters(filters), vhost: oneVhost() }
  const pages = usePages(
    `dead ${JSON.stringify(query)}`,
    (more, signal) =>
      get<DeadLetterPageJson>(
        'api/dead-letters',
        { ...query, ...more, limit: '50', bodyBytesMax: '0' },
        signal,
      ),
    rereadMs,
  )
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const rows = pages.data?.flatMap(({ deadLetters }) => deadLetters) ?? []
  const ids = rows.map(({ id }) => id).filter((id) => chosen.has(id))
  const done = (): void => {
    setChosen(new Set())
    pages.reload()
  }
  const total = isFiltered(['idPrefix', 'reason', 'since']) ? undefined : pages.data?.[0]?.total
  const isAll = ids.length === 0
  const choice: DeadLetterChoiceJson = isAll ? choiceOf(query) : { vhost: oneVhost(), ids }
  const count = isAll ? (total ?? (pages.more ? undefined : rows.length)) : ids.length
  return (
    <>
      <PageHead title={t('dead.title')} text={t('dead.text')}>
        {rows.length > 0 && <Acts choice={choice} count={count} isAll={isAll} done={done} />}
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
              columns={columns(chosen, (id) => setChosen(toggled(chosen, id)))}
              keyOf={({ id }) => id}
              onOpen={({ id, vhost }) => go(addressOf('message', { id, vhost }))}
              foot={
                <>
                  <span>
                    {ids.length > 0 ? tn('dead.chosen', ids.length) : tn('told.shown', rows.length)}
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

const toggled = (before: ReadonlySet<string>, id: string): ReadonlySet<string> =>
  new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id])

const choiceOf = (query: Query): DeadLetterChoiceJson =>
  Object.fromEntries(Object.entries(query).filter(([, value]) => value))

const NoDead = () =>
  isFiltered(filters) ? (
    <Empty icon="search" title={t('told.noMatch')} text={t('told.noMatchText')}>
      <Button onClick={() => clearFilters(filters)}>{t('act.clearFilters')}</Button>
    </Empty>
  ) : (
    <Empty icon="outcome" title={t('dead.none')} text={t('dead.noneText')} />
  )

interface ActsProps {
  readonly choice: DeadLetterChoiceJson
  /** Undefined when it is not known how many match. */
  readonly count: number | undefined
  readonly isAll: boolean
  readonly done: () => void
}

function Acts({ choice, count, isAll, done }: ActsProps) {
  const vhost = oneVhost()
  const words = count === undefined ? t('dead.allMatching') : tn('dead.messages', count)
  const replay = (): void =>
    fillIn({
      title: t('dead.replayTitle', { messages: words }),
      text: t('dead.replayText'),
      act: t('dead.replay'),
      submit: async () => {
        const replayed = await inParts((json) =>
          ask<ReplayedJson>('POST', 'api/dead-letters/replay', { json }).then(
            ({ replayed, more }) => ({ taken: replayed, more }),
          ),
        )
        tell(tn('dead.replayed', replayed))
        done()
      },
    })
  const drop = (): void =>
    confirm({
      title: t('dead.dropTitle', { messages: words }),
      text: t('dead.dropText'),
      act: t('dead.drop'),
      submit: async () => {
        const dropped = await inParts((json) =>
          ask<DroppedJson>('POST', 'api/dead-letters/drop', { json }).then(({ dropped, more }) => ({
            taken: dropped,
            more,
          })),
        )
        tell(tn('dead.dropped', dropped))
        done()
      },
    })
  /** One request takes a bounded number; those that came meanwhile are not asked for again. */
  const inParts = async (part: Part): Promise<number> => {
    let left = count ?? Number.POSITIVE_INFINITY
    let taken = 0
    for (;;) {
      const answer = await part({ ...choice, limit: Math.min(left, choiceMax) })
      taken += answer.taken
      left -= answer.taken
      if (!answer.more || answer.taken === 0 || left <= 0) return taken
    }
  }
  return (
    <>
      {mayIn(vhost, 'write') && (
        <Button kind="main" icon="replay" onClick={replay}>
          {isAll ? t('dead.replayAll') : tn('dead.replaySome', count ?? 0)}
        </Button>
      )}
      {mayIn(vhost, 'read') && (
        <Button kind="danger" icon="trash" onClick={drop}>
          {isAll ? t('dead.dropAll') : tn('dead.dropSome', count ?? 0)}
        </Button>
      )}
    </>
  )
}

type Part = (
  choice: DeadLetterChoiceJson,
) => Promise<{ readonly taken: number; readonly more: boolean }>

const columns = (
  chosen: ReadonlySet<string>,
  toggle: (id: string) => void,
): readonly Column<DeadLetterJson>[] => [
  {
    key: 'chosen',
    title: '',
    cell: ({ id }) => (
      <InTabOrder.Consumer>
        {(inOrder) => (
          <input
            type="checkbox"
            aria-label={t('dead.choose', { id })}
            checked={chosen.has(id)}
            tabIndex={inOrder ? undefined : -1}
            onChange={() => toggle(id)}
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
