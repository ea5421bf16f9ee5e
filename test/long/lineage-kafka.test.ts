import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, Consumer, stringDeserializers } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createManualClock, systemClock } from '../../src/core/clock.ts'
import {
  appendLineage,
  createKafkaSink,
  deliverLineage,
  type RunEvent,
  runEvent,
} from '../../src/flow/lineage/index.ts'
import { WHOLE } from '../../src/flow/partition.ts'
import { openWarehouse, type Warehouse } from '../../src/warehouse/index.ts'
import { installKafka, type KafkaBroker, startKafka } from './kafka-broker.ts'

const TOPIC = 'lineage-of-tests'
const reason = await installKafka()
if (reason !== null) console.warn(`Kafka is left out: ${reason}`)

let folder: string
let warehouse: Warehouse
let broker: KafkaBroker
beforeAll(async () => {
  if (reason !== null) return
  folder = mkdtempSync(join(tmpdir(), 'assay-lineage-'))
  const clock = createManualClock(1_790_000_000_000_000)
  warehouse = await openWarehouse({ url: `sqlite:${folder}`, mode: 'write', clock })
  broker = await startKafka()
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker.address] })
  await admin.createTopics({ topics: [TOPIC], partitions: 3, replicas: 1 })
  await admin.close()
}, 900_000)
afterAll(async () => {
  if (reason !== null) return
  await broker[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const uuid = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`

async function append(from: number, to: number): Promise<void> {
  for (let at = from; at <= to; at += 1) {
    const run = { attempt: 1, trigger: 'manual', codeVersion: '1', backfillId: null }
    const event = runEvent(at % 2 === 1 ? 'START' : 'COMPLETE', {
      ...{ timeUs: 1_790_000_000_000_000 + at, namespace: 'assay', engineVersion: '0' },
      run: { runId: uuid(at), ...run },
      asset: { key: `asset.${at % 5}`, about: 'An asset.' },
      ...{ partition: WHOLE, inputs: [], outputs: [] },
    })
    await warehouse.write((tx) => appendLineage(tx, event))
  }
}

/** Reads the topic from its beginning until so many different events were seen. */
async function readTopic(count: number): Promise<{ key: string; event: RunEvent }[]> {
  const consumer = new Consumer({
    ...{ clientId: 'test', groupId: `g-${count}`, bootstrapBrokers: [broker.address] },
    deserializers: stringDeserializers,
  })
  const stream = await consumer.consume({ topics: [TOPIC], mode: 'earliest', autocommit: false })
  const got: { key: string; event: RunEvent }[] = []
  const seen = new Set<string>()
  for await (const { key, value } of stream) {
    const event = JSON.parse(value) as RunEvent
    got.push({ key, event })
    seen.add(event.run.runId)
    if (seen.size >= count) break
  }
  await stream.close()
  await consumer.close(true)
  return got
}

/** Whether each job's events came in the order of their time, repeats aside. */
function inOrder(got: readonly { key: string; event: RunEvent }[]): boolean {
  return [...Map.groupBy(got, ({ key }) => key).values()].every((some) => {
    const first = [...new Set(some.map(({ event }) => event.eventTime))]
    return first.join() === first.toSorted().join()
  })
}

test.skipIf(reason !== null)('a topic is told of every event, a job in order', async () => {
  await append(1, 250)
  await using sink = createKafkaSink({ brokers: [broker.address], topic: TOPIC })
  const delivered = await deliverLineage(warehouse, sink)
  expect(delivered).toMatchObject({ sent: 250, failure: null })
  const got = await readTopic(250)
  expect(got.length).toBe(250)
  expect(new Set(got.map(({ key }) => key))).toEqual(
    new Set([0, 1, 2, 3, 4].map((at) => `assay/asset.${at}`)),
  )
  expect(inOrder(got)).toBe(true)
})

test.skipIf(reason !== null)('a broker that was killed is told once it is back', async () => {
  await using sink = createKafkaSink({ brokers: [broker.address], topic: TOPIC, timeoutMs: 4000 })
  await append(251, 260)
  await deliverLineage(warehouse, sink)
  await broker.kill()
  await append(261, 300)
  const startMs = systemClock.monotonicMs()
  const down = await deliverLineage(warehouse, sink)
  expect(down).toMatchObject({ sent: 0, failure: { code: 'ASSAY_SINK_FAILED', retry: 'backoff' } })
  expect(systemClock.monotonicMs() - startMs).toBeLessThan(6000)
  await broker.restart()
  let sent = 0
  for (let attempt = 0; attempt < 60 && sent < 40; attempt += 1) {
    sent += (await deliverLineage(warehouse, sink)).sent
    if (sent < 40) await systemClock.sleep(1000)
  }
  expect(sent).toBe(40)
  const got = await readTopic(300)
  expect(inOrder(got)).toBe(true)
})

test.skipIf(reason !== null)('a topic that is not there is a failure that says so', async () => {
  const brokers = [broker.address]
  await using sink = createKafkaSink({ brokers, topic: 'nowhere', timeoutMs: 4000 })
  await append(301, 301)
  const { failure } = await deliverLineage(warehouse, sink, { reader: 'lineage:nowhere' })
  expect(failure).toMatchObject({ code: 'ASSAY_SINK_FAILED' })
})
