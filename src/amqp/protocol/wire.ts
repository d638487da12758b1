/*
 * Numbers of the wire format (AMQP 0-9-1 §4.2).
 *
 *   0      1         3             7                  7+size
 *   ┌──────┬─────────┬─────────────┬──── … ───────────┬─────────┐
 *   │ type │ channel │ size        │ payload          │ 206     │
 *   └──────┴─────────┴─────────────┴──── … ───────────┴─────────┘
 */

export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const
export const frameEnd = 206
/** Type, channel and size in front of a payload. */
export const frameHeadBytes = 7
/** What a frame is longer than its payload: `frame_max` counts it, the size field does not. */
export const frameOverheadBytes = 8
/** Class, weight and body size in front of the properties in a content header. */
export const contentHeadBytes = 12
export const shortStringBytesMax = 255
export const basicClass = 60
