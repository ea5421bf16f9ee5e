import { reportFailure } from './boundary.ts'
import { createProgram } from './program.ts'

// Whoever read our output has gone, as `head` does: nothing is left to be said, or to whom.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
}

const typed = process.argv.slice(2)
try {
  await createProgram().parseAsync(process.argv)
} catch (error) {
  const verbose = typed.includes('--verbose') || typed.includes('-v')
  process.exitCode = reportFailure(error, { json: typed.includes('--json'), verbose })
}
