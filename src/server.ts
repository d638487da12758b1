/*
 * The door for those who run a broker or look after its users: `import { startServer } from 'homing/server'`.
 */

export type { CertificateName, ListenAddress, Listening, TlsSettings } from './amqp/listen.ts'
export type { Accounts, UserAdded, UserFacts } from './server/accounts.ts'
export type { BrokerServer } from './server/broker-server.ts'
export type { Permission, TopicPermission } from './server/definitions-state.ts'
export { type OpenedAccounts, openAccounts } from './server/open-accounts.ts'
export { type LogLevel, type LogSettings, logTo, type ServerLog } from './server/server-log.ts'
export type { ServerSettings } from './server/server-settings.ts'
export { type StartedServer, startServer } from './server/start-server.ts'
