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
import { t, tn } from '../texts/text.ts'

/** As many as one request takes. */
export const choiceMax = 1_000

interface ActsProps {
  /** Each is a request of its own. */
  readonly choices: readonly DeadLetterChoiceJson[]
  /** Where they are; undefined for all. */
  readonly vhosts: readonly (string | undefined)[]
  /** Undefined when it is not known how many match. */
  readonly count: number | undefined
  readonly isAll: boolean
  readonly done: () => void
}

type Acting = Omit<ActsProps, 'isAll' | 'vhosts'>

export function DeadLetterActs({ isAll, vhosts, ...acting }: ActsProps) {
  const { count = 0 } = acting
  const may = (right: 'write' | 'read'): boolean => vhosts.every((vhost) => mayIn(vhost, right))
  return (
    <>
      {may('write') && (
        <Button kind="main" icon="replay" onClick={() => replay(acting)}>
          {isAll ? t('dead.replayAll') : tn('dead.replaySome', count)}
        </Button>
      )}
      {may('read') && (
        <Button kind="danger" icon="trash" onClick={() => drop(acting)}>
          {isAll ? t('dead.dropAll') : tn('dead.dropSome', count)}
        </Button>
      )}
    </>
  )
}

const words = (count: number | undefined): string =>
  count === undefined ? t('dead.allMatching') : tn('dead.messages', count)

function replay({ choices, count, done }: Acting): void {
  const part = async (json: DeadLetterChoiceJson) => {
    const { replayed, more } = await ask<ReplayedJson>('POST', 'api/dead-letters/replay', { json })
    return { taken: replayed, more }
  }
  fillIn({
    title: t('dead.replayTitle', { messages: words(count) }),
    text: t('dead.replayText'),
    act: t('dead.replay'),
    submit: async () => {
      tell(tn('dead.replayed', await inAll(part, choices, count)))
      done()
    },
  })
}

function drop({ choices, count, done }: Acting): void {
  const part = async (json: DeadLetterChoiceJson) => {
    const { dropped, more } = await ask<DroppedJson>('POST', 'api/dead-letters/drop', { json })
    return { taken: dropped, more }
  }
  confirm({
    title: t('dead.dropTitle', { messages: words(count) }),
    text: t('dead.dropText'),
    act: t('dead.drop'),
    submit: async () => {
      tell(tn('dead.dropped', await inAll(part, choices, count)))
      done()
    },
  })
}

type Part = (
  choice: DeadLetterChoiceJson,
) => Promise<{ readonly taken: number; readonly more: boolean }>

async function inAll(
  part: Part,
  choices: readonly DeadLetterChoiceJson[],
  count: number | undefined,
): Promise<number> {
  let taken = 0
  for (const choice of choices) taken += await inParts(part, choice, count)
  return taken
}

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
