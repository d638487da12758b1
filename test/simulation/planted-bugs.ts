/*
 * All bugs that are planted: one for each invariant at least. A checker that misses one of them is not
 * a checker.
 */

import { acceptBugs } from './bugs/accept-bugs.ts'
import { bookBugs } from './bugs/book-bugs.ts'
import { callbackBugs } from './bugs/callback-bugs.ts'
import { deliveryBugs } from './bugs/delivery-bugs.ts'
import { limitBugs } from './bugs/limit-bugs.ts'
import { resultBugs } from './bugs/result-bugs.ts'
import { timeBugs } from './bugs/time-bugs.ts'
import type { PlantedBug } from './planted-bug.ts'

export const plantedBugs: readonly PlantedBug[] = [
  ...acceptBugs,
  ...deliveryBugs,
  ...resultBugs,
  ...callbackBugs,
  ...timeBugs,
  ...limitBugs,
  ...bookBugs,
]
