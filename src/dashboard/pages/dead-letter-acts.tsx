/*
 * Replaying and dropping dead letters: those that were chosen, or all that match, in as many requests as it takes.
 */

import type {
  DeadLetterChoiceJson,
  DroppedJson,
  ReplayedJson,
} from '../../http/shapes/dead-letter-shapes.ts'
import { Button } from '../elements/controls.tsx'
import { confirm, fillIn } from '../elements/dialogs.tsx'
import { tell } from '../elements/toasts.tsx'
import { ask } from '../site/api.ts'
import { mayIn } from '../site/session.ts'
import { oneVhost } from '../site/vhosts.ts'
import { t, tn } from '../texts/text.ts'

/** As many as one request takes. */
export const choiceMax = 1_000

interface ActsProps {
  readonly choice: DeadLetterChoiceJson
  /** Undefined when it is not known how many match. */
  readonly count: number | undefined
  readonly isAll: boolean
  readonly done: () => void
}

type Acting = Omit<ActsProps, 'isAll'>

export function DeadLetterActs({ isAll, ...acting }: ActsProps) {
  const { count = 0 } = acting
  return (
    <>
      {mayIn(oneVhost(), 'write') && (
        <Button kind="main" icon="replay" onClick={() => replay(acting)}>
          {isAll ? t('dead.replayAll') : tn('dead.replaySome', count)}
        </Button>
      )}
      {mayIn(oneVhost(), 'read') && (
        <Button kind="danger" icon="trash" onClick={() => drop(acting)}>
          {isAll ? t('dead.dropAll') : tn('dead.dropSome', count)}
        </Button>
      )}
    </>
  )
}

const words = (count: number | undefined): string =>
  count === undefined ? t('dead.allMatching') : tn('dead.messages', count)

function replay({ choice, count, done }: Acting): void {
  const part = async (json: DeadLetterChoiceJson) => {
    const { replayed, more } = await ask<ReplayedJson>('POST', 'api/dead-letters/replay', { json })
    return { taken: replayed, more }
  }
  fillIn({
    title: t('dead.replayTitle', { messages: words(count) }),
    text: t('dead.replayText'),
    act: t('dead.replay'),
    submit: async () => {
      tell(tn('dead.replayed', await inParts(part, choice, count)))
      done()
    },
  })
}

function drop({ choice, count, done }: Acting): void {
  const part = async (json: DeadLetterChoiceJson) => {
    const { dropped, more } = await ask<DroppedJson>('POST', 'api/dead-letters/drop', { json })
    return { taken: dropped, more }
  }
  confirm({
    title: t('dead.dropTitle', { messages: words(count) }),
    text: t('dead.dropText'),
    act: t('dead.drop'),
    submit: async () => {
      tell(tn('dead.dropped', await inParts(part, choice, count)))
      done()
    },
  })
}

type Part = (
  choice: DeadLetterChoiceJson,
) => Promise<{ readonly taken: number; readonly more: boolean }>

/** One request takes a bounded number; those that came meanwhile are not asked for again. */
async function inParts(
  part: Part,
  choice: DeadLetterChoiceJson,
  count = Number.POSITIVE_INFINITY,
): Promise<number> {
  if (choice.ids !== undefined) return (await part(choice)).taken
  let taken = 0
  for (;;) {
    const limit = Math.min(count - taken, choiceMax)
    const answer = await part({ ...choice, limit })
    taken += answer.taken
    if (!answer.more || answer.taken === 0 || taken >= count) return taken
  }
}
