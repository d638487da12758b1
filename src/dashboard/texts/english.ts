/*
 * Every text in English: what the keys mean.
 */

import { englishAdministration } from './english-administration.ts'
import { englishMessages } from './english-messages.ts'
import { englishSite } from './english-site.ts'

export const english = { ...englishSite, ...englishMessages, ...englishAdministration } as const
