import { storingLie } from '../lying-engine.ts'
import { liar, type PlantedBug } from '../planted-bug.ts'

export const timeBugs: readonly PlantedBug[] = [
  liar(32, 'messages expire 100 ms early', (engine) =>
    storingLie(engine, ({ deadlineAtMs }) => ({ deadlineAtMs: deadlineAtMs - 100 })),
  ),
  liar(32, 'messages expire a second late', (engine) =>
    storingLie(engine, ({ deadlineAtMs }) => ({ deadlineAtMs: deadlineAtMs + 1_000 })),
  ),
  liar(33, 'delays are forgotten', (engine) => storingLie(engine, () => ({ availableAtMs: 0 }))),
  liar(33, 'retries come back at once', (engine) => ({
    settle: (delivery, settlement) =>
      engine.settle(
        delivery,
        settlement.kind === 'retry' ? { ...settlement, delayMs: 0 } : settlement,
      ),
  })),
  {
    invariant: 34,
    name: 'time is taken from the wall clock',
    plant: (system) => ({
      ...system,
      open: (devices, plan, random16) => {
        const { clock } = devices
        const wall = {
          wallMs: () => clock.wallMs(),
          monotonicMs: () => clock.wallMs(),
          after: clock.after.bind(clock),
          soon: clock.soon.bind(clock),
        }
        return system.open({ ...devices, clock: wall }, plan, random16)
      },
    }),
  },
  liar(35, 'attempts run twice as long as they may', (engine) =>
    storingLie(engine, ({ timeoutMs }) => ({
      timeoutMs: timeoutMs * 2 + 300 * Math.sign(timeoutMs),
    })),
  ),
  liar(35, 'attempts are cut off early', (engine) =>
    storingLie(engine, ({ timeoutMs }) => ({ timeoutMs: timeoutMs / 2 })),
  ),
]
