import { WebSocket } from 'ws'
import { systemClock } from '../src/core/clock.ts'

/** A frame as a test sees it: parsed where it is JSON, else `null`, and the bytes. */
export interface TestFrame {
  readonly json: Readonly<Record<string, unknown>> | null
  readonly bytes: Buffer
  readonly binary: boolean
}

/** A client for tests that keeps every frame it got. */
export interface TestClient extends AsyncDisposable {
  readonly frames: readonly TestFrame[]
  /** Resolves with the close code. */
  readonly closed: Promise<number>
  readonly socket: WebSocket
  send(message: object): void
  /** Parsed frames of one `type`, or one `channel`, `stream` or `e` where the venue says so. */
  of(type: string): readonly Readonly<Record<string, unknown>>[]
  /** Waits until `isTrue` holds; fails after ten seconds. */
  until(isTrue: () => boolean): Promise<void>
}

const WAIT_MS_MAX = 10_000

/** Waits until `isTrue` holds. */
export async function waitUntil(isTrue: () => boolean, what = 'it'): Promise<void> {
  const startMs = systemClock.monotonicMs()
  while (!isTrue()) {
    if (systemClock.monotonicMs() - startMs > WAIT_MS_MAX) throw new Error(`waited for ${what}`)
    await systemClock.sleep(5)
  }
}

function parse(bytes: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return null
  }
}

/** Fetches JSON that a test trusts to be a `T`. */
export async function getJson<T>(url: string): Promise<T> {
  return (await fetch(url)).json() as Promise<T>
}

/** Connects to `url`; keeps invalid UTF-8 and frames up to 128 MiB. */
export async function connect(url: string): Promise<TestClient> {
  const socket = new WebSocket(url, { skipUTF8Validation: true, maxPayload: 128 * 1024 * 1024 })
  const frames: TestFrame[] = []
  const byType = new Map<string, Readonly<Record<string, unknown>>[]>()
  socket.on('message', (data: Buffer, binary) => {
    const json = parse(data)
    frames.push({ json, bytes: data, binary })
    const type = String(json?.type ?? json?.channel ?? json?.stream ?? json?.e)
    const list = byType.get(type) ?? []
    byType.set(type, list)
    if (json !== null) list.push(json)
  })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.on('error', () => undefined)
  return {
    frames,
    closed,
    socket,
    send: (message) => socket.send(JSON.stringify(message)),
    of: (type) => byType.get(type) ?? [],
    until: (isTrue) => waitUntil(isTrue, isTrue.toString()),
    async [Symbol.asyncDispose]() {
      socket.terminate()
      await closed
    },
  }
}

/** Connects to the Exchange feed and subscribes to these channels of these products. */
export async function subscribed(
  url: string,
  products: readonly string[],
  channels: readonly unknown[] = ['matches', 'heartbeat'],
): Promise<TestClient> {
  const client = await connect(url)
  client.send({ type: 'subscribe', product_ids: products, channels })
  await client.until(() => client.of('subscriptions').length > 0)
  return client
}
