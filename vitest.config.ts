import { defineConfig } from 'vitest/config'

// `--mode long` runs the long suite alone, `--mode orchestrators` those of deploy/; everything else
// is `npm test`.

// The simulator's feeds and faults, over real sockets and in real time: too long for each time.
const SIM_LIVE = 'sim/**/{books,faults,feed,limits,streams}.test.ts'

/** Returns a project: some of the files, and what is different for them. */
const project = (name: string, include: string[], more: object = {}) => ({
  extends: true as const,
  test: { name, include, ...more },
})

function projectsOf(mode: string) {
  if (mode === 'orchestrators') {
    const limits = { testTimeout: 600_000, hookTimeout: 600_000 }
    return [project('orchestrators', ['test/orchestrators/**/*.test.ts'], limits)]
  }
  if (mode === 'long') {
    // What `npm test` runs too, with more seeds and frames.
    const deep = [
      'test/contract/venues/decode.test.ts',
      'test/playback/{carry,silver-order}.test.ts',
    ]
    const env = { ASSAY_TEST_FUZZ_FRAMES: '1000000', ASSAY_SEEDS: '48' }
    return [
      project('long', ['test/long/**/*.test.ts'], { testTimeout: 3_600_000 }),
      project('deep', deep, { env, testTimeout: 1_800_000 }),
      // What is held to real time is given the machine for itself, after all else.
      project('timed', ['test/timed/**/*.test.ts', SIM_LIVE], {
        ...{ testTimeout: 600_000, maxWorkers: 1, sequence: { groupOrder: 1 } },
      }),
    ]
  }
  return [
    project('unit', ['{src,sim,bench}/**/*.test.ts'], { exclude: [SIM_LIVE] }),
    project('suites', ['test/**/*.test.ts'], {
      exclude: ['test/{long,orchestrators,timed}/**'],
    }),
  ]
}

export default defineConfig(({ mode }) => ({
  test: {
    // Two: many tests start processes of their own.
    maxWorkers: 2,
    // Files share a process: loading the sources anew for each was a third of the time.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: projectsOf(mode),
    coverage: { include: ['src/**/*.ts', 'sim/**/*.ts'], exclude: ['**/*.test.ts'] },
  },
}))
