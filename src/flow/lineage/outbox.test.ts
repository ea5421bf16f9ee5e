import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createManualClock, systemClock } from '../../core/clock.ts'
import { AssayError } from '../../core/errors.ts'
import { createLogger } from '../../core/log.ts'
import { createRandom } from '../../core/random.ts'
import { openWarehouse, readCheckpoint, type Warehouse } from '../../warehouse/index.ts'
import { WHOLE } from '../partition.ts'
import {
  appendLineage,
  createFileSink,
  createHttpSink,
  createKafkaSink,
  deliverLineage,
  followLineage,
  type LineageSink,
  type OutgoingEvent,
  openLineageSinks,
  pruneLineage,
  runEvent,
} from './index.ts'

let folder: string
let warehouse: Warehouse
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'assay-lineage-'))
  const clock = createManualClock(1_790_000_000_000_000)
  warehouse = await openWarehouse({ url: `sqlite:${folder}/w`, mode: 'write', clock })
})
afterEach(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const uuid = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`

function event(at: number) {
  const run = { attempt: 1, trigger: 'manual', codeVersion: '1', backfillId: null }
  return runEvent('START', {
    ...{ timeUs: 1_790_000_000_000_000 + at, namespace: 'assay', engineVersion: '0' },
    run: { runId: uuid(at), ...run },
    ...{ asset: { key: 'a.b', about: 'A.' }, partition: WHOLE, inputs: [], outputs: [] },
  })
}

async function append(...numbers: readonly number[]): Promise<void> {
  for (const at of numbers) await warehouse.write((tx) => appendLineage(tx, event(at)))
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at)
const idIn = (text: string) =>
  Number((JSON.parse(text) as ReturnType<typeof event>).run.runId.slice(-12))

/** A sink in memory that stops where it is told to. */
function memorySink(accepts: (event: OutgoingEvent) => boolean = () => true) {
  const got: number[] = []
  const sink: LineageSink = {
    kind: 'http',
    async send(events) {
      for (const [done, one] of events.entries()) {
        if (!accepts(one)) {
          const failure = new AssayError('ASSAY_SINK_FAILED', 'down', { retry: 'backoff' })
          return { done, refused: [], failure }
        }
        got.push(idIn(one.event))
      }
      return { done: events.length, refused: [], failure: null }
    },
    async [Symbol.asyncDispose]() {},
  }
  return { sink, got }
}

describe('the outbox', () => {
  test('holds an event if and only if what it tells of was committed', async () => {
    await append(1, 2)
    const failing = warehouse.write(async (tx) => {
      await appendLineage(tx, event(3))
      throw new Error('the run failed to commit')
    })
    await expect(failing).rejects.toThrow()
    await append(4)
    const { sink, got } = memorySink()
    const delivered = await deliverLineage(warehouse, sink)
    expect(delivered).toMatchObject({ sent: 3, dropped: 0, failure: null })
    expect(got).toEqual([1, 2, 4])
    expect(await deliverLineage(warehouse, sink)).toMatchObject({ sent: 0 })
  })

  test('is told in order and in batches, and goes on where a sink stopped', async () => {
    await append(...range(1, 25))
    let isUp = false
    const { sink, got } = memorySink(({ seq }) => isUp || seq <= 13)
    const stopped = await deliverLineage(warehouse, sink, { batch: 10 })
    expect(stopped).toMatchObject({ sent: 13, failure: { code: 'ASSAY_SINK_FAILED' } })
    isUp = true
    await deliverLineage(warehouse, sink, { batch: 10 })
    expect(got).toEqual(range(1, 25))
  })

  test('is told again, and loses nothing, by who dies between telling and keeping', async () => {
    await append(...range(1, 5))
    const { sink, got } = memorySink()
    const dying: Warehouse = {
      ...{ generation: '', [Symbol.asyncDispose]: async () => {} },
      read: (work) => warehouse.read(work),
      write: () => Promise.reject(new Error('killed')),
    }
    await expect(deliverLineage(dying, sink, { batch: 3 })).rejects.toThrow('killed')
    await append(6)
    await deliverLineage(warehouse, sink, { batch: 3 })
    expect(got).toEqual([1, 2, 3, ...range(1, 6)])
  })

  test('tells each reader at its own pace', async () => {
    await append(1, 2)
    const [a, b] = [memorySink(), memorySink()]
    await deliverLineage(warehouse, a.sink, { reader: 'lineage:a' })
    await append(3)
    await deliverLineage(warehouse, b.sink, { reader: 'lineage:b' })
    expect([a.got, b.got]).toEqual([
      [1, 2],
      [1, 2, 3],
    ])
  })

  test('keeps what was told a while, the rest for longer, and no number twice', async () => {
    await append(...range(1, 30))
    const { sink } = memorySink()
    await deliverLineage(warehouse, sink, { reader: 'lineage:a' })
    expect(await pruneLineage(warehouse, { readers: ['lineage:a'], kept: 4 })).toBe(26)
    expect(await pruneLineage(warehouse, { readers: ['lineage:a'], kept: 4 })).toBe(0)
    expect(await pruneLineage(warehouse, { readers: ['lineage:a', 'lineage:b'], kept: 0 })).toBe(0)
    const readers = ['lineage:a']
    expect(await pruneLineage(warehouse, { readers, kept: 0, pendingMax: 100 })).toBe(4)
    await append(31)
    expect(await warehouse.read((db) => readCheckpoint(db, 'lineage:a'))).toBe(30)
    const after = memorySink()
    await deliverLineage(warehouse, after.sink, { reader: 'lineage:a' })
    expect(after.got).toEqual([31])
  })

  test('gives up the oldest for who is down too long, and says how many', async () => {
    await append(1)
    const { sink, got } = memorySink()
    await deliverLineage(warehouse, sink, { reader: 'lineage:a' })
    await append(...range(2, 20))
    await pruneLineage(warehouse, { readers: ['lineage:a'], pendingMax: 5 })
    const delivered = await deliverLineage(warehouse, sink, { reader: 'lineage:a' })
    expect(delivered).toMatchObject({ sent: 5, dropped: 14 })
    expect(got).toEqual([1, ...range(16, 20)])
  })
})

describe('a file', () => {
  test('is appended to, line by line, and a line cut short is ended', async () => {
    const path = join(folder, 'told', 'lineage.jsonl')
    const sink = createFileSink(path)
    await append(1, 2)
    await deliverLineage(warehouse, sink)
    appendFileSync(path, '{"cut":')
    await append(3)
    await deliverLineage(warehouse, sink)
    const lines = readFileSync(path, 'utf8').split('\n')
    expect(lines.length).toBe(5)
    expect([lines[0], lines[1], lines[3]].map((line) => idIn(line ?? ''))).toEqual([1, 2, 3])
    expect(lines.slice(2, 3)).toEqual(['{"cut":'])
  })

  test('that cannot be written is a failure that is told, and nothing is lost', async () => {
    await append(1)
    const blocked = createFileSink(join(folder, 'w', 'CURRENT', 'x.jsonl'))
    appendFileSync(join(folder, 'w', 'CURRENT'), '')
    const { failure, sent } = await deliverLineage(warehouse, blocked)
    expect([failure?.code, sent]).toEqual(['ASSAY_READ_ONLY', 0])
  })
})

type Answer = (response: ServerResponse, body: string, request: IncomingMessage) => void

/** A receiver on this machine that answers as it is told to. */
async function receiver(answer: Answer) {
  const state = { answer }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part
    })
    request.on('end', () => state.answer(response, body, request))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    state,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a receiver over HTTP', () => {
  const take =
    (got: number[]): Answer =>
    (response, body) => {
      got.push(idIn(body))
      response.writeHead(201).end()
    }

  test('is posted each event with its key, at the path of its kind', async () => {
    const heads: unknown[] = []
    await using server = await receiver((response, _body, { url, method, headers }) => {
      heads.push([method, url, headers.authorization, headers['content-type']])
      response.writeHead(200).end('{}')
    })
    await append(1)
    await using sink = createHttpSink({ url: server.url, apiKey: 'k-1' })
    await deliverLineage(warehouse, sink)
    await append(2)
    await using other = createHttpSink({ url: `${server.url}/in?x=1`, apiKey: null })
    await deliverLineage(warehouse, other)
    const json = 'application/json'
    expect(heads).toEqual([
      ['POST', '/api/v1/lineage', 'Bearer k-1', json],
      ['POST', '/in?x=1', undefined, json],
    ])
  })

  test('that fails, falls silent and recovers is told everything in order', async () => {
    const got: number[] = []
    await using server = await receiver((response) => response.writeHead(500).end('later'))
    await using sink = createHttpSink({ url: server.url, apiKey: null, timeoutMs: 300 })
    await append(1, 2, 3)
    const pass = () => deliverLineage(warehouse, sink)
    expect((await pass()).failure?.message).toMatch(/did not take lineage: status 500, later$/)
    server.state.answer = () => {}
    expect((await pass()).failure?.message).toContain('no answer in time')
    server.state.answer = (response) => response.socket?.destroy()
    expect((await pass()).failure?.retry).toBe('backoff')
    server.state.answer = (response) => response.writeHead(429, { 'retry-after': '7' }).end()
    expect((await pass()).failure).toMatchObject({ retry: 'after', context: { afterMs: 7000 } })
    server.state.answer = (response, body) => {
      if (idIn(body) === 2) response.writeHead(503).end()
      else take(got)(response, body, {} as IncomingMessage)
    }
    expect(await pass()).toMatchObject({ sent: 1, failure: { code: 'ASSAY_SINK_FAILED' } })
    server.state.answer = take(got)
    expect(await pass()).toMatchObject({ sent: 2, failure: null })
    expect(got).toEqual([1, 2, 3])
  })

  test('that refuses one event for good does not hold up the others', async () => {
    const got: number[] = []
    await using server = await receiver((response, body, request) => {
      if (idIn(body) === 2) response.writeHead(422).end('no such job')
      else take(got)(response, body, request)
    })
    await append(1, 2, 3)
    await using sink = createHttpSink({ url: server.url, apiKey: null })
    const { sent, refused } = await deliverLineage(warehouse, sink)
    expect([sent, refused]).toEqual([2, [{ seq: 2, why: 'status 422, no such job' }]])
    expect(got).toEqual([1, 3])
  })

  test('that is down holds up neither the file nor whoever appends', async () => {
    await using server = await receiver((response) => response.writeHead(500).end())
    const path = join(folder, 'lineage.jsonl')
    const config = { file: path, url: server.url, apiKey: null, namespace: 'assay' }
    const sinks = openLineageSinks({ ...config, kafkaBrokers: null, kafkaTopic: 't' })
    const ending = new AbortController()
    const log = createLogger({ level: 'silent', pretty: false })
    const random = createRandom('delivery')
    const { signal } = ending
    const clock = systemClock
    await append(...range(1, 5))
    const following = followLineage({ warehouse, sinks, clock, random, log, signal })
    const lines = () => readFileSync(path, 'utf8').trimEnd().split('\n').length
    for (let at = 0; at < 100 && (await told()) < 5; at += 1) await clock.sleep(20)
    expect(lines()).toBe(5)
    const got: number[] = []
    server.state.answer = take(got)
    for (let at = 0; at < 300 && got.length < 5; at += 1) await clock.sleep(20)
    ending.abort()
    await following
    expect(got).toEqual(range(1, 5))
  })

  const told = () => warehouse.read((db) => readCheckpoint(db, 'lineage:file'))
})

test('Kafka that is not there is a failure that is told, within its time', async () => {
  await append(1)
  await using sink = createKafkaSink({ brokers: ['127.0.0.1:1'], topic: 't', timeoutMs: 2000 })
  const { failure } = await deliverLineage(warehouse, sink)
  expect(failure?.code).toBe('ASSAY_SINK_FAILED')
})
