import { once } from 'node:events'
import { catLog } from '../../bronze/index.ts'
import type { Call } from '../command.ts'
import type { CatFlags } from '../commands/log.ts'
import { parseCountArgument } from '../time-argument.ts'
import { chooseLogs } from './log-names.ts'

const NEWLINE = Buffer.from('\n')
const CHUNK_BYTES = 65_536

/** Prints records of the log as they stand in it. */
export async function catLogs({ context, flags }: Call<CatFlags>): Promise<void> {
  const count = (text: string | undefined, flag: string, otherwise: number) =>
    text === undefined ? otherwise : parseCountArgument(text, flag, 0)
  const fromPos = count(flags.from, '--from', 0)
  const toPos = count(flags.to, '--to', Number.MAX_SAFE_INTEGER)
  let left = count(flags.limit, '--limit', Number.MAX_SAFE_INTEGER)
  const { channel, symbol } = flags
  const names = chooseLogs(context, flags.log)
  let chunks: Buffer[] = []
  let bytes = 0
  const write = async () => {
    if (!process.stdout.write(Buffer.concat(chunks))) await once(process.stdout, 'drain')
    chunks = []
    bytes = 0
  }
  for (const name of names) {
    if (left === 0) break
    const wanted = { dataDir: context.dataDir, name, fromPos, toPos, channel, symbol }
    for (const line of catLog(wanted)) {
      // Copied: the reader's buffer is the next block's by the time we write.
      chunks.push(Buffer.from(line), NEWLINE)
      bytes += line.length + 1
      left -= 1
      if (left === 0) break
      if (bytes >= CHUNK_BYTES) await write()
    }
  }
  await write()
}
