import { storingLie } from '../lying-engine.ts'
import { each, liar, type PlantedBug } from '../planted-bug.ts'

export const limitBugs: readonly PlantedBug[] = [
  liar(36, 'the limit of attempts is forgotten', (engine) =>
    storingLie(engine, () => ({ attemptsMax: 10_000 })),
  ),
  liar(36, 'messages are given up after one attempt', (engine) =>
    storingLie(engine, () => ({ attemptsMax: 1 })),
  ),
  liar(37, 'each 5th dead letter is missing', (engine) => ({
    deadLetters: async (filter) => {
      const dead = await engine.deadLetters(filter)
      return dead.filter((_, n) => n % 5 !== 4)
    },
  })),
  liar(37, 'a replay is told and not made', (engine) => {
    const now = each(2)
    return {
      replayDeadLetters: async (filter) => {
        if (!now()) return engine.replayDeadLetters(filter)
        await engine.dropDeadLetters(filter)
        return (filter.ids ?? []).map(() => engine.mintId())
      },
    }
  }),
  liar(
    39,
    'a queue takes more than it may',
    (engine) => ({
      declareQueue: (name, { depthMax: _, ...settings }) => engine.declareQueue(name, settings),
    }),
    { queues: [{ name: 'work', settings: { depthMax: 2 } }] },
  ),
  liar(40, 'a purge counts one too many', (engine) => ({
    purgeQueue: async (name) => (await engine.purgeQueue(name)) + 1,
  })),
]
