import type { ChildProcess } from 'node:child_process'

const running = new Set<ChildProcess>()
let listening = false

/** Whatever ends the bench ends this child too. Returns how to forget a child that is gone. */
export function stopAtExit(child: ChildProcess): () => void {
  if (!listening) {
    listening = true
    process.on('exit', () => {
      for (const one of running) one.kill('SIGKILL')
    })
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const)
      process.once(signal, () => process.exit(code))
  }
  running.add(child)
  return () => running.delete(child)
}
