import { defineConfig } from 'vitest/config'

// `--mode crash` runs the long suite alone; everything else is `npm test`.
export default defineConfig(({ mode }) => ({
  test: {
    // Two: many tests start processes of their own.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects:
      mode === 'crash'
        ? [
            {
              extends: true as const,
              test: { name: 'crash', include: ['test/crash/**/*.test.ts'], testTimeout: 3_600_000 },
            },
          ]
        : [
            {
              extends: true as const,
              test: { name: 'unit', include: ['{src,sim,bench}/**/*.test.ts'] },
            },
            {
              extends: true as const,
              test: {
                name: 'suites',
                include: ['test/**/*.test.ts'],
                exclude: ['test/crash/**'],
              },
            },
          ],
    coverage: { include: ['src/**/*.ts', 'sim/**/*.ts'], exclude: ['**/*.test.ts'] },
  },
}))
