export { fingerprintIndicators, foldIndicators } from './fold.ts'
export { fingerprintCoinIndicators, foldCoinIndicators } from './fold-coins.ts'
export { INDICATORS, type Indicator, type IndicatorColumn } from './indicators.ts'
export type { IndicatorSpan } from './inputs.ts'
export { BLOCK_BUCKETS, lookBack } from './look-back.ts'
export {
  createIndicatorStream,
  type IndicatorCandle,
  type IndicatorStream,
  type IndicatorValues,
  type StreamOptions,
} from './stream.ts'
