/*
 * The rows of a long table that are in view: others are not drawn, their place is kept by height.
 */

import type { RefObject } from 'preact'
import { useState } from 'preact/hooks'

/** As `--row-height` in tokens.css. */
const rowHeight = 40
/** Shorter tables are drawn whole, and the page scrolls. */
const wholeRowsMax = 60
/** Drawn beyond the view on both sides, so that scrolling finds them there. */
const spareRows = 12
const headHeight = 36

export interface Part {
  readonly isPart: boolean
  readonly from: number
  readonly to: number
  /** Heights of what is not drawn. */
  readonly above: number
  readonly below: number
  readonly scrolled: () => void
  /** Scrolls so that the row is in view. */
  show(index: number): void
}

export function usePart(box: RefObject<HTMLElement | null>, count: number): Part {
  const [first, setFirst] = useState(0)
  const isPart = count > wholeRowsMax
  const inView = Math.ceil((globalThis.innerHeight ?? 800) / rowHeight)
  const from = isPart ? Math.max(0, Math.min(first, count - inView) - spareRows) : 0
  const to = isPart ? Math.min(count, first + inView + spareRows) : count
  return {
    isPart,
    from,
    to,
    above: from * rowHeight,
    below: (count - to) * rowHeight,
    scrolled: () => {
      const next = Math.floor((box.current?.scrollTop ?? 0) / rowHeight)
      // A table of 500 rows is drawn again every few rows, not at every pixel.
      if (Math.abs(next - first) >= spareRows / 2 || next === 0) setFirst(next)
    },
    show: (index) => {
      const element = box.current
      if (!isPart || element === null) return
      const top = index * rowHeight
      const room = element.clientHeight - headHeight
      if (top < element.scrollTop) element.scrollTop = top
      else if (top + rowHeight > element.scrollTop + room) {
        element.scrollTop = top + rowHeight - room
      }
      setFirst(Math.floor(element.scrollTop / rowHeight))
    },
  }
}
