import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { OpenFault } from '../faults/fault.ts'

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
  /** The fault by which nothing is sent, though TCP lives; `null` while all is well. */
  readonly stalledBy: OpenFault | null
  /** Sends a text frame; false where the connection is stalled, closed or too slow. */
  send(text: string): boolean
  /** Sends a frame made by {@link encodeFrame}: what goes to many clients is encoded once. */
  sendFrame(frame: Buffer): boolean
  /** Sends bytes under either opcode; bytes of an oversized frame do not count as slowness. */
  sendBytes(bytes: Buffer, binary: boolean): void
  /** Sends a ping frame with this payload. */
  ping(payload: string): void
  /** Sends nothing, pongs included, until {@link Connection.tick} passes `untilUs`. */
  stall(fault: OpenFault, untilUs: number): void
  /** Ends a stall whose time has come. */
  tick(nowUs: number): void
  /** Closes with a code, or resets TCP without a word. */
  close(code: number | null, reason: string): void
}

const FINAL_TEXT = 0x81

/** Returns the bytes of a text frame as a server sends it: final, unmasked, header and all. */
export function encodeFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = FINAL_TEXT
  if (header === 2) frame[1] = length
  else if (header === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, header)
  return frame
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

// Pongs are ours to send: a stalled peer does not answer pings either.
function answerPings(ws: WebSocket, ready: () => boolean): void {
  ws.on('ping', (data) => {
    if (ready()) ws.pong(data)
  })
  // Protocol errors of the client end its connection; `ws` closes it by itself.
  ws.on('error', () => undefined)
}

/**
 * Returns a connection over an upgraded socket.
 *
 * Frames of one turn of the event loop leave in one write. A client that leaves more than
 * `bufferedBytesMax` unread is cut, so memory is bounded whatever it does. Frames go to the
 * socket itself, past `ws`: nothing is compressed here, so `ws` keeps no queue of its own that
 * they could overtake.
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
  let stalledBy: OpenFault | null = null
  let oversizedBytes = 0
  const cork = createCork(socket)

  function ready(): boolean {
    if (ws.readyState !== ws.OPEN || stalledBy !== null) return false
    if (ws.bufferedAmount - oversizedBytes <= options.bufferedBytesMax) return true
    counters.slowConsumersCut += 1
    ws.terminate()
    return false
  }

  function sendFrame(frame: Buffer): boolean {
    if (!ready()) return false
    cork()
    counters.framesSent += 1
    counters.bytesSent += frame.length
    socket.write(frame)
    return true
  }

  answerPings(ws, ready)

  return {
    openedUs: options.openedUs,
    get open() {
      return ws.readyState === ws.OPEN
    },
    get stalledBy() {
      return stalledBy
    },
    send: (text) => sendFrame(encodeFrame(text)),
    sendFrame,
    sendBytes(bytes, binary) {
      if (!ready()) return
      counters.framesSent += 1
      counters.bytesSent += bytes.length
      oversizedBytes += bytes.length
      ws.send(bytes, { binary }, () => {
        oversizedBytes -= bytes.length
      })
    },
    ping(payload) {
      if (ready()) ws.ping(payload)
    },
    stall(fault, untilUs) {
      stalledUntilUs = Math.max(stalledUntilUs, untilUs)
      stalledBy = fault
    },
    tick(nowUs) {
      if (stalledBy !== null && stalledUntilUs <= nowUs) stalledBy = null
    },
    close(code, reason) {
      if (code === null) ws.terminate()
      else ws.close(code, reason)
    },
  }
}
