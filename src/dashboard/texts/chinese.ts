/*
 * Every text in Chinese, with the keys of English.
 */

import { chineseAdministration } from './chinese-administration.ts'
import { chineseMessages } from './chinese-messages.ts'
import { chineseSite } from './chinese-site.ts'

export const chinese = { ...chineseSite, ...chineseMessages, ...chineseAdministration } as const
