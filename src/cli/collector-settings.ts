import { join } from 'node:path'
import type { CollectorOptions } from '../collect/collector-options.ts'
import { createPaceFile } from '../collect/pace-file.ts'
import { createRandom } from '../core/random.ts'
import type { Context } from './context.ts'
import { venueOfId } from './venue-of.ts'
import { VERSION } from './version.ts'

/** The venue that is collected live. */
export const COLLECTED_VENUE = 'coinbase'

/** What the configuration says of a collector, whoever starts it. */
export type CollectorSettings = Omit<
  CollectorOptions,
  'journal' | 'command' | 'signal' | 'holes' | 'lastHeldId' | 'onStatus'
>

/** Returns what the configuration says of collecting. */
export function collectorSettings(
  context: Pick<Context, 'config' | 'dataDir' | 'clock' | 'log'>,
): CollectorSettings {
  const { config, dataDir, clock, log } = context
  const { wsUrl, restUrl, feed, products } = config.venues.coinbase
  const venue = venueOfId(COLLECTED_VENUE)
  return {
    venue,
    mode: config.mode,
    products,
    clock,
    random: createRandom(`${process.pid}-${clock.nowUs()}`),
    log,
    version: VERSION,
    feedName: feed,
    ...(wsUrl !== null && { wsUrl }),
    ...(restUrl !== null && { restUrl }),
    pollSeconds: config.poll.everySeconds,
    verdictAttempts: config.backfill.maxAttempts,
    paceStore: createPaceFile(join(dataDir, 'tmp', `pace-${venue.id}.json`)),
  }
}
