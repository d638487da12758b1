/*
 * A body as JSON, text or hex; what it is by itself is shown first.
 */

import { useState } from 'preact/hooks'
import { bytesOf, hexDump, jsonOf, jsonTokens, textOf } from '../format/body-text.ts'
import { bytes as bytesWords, t } from '../texts/text.ts'
import { Choice, CopyButton } from './controls.tsx'

interface BodyProps {
  readonly title: string
  readonly contentType: string
  /** Of the whole body; there may be less of it here. */
  readonly bodyBytes: number
  readonly bodyBase64: string
}

type View = 'json' | 'text' | 'hex'

/** A hex dump of more would stop the browser. */
const hexBytesMax = 65_536

export function BodyView({ title, contentType, bodyBytes, bodyBase64 }: BodyProps) {
  const bytes = bytesOf(bodyBase64)
  const text = textOf(bytes)
  const json = text === undefined ? undefined : jsonOf(text)
  const own: View = json !== undefined ? 'json' : text !== undefined ? 'text' : 'hex'
  const [wanted, want] = useState<View>(own)
  const options: [View, string][] = [
    ...(json === undefined ? [] : [['json', 'JSON'] as [View, string]]),
    ...(text === undefined ? [] : [['text', t('body.text')] as [View, string]]),
    ['hex', t('body.hex')],
  ]
  const view = options.some(([value]) => value === wanted) ? wanted : own
  const shown =
    view === 'hex' ? hexDump(bytes.subarray(0, hexBytesMax)) : view === 'json' ? json : text
  const missing = bodyBytes - (view === 'hex' ? Math.min(bytes.length, hexBytesMax) : bytes.length)
  return (
    <section class="card" aria-label={title}>
      <div class="card-head">
        <h2>{title}</h2>
        <span class="muted small">
          {contentType || t('body.untyped')} · {bytesWords(bodyBytes)}
        </span>
        <div class="actions">
          <Choice label={t('body.view')} value={view} options={options} onChoose={want} />
          <CopyButton text={shown ?? ''} />
        </div>
      </div>
      {bodyBytes === 0 ? (
        <p class="card-body muted">{t('body.empty')}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys, too
        <pre class={`bytes ${view === 'text' ? 'wrap' : ''}`} tabIndex={0}>
          {view === 'json' ? <Coloured json={json ?? ''} /> : shown}
        </pre>
      )}
      {missing > 0 && <p class="card-body muted">{t('body.cut', { size: bytesWords(missing) })}</p>}
    </section>
  )
}

const Coloured = ({ json }: { readonly json: string }) => (
  <>
    {jsonTokens(json).map(({ kind, text }) =>
      kind === 'plain' ? text : <span class={kind}>{text}</span>,
    )}
  </>
)
