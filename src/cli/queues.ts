import type { QueueStats } from '../index.ts'
import { type CommonOptions, commonOptions, type Define, examples } from './command.ts'
import { withHome } from './open-home.ts'
import { countText } from './outcome-text.ts'
import { tableLines } from './table.ts'

const help = examples([
  ['homing queues', 'how much waits where'],
  ['homing queues --json | jq -r "select(.dead > 0) | .name"', 'queues with dead letters'],
])

export const defineQueues: Define = (command, invocation) => {
  const { terminal } = invocation
  commonOptions(command)
    .addHelpText('after', help)
    .action(async (options: CommonOptions) => {
      const queues = await withHome(invocation, { ...options, make: false }, (home) =>
        home.queues(),
      )
      const sorted = queues.toSorted((a, b) => a.name.localeCompare(b.name))
      if (terminal.json) {
        for (const { name, ready, unsettled, delayed, dead, paused = false } of sorted) {
          await terminal.line(JSON.stringify({ name, ready, unsettled, delayed, dead, paused }))
        }
        return
      }
      if (sorted.length === 0) return terminal.note('no queues')
      const bold = (text: string): string => terminal.style('bold', text)
      // Most of the time none is, and a column of nothing tells nothing.
      const isPaused = sorted.some(({ paused }) => paused === true)
      const shown = isPaused ? [...columns, pausedColumn] : columns
      const rows = sorted.map((one) => (isPaused ? [...cells(one), pausedCell(one)] : cells(one)))
      for (const line of tableLines(shown, rows, terminal.width, bold)) {
        await terminal.line(line)
      }
    })
}

const columns = [
  { title: 'QUEUE', widthMin: 12 },
  { title: 'READY', align: 'right' },
  { title: 'IN WORK', align: 'right' },
  { title: 'DELAYED', align: 'right' },
  { title: 'DEAD', align: 'right' },
] as const

const pausedColumn = { title: 'PAUSED' } as const

const pausedCell = ({ paused }: QueueStats): string => (paused === true ? 'paused' : '')

const cells = ({ name, ready, unsettled, delayed, dead }: QueueStats): readonly string[] => [
  name,
  ...[ready, unsettled, delayed, dead].map(countText),
]
