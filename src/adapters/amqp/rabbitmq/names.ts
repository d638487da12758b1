/** What Homing declares on a RabbitMQ, beside the queues of contracts and callbacks. */

/** Headers exchange; a queue for each delay is bound to it. */
export const delayExchange = 'homing.delay'
export const delayHeader = 'homing-delay'
export const delayQueue = (ms: number): string => `homing.delay.${ms}`

/** Fanout: what queues drop (expired, pushed out, delivered too often). The queue has the same name. */
export const deadExchange = 'homing.dead'
export const deadQueue = 'homing.dead'

/** Messages that claim to be of Homing and cannot be read; for people. */
export const unreadableQueue = 'homing.unreadable'

/** Fanout, to every process that is connected: these ids have ended. */
export const controlExchange = 'homing.control'
/** Direct, by message id: live values of running handlers. */
export const progressExchange = 'homing.progress'

export const replyQueue = (name: string): string => `homing.replies.${name}`
/** Held exclusively by the connection of the process that has the name. */
export const nameQueue = (name: string): string => `homing.name.${name}`
/** For one connection: control and progress. */
export const eventQueue = (mark: string): string => `homing.events.${mark}`
