import { expect, test } from 'vitest'
import { createRandom } from '../core/random.ts'
import { books as binanceUs } from './binance-us/books.ts'
import { books as coinbase } from './coinbase/books.ts'
import { recordOf } from './decoded.ts'
import { books as kraken } from './kraken/books.ts'
import { readBook } from './read-book.ts'

const FRAMES = [
  [
    coinbase,
    { dialect: 'coinbase/exchange' },
    '{"type":"l2update","product_id":"A-B","changes":[["buy","1.5","2"],["sell","2","0"]]}',
  ],
  [
    coinbase,
    { dialect: 'coinbase/exchange' },
    '{"type":"snapshot","product_id":"A-B","bids":[["1.5","2"]],"asks":[["2","1"]]}',
  ],
  [
    binanceUs,
    { dialect: 'binance-us/stream' },
    '{"stream":"ab@depth","data":{"e":"depthUpdate","s":"AB","U":1,"u":2,"b":[["1","2"]],"a":[]}}',
  ],
  [
    binanceUs,
    { dialect: 'binance-us/rest', origin: 'rest', symbol: 'AB' },
    '{"lastUpdateId":5,"bids":[["1","2"]],"asks":[["3","4"]]}',
  ],
  [
    kraken,
    { dialect: 'kraken/v2' },
    '{"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[{"price":1,"qty":2}],' +
      '"asks":[],"checksum":12}]}',
  ],
  [
    kraken,
    { dialect: 'kraken/v1' },
    '[1,{"a":[["1","2","3"]]},{"b":[["1","0","3"]],"c":"77"},"book-10","A/B"]',
  ],
] as const

test('no frame that was tampered with is more than one that cannot be read', () => {
  const random = createRandom(21)
  let unread = 0
  for (const [source, about, frame] of FRAMES) {
    for (let step = 0; step < 8000; step += 1) {
      const bytes = Buffer.from(frame)
      for (let count = random.int(1, 4); count > 0; count -= 1) {
        const at = random.int(0, bytes.length - 1)
        const letters = '{}[]",:\\0a-e. '
        bytes[at] = random.next() < 0.5 ? random.int(0, 255) : letters.charCodeAt(random.int(0, 13))
      }
      const cut = random.next() < 0.2 ? bytes.subarray(0, random.int(0, bytes.length)) : bytes
      unread += Number(readBook(source, recordOf(cut, about)) === null)
    }
  }
  expect(unread).toBeGreaterThan(1000)
})

test('blanks between the elements of a level change nothing', () => {
  const frame =
    '{ "type" : "l2update", "product_id":"A-B", "changes" : [ [ "buy" , "1.5" , "2" ] ,' +
    ' [ "sell","2","0" ] ] }'
  expect(readBook(coinbase, recordOf(frame, { dialect: 'coinbase/exchange' }))).toMatchObject([
    { levels: ['bid 1.5 2', 'ask 2 0'] },
  ])
})
