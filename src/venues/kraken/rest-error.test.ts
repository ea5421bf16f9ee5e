import { describe, expect, test } from 'vitest'
import { heedAnswer } from './rest-error.ts'

const NOW_US = 1_790_689_560_000_000
const NOW_S = NOW_US / 1_000_000

function heed(body: string, status = 200) {
  return heedAnswer({ status, headers: {}, body: new TextEncoder().encode(body), nowUs: NOW_US })
}

function errors(...words: string[]) {
  return heed(JSON.stringify({ error: words }))
}

describe('an answer with status 200', () => {
  test('is plain without errors, and with warnings alone', () => {
    expect(heed('{"error":[],"result":{}}')).toBeNull()
    expect(heed('{ "error" : [ ], "result" : {"XXBTZUSD":[],"last":"1"} }')).toBeNull()
    expect(errors('WGeneral:Something')).toBeNull()
  })

  test.each([
    'EAPI:Rate limit exceeded',
    'EGeneral:Too many requests',
    'EGeneral:Temporary lockout',
    'EService:Throttled',
  ])('may limit us without saying for how long: %s', (word) => {
    expect(errors(word)).toEqual({ kind: 'limited', afterMs: null, message: word })
  })

  test('may say until when', () => {
    const until = (seconds: number) => errors(`EService:Throttled: ${NOW_S + seconds}`)
    expect(until(15)).toMatchObject({ kind: 'limited', afterMs: 15_000 })
    // A time that has passed, and one that somebody's clock got wrong.
    expect(until(-3)).toMatchObject({ kind: 'limited', afterMs: 0 })
    expect(until(9_000_000)).toMatchObject({ kind: 'limited', afterMs: 3_600_000 })
  })

  test.each(['EService:Unavailable', 'EService:Busy', 'EGeneral:Internal error'])(
    'may say that it cannot now: %s',
    (word) => {
      expect(errors(word)).toEqual({ kind: 'unavailable', message: word })
    },
  )

  test.each(['EQuery:Unknown asset pair', 'EGeneral:Invalid arguments', 'EGeneral:Unknown method'])(
    'may refuse: %s',
    (word) => {
      expect(errors('WGeneral:Odd', word)).toEqual({ kind: 'refused', message: word })
    },
  )

  test('bounds the words it passes on', () => {
    expect(errors(`EQuery:${'x'.repeat(1000)}`)).toMatchObject({ kind: 'refused' })
    const told = errors(`EQuery:${'x'.repeat(1000)}`)
    expect(told !== null && 'message' in told && told.message.length).toBe(200)
  })
})

describe('an answer that is not Kraken’s', () => {
  test('limits us, cannot reach Kraken, or is left to its status', () => {
    expect(heed('<html>slow down</html>', 429)).toMatchObject({ kind: 'limited', afterMs: null })
    expect(heed('<html>origin error</html>', 520)).toMatchObject({ kind: 'unavailable' })
    expect(heed('<html>a maintenance page</html>', 200)).toMatchObject({ kind: 'unavailable' })
    expect(heed('{"error":"a word"}', 200)).toMatchObject({ kind: 'unavailable' })
    expect(heed('not found', 404)).toBeNull()
    expect(heed('', 200)).toMatchObject({ kind: 'unavailable' })
  })
})
