import { storageError } from './duckdb.ts'
import { lockStore } from './lock.ts'
import { isMissing, prepareStore, removeEmptyStore } from './snapshots.ts'

/**
 * Does what adds to a store, which is made where there is none and held for it. One that nothing comes into is not left.
 * @throws CensusError exit 4 when another process holds it, 1 when it cannot be made
 */
export async function writingTo<T>(store: string, work: () => Promise<T>): Promise<T> {
  const isNew = await isMissing(store)
  await prepareStore(store).catch((error: unknown) => {
    throw storageError(error, `the store ${store} cannot be made`)
  })
  const lock = await lockStore(store)
  try {
    return await work()
  } finally {
    lock.release()
    if (isNew) await removeEmptyStore(store)
  }
}
