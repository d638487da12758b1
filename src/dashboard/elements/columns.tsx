/*
 * Columns that many tables have, and the foot of lists that come in pages.
 */

import { addressOf } from '../site/route.ts'
import { hasManyVhosts } from '../site/vhosts.ts'
import { number, t, tn } from '../texts/text.ts'
import { Button, Link } from './controls.tsx'
import { Ago } from './page.tsx'
import type { Column } from './table.tsx'

interface ColumnOf<Row, Value> {
  readonly key: string
  readonly title: string
  readonly of: (row: Row) => Value
  readonly isExtra?: boolean
  readonly class?: string
}

/** Sorted by its text; a dash where there is none. */
export const textColumn = <Row,>({
  of,
  ...column
}: ColumnOf<Row, string | undefined>): Column<Row> => ({
  ...column,
  by: (row) => of(row) ?? '',
  cell: (row) => of(row) || '–',
})

export const countColumn = <Row,>({
  of,
  ...column
}: ColumnOf<Row, number | undefined>): Column<Row> => ({
  ...column,
  isNumber: true,
  by: (row) => of(row) ?? 0,
  cell: (row) => number(of(row) ?? 0),
})

export const timeColumn = <Row,>({
  of,
  ...column
}: ColumnOf<Row, number | undefined>): Column<Row> => ({
  ...column,
  by: (row) => of(row) ?? 0,
  cell: (row) => <Ago ms={of(row)} />,
})

export const messageAddress = (id: string, vhost: string): string =>
  addressOf('message', { id, vhost })

interface Identified {
  readonly vhost: string
  readonly id: string | undefined
  /** Shown of a message without an id, which has no page. */
  readonly position?: number
}

export const messageColumn = <Row,>(of: (row: Row) => Identified): Column<Row> => ({
  key: 'id',
  title: t('message.id'),
  cell: (row) => {
    const { id, vhost, position = 0 } = of(row)
    if (id === undefined) return <span class="muted">{t('message.noId', { position })}</span>
    return (
      <Link to={messageAddress(id, vhost)} class="fixed">
        {id}
      </Link>
    )
  },
})

export const queueAddress = ({ vhost, name }: { vhost: string; name: string }): string =>
  addressOf('queue', { vhost, name })

interface InQueue {
  readonly vhost: string
  readonly queue: string
}

/** With its virtual host, where rows of several stand in one list. */
export const queueColumn = <Row extends InQueue>(isExtra = false): Column<Row> => ({
  key: 'queue',
  title: t('queue.one'),
  isExtra,
  by: ({ queue }) => queue,
  cell: ({ vhost, queue }) => (
    <>
      <Link to={queueAddress({ vhost, name: queue })}>{queue}</Link>
      {hasManyVhosts() && <span class="muted small"> {vhost}</span>}
    </>
  ),
})

interface FootProps {
  readonly text: string
  readonly more: (() => Promise<void>) | undefined
}

export const ListFoot = ({ text, more }: FootProps) => (
  <>
    <span>{text}</span>
    {more !== undefined && (
      <Button kind="short" onClick={more}>
        {t('act.more')}
      </Button>
    )}
  </>
)

export const shownText = (count: number): string => tn('told.shown', count)
