/*
 * The work of the round trips, the same for every system: an order of about 100 bytes of JSON goes
 * out, its total comes home. The answer names its order, so a result brought to the wrong caller
 * fails the run.
 */

export interface Order {
  readonly order: number
  readonly customer: string
  readonly product: string
  readonly count: number
  readonly cents: number
}

export interface OrderTotal {
  readonly order: number
  readonly totalCents: number
}

export const orderOf = (n: number): Order => ({
  order: n,
  customer: `customer-${n % 10_000}`,
  product: 'teapot, blue, 1.2 litres',
  count: (n % 9) + 1,
  cents: 1_995,
})

export const totalOf = (order: Order): OrderTotal => ({
  order: order.order,
  totalCents: order.count * order.cents,
})

/** Throws when the total is not that of order `n`. */
export function checkTotal(n: number, total: OrderTotal): void {
  const expected = totalOf(orderOf(n))
  if (total?.order === n && total.totalCents === expected.totalCents) return
  throw new Error(`order ${n} came home as ${JSON.stringify(total)}`)
}
