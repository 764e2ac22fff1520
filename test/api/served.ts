import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { importFiles } from '../../src/pipeline/import.ts'
import { serve, type ServeRequest } from '../../src/pipeline/serve.ts'
import { repository } from '../helpers/source-graph.ts'

export const quickstart = join(repository, 'data', 'quickstart', 'japan-2016-style.ndjson.gz')
export const key = 'a-key-of-the-tests'

/** What an API answered: its status, and its JSON. */
export interface Answered {
  readonly status: number
  readonly json: Json
}
export type Json = any // oxlint-disable-line typescript/no-explicit-any -- foreign JSON, which every test looks into

export interface Served {
  readonly folder: string
  readonly store: string
  readonly url: string
  /** GET with the key. */
  get(path: string, parameters?: Readonly<Record<string, string | number>>): Promise<Answered>
  /** The JSON of an answer that must be 200. */
  ok(path: string, parameters?: Readonly<Record<string, string | number>>): Promise<Json>
  /** How many banners a query finds. */
  count(query: string): Promise<number>
  close(): Promise<void>
}

/** Imports files into a store of their own and serves it, on a real socket. `close()` removes all. */
export async function served(
  files: readonly string[] | Readonly<Record<string, string>>,
  request: Partial<ServeRequest> = {},
): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'census-test-'))
  const store = join(folder, 'store')
  const names: string[] = Array.isArray(files) ? files : []
  if (!Array.isArray(files)) {
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), content)
      names.push(join(folder, name))
    }
  }
  await importFiles({
    store,
    id: 'served',
    files: names.map((name) => ({ name, format: 'auto' as const })),
    maxRecordBytes: 2 ** 24,
    maxExpansion: 300,
  })
  const serving = await serve({ store, port: 0, key, ...request })
  const get: Served['get'] = async (path, parameters = {}) => {
    const query = new URLSearchParams({ key })
    for (const [name, value] of Object.entries(parameters)) query.set(name, String(value))
    const response = await fetch(`${serving.url}${path}?${query.toString()}`)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    return { status: response.status, json: (await response.json()) as Json }
  }
  const ok: Served['ok'] = async (path, parameters) => {
    const { status, json } = await get(path, parameters)
    expect(status, JSON.stringify(json)).toBe(200)
    return json
  }
  return {
    folder,
    store,
    url: serving.url,
    get,
    ok,
    count: async (query) => (await ok('/shodan/host/count', { query })).total as number,
    close: async () => {
      await serving.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
