/** Our own wrong state stops the work at once. Never use it for input from outside. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Homing is in a wrong state: ${what}`)
}
