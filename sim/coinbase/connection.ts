import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

/** Counters over all connections since the start. */
export interface ConnectionCounters {
  framesSent: number
  bytesSent: number
  slowConsumersCut: number
}

/** One client's socket, with what the simulator needs to misuse it. */
export interface Connection {
  /** Epoch microseconds of the upgrade. */
  readonly openedUs: number
  readonly open: boolean
  /** Whether nothing is sent, though TCP lives. */
  readonly stalled: boolean
  /** Sends a text frame, unless the connection is stalled, closed or too slow. */
  send(text: string): void
  /** Sends bytes under either opcode; bytes of an oversized frame do not count as slowness. */
  sendBytes(bytes: Buffer, binary: boolean): void
  /** Sends nothing, pongs included, until {@link Connection.tick} passes `untilUs`. */
  stall(untilUs: number): void
  /** Ends a stall whose time has come. */
  tick(nowUs: number): void
  /** Closes with a code, or resets TCP without a word. */
  close(code: number | null, reason: string): void
}

/** Returns what keeps a socket's writes together until the current turn is over. */
function createCork(socket: Duplex): () => void {
  let corked = false
  return () => {
    if (corked) return
    corked = true
    socket.cork()
    process.nextTick(() => {
      corked = false
      socket.uncork()
    })
  }
}

/**
 * Returns a connection over an upgraded socket.
 *
 * Frames of one turn of the event loop leave in one write. A client that leaves more than
 * `bufferedBytesMax` unread is cut, so memory is bounded whatever it does.
 */
export function createConnection(options: {
  readonly ws: WebSocket
  readonly socket: Duplex
  readonly openedUs: number
  readonly bufferedBytesMax: number
  readonly counters: ConnectionCounters
}): Connection {
  const { ws, socket, counters } = options
  let stalledUntilUs = 0
  let oversizedBytes = 0
  const cork = createCork(socket)

  function ready(): boolean {
    if (ws.readyState !== ws.OPEN || stalledUntilUs > 0) return false
    if (ws.bufferedAmount - oversizedBytes <= options.bufferedBytesMax) return true
    counters.slowConsumersCut += 1
    ws.terminate()
    return false
  }

  // Pongs are ours to send: a stalled peer does not answer pings either.
  ws.on('ping', (data) => {
    if (ready()) ws.pong(data)
  })
  // Protocol errors of the client end its connection; `ws` closes it by itself.
  ws.on('error', () => undefined)

  return {
    openedUs: options.openedUs,
    get open() {
      return ws.readyState === ws.OPEN
    },
    get stalled() {
      return stalledUntilUs > 0
    },
    send(text) {
      if (!ready()) return
      cork()
      counters.framesSent += 1
      counters.bytesSent += text.length
      ws.send(text)
    },
    sendBytes(bytes, binary) {
      if (!ready()) return
      counters.framesSent += 1
      counters.bytesSent += bytes.length
      oversizedBytes += bytes.length
      ws.send(bytes, { binary }, () => {
        oversizedBytes -= bytes.length
      })
    },
    stall(untilUs) {
      stalledUntilUs = Math.max(stalledUntilUs, untilUs)
    },
    tick(nowUs) {
      if (stalledUntilUs > 0 && stalledUntilUs <= nowUs) stalledUntilUs = 0
    },
    close(code, reason) {
      if (code === null) ws.terminate()
      else ws.close(code, reason)
    },
  }
}
