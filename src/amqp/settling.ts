/*
 * Deliveries of one channel and how the client settles them: ack, nack, reject, recover.
 *
 * Delivery tags count from 1 for the whole channel, with and without acknowledgement, get and
 * deliver alike. Acknowledgements that come one behind the other are handed to the virtual host
 * together: at the end of what was read, or before anything else this channel does.
 */

import type { HeldMessage } from '../virtual-host/port.ts'
import type { ChannelLine } from './channel-line.ts'
import { notImplemented, preconditionFailed } from './protocol/amqp-error.ts'
import { SettlementReader } from './protocol/hot-methods.ts'
import type { SettleHow, Transaction } from './transaction.ts'
import { Taken, Unacknowledged } from './unacknowledged.ts'

/** Whose deliveries they were. */
export interface DeliveryOwner {
  /** What it gives back counts for a delivery limit. */
  readonly countsReturns: boolean
}

export class Settling<Owner extends DeliveryOwner> {
  readonly #line: ChannelLine
  readonly #reader = new SettlementReader()
  readonly #unacknowledged = new Unacknowledged<Owner>()
  #lastTag = 0
  /** Acknowledged by the client, not yet handed on. */
  #batch = new Taken<Owner>()
  #isNackNoted = false
  transaction: Transaction<Owner> | undefined = undefined
  /** Called after settlements have made room in the channel; the queues see to their own consumers. */
  readonly #madeRoom: () => void

  constructor(line: ChannelLine, madeRoom: () => void) {
    this.#line = line
    this.#madeRoom = madeRoom
  }

  /** Messages the client holds. */
  get count(): number {
    return this.#unacknowledged.count
  }

  /** Those of them that went to consumers. */
  get consumed(): number {
    return this.#unacknowledged.owned
  }

  /** The tag of a delivery that is being made. `held` is undefined when nobody will settle it. */
  delivered(held: HeldMessage | undefined, owner: Owner | undefined): number {
    const tag = ++this.#lastTag
    if (held !== undefined) this.#unacknowledged.add(tag, held, owner)
    return tag
  }

  revoked(held: HeldMessage): void {
    if (this.#unacknowledged.revoke(held)) this.#madeRoom()
  }

  ack(bytes: Uint8Array, from: number, end: number): void {
    const reader = this.#reader
    reader.ack(bytes, from, end)
    if (this.transaction === undefined) this.#take(this.#batch)
    else this.#settle('acknowledge')
  }

  nack(bytes: Uint8Array, from: number, end: number): void {
    const reader = this.#reader
    reader.nack(bytes, from, end)
    // RabbitMQ 4.3 counts a rejection as a failed attempt, a nack as none.
    const uncounted = this.#line.session.compat === 'rabbitmq-4.3'
    if (!reader.requeue) this.#settle('reject')
    else if (uncounted) this.#settle('requeue-uncounted')
    else this.#noteNack(this.#settle('requeue'))
  }

  reject(bytes: Uint8Array, from: number, end: number): void {
    const reader = this.#reader
    reader.reject(bytes, from, end)
    this.#settle(reader.requeue ? 'requeue' : 'reject')
  }

  /** All back to their queues, now and outside of any transaction, as RabbitMQ has it. */
  recover(requeue: boolean): void {
    if (!requeue) throw notImplemented('requeue=false')
    const taken = new Taken<Owner>()
    this.#unacknowledged.takeAll(taken)
    this.apply('requeue', taken)
  }

  /** Hands on the acknowledgements that were gathered. */
  flush(): void {
    if (this.#batch.count === 0) return
    const batch = this.#batch
    this.#batch = new Taken()
    this.apply('acknowledge', batch)
  }

  apply(how: SettleHow, taken: Taken<Owner>): void {
    if (taken.count === 0) return
    const { host } = this.#line
    switch (how) {
      case 'acknowledge':
        host.acknowledge(taken.held)
        break
      case 'requeue':
        host.requeue(taken.held, true)
        break
      case 'requeue-uncounted':
        host.requeue(taken.held, false)
        break
      case 'reject':
        host.reject(taken.held)
        break
      default:
        how satisfies never
    }
    this.#madeRoom()
  }

  /** What a transaction had settled is unsettled again. */
  rollback(transaction: Transaction<Owner>): void {
    for (const { taken } of transaction.settled) this.#unacknowledged.putBack(taken)
  }

  /** The channel is over: everything goes back. A transaction that was not committed never was. */
  release(): void {
    this.flush()
    if (this.transaction !== undefined) this.rollback(this.transaction)
    const taken = new Taken<Owner>()
    this.#unacknowledged.takeAll(taken)
    if (taken.count > 0) this.#line.host.requeue(taken.held, true, true)
  }

  #settle(how: SettleHow): Taken<Owner> {
    const taken = new Taken<Owner>()
    this.#take(taken)
    if (this.transaction !== undefined) {
      this.transaction.settle(how, taken)
      return taken
    }
    this.flush()
    this.apply(how, taken)
    return taken
  }

  #noteNack({ owners }: Taken<Owner>): void {
    if (this.#isNackNoted || !owners.some((owner) => owner?.countsReturns)) return
    this.#isNackNoted = true
    this.#line.session.warnPortability(
      'nack',
      'basic.nack with requeue counts for the delivery limit of a quorum queue; in RabbitMQ 4.3 only basic.reject does',
    )
  }

  #take(into: Taken<Owner>): void {
    const { deliveryTag, multiple } = this.#reader
    if (!this.#unacknowledged.take(deliveryTag, multiple, into))
      throw preconditionFailed(`unknown delivery tag ${deliveryTag}`)
  }
}
