import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { engineIds, type EngineFacts } from '../../src/model/engine.ts'
import { engines } from '../../src/sources/engines.ts'
import { repository } from '../helpers/source-graph.ts'

const sources = join(repository, 'src', 'sources')
const document = readFileSync(join(repository, 'docs', 'engines.md'), 'utf8')
const all: readonly EngineFacts[] = engines

describe('the index of engines', () => {
  it('is the folders of src/sources, and the ids of the model', async () => {
    const folders = readdirSync(sources, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(sources, entry.name, 'facts.ts')))
      .map(({ name }) => name)
    expect(all.map(({ id }) => id).toSorted()).toEqual(folders.toSorted())
    expect(all.map(({ id }) => id)).toEqual([...engineIds])
    for (const [index, engine] of all.entries()) {
      const module: unknown = await import(pathToFileURL(join(sources, engine.id, 'facts.ts')).href)
      expect((module as Record<string, unknown>)[`${engine.id}Facts`]).toBe(all[index])
    }
  })

  it('names each engine and secret once', () => {
    for (const key of ['id', 'title', 'endpoint', 'secret'] as const)
      expect(new Set(all.map((engine) => engine[key])).size, key).toBe(all.length)
  })
})

describe.each(all.map((engine) => ({ id: engine.id, engine })))('facts of $id', ({ engine }) => {
  const samples = engine.evidence.filter((each) => each.startsWith('sample '))
  const pages = engine.evidence.filter((each) => each.startsWith('https://'))

  it('have evidence: samples and pages', () => {
    expect(samples.length + pages.length).toBe(engine.evidence.length)
    expect(new Set(engine.evidence).size).toBe(engine.evidence.length)
    expect(pages.length).toBeGreaterThan(0)
    if (!engine.unconfirmed) expect(samples.length).toBeGreaterThan(0)
    for (const page of pages) expect(URL.canParse(page), page).toBe(true)
    for (const sample of samples) expect(sample).toMatch(/^sample [\w-]+\/[\w.-]+\.json \([^)]+\)$/)
  })

  it('say what a person has to know', () => {
    for (const text of [engine.title, engine.cost, engine.terms]) expect(text).toMatch(/^\S.*\S$/)
    expect(engine.cannot.length).toBeGreaterThan(0)
    for (const text of [engine.cost, engine.terms, ...engine.cannot]) expect(text).toMatch(/^[A-Z].*\.$/)
    expect(engine.requestsPerSecond).toBeGreaterThan(0)
    expect(engine.secret).toMatch(/^[A-Z]+(_[A-Z]+)+$/)
    const url = new URL(engine.endpoint)
    expect([url.protocol, url.pathname, url.search, url.username]).toEqual(['https:', '/', '', ''])
    expect(engine.endpoint).not.toMatch(/\/$/)
  })

  it('stand in docs/engines.md', () => {
    const row = document.split('\n').find((line) => line.startsWith(`| ${engine.title} `)) ?? ''
    const cells = row.split('|').map((cell) => cell.trim())
    expect(cells.slice(2, 6)).toEqual([
      `\`${engine.secret}\``,
      engine.counts ? 'yes' : 'no',
      engine.records ? 'yes' : 'no',
      engine.unconfirmed ? 'no' : 'yes',
    ])
    const part = document.split(`\n## ${engine.title}\n`)[1]?.split('\n## ')[0] ?? ''
    const flat = part.replaceAll(/\s+/g, ' ')
    for (const text of [engine.endpoint, engine.cost, engine.terms, ...engine.cannot, ...engine.evidence])
      expect(flat, text).toContain(text)
  })
})
