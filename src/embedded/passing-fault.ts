/** The machine is short of something for the moment: nothing on the disk is wrong. */
const codes = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR'])

/** Whether a read that failed so can succeed later without anybody repairing anything. */
export const isPassingFault = (error: unknown): boolean =>
  codes.has((error as NodeJS.ErrnoException | undefined)?.code ?? '')

/** Pause before what failed so is tried again. */
export const readAgainMs = 1_000
