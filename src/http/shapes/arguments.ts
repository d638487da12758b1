/*
 * Arguments and properties of clients, as JSON.
 */

import { z } from 'zod'

/** By name; what JSON lacks (bytes, whole numbers beyond 2^53) is text. */
export const argumentsShape = z.record(z.string(), z.unknown())

export type Arguments = z.infer<typeof argumentsShape>
