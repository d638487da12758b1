/*
 * How far back charts go.
 */

import type { Range } from '../../http/shapes/figures-shapes.ts'
import { Choice } from '../elements/controls.tsx'
import { t } from '../texts/text.ts'

interface RangeProps {
  readonly value: Range
  readonly onChoose: (range: Range) => void
}

export const RangeChoice = ({ value, onChoose }: RangeProps) => (
  <Choice
    label={t('chart.range')}
    value={value}
    options={[
      ['5m', t('chart.fiveMinutes')],
      ['1h', t('chart.hour')],
      ['24h', t('chart.day')],
    ]}
    onChoose={onChoose}
  />
)
