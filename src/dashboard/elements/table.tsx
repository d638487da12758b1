/*
 * Tables: sorted by a click on a column, walked through by arrow keys, drawn as far as they are in view.
 *
 *   rows ─▶ sort ─▶ the part in view ─▶ a row each of the same height
 *
 * Keys: one row is in the order of Tab; Up, Down, Page Up, Page Down, Home, End move it; Enter opens.
 */

import type { ComponentChildren, RefObject } from 'preact'
import { useMemo, useRef, useState } from 'preact/hooks'
import { t } from '../texts/text.ts'
import { InTabOrder } from './controls.tsx'
import { Icon } from './icon.tsx'
import { usePart } from './part-in-view.ts'
import { movedTo, type Sorting, sorted } from './table-order.ts'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  readonly cell: (row: Row) => ComponentChildren
  /** Columns without it cannot be sorted by. */
  readonly by?: (row: Row) => string | number
  readonly isNumber?: boolean
  /** Left out on a phone. */
  readonly isExtra?: boolean
  readonly class?: string
}

export interface TableProps<Row> {
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  readonly sort?: Sorting
  readonly onOpen?: (row: Row) => void
  readonly foot?: ComponentChildren
}

export function Table<Row>(props: TableProps<Row>) {
  const { label, rows, columns, keyOf, onOpen, foot } = props
  const [sorting, setSorting] = useState(props.sort)
  const [active, setActive] = useState<string>()
  const box = useRef<HTMLElement>(null)
  const ordered = useMemo(() => sorted(rows, columns, sorting), [rows, columns, sorting])
  const part = usePart(box, ordered.length)
  const activeAt = Math.max(
    0,
    ordered.findIndex((row) => keyOf(row) === active),
  )
  const move = (event: KeyboardEvent): void => {
    const to = movedTo(event.key, activeAt, ordered.length)
    const row = to === undefined ? undefined : ordered[to]
    if (to === undefined || row === undefined || !isRow(event.target)) return
    event.preventDefault()
    setActive(keyOf(row))
    part.show(to)
    // Drawn first: the row may have been out of view.
    requestAnimationFrame(() => {
      box.current?.querySelector<HTMLElement>('tbody tr[tabindex="0"]')?.focus()
    })
  }
  return (
    <div class="card">
      <div
        class={`table ${part.isPart ? 'tall' : ''}`}
        ref={box as RefObject<HTMLDivElement>}
        onScroll={part.isPart ? part.scrolled : undefined}
      >
        <table aria-label={label} aria-rowcount={ordered.length + 1}>
          <Head columns={columns} sorting={sorting} sort={setSorting} />
          <tbody onKeyDown={move}>
            <Pad height={part.above} />
            {ordered.slice(part.from, part.to).map((row, index) => (
              <Row
                key={keyOf(row)}
                row={row}
                columns={columns}
                index={part.from + index}
                isActive={part.from + index === activeAt}
                focused={() => setActive(keyOf(row))}
                onOpen={onOpen}
              />
            ))}
            <Pad height={part.below} />
          </tbody>
        </table>
      </div>
      {foot !== undefined && <div class="table-foot">{foot}</div>}
    </div>
  )
}

const isRow = (target: EventTarget | null): boolean => target instanceof HTMLTableRowElement

const Pad = ({ height }: { readonly height: number }) =>
  height === 0 ? null : (
    <tr class="pad">
      <td style={{ height: `${height}px` }} />
    </tr>
  )

interface HeadProps<Row> {
  readonly columns: readonly Column<Row>[]
  readonly sorting: Sorting | undefined
  readonly sort: (sorting: Sorting) => void
}

function Head<Row>({ columns, sorting, sort }: HeadProps<Row>) {
  const turned = ({ key, isNumber }: Column<Row>): Sorting => {
    const isSame = sorting?.key === key
    return { key, isFalling: isSame ? !sorting.isFalling : isNumber === true }
  }
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const isSorted = sorting?.key === column.key && column.by !== undefined
          const order = sorting?.isFalling === true ? 'descending' : 'ascending'
          return (
            <th
              key={column.key}
              scope="col"
              class={classOf(column)}
              aria-sort={isSorted ? order : undefined}
            >
              {column.by === undefined ? (
                column.title || <span class="unseen">{t('table.actions')}</span>
              ) : (
                <button type="button" onClick={() => sort(turned(column))}>
                  {column.title}
                  {isSorted && <Icon name={order === 'descending' ? 'down' : 'up'} />}
                </button>
              )}
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

interface RowProps<Row> {
  readonly row: Row
  readonly columns: readonly Column<Row>[]
  readonly index: number
  readonly isActive: boolean
  readonly focused: () => void
  readonly onOpen: ((row: Row) => void) | undefined
}

function Row<Row>({ row, columns, index, isActive, focused, onOpen }: RowProps<Row>) {
  const clicked = (event: MouseEvent): void => {
    const isOwn = !(event.target as Element).closest('a, button, input, label')
    if (isOwn && String(getSelection()) === '') onOpen?.(row)
  }
  return (
    <tr
      tabIndex={isActive ? 0 : -1}
      aria-rowindex={index + 2}
      class={onOpen && 'opens'}
      onFocus={focused}
      onClick={onOpen && clicked}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && isRow(event.target)) onOpen?.(row)
      }}
    >
      <InTabOrder.Provider value={isActive}>
        {columns.map((column) => (
          <td key={column.key} class={classOf(column)}>
            {column.cell(row)}
          </td>
        ))}
      </InTabOrder.Provider>
    </tr>
  )
}

const classOf = <Row,>(column: Column<Row>): string =>
  [column.isNumber && 'number', column.isExtra && 'hide-narrow', column.class]
    .filter(Boolean)
    .join(' ')
