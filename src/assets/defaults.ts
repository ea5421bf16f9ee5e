import type { AssayAsset } from './services.ts'

/** What most assets have in common; each says only what is its own. */
export const DEFAULTS = {
  dependencies: [],
  schedules: [],
  catchUp: 'all',
  freshnessSeconds: null,
  retry: { attemptsMax: 4, baseSeconds: 5, capSeconds: 300 },
  timeoutSeconds: 900,
  pool: 'live',
  codeVersion: '1',
  datasets: [],
  checks: [],
} as const satisfies Partial<AssayAsset>

/** Every five minutes while an hour lasts, and once more when it is over and late trades are in. */
export const EACH_HOUR: AssayAsset['schedules'] = [
  { cron: '*/5 * * * *', part: 'current' },
  { cron: '2 * * * *', part: 'closed' },
]

/** Once, when the hour is over. */
export const AFTER_HOUR: AssayAsset['schedules'] = [{ cron: '2 * * * *', part: 'closed' }]

/** Each hour while the day lasts, and at one o'clock for the day that is over; in UTC. */
export const EACH_DAY: AssayAsset['schedules'] = [
  { cron: '3 * * * *', part: 'current' },
  { cron: '0 1 * * *', part: 'closed' },
]

/** At one o'clock, UTC. */
export const AFTER_DAY: AssayAsset['schedules'] = [{ cron: '0 1 * * *', part: 'closed' }]
