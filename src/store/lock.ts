import { chmod } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CensusError, exitCodes, failed } from '../model/errors.ts'
import { duckdb } from './duckdb-package.ts'

/**
 * Holds the store for one writer. DuckDB takes the operating system's lock on a database file it opens for writing,
 * and the system releases it when the process ends, however it ends: no stale lock is possible. Readers never ask.
 * @throws CensusError exit 4 when another process holds it
 */
export async function lockStore(store: string): Promise<{ release(): void }> {
  // Absolute, so that no store's name reads as a scheme of DuckDB's (`:memory:`, `md:`).
  const path = join(resolve(store), '.lock')
  try {
    const instance = await duckdb.DuckDBInstance.create(path, { memory_limit: '16MiB', threads: '1' })
    await chmod(path, 0o600)
    return { release: () => instance.closeSync() }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (!/could not set lock/i.test(text)) {
      throw failed(
        `the store ${store} cannot be written: ${text.split('\n')[0] ?? ''}`,
        'check its permissions, or name another with --store',
        error,
      )
    }
    throw new CensusError(`another census command is writing to the store ${store}`, {
      exit: exitCodes.storeBusy,
      hint: 'wait until it has finished, or name another store with --store',
      cause: error,
    })
  }
}
