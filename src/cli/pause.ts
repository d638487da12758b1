import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
} from './command.ts'
import { withHome } from './open-home.ts'

type Act = 'pause' | 'resume'

const help = examples([
  [
    'homing pause resize',
    'what is in work goes on, nothing new is delivered; also after a restart',
  ],
  ['homing queues', 'which queues are paused, and how much waits in them'],
  ['homing resume resize', 'delivers again, in the order in which it was sent'],
])

const defineAct =
  (act: Act): Define =>
  (command, invocation) => {
    commonOptions(command)
      .argument('<queue>', 'name of the queue')
      .addHelpText('after', help)
      .action(async (queue: string, options: CommonOptions) => {
        await withHome(invocation, { ...options, make: false }, (home) => home[act](queue))
        await tell(invocation, queue, act)
      })
  }

export const definePause: Define = defineAct('pause')
export const defineResume: Define = defineAct('resume')

async function tell({ terminal }: Invocation, queue: string, act: Act): Promise<void> {
  const paused = act === 'pause'
  if (terminal.json) await terminal.line(JSON.stringify({ queue, paused }))
  else if (paused) {
    await terminal.line(`${queue} is paused; what is sent to it waits until homing resume ${queue}`)
  } else await terminal.line(`${queue} is delivered again`)
}
