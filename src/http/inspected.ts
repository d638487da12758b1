import type { Administration } from '../embedded/inspection-port.ts'
import type { Site } from './site.ts'

export const administrationOf = ({ engine }: Site): Administration =>
  engine as unknown as Administration
