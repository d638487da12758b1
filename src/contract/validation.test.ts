import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'
import type { Schema } from './contract.ts'
import { checkAgainst, describeIssues } from './validation.ts'

const schemas: Record<string, Schema> = {
  zod: z.object({ tags: z.array(z.string()) }),
  valibot: v.object({ tags: v.array(v.string()) }),
  arktype: type({ tags: 'string[]' }),
}

for (const [library, schema] of Object.entries(schemas)) {
  test(`a schema of ${library} answers at once, with issues and their paths`, () => {
    assert.deepEqual(checkAgainst(schema, { tags: ['a'] }), { fits: true, value: { tags: ['a'] } })
    const misfit = checkAgainst(schema, { tags: ['a', 5] })
    assert.ok(!(misfit instanceof Promise) && !misfit.fits)
    assert.deepEqual(misfit.issues[0]?.path, ['tags', 1])
    assert.match(describeIssues(misfit.issues), /^\$\.tags\[1\]: /)
  })
}

test('a schema that takes its time answers with a promise', async () => {
  const schema = z.string().refine(async (word) => word === 'yes', 'must be yes')
  const checked = checkAgainst(schema, 'no')
  assert.ok(checked instanceof Promise)
  assert.deepEqual(await checked, { fits: false, issues: [{ message: 'must be yes', path: [] }] })
})

test('a schema that throws is a misfit, at once or later', async () => {
  const now = z.string().transform(() => {
    throw new Error('broken')
  })
  assert.match(JSON.stringify(await checkAgainst(now, 'x')), /the schema itself threw: broken/)
  const later = v.pipeAsync(
    v.string(),
    v.checkAsync(async () => {
      throw new Error('broken later')
    }),
  )
  assert.match(JSON.stringify(await checkAgainst(later, 'x')), /broken later/)
})

test('thousands of issues are kept as the first fifty', () => {
  const checked = checkAgainst(z.array(z.string()), new Array(5000).fill(1))
  assert.ok(!(checked instanceof Promise) && !checked.fits)
  assert.equal(checked.issues.length, 50)
  assert.match(describeIssues(checked.issues), /and 47 more$/)
})
