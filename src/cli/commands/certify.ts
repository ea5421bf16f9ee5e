import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** Flags of `assay certify`. */
export interface CertifyFlags {
  readonly from?: string
  readonly to?: string
  readonly hour?: string
  readonly venue?: string
  readonly out?: string
  readonly verify?: readonly string[]
}

/** `assay certify`: completeness certificates, issued and checked. */
export const certifyCommand: CommandModule = {
  name: 'certify',
  register(program: Command) {
    program
      .command('certify')
      .description('certify, hour by hour, what is held and what is missing; or check such papers')
      .argument('[selector]', 'instrument, such as kraken:BTC-USD (default: all collected)')
      .option('--hour <time>', 'the hour that holds this time')
      .option('--from <time>', 'first hour: RFC 3339, a date, epoch, or -1h (default: -1d)')
      .option('--to <time>', 'end, not included (default: now)')
      .option('--venue <id>', 'only of this venue')
      .option(
        '--out <dir>',
        'folder of the certificates (default: certificates, in the data folder)',
      )
      .option('--verify <file...>', 'check certificates against the raw log alone')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'A certificate names the first and last trade id of an hour, how many trades there',
          'should be and are, every hole with its verdict, and the raw records it rests on, with',
          'their hash. Issued again after a repair it is a new revision. Trades of a file that',
          'bears no ids of the venue cannot be certified. Verifying needs the raw log, not the',
          'warehouse; it ends with status 1 where one certificate is not borne out.',
          examples([
            'certify kraken:BTC-USD --hour 2026-11-20T14:00Z',
            'certify --from -1d --out ./certificates',
            'certify --verify data/certificates/kraken/BTC%2FUSD/2026-11-20T14.r1.json',
          ]),
        ].join('\n'),
      )
      .action(
        action<CertifyFlags>(async (call) => {
          const { certify } = await import('../work/certify.ts')
          return certify(call)
        }),
      )
  },
}
