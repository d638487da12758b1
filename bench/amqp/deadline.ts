import type { Load, LoadResult } from '../client/closed-loop.ts'

const besideTheLoadMsMax = 60_000

/** The work, or a failure when a broker leaves the program waiting for ever. */
export const withDeadline =
  <Settings extends { readonly load: Load }>(work: (settings: Settings) => Promise<LoadResult>) =>
  async (settings: Settings): Promise<LoadResult> => {
    const { warmUpMs, measureMs } = settings.load
    const late = setTimeout(
      () => {
        throw new Error('the broker left the load program waiting')
      },
      warmUpMs + measureMs + besideTheLoadMsMax,
    )
    try {
      return await work(settings)
    } finally {
      clearTimeout(late)
    }
  }
