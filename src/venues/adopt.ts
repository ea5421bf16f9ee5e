import { registerVenues, venueFiles } from './index.ts'

/**
 * Makes known to this thread the venues that configuration files add. A thread that decodes, or
 * asks who a venue is, does so before anything else; whoever starts it hands it
 * {@link venueFiles}, as code cannot be handed from thread to thread.
 *
 * @throws ASSAY_CONFIG_INVALID where a file cannot be read any more as it was.
 */
export async function adoptVenues(files: readonly string[]): Promise<void> {
  const known = venueFiles()
  for (const file of files.filter((one) => !known.includes(one))) {
    const { readExtend } = await import('../core/config-extend.ts')
    const { checkVenues } = await import('./check-venue.ts')
    registerVenues(checkVenues((await readExtend(file)).venues, file), file)
  }
}
