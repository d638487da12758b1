/** The steps of ending a message over RabbitMQ after which a consumer is killed. */
export interface SettleStep {
  readonly name: string
  /** What is done, and what is not. */
  readonly left: string
  /** Its outcome is known: nobody may work on it again. */
  readonly isKnown: boolean
  /** How often the callback is told: twice when nobody knows that it was. */
  readonly called: number
}

export const settleSteps = [
  { name: 'worked', left: 'before the ledger has its outcome', isKnown: false, called: 1 },
  { name: 'stored', left: 'with its outcome stored and not sent', isKnown: true, called: 1 },
  { name: 'replied', left: 'with its outcome sent to the producer only', isKnown: true, called: 1 },
  { name: 'called', left: 'with its outcome sent to the callback only', isKnown: true, called: 2 },
  { name: 'recorded', left: 'with its outcome sent, not settled', isKnown: true, called: 1 },
  { name: 'settled', left: 'when it is settled', isKnown: true, called: 1 },
] as const satisfies readonly SettleStep[]

export type Step = (typeof settleSteps)[number]['name']
