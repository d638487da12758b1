/*
 * The door for those who run a broker or look after its users: `import { startServer } from 'homing/server'`.
 */

export type { Accounts, UserAdded, UserFacts } from './server/accounts.ts'
export type { Permission, TopicPermission } from './server/definitions-state.ts'
export { type OpenedAccounts, openAccounts } from './server/open-accounts.ts'
