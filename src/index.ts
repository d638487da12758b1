export type { BackupTaken } from './client/administration.ts'
export type { BatchHandler } from './client/batch-run.ts'
export type {
  CallbackDetails,
  CallbackFunction,
  GatherFunction,
  OutcomeDetails,
} from './client/callback-run.ts'
export {
  type BoundCallback,
  type BoundGatherCallback,
  type Callback,
  type GatherCallback,
  toCallback,
  toGatherCallback,
} from './client/callback-target.ts'
export type { BatchOptions, ConsumerOptions } from './client/consumer-options.ts'
export type { DeadLetters } from './client/dead-letters.ts'
export type { BatchDelivery, Delivery, DeliveryFacts } from './client/delivery.ts'
export type { GatherOptions } from './client/gather.ts'
export type { Handler } from './client/handler-run.ts'
export { type Answered, Home } from './client/home.ts'
export type { Late } from './client/intake.ts'
export type { Log } from './client/log.ts'
export type {
  BuiltinFailure,
  DeclaredFailure,
  FailedOutcome,
  Failure,
  OkOutcome,
  Outcome,
} from './client/outcome.ts'
export type { CallAllOptions, ManyOptions } from './client/producer.ts'
export type { Receipt, ReceiptAnswer } from './client/receipt.ts'
export type {
  DeadLetterChoice,
  DeadLetterRow,
  DeadLettersFilter,
  OutcomeRow,
  OutcomesFilter,
} from './client/records.ts'
export type {
  CallbackOptions,
  RegisteredCallback,
  RegisteredGatherCallback,
} from './client/registered-callback.ts'
export type { Schedule } from './client/schedule.ts'
export type { ScheduleOptions } from './client/schedules.ts'
export type { CallOptions, SendManyOptions, SendOptions } from './client/send-options.ts'
export type { ThrownData } from './client/thrown.ts'
export type { WaitOptions } from './client/waits.ts'
export type { CloseOptions, Consumer } from './client/working.ts'
export { avro } from './contract/avro-codec.ts'
export type { Codec } from './contract/codec.ts'
export type {
  AnyContract,
  Contract,
  ErrorData,
  ErrorDataSeen,
  ErrorName,
  Input,
  NameOf,
  Output,
  Parsed,
  Progress,
  Reported,
  Returned,
  Schema,
} from './contract/contract.ts'
export { json } from './contract/json-codec.ts'
export { msgpack } from './contract/msgpack-codec.ts'
export { binary, text } from './contract/plain-codecs.ts'
export { type CodecChoice, type QueueOptions, queue } from './contract/queue.ts'
export type { BackoffChoice, BackoffOptions, RetryOptions } from './contract/retry.ts'
export type { Issue } from './contract/validation.ts'
export type { Duration } from './duration.ts'
export type { QueueStats } from './engine.ts'
export { type ErrorCode, HomingError } from './errors.ts'
export { type HomingOptions, homing } from './homing.ts'
