import type { AnyContract, Home, Receipt, SendOptions } from '../index.ts'
import { type BodyKind, cliContract } from './cli-contract.ts'
import type { CommonOptions, Invocation } from './command.ts'
import type { KindOptions } from './send-body.ts'

export interface SendCommandOptions extends CommonOptions, KindOptions {
  readonly file?: string
  readonly id?: string
  readonly delay?: string
  readonly at?: string
  readonly within?: string
  readonly timeout?: string
  readonly attempts?: number
  readonly priority?: number
  readonly key?: string
  readonly header?: readonly string[]
  readonly wait?: true
  readonly waitMax?: string
}

/** What one run of `homing send` is asked to do. */
export interface SendRequest {
  readonly invocation: Invocation
  readonly queue: string
  readonly given: SendCommandOptions
  readonly send: SendOptions<AnyContract>
}

/** The same with an open home. */
export class Sending {
  readonly request: SendRequest
  readonly home: Home
  readonly #contracts = new Map<BodyKind, AnyContract>()

  constructor(request: SendRequest, home: Home) {
    this.request = request
    this.home = home
  }

  contract(kind: BodyKind): AnyContract {
    const known = this.#contracts.get(kind)
    if (known !== undefined) return known
    const contract = cliContract(this.request.queue, kind)
    this.#contracts.set(kind, contract)
    return contract
  }

  get waits(): boolean {
    const { wait, waitMax } = this.request.given
    return wait === true || waitMax !== undefined
  }
}

export function receiptJson({ id, duplicate, confirmedAt }: Receipt<AnyContract>): string {
  return JSON.stringify({ id, duplicate, confirmedAt })
}
