import type { IndicatorValues } from './stream.ts'

/** A column of an indicator. */
export type IndicatorColumn = Exclude<keyof IndicatorValues, 'open_time_us' | 'close' | 'complete'>

/** What one indicator is, for documents and for the catalogue of datasets. */
export interface Indicator {
  readonly column: IndicatorColumn
  readonly name: string
  /** What it is counted in; `quote` is the instrument's quote currency. */
  readonly unit: 'quote' | 'percent' | 'per year' | 'name' | 'rank' | '-1 to 1' | '0 to 100'
  /** Candles with a price, its own among them, that it takes; 0 where it takes a time instead. */
  readonly candles: number
  readonly formula: string
  /** Whose numbers the tests compare it with, or whose word it is. */
  readonly source: string
}

const TA_LIB = 'TA-Lib 0.8'
const NUMPY = 'plain formula, NumPy'
const PLAIN = 'plain formula'
const OURS = 'rule of our own'

const CIRCLES = { hour: 'Hour of the day', weekday: 'Day of the week' } as const

/** Every indicator, in the order of the columns. */
export const INDICATORS: readonly Indicator[] = [
  ...[7, 30, 90].map((n) => ({
    column: `sma_${n}` as IndicatorColumn,
    name: `Simple moving average, ${n}`,
    unit: 'quote' as const,
    candles: n,
    formula: `mean of the last ${n} closes`,
    source: TA_LIB,
  })),
  ...[12, 26].map((n) => ({
    column: `ema_${n}` as IndicatorColumn,
    name: `Exponential moving average, ${n}`,
    unit: 'quote' as const,
    candles: n,
    formula: `E + 2/${n + 1} × (close − E), begun with the mean of the first ${n} closes`,
    source: TA_LIB,
  })),
  {
    column: 'rsi_14',
    name: 'Relative strength index, 14 (Wilder)',
    unit: '0 to 100',
    candles: 15,
    formula:
      '100 × G / (G + L), means of rises and falls: M + 1/14 × (move − M), begun with the mean ' +
      'of the first 14; 50 where nothing moved',
    source: TA_LIB,
  },
  {
    column: 'macd',
    name: 'MACD 12/26/9, line',
    unit: 'quote',
    candles: 26,
    formula: 'ema_12 − ema_26',
    source: NUMPY,
  },
  {
    column: 'macd_signal',
    name: 'MACD 12/26/9, signal',
    unit: 'quote',
    candles: 34,
    formula: 'S + 2/10 × (macd − S), begun with the mean of the first 9 of macd',
    source: NUMPY,
  },
  {
    column: 'macd_histogram',
    name: 'MACD 12/26/9, histogram',
    unit: 'quote',
    candles: 34,
    formula: 'macd − macd_signal',
    source: NUMPY,
  },
  {
    column: 'bb_middle',
    name: 'Bollinger band 20/2, middle',
    unit: 'quote',
    candles: 20,
    formula: 'mean of the last 20 closes',
    source: TA_LIB,
  },
  {
    column: 'bb_upper',
    name: 'Bollinger band 20/2, upper',
    unit: 'quote',
    candles: 20,
    formula: 'bb_middle + 2 × population standard deviation of those closes',
    source: TA_LIB,
  },
  {
    column: 'bb_lower',
    name: 'Bollinger band 20/2, lower',
    unit: 'quote',
    candles: 20,
    formula: 'bb_middle − 2 × population standard deviation of those closes',
    source: TA_LIB,
  },
  {
    column: 'atr_14',
    name: 'Average true range, 14 (Wilder)',
    unit: 'quote',
    candles: 15,
    formula:
      'M + 1/14 × (R − M), begun with the mean of the first 14 of R = max(high, close before) − ' +
      'min(low, close before); null for coins',
    source: TA_LIB,
  },
  {
    column: 'volatility_30',
    name: 'Realised volatility, 30',
    unit: 'per year',
    candles: 31,
    formula:
      'sample standard deviation of the last 30 of ln(close / close before), × √(candles in 365 ' +
      'days): crypto trades always',
    source: NUMPY,
  },
  {
    column: 'trend',
    name: 'Direction of the trend',
    unit: 'name',
    candles: 30,
    formula:
      'up: sma_7 − sma_30 > ¼ × deviation of 20 closes, and close above that of 7 candles ' +
      'before; down: both the other way round; else sideways',
    source: OURS,
  },
  {
    column: 'support',
    name: 'Support',
    unit: 'quote',
    candles: 90,
    formula:
      'least low of the last 90 candles that is below the 5 lows before it and not above the 5 ' +
      'after it; null without one',
    source: OURS,
  },
  {
    column: 'resistance',
    name: 'Resistance',
    unit: 'quote',
    candles: 90,
    formula:
      'greatest high of the last 90 candles that is above the 5 highs before it and not below ' +
      'the 5 after it; null without one',
    source: OURS,
  },
  ...(['1h', '24h', '7d'] as const).map((span) => ({
    column: `change_${span}_pct` as IndicatorColumn,
    name: `Change of the price in ${span}`,
    unit: 'percent' as const,
    candles: 0,
    formula:
      `100 × (close − P) / P, P the last price up to the close of the bucket ${span} before; ` +
      `null where the interval does not divide ${span}`,
    source: PLAIN,
  })),
  {
    column: 'market_cap_rank',
    name: 'Rank by market capitalisation',
    unit: 'rank',
    candles: 0,
    formula: 'as the aggregator last said that day; coins only',
    source: 'the aggregator',
  },
  ...(['hour', 'weekday'] as const).flatMap((circle) =>
    (['sin', 'cos'] as const).map((wave) => ({
      column: `${circle}_${wave}` as IndicatorColumn,
      name: `${CIRCLES[circle]}, ${wave === 'sin' ? 'sine' : 'cosine'}`,
      unit: '-1 to 1' as const,
      candles: 0,
      formula:
        circle === 'hour'
          ? `${wave}(2π × h / 24), h the hour of the opening in UTC, 0 to 23`
          : `${wave}(2π × d / 7), d the day of the opening in UTC, Monday 0 to Sunday 6`,
      source: PLAIN,
    })),
  ),
]

/** The columns that a row's values stand in, in order. */
export const COLUMNS: readonly Exclude<keyof IndicatorValues, 'open_time_us'>[] = [
  'close',
  ...INDICATORS.map(({ column }) => column),
  'complete',
]
