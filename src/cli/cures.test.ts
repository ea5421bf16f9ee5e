import { expect, test } from 'vitest'
import { ERROR_CODES } from '../core/errors.ts'
import { cureOf } from './cures.ts'

test('every error has a cure to be told, on one line', () => {
  for (const code of ERROR_CODES) {
    const cure = cureOf(code)
    expect(cure, code).toMatch(/^\S.{10,}\S$/)
    expect(cure, code).not.toMatch(/\*\*|###|ASSAY_\w+ \*/)
  }
})
