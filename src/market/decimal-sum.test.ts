import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Decimal } from './decimal.ts'
import { addDecimal, createDecimal, multiplyDecimal } from './decimal.ts'
import {
  addDecimalToSum,
  addProductToSum,
  addToSum,
  createSum,
  resetSum,
  sumDecimal,
} from './decimal-sum.ts'

const ZERO = createDecimal(0n, 0)
const safe = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1000, max: 1000 }))
const scales = fc.integer({ min: 0, max: 40 })

type Step =
  | { readonly kind: 'plain'; readonly mantissa: number; readonly scale: number }
  | { readonly kind: 'product'; readonly parts: readonly [number, number, number, number] }
  | { readonly kind: 'decimal'; readonly decimal: Decimal }

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('plain' as const), mantissa: safe, scale: scales }),
  fc.record({ kind: fc.constant('product' as const), parts: fc.tuple(safe, scales, safe, scales) }),
  fc.record({
    kind: fc.constant('decimal' as const),
    decimal: fc
      .tuple(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), scales)
      .map(([mantissa, scale]) => createDecimal(mantissa, scale)),
  }),
)

function worth(step: Step): Decimal {
  if (step.kind === 'decimal') return step.decimal
  if (step.kind === 'plain') return createDecimal(BigInt(step.mantissa), step.scale)
  const [a, aScale, b, bScale] = step.parts
  return multiplyDecimal(createDecimal(BigInt(a), aScale), createDecimal(BigInt(b), bScale))
}

test('equals adding the same numbers in bigints, at every step', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (list) => {
      const sum = createSum()
      let truth = ZERO
      for (const step of list) {
        if (step.kind === 'plain') addToSum(sum, step.mantissa, step.scale)
        else if (step.kind === 'product') addProductToSum(sum, ...step.parts)
        else addDecimalToSum(sum, step.decimal)
        truth = addDecimal(truth, worth(step))
        expect(sumDecimal(sum)).toEqual(truth)
      }
    }),
    { numRuns: 500 },
  )
})

test('does not depend on the order of the numbers', () => {
  const shuffled = fc
    .array(steps, { maxLength: 20 })
    .chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      const [a, b] = [list, other].map((order) => {
        const sum = createSum()
        for (const step of order) addDecimalToSum(sum, worth(step))
        return sumDecimal(sum)
      })
      expect(a).toEqual(b)
    }),
  )
})

test('stays in Numbers while the sums are safe integers', () => {
  const sum = createSum()
  for (let i = 0; i < 1000; i += 1) addProductToSum(sum, 8_414_924, 2, 345_678, 8)
  expect(sum.spill).toBe(0n)
  addProductToSum(sum, Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER, 0)
  expect(sum.spill).not.toBe(0n)
})

test('starts over when it is reset', () => {
  const sum = createSum()
  addToSum(sum, Number.MAX_SAFE_INTEGER, 3)
  addToSum(sum, Number.MAX_SAFE_INTEGER, 3)
  resetSum(sum)
  expect(sumDecimal(sum)).toEqual(ZERO)
})
