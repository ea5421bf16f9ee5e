import type { Command } from 'commander'
import { Option } from 'commander'
import { AssayError } from '../core/errors.ts'
import type { Context, Settings } from './context.ts'

/** The flags of every command that collects. */
export interface CollectFlags {
  readonly mode?: string
  readonly products?: readonly string[]
  readonly wsUrl?: string
  readonly restUrl?: string
  readonly feed?: string
  readonly pollSeconds?: string
  readonly seconds?: string
}

/** Adds the flags that say what is collected, and how. */
export function collectOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--mode <mode>', 'socket, polling over REST, or both (default: ws)').choices([
        'ws',
        'rest',
        'both',
      ]),
    )
    .option('--products <product...>', 'products to collect (default: BTC-USD ETH-USD)')
    .addOption(
      new Option('--feed <name>', "which of Coinbase's feeds").choices(['exchange', 'advanced']),
    )
    .option('--ws-url <url>', 'another WebSocket, such as a simulator’s')
    .option('--rest-url <url>', 'another REST host')
    .option('--poll-seconds <n>', 'pause between polls of REST (default: 300)')
    .option('--seconds <n>', 'stop after so long')
}

/** Returns what those flags give the configuration. */
export function collectSettings(flags: CollectFlags): Settings {
  return {
    mode: flags.mode,
    'venues.coinbase.products': flags.products?.flatMap((one) => one.split(',')).filter(Boolean),
    'venues.coinbase.wsUrl': flags.wsUrl,
    'venues.coinbase.restUrl': flags.restUrl,
    'venues.coinbase.feed': flags.feed,
    'poll.everySeconds': flags.pollSeconds,
  }
}

/** Ends a run when the process is asked to stop, or some time after it has begun. */
export interface Ending {
  readonly signal: AbortSignal
  /** Starts the time of `--seconds`, once there is something to be ended. */
  begin(): void
}

/**
 * Reads `--seconds`, which may be left out.
 *
 * @throws ASSAY_USAGE when that is no number.
 */
export function endingOf(context: Context, seconds: string | undefined): Ending {
  if (seconds === undefined) return { signal: context.signal, begin: () => {} }
  const value = Number(seconds)
  if (seconds.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new AssayError('ASSAY_USAGE', `--seconds takes a number, not ${seconds}`)
  }
  const timed = new AbortController()
  const signal = AbortSignal.any([context.signal, timed.signal])
  const begin = () => {
    context.clock.sleep(value * 1000, signal).then(() => timed.abort('the time is over'))
  }
  return { signal, begin }
}
