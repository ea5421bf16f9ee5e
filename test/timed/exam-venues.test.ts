import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const EXAM = resolve(import.meta.dirname, '../exam/venues.ts')
/** The quick form is to take three minutes; a hung one is ended and fails. */
const MS_MAX = 300_000

test('all venues at once, with everything going wrong, lose nothing without a word', () => {
  const words = [EXAM, '--quick', '--json']
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    timeout: MS_MAX,
  })
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  // What people read of it says more than a figure that is not as it should be.
  console.log(stderr)
  expect(JSON.parse(last)).toMatchObject({
    failed: [],
    ...{ lost_silently: 0, duplicated: 0, different: 0, invented: 0, open_holes: 0 },
    ...{ detected_pct: 100, requests_while_banned: 0, messages_over_limit: 0, false_restarts: 0 },
    passed: true,
  })
  expect(status).toBe(0)
})
