import type { Route } from './venue.ts'

/** The route of a frame that nothing is known of; others are this one with what is known. */
export const UNKNOWN_ROUTE: Route = Object.freeze({
  kind: 'unknown',
  channel: 'unknown',
  symbol: null,
  lastId: -1,
  eventTimeUs: 0,
})
