import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/build.ts'],
    // The long form gives a parser a million replies.
    testTimeout: process.env['FUZZ_RUNS'] === undefined ? 180_000 : 900_000,
    hookTimeout: 180_000,
    // Two at a time, whatever the machine has: tests open DuckDB and an address database of 135 MB each.
    maxWorkers: 2,
  },
})
