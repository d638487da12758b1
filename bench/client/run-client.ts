/*
 * A load program is a child process of its own, so that the garbage and the compiled code of one
 * system never slow another. It gets its settings as one message and answers with one message;
 * run-client.ts is the child's half, ../load-program.ts the parent's.
 */

export function runClient<Settings, Result>(work: (settings: Settings) => Promise<Result>): void {
  process.once('message', async (settings: Settings) => {
    const result = await work(settings)
    // Exiting on purpose: a client library that keeps a timer must not keep the bench waiting.
    process.send?.(result, () => process.exit(0))
  })
}
