import { defineConfig } from 'vitest/config'

// `--mode long` runs the long suite alone; everything else is `npm test`.

// The simulator's feeds and faults, over real sockets and in real time: too long for each time.
const SIM_LIVE = 'sim/**/{faults,feed,streams}.test.ts'

export default defineConfig(({ mode }) => ({
  test: {
    // Two: many tests start processes of their own.
    maxWorkers: 2,
    // Files share a process: loading the sources anew for each was a third of the time.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects:
      mode === 'long'
        ? [
            {
              extends: true as const,
              test: {
                name: 'long',
                include: ['test/long/**/*.test.ts', SIM_LIVE],
                testTimeout: 3_600_000,
              },
            },
            {
              extends: true as const,
              test: {
                // What `npm test` runs too, with more seeds and frames.
                name: 'deep',
                include: [
                  'test/contract/venues/decode.test.ts',
                  'test/playback/silver-order.test.ts',
                ],
                env: { ASSAY_TEST_FUZZ_FRAMES: '1000000', ASSAY_SEEDS: '48' },
                testTimeout: 1_800_000,
              },
            },
          ]
        : [
            {
              extends: true as const,
              test: {
                name: 'unit',
                include: ['{src,sim,bench}/**/*.test.ts'],
                exclude: [SIM_LIVE],
              },
            },
            {
              extends: true as const,
              test: {
                name: 'suites',
                include: ['test/**/*.test.ts'],
                exclude: ['test/long/**'],
              },
            },
          ],
    coverage: { include: ['src/**/*.ts', 'sim/**/*.ts'], exclude: ['**/*.test.ts'] },
  },
}))
