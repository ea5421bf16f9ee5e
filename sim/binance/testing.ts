import type { Simulator, SimulatorOptions } from '../index.ts'
import { startSimulator } from '../index.ts'
import type { TestClient } from '../testing.ts'
import { connect } from '../testing.ts'

/** A payload as a test reads it. */
export type Payload = Readonly<Record<string, unknown>>

/** Starts Binance.US alone, with a short history and no limit of REST. */
export function startBinance(options: SimulatorOptions = {}): Promise<Simulator> {
  return startSimulator({
    venues: ['binance-us'],
    seed: 11,
    tradesPerSecond: 300,
    historyMinutes: 3,
    rateLimit: null,
    ...options,
  })
}

/** Connects to the combined service and subscribes; resolves when the request is acknowledged. */
export async function subscribedTo(
  sim: Simulator,
  streams: readonly string[],
): Promise<TestClient> {
  const client = await connect(sim.urls['binance-us'].wsUrl)
  client.send({ method: 'SUBSCRIBE', params: streams, id: 1 })
  await client.until(() => answers(client).length > 0)
  return client
}

/** The answers to requests: what has neither a stream nor a type. */
export function answers(client: TestClient): readonly Payload[] {
  return client.of('undefined')
}

/** The payloads of one stream of a combined connection. */
export function dataOf(client: TestClient, stream: string): readonly Payload[] {
  return client.of(stream).map((frame) => frame.data as Payload)
}
