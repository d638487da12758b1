import type { ExitName } from './exit-codes.ts'

/** An error of the command itself, told to the user in one line, without a stack. */
export class Refusal extends Error {
  readonly exit: ExitName

  constructor(exit: ExitName, message: string) {
    super(message)
    this.name = 'Refusal'
    this.exit = exit
  }
}
