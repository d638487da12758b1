/*
 * tx.select, tx.commit and tx.rollback of one channel. What is gathered is in transaction.ts.
 */

import type { HomingError } from '../errors.ts'
import type { ChannelLine } from './channel-line.ts'
import { preconditionFailed } from './protocol/amqp-error.ts'
import type { Publishing } from './publishing.ts'
import type { DeliveryOwner, Settling } from './settling.ts'
import { Transaction } from './transaction.ts'

export class TransactionMode<Owner extends DeliveryOwner> {
  readonly #line: ChannelLine
  readonly #publishing: Publishing
  readonly #settling: Settling<Owner>
  #transaction: Transaction<Owner> | undefined

  constructor(line: ChannelLine, publishing: Publishing, settling: Settling<Owner>) {
    this.#line = line
    this.#publishing = publishing
    this.#settling = settling
  }

  get isSelected(): boolean {
    return this.#transaction !== undefined
  }

  select(): void {
    if (this.#publishing.confirms !== undefined)
      throw preconditionFailed('cannot switch from confirm to tx mode')
    if (this.#transaction === undefined) {
      const transaction = new Transaction<Owner>()
      this.#transaction = transaction
      this.#publishing.buffer = transaction
      this.#settling.transaction = transaction
    }
    this.#line.send({ name: 'tx.select-ok' })
  }

  refuseConfirms(): void {
    if (this.isSelected) throw preconditionFailed('cannot switch from tx to confirm mode')
  }

  rollback(): void {
    const transaction = this.#selected()
    this.#settling.rollback(transaction)
    transaction.clear()
    this.#line.send({ name: 'tx.rollback-ok' })
  }

  /**
   * Publishes first: when one of them fails, what was settled is not settled and goes back with the
   * channel. Nothing else of this connection is worked on meanwhile.
   */
  async commit(): Promise<void> {
    const transaction = this.#selected()
    let refused = false
    let waits = false
    for (const { message, mandatory } of transaction.published) {
      const later = this.#publishing.commit(message, mandatory)
      const fate = later instanceof Promise ? await later : later
      if (fate === 'refused') refused = true
      if (fate === 'durable') waits = true
    }
    const { settled } = transaction
    transaction.clear()
    for (const { how, taken } of settled) this.#settling.apply(how, taken)
    const error = waits ? await this.#durability() : undefined
    if (refused || error !== undefined) throw preconditionFailed('partial tx completion')
    this.#line.send({ name: 'tx.commit-ok' })
  }

  #durability(): Promise<HomingError | undefined> {
    const { promise, resolve } = Promise.withResolvers<HomingError | undefined>()
    this.#line.host.whenDurable(resolve)
    return promise
  }

  #selected(): Transaction<Owner> {
    if (this.#transaction === undefined) throw preconditionFailed('channel is not transactional')
    return this.#transaction
  }
}
