import type { Producer } from '@platformatic/kafka'
import { AssayError, systemCode } from '../../core/errors.ts'
import type { Handed, LineageSink, OutgoingEvent } from './sink.ts'

/** Which brokers are told, and on which topic. */
export interface KafkaSinkOptions {
  /** `host:port`, of some of the cluster's brokers. */
  readonly brokers: readonly string[]
  readonly topic: string
  /** Longest time for a batch. @default 15_000 */
  readonly timeoutMs?: number
}

type Text = Producer<string, string, string, string>

/**
 * Returns a sink that writes events to a topic, acknowledged by all replicas that are in sync.
 * The key is the job, so one job's events stay in order. The client is loaded on first use.
 */
export function createKafkaSink(options: KafkaSinkOptions): LineageSink {
  const { brokers, topic, timeoutMs = 15_000 } = options
  let producer: Text | null = null
  const letGo = async () => {
    const closing = producer
    producer = null
    await closing?.close(true).catch(() => {})
  }
  const send = async (events: readonly OutgoingEvent[]) => {
    producer ??= await openProducer(brokers, timeoutMs)
    const messages = events.map(({ job, event }) => ({ topic, key: job, value: event }))
    await producer.send({ acks: -1, messages })
  }
  return {
    kind: 'kafka',
    async send(events, signal): Promise<Handed> {
      try {
        await within(send(events), AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
        return { done: events.length, refused: [], failure: null }
      } catch (cause) {
        // Whatever state it is in, the next try begins with a connection of its own.
        await letGo()
        return { done: 0, refused: [], failure: failureOf(brokers, cause) }
      }
    },
    [Symbol.asyncDispose]: letGo,
  }
}

async function openProducer(brokers: readonly string[], timeoutMs: number): Promise<Text> {
  const { Producer, stringSerializers } = await import('@platformatic/kafka')
  return new Producer({
    clientId: 'assay-lineage',
    bootstrapBrokers: [...brokers],
    serializers: stringSerializers,
    // Retries are ours, with what is known of the outbox.
    retries: 1,
    connectTimeout: Math.ceil(timeoutMs / 3),
    timeout: Math.ceil(timeoutMs / 2),
  })
}

/** Waits no longer than the signal lets it; what is under way is left to end by itself. */
async function within(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop)
  work.catch(() => {})
  try {
    if (signal.aborted) throw signal.reason
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function failureOf(brokers: readonly string[], cause: unknown): AssayError {
  const name = cause instanceof Error ? cause.name : 'unknown'
  const why = name === 'TimeoutError' ? 'no answer in time' : systemCode(cause) || name
  const message = `Kafka at ${brokers.join(', ')} cannot be told of lineage (${why})`
  return new AssayError('ASSAY_SINK_FAILED', message, { retry: 'backoff', cause, context: { why } })
}
