import type { Clock } from '../../core/clock.ts'
import type { AssayConfig } from '../../core/config-schema.ts'
import type { AssayError } from '../../core/errors.ts'
import type { Logger } from '../../core/log.ts'
import type { Random } from '../../core/random.ts'
import { backoffMs } from '../../core/retry.ts'
import type { Warehouse } from '../../warehouse/index.ts'
import { createFileSink } from './file-sink.ts'
import { createHttpSink } from './http-sink.ts'
import { createKafkaSink } from './kafka-sink.ts'
import { type Delivered, deliverLineage, lineageReader, pruneLineage } from './outbox.ts'
import type { LineageSink } from './sink.ts'

/** Pause between two looks at an outbox that was empty. */
const LOOK_MS = 2000
const BACKOFF = { baseMs: 1000, capMs: 300_000 }
const PRUNE_MS = 60_000

/** Returns the sinks that the configuration names, none of them opened yet. */
export function openLineageSinks(config: AssayConfig['lineage']): LineageSink[] {
  const { file, url, apiKey, kafkaBrokers, kafkaTopic } = config
  return [
    ...(file === null ? [] : [createFileSink(file)]),
    ...(url === null ? [] : [createHttpSink({ url, apiKey })]),
    ...(kafkaBrokers === null
      ? []
      : [createKafkaSink({ brokers: kafkaBrokers, topic: kafkaTopic })]),
  ]
}

/** What a delivery works with. */
export interface DeliveryOptions {
  readonly warehouse: Warehouse
  readonly sinks: readonly LineageSink[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Ends it, once the batch under way is told. */
  readonly signal: AbortSignal
}

/**
 * Tells the sinks of lineage until the signal aborts, each at its own pace: one that is down is
 * tried again after a growing pause, and holds up neither runs nor the others. Closes the sinks.
 */
export async function followLineage(options: DeliveryOptions): Promise<void> {
  const { sinks } = options
  try {
    await Promise.all([...sinks.map((sink) => tell(sink, options)), prune(options)])
  } finally {
    await Promise.all(sinks.map((sink) => sink[Symbol.asyncDispose]()))
  }
}

async function tell(sink: LineageSink, options: DeliveryOptions): Promise<void> {
  const { warehouse, clock, signal } = options
  let failures = 0
  while (!signal.aborted) {
    const delivered = await deliverLineage(warehouse, sink, { signal })
    if (signal.aborted) return
    report(sink, delivered, { failures, log: options.log })
    failures = delivered.failure === null ? 0 : failures + 1
    await clock.sleep(pauseMs(delivered.failure, failures, options.random), signal)
  }
}

function pauseMs(failure: AssayError | null, failures: number, random: Random): number {
  if (failure === null) return LOOK_MS
  const { afterMs } = failure.context
  if (failure.retry === 'after' && typeof afterMs === 'number') return afterMs
  // What cannot pass by itself, such as a package that is not there, is looked at now and then.
  if (failure.retry === 'never') return BACKOFF.capMs
  return backoffMs(failures - 1, { ...BACKOFF, random })
}

/** A sink that is down is told of once, and once more when it is back. */
function report(
  { kind }: LineageSink,
  { sent, refused, dropped, failure }: Delivered,
  { failures, log }: { readonly failures: number; readonly log: Logger },
): void {
  for (const { seq, why } of refused) log.warn({ sink: kind, seq, why }, 'lineage event refused')
  if (dropped > 0)
    log.warn({ sink: kind, dropped }, 'lineage events given up: it was down too long')
  if (failure !== null && failures === 0) {
    log.warn({ sink: kind, code: failure.code, why: failure.message }, 'lineage cannot be told')
  }
  if (failure === null && failures > 0) log.info({ sink: kind, sent }, 'lineage is told again')
}

async function prune({ warehouse, sinks, clock, signal }: DeliveryOptions): Promise<void> {
  const readers = sinks.map(lineageReader)
  while (!signal.aborted) {
    await pruneLineage(warehouse, { readers })
    await clock.sleep(PRUNE_MS, signal)
  }
}
