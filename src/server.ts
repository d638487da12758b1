/*
 * The door for those who run a broker or look after its users: `import { startServer } from 'homing/server'`.
 */

export type {
  CertificateName,
  ListenAddress,
  Listening,
  TlsSettings,
} from './amqp/listen-address.ts'
export type { HttpAddress, HttpListening, HttpSettings } from './http/http-settings.ts'
export type {
  AccountLimits,
  UserLimits,
  VirtualHostLimitSettings,
} from './server/account-limits.ts'
export type { Accounts, UserAdded, UserFacts } from './server/accounts.ts'
export { type AuditReport, checkAuditLog } from './server/audit-check.ts'
export { auditRecords } from './server/audit-files.ts'
export type { AuditRecord } from './server/audit-record.ts'
export type { Permission, TopicPermission } from './server/definitions-state.ts'
export { type OpenedAccounts, openAccounts } from './server/open-accounts.ts'
export type { Policies, PolicyFacts, PolicyGiven, PolicyName } from './server/policies.ts'
export type { RunningServer } from './server/running-server.ts'
export { type LogLevel, type LogSettings, logTo, type ServerLog } from './server/server-log.ts'
export type { ServerSettings } from './server/server-settings.ts'
export { type StartedServer, startServer } from './server/start-server.ts'
